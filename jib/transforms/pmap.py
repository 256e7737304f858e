"""`pmap`: each member of a batch on a device of its own; `jit` of `shard_map` over them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax
from jib.backend.devices import local_devices, process_count
from jib.backend.meshes import Mesh
from jib.backend.shardings import NamedSharding
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, BatchSizeError
from jib.sharding._partition_spec import PartitionSpec
from jib.transforms import _calls
from jib.transforms.jit import jit
from jib.transforms.shard_map import run_on_shards
from jib.tree import broadcast_prefix, tree_registry

__all__ = ["pmap"]

_UNNAMED = "pmap"


def pmap(
    fun: Callable[..., Any],
    axis_name: Any = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    static_broadcasted_argnums: int | Sequence[int] = (),
    devices: Sequence[Any] | None = None,
    backend: str | None = None,
    axis_size: int | None = None,
    donate_argnums: int | Sequence[int] = (),
) -> Callable[..., Any]:
    """Map a function over an axis of its arguments, each member on a device of its own.

    Gradients behave as if every device had a program of its own: average them with
    `jib.lax.pmean`. New code says the same with `jib.jit` and shardings, or with `jib.shard_map`.

    Args:
        fun: a function of arrays (or trees of them).
        axis_name: a name by which collectives (`jib.lax.psum`) speak of the devices.
        in_axes: the axis of each argument to map over, None for an argument that all devices share;
            an integer for all, or a tuple of prefixes of the arguments' trees.
        out_axes: where the mapped axis stands in the results; None for results that are equal on
            all devices.
        static_broadcasted_argnums: arguments that are plain Python values, hashable.
        devices: the devices to use, in order; by default the first ones of this process.
        backend: the platform whose devices are meant.
        axis_size: the length of the mapped axis, if it is to be checked.
        donate_argnums: arguments whose memory the results may take over.

    Raises:
        ArgumentValueError: if the mapped axis is longer than there are devices.
        BatchSizeError: if the mapped axes have different lengths.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.pmap(lambda x: x * x)(jnp.ones((1, 3))).shape
        (1, 3)
    """
    if not callable(fun):
        raise ArgumentTypeError(f"`pmap` needs a function, but got {type(fun).__name__}")
    static = _numbers(static_broadcasted_argnums)
    donated = _numbers(donate_argnums)
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    name = _UNNAMED if axis_name is None else axis_name
    compiled: dict[Any, Any] = {}

    @functools.wraps(fun)
    @api_boundary
    def mapped(*args: Any, **kwargs: Any) -> Any:
        axes = _Axes(fun, in_axes, static, args, kwargs)
        size = axes.size(axis_size)
        chosen = _devices(fun, size, axes.rows, devices, backend)
        key = (chosen, axes.per_leaf, axes.tree, len(args))
        function = compiled.get(key)
        if function is None:
            mesh = Mesh(np.array(chosen, dtype=object), (name,))
            body = _body(fun, mesh, name, axes.per_leaf, axes.tree, out_axes, static)
            shardings = _shardings(mesh, name, axes.per_leaf, axes.tree)
            function = compiled[key] = jit(
                body, static_argnums=static, donate_argnums=donated, in_shardings=shardings
            )
        return function(*args, **kwargs)

    return mapped


def _numbers(value: int | Sequence[int]) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


class _Axes:
    """The mapped axis of each leaf of the arguments that are not static."""

    def __init__(self, fun: Any, in_axes: Any, static: tuple, args: tuple, kwargs: dict) -> None:
        count = len(args)
        fixed = {i % count for i in static if -count <= i < count}
        dynamic = tuple([x for i, x in enumerate(args) if i not in fixed])
        given = in_axes
        if isinstance(in_axes, tuple):
            if len(in_axes) != count:
                raise ArgumentValueError(
                    f"`pmap` got in_axes for {len(in_axes)} argument(s), but "
                    f"`{_calls.function_name(fun)}` was called with {count}",
                    help="give one entry for each positional argument: an axis, or None",
                )
            given = tuple([a for i, a in enumerate(in_axes) if i not in fixed])
        self.leaves, self.tree = tree_registry.flatten((dynamic, kwargs))
        none_is_leaf = lambda a: a is None  # noqa: E731
        found = [
            *broadcast_prefix(given, dynamic, is_leaf=none_is_leaf),
            *broadcast_prefix(0, kwargs, is_leaf=none_is_leaf),
        ]
        self.fun, self.args, self.kwargs = fun, dynamic, kwargs
        self.per_leaf = tuple([self._checked(i, a) for i, a in enumerate(found)])
        self.rows: tuple[str, str] = ("", "")

    def _checked(self, position: int, axis: Any) -> int | None:
        if axis is None:
            return None
        aval = aval_of(self.leaves[position])
        if not -aval.ndim <= axis < aval.ndim:
            raise ArgumentValueError(
                f"`pmap` cannot map over axis {axis} of `{self._name(position)}`, which is {aval}",
                help="in_axes=None for an argument that all devices share",
            )
        return axis % aval.ndim

    def _name(self, position: int) -> str:
        return _calls.argument_names(self.fun, self.args, self.kwargs)[position]

    def size(self, given: int | None) -> int:
        """The length that all mapped axes have."""
        found: dict[int, int] = {}
        for i, axis in enumerate(self.per_leaf):
            if axis is not None:
                found.setdefault(aval_of(self.leaves[i]).shape[axis], i)
        if not found and given is None:
            raise ArgumentValueError(
                "`pmap` has nothing to map over: every entry of in_axes is None",
                help="in_axes=0, or axis_size=jib.local_device_count()",
            )
        if len(found) > 1:
            function = _calls.function_name(self.fun)
            sizes = [
                (self._name(i), str(aval_of(self.leaves[i])), self.per_leaf[i] or 0, n)
                for n, i in found.items()
            ]
            raise BatchSizeError.differ(function, sizes)
        size = next(iter(found)) if found else int(given or 0)
        if given is not None and size != given:
            raise ArgumentValueError(f"`pmap` got axis_size={given}, but its axes have size {size}")
        if found:
            i = found[size]
            self.rows = (self._name(i), str(aval_of(self.leaves[i])))
        return size


def _devices(fun: Any, size: int, rows: Any, given: Any, backend: Any) -> tuple[Any, ...]:
    """As many devices as the mapped axis is long."""
    found = list(given) if given is not None else local_devices(backend=backend)
    if size <= len(found):
        return tuple(found[:size])
    count, processes = len(found), process_count()
    name, aval = rows
    subject = f" (`{name}` is {aval})" if name else ""
    function = _calls.function_name(fun)
    helps = [f"jib.vmap({function})   maps any number of rows on one device"]
    if count > 1 and size % count == 0:
        helps.append(
            f"x.reshape({count}, {size // count}, *x.shape[1:]) and "
            f"jib.pmap(jib.vmap({function}))   gives each device {size // count} rows"
        )
    if found[0].platform == "cpu":
        helps.append(f"JIB_NUM_CPU_DEVICES={size}   before the process starts")
    raise ArgumentValueError(
        f"`pmap` got {size} rows{subject} for {count} local {found[0].platform} "
        f"device{'s' if count > 1 else ''}: each row needs a device of its own",
        notes=[
            f"`pmap` uses the devices of this process; {processes} process"
            f"{'es take' if processes > 1 else ' takes'} part"
        ],
        help=helps,
    )


def _spec(name: Any, axis: int | None) -> PartitionSpec:
    return PartitionSpec() if axis is None else PartitionSpec(*(None,) * axis, name)


def _shardings(mesh: Mesh, name: Any, axes: Any, tree: Any) -> tuple[Any, ...]:
    places = [NamedSharding(mesh, _spec(name, a)) for a in axes]
    positional, _ = tree.unflatten(places)
    return tuple(positional)


def _body(
    fun: Any, mesh: Mesh, name: Any, axes: Any, tree: Any, out_axes: Any, static: tuple
) -> Callable[..., Any]:
    """The function of whole arrays that runs `fun` on every device."""
    ins = tuple([_spec(name, a) for a in axes])

    def whole(*args: Any, **kwargs: Any) -> Any:
        count = len(args)
        fixed = {i % count: args[i] for i in static if -count <= i < count}
        dynamic = tuple([x for i, x in enumerate(args) if i not in fixed])
        leaves, _ = tree_registry.flatten((dynamic, kwargs))
        places: list[int | None] = []
        structure: list[Any] = []

        def one(*shards: Any) -> list[Any]:
            rows = [
                x if a is None else lax.squeeze(x, (a,)) for x, a in zip(shards, axes, strict=True)
            ]
            positional, named = tree.unflatten(rows)
            rest = iter(positional)
            full = [fixed[i] if i in fixed else next(rest) for i in range(count)]
            outs, out_tree = tree_registry.flatten(fun(*full, **named))
            structure[:] = [out_tree]
            places[:] = _out_places(out_axes, out_tree, outs)
            return [
                x if a is None else lax.expand_dims(x, (a,))
                for x, a in zip(outs, places, strict=True)
            ]

        def out_specs(_: Any) -> list[PartitionSpec]:
            return [_spec(name, a) for a in places]

        outs = run_on_shards(one, tuple(leaves), mesh=mesh, in_specs=ins, out_specs=out_specs)
        return structure[0].unflatten(outs)

    return functools.wraps(fun)(whole)


def _out_places(out_axes: Any, tree: Any, outs: Sequence[Any]) -> list[int | None]:
    full = tree.unflatten(list(range(len(outs))))
    given = broadcast_prefix(out_axes, full, is_leaf=lambda a: a is None)
    return [
        None if a is None else a % (aval_of(x).ndim + 1)
        for a, x in zip(given, outs, strict=True)
    ]  # fmt: skip
