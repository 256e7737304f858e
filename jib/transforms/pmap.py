"""`pmap`: each member of a batch on a device of its own; `jit` of `shard_map` over them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from jib import lax
from jib.backend.devices import local_devices, process_count
from jib.backend.meshes import Mesh
from jib.backend.shardings import NamedSharding
from jib.core.sources import api_boundary
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.sharding._partition_spec import PartitionSpec
from jib.transforms import _calls
from jib.transforms._mapped import mapped_axes, mapped_size
from jib.transforms.jit import jit
from jib.transforms.shard_map import run_on_shards
from jib.tree import tree_registry

__all__ = ["pmap"]

P = ParamSpec("P")
R = TypeVar("R")

_UNNAMED = "pmap"


def pmap(
    fun: Callable[P, R],
    axis_name: Any = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    static_broadcasted_argnums: int | Sequence[int] = (),
    devices: Sequence[Any] | None = None,
    backend: str | None = None,
    axis_size: int | None = None,
    donate_argnums: int | Sequence[int] = (),
) -> Callable[P, R]:
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
    static = _calls.as_tuple(static_broadcasted_argnums)
    donated = _calls.as_tuple(donate_argnums)
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    name = _UNNAMED if axis_name is None else axis_name
    compiled: dict[Any, Any] = {}

    @functools.wraps(fun)
    @api_boundary
    def mapped(*args: Any, **kwargs: Any) -> Any:
        axes = _Axes(fun, in_axes, static, args, kwargs, axis_size)
        chosen = _devices(fun, axes, devices, backend)
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


class _Axes:
    """The mapped axis of each leaf of the arguments that are not static."""

    def __init__(
        self, fun: Any, in_axes: Any, static: tuple, args: tuple, kwargs: dict, axis_size: Any
    ) -> None:
        count = len(args)
        fixed = {i % count for i in static if -count <= i < count}
        if isinstance(in_axes, tuple) and len(in_axes) == count:
            in_axes = tuple([a for i, a in enumerate(in_axes) if i not in fixed])
        args = tuple([x for i, x in enumerate(args) if i not in fixed])
        leaves, self.tree = tree_registry.flatten((args, kwargs))
        axes = mapped_axes("pmap", fun, in_axes, args, kwargs)
        self.size = mapped_size("pmap", fun, args, kwargs, leaves, axes, axis_size)
        self.per_leaf = tuple(
            [None if a is None else a % aval_of(x).ndim for x, a in zip(leaves, axes, strict=True)]
        )
        self.call = (fun, args, kwargs)

    def first(self) -> tuple[str, str]:
        """The name and the type of the first argument that is mapped, for messages."""
        _, args, kwargs = self.call
        leaves = tree_registry.flatten((args, kwargs))[0]
        names = _calls.argument_names(*self.call)
        mapped = [i for i, axis in enumerate(self.per_leaf) if axis is not None]
        return (names[mapped[0]], str(aval_of(leaves[mapped[0]]))) if mapped else ("", "")


def _devices(fun: Any, axes: _Axes, given: Any, backend: Any) -> tuple[Any, ...]:
    """As many devices as the mapped axis is long."""
    size = axes.size
    found = list(given) if given is not None else local_devices(backend=backend)
    if size <= len(found):
        return tuple(found[:size])
    count, processes = len(found), process_count()
    name, aval = axes.first()
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
            pairs = zip(outs, places, strict=True)
            return [x if a is None else lax.expand_dims(x, (a,)) for x, a in pairs]

        def out_specs(_: Any) -> list[PartitionSpec]:
            return [_spec(name, a) for a in places]

        outs = run_on_shards(one, tuple(leaves), mesh=mesh, in_specs=ins, out_specs=out_specs)
        return structure[0].unflatten(outs)

    return functools.wraps(fun)(whole)


def _out_places(out_axes: Any, tree: Any, outs: Sequence[Any]) -> list[int | None]:
    given = _calls.per_leaf(out_axes, tree)
    return [
        None if a is None else a % (aval_of(x).ndim + 1) for a, x in zip(given, outs, strict=True)
    ]
