"""Maps, loops and branches over functions that take modules, and change them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jib
from jib import errors, lax, numpy as jnp, tree
from jib.core.origins import function_name
from jib.nnx._carries import adopted, apart
from jib.nnx._compiled import as_tuple, by_filter, unbound
from jib.nnx._derivatives import positional
from jib.nnx._errors import BroadcastChangeError, StructureChangeError, path_name, table
from jib.nnx._lifting import Call, Outcome, PrefixMapping, Sealed, named_after, spread
from jib.nnx._pytrees import items
from jib.nnx._sharding import added_axis, removed_axis
from jib.nnx._structure import is_root
from jib.nnx._variables import RngState, Variable

__all__ = [
    "Carry", "StateAxes", "cond", "fori_loop", "pmap", "scan", "switch", "transform_metadata",
    "vmap", "while_loop",
]  # fmt: skip


class Carry:
    """In the axes of `scan`: the argument (and result) that goes from step to step."""


class StateAxes(PrefixMapping):
    """Axes of a module's variables by filter: `nnx.StateAxes({nnx.Param: 0, ...: None})`.

    None: all members share the variable; for `scan`, `nnx.Carry` too.
    """

    def __init__(self, filter_axes: Any, /) -> None:
        self.filters, self.things = by_filter(filter_axes)

    @property
    def axes(self) -> tuple[Any, ...]:
        """The axes, one for each filter."""
        return self.things

    def items(self) -> Any:
        """Filters and axes."""
        return zip(self.filters, self.things, strict=True)

    def __getitem__(self, key: Any) -> Any:
        return self.things[self.filters.index(key)]

    def __iter__(self) -> Any:
        return iter(self.filters)

    def __len__(self) -> int:
        return len(self.filters)


def _axes_in(*prefixes: Any) -> tuple:
    """All axes that prefixes mention, each once."""
    found: dict[Any, None] = {}
    for prefix in prefixes:
        for x in tree.leaves(prefix, is_leaf=lambda x: x is None or isinstance(x, StateAxes)):
            found.update(dict.fromkeys(x.axes if isinstance(x, StateAxes) else (x,)))
    return tuple(found)


class _Axes:
    """The axes of a call's slots and plain leaves, and what they do to metadata."""

    def __init__(self, call: Call, in_axes: Any, args: tuple, metadata: Mapping) -> None:
        in_axes = tuple(in_axes) if isinstance(in_axes, list) else in_axes
        self.call, self.metadata = call, metadata
        self.said = spread((in_axes, 0), (args, {}))
        self.slots, self.plain = call.said_of_slots(self.said), call.said_of_plain(self.said)
        for slot, path, axis in zip(call.graph.slots, call.graph.paths, self.slots, strict=True):
            if isinstance(axis, int) and isinstance(slot, RngState) and not slot.shape:
                raise errors.ArgumentValueError(
                    f"the members of a map cannot each have a part of `{path_name(path)}`: the "
                    f"stream of random keys `{slot.tag}` has one key",
                    help=[
                        "@nnx.split_rngs(splits=n)   above the map: n keys during the call",
                        "in_axes=nnx.StateAxes({nnx.RngState: None, ...: 0})   one stream for all",
                    ],
                )

    def variable(self) -> Callable | None:
        """How variables are made inside: without the name of the mapped axis."""
        if not self.metadata:
            return None
        axes = iter([a for a, s in zip(self.slots, self.call.graph.slots, strict=True)
                     if isinstance(s, Variable)])  # fmt: skip

        def make(cls: Any, value: Any, static: Any) -> Variable:
            variable, axis = cls._new(value, dict(static.value)), next(axes)
            if isinstance(axis, int):
                removed_axis(variable, axis, self.metadata)
                object.__setattr__(variable, "_version", 0)
            return variable

        return make

    def made(self, slots: list, axes: tuple) -> None:
        """Give new variables the name of the mapped axis."""
        for slot, axis in zip(slots, axes, strict=True):
            if self.metadata and isinstance(slot, Variable) and isinstance(axis, int):
                added_axis(slot, axis, self.metadata)


def _mapper(
    transform: str, f: Callable, in_axes: Any, out_axes: Any, metadata: Mapping, how: Callable
) -> Callable:
    """`vmap` or `pmap` of a function of modules; `how` is that of functions of arrays."""
    function, order = unbound(f, transform), _axes_in(in_axes, out_axes, 0)

    @functools.wraps(f)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        args = positional(function, args, kwargs)
        call = Call(args, {})
        axes = _Axes(call, in_axes, args, metadata)
        shared: list[str] = []

        def inside(values: list, plain: list) -> Any:
            outcome = call.run(function, values, plain, axes.variable())
            changed = outcome.description.changed
            shared[:] = [path_name(call.graph.paths[i]) for i in changed if axes.slots[i] is None]
            return outcome.grouped(call, axes.slots, axes.said, out_axes, order)

        try:
            groups: Any = how(
                named_after(inside, function, call),
                in_axes=(axes.slots, axes.plain),
                out_axes=(order, 0),
            )(call.values(), call.plain)
        except errors.ArgumentValueError as error:
            if not shared or "None" not in str(error):
                raise
            raise BroadcastChangeError(
                f"{', '.join(f'`{name}`' for name in shared)} is shared by all members of the "
                f"`{transform}` (axis None), but changed to a value that differs between them",
                help="in_axes=(nnx.StateAxes({nnx.Param: None, ...: 0}), 0)   one for each member",
            ) from None
        values, sealed = groups
        return call.finish_groups(values, sealed, axes.made)

    return mapped


def vmap(
    f: Callable | None = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    transform_metadata: Mapping[str, Any] = {},
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """Map a function over an axis of its arguments, which may be modules.

    Args:
        f: a function; modules that it makes and returns get the mapped axis, as of an ensemble.
        in_axes, out_axes: prefixes of arguments and results; for a module an axis of all of its
            variables, or an `nnx.StateAxes`. Changed variables keep their axis.
        axis_name, axis_size, spmd_axis_name: as in `jib.vmap`.
        transform_metadata: `{nnx.PARTITION_NAME: name}` names the mapped axis in shardings.

    Raises:
        BroadcastChangeError: if a variable that all members share is changed differently by each.

    Example:
        >>> from jib import nnx
        >>> @nnx.split_rngs(splits=4)
        ... @nnx.vmap
        ... def make(rngs):
        ...     return nnx.Dict(w=nnx.Param(rngs.normal((2,))))
        >>> models = make(nnx.Rngs(0))
        >>> nnx.vmap(lambda m, x: m.w @ x, in_axes=(0, None))(models, jnp.ones(2)).shape
        (4,)
    """
    options = dict(axis_name=axis_name, axis_size=axis_size, spmd_axis_name=spmd_axis_name)
    if f is None:
        return lambda f: vmap(
            f, in_axes=in_axes, out_axes=out_axes, transform_metadata=transform_metadata, **options
        )
    how = functools.partial(jib.vmap, **options)
    return _mapper("vmap", f, in_axes, out_axes, transform_metadata, how)


def pmap(
    f: Callable | None = None,
    *,
    axis_name: Any = None,
    in_axes: Any = 0,
    out_axes: Any = 0,
    static_broadcasted_argnums: int | Sequence[int] = (),
    devices: Any = None,
    backend: str | None = None,
    axis_size: int | None = None,
    donate_argnums: int | Sequence[int] = (),
    transform_metadata: Mapping[str, Any] = {},
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """`vmap` with a member on each device; see `jib.pmap`. Nothing is donated."""
    options = dict(axis_name=axis_name, devices=devices, backend=backend, axis_size=axis_size)
    if as_tuple(static_broadcasted_argnums):
        raise errors.NotAvailableError(
            "nnx.pmap(static_broadcasted_argnums=...)", "functools.partial(f, value)"
        )
    if f is None:
        return lambda f: pmap(
            f, in_axes=in_axes, out_axes=out_axes, transform_metadata=transform_metadata, **options
        )
    how = functools.partial(jib.pmap, **options)
    return _mapper("pmap", f, in_axes, out_axes, transform_metadata, how)


def transform_metadata(
    f: Callable | None = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    partition: str | None,
    graph: bool | None = None,
) -> Any:
    """A function, for use inside `vmap` or `scan`, that sees shardings without the mapped axis and
    returns modules with its name put in."""
    if f is None:
        return functools.partial(
            transform_metadata, in_axes=in_axes, out_axes=out_axes, partition=partition
        )
    function, metadata = f, {"partition_name": partition}

    @functools.wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        args = positional(function, args, kwargs)
        call = Call(args, {})
        axes = _Axes(call, in_axes, args, metadata)
        outcome = call.run(function, call.values(), call.plain, axes.variable())
        order = _axes_in(in_axes, out_axes, 0)
        groups = outcome.grouped(call, axes.slots, axes.said, out_axes, order)
        return call.finish_groups(*groups, axes.made)

    return wrapper


def _to_front(x: Any, axis: Any) -> Any:
    return tree.map(lambda v: jnp.moveaxis(v, axis, 0), x) if axis else x


def _from_front(x: Any, axis: Any) -> Any:
    return tree.map(lambda v: jnp.moveaxis(v, 0, axis), x) if axis else x


def _carry_at(axes: Any) -> int | None:
    """Where the carry is among arguments or results; None if it is all of them."""
    if isinstance(axes, tuple | list):
        return next((i for i, a in enumerate(axes) if a is Carry), -1)
    return None if axes is Carry else -1


class _Scan:
    """One call of a scanned function: what is carried, what is stacked, what is shared."""

    def __init__(
        self, function: Callable, args: tuple, in_axes: Any, out_axes: Any, metadata: Mapping
    ) -> None:
        self.function, self.out_axes, self.in_axes = function, out_axes, in_axes
        self.replaced: set[int] = set()
        self.call = Call(args, {})
        self.axes = _Axes(self.call, in_axes, args, metadata)
        said = [*self.axes.slots, *self.axes.plain]
        self.carried = [i for i, a in enumerate(said) if a is Carry]
        self.stacked = [i for i, a in enumerate(said) if isinstance(a, int)]
        self.said, self.n = said, len(self.axes.slots)
        self.all = [*self.call.values(), *self.call.plain]

    def run(self, length: Any, reverse: bool, unroll: Any) -> Any:
        """Scan, then change the modules and return the results."""
        start = [self.all[i] for i in self.carried]
        xs = [_to_front(self.all[i], self.said[i]) for i in self.stacked]
        end, (ys, sealed) = lax.scan(
            self._step, start, xs, length=length, reverse=reverse, unroll=unroll
        )
        return self._finish(end, ys, sealed)

    def _carrying(self, *args: Any) -> Any:
        """The function, its carry being the objects that came in."""
        out, i, o = self.function(*args), _carry_at(self.in_axes), _carry_at(self.out_axes)
        if i == -1 or o == -1 or (o is not None and not isinstance(out, tuple | list)):
            return out
        first = 0 if i is None else sum(map(is_root, tree.leaves(args[:i], is_leaf=is_root)))
        given = args[0] if i is None else args[i]
        replaced: set[int] = set()
        carry = adopted(given, out if o is None else out[o], replaced)
        self.replaced |= {first + k for k in replaced}
        return carry if o is None else type(out)([*out[:o], carry, *out[o + 1 :]])

    def _step(self, carry: list, xs: list) -> tuple[list, Any]:
        values = list(self.all)
        for i, x in (*zip(self.carried, carry, strict=True), *zip(self.stacked, xs, strict=True)):
            values[i] = x
        outcome = self.call.run(
            self._carrying, values[: self.n], values[self.n :], self.axes.variable()
        )
        self._check(outcome)
        changed = dict(zip(outcome.description.changed, outcome.changed, strict=True))
        said_out = spread(self.out_axes, outcome.out)
        elements = outcome.description.elements
        plain_said = [s for s, e in zip(said_out, elements, strict=True) if e is None]
        returned = [x for x, s in zip(outcome.plain, plain_said, strict=True) if s is Carry]
        kept = [i for i in self.carried if i < self.n]
        if len(returned) != len(self.carried) - len(kept):
            raise StructureChangeError(
                f"the carry of `nnx.scan` comes in with {len(self.carried) - len(kept)} arrays and "
                f"goes out with {len(returned)}",
                help="return the carry in the structure that it came in",
            )
        carry = [changed.get(i, values[i]) for i in kept] + returned
        new_said = self.call.said_of_new(outcome, self.axes.said, said_out)
        if Carry in new_said:
            raise _grown(outcome)
        ys = [x for i, x in changed.items() if isinstance(self.said[i], int)]
        ys += outcome.new
        ys += [x for x, s in zip(outcome.plain, plain_said, strict=True) if s is not Carry]
        return carry, (ys, Sealed((outcome.description, tuple(plain_said), tuple(new_said))))

    def _check(self, outcome: Outcome) -> None:
        graph, description = self.call.graph, outcome.description
        shared = [i for i in description.changed if self.axes.slots[i] is None]
        if shared:
            raise BroadcastChangeError(
                "a variable that all steps of `nnx.scan` share (axis None) is changed in a step",
                notes=table((path_name(graph.paths[i]), type(graph.slots[i]).__name__)
                            for i in shared),
                help="in_axes=(nnx.StateAxes({nnx.Param: None, ...: nnx.Carry}), ...)",
            )  # fmt: skip

    def _finish(self, end: list, ys: list, sealed: Sealed) -> Any:
        description, plain_said, new_said = sealed.content
        final = dict(zip(self.carried, end, strict=True))
        stacked = iter(ys)
        changed = {i: final[i] for i in description.changed if i in final}
        for i in description.changed:
            if i not in final:
                changed[i] = _from_front(next(stacked), self.said[i])
        new = [_from_front(next(stacked), a) for a in new_said]
        returned = iter([final[i] for i in self.carried if i >= self.n])
        plain = [
            next(returned) if s is Carry else _from_front(next(stacked), s) for s in plain_said
        ]
        parts = [changed[i] for i in description.changed], new, plain, Sealed(description)
        return apart(
            self.call.roots,
            self.replaced,
            lambda: self.call.finish(*parts, lambda slots: self.axes.made(slots, new_said)),
        )


def _grown(outcome: Outcome) -> StructureChangeError:
    rows = [(path_name(path), "new") for _, _, path in outcome.slot_of_new]
    return StructureChangeError(
        "a loop adds variables to a module that it carries: the carry would have another structure "
        "after each step",
        notes=table(rows),
        help="add the variables before the loop, or map over them: StateAxes({...: 0})",
    )


def scan(
    f: Callable | None = None,
    *,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    _split_transpose: bool = False,
    in_axes: Any = (Carry, 0),
    out_axes: Any = (Carry, 0),
    transform_metadata: Mapping[str, Any] = {},
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """Call a function for each member of an axis, one after the other.

    Args:
        f: a function whose arguments (some may be modules) are carried, stacked or shared.
        length, reverse, unroll: as in `jib.lax.scan`.
        in_axes: for each argument `nnx.Carry` (at most one), the axis of its members, or None; for
            a module also an `nnx.StateAxes` of these.
        out_axes: `nnx.Carry` or an axis, for each result.

    Raises:
        BroadcastChangeError: if a shared variable is changed.
        StructureChangeError: if a carried module gets new variables.

    Example:
        >>> from jib import nnx
        >>> layers = nnx.Dict(w=nnx.Param(jnp.array([1.0, 2.0, 3.0])))
        >>> nnx.scan(lambda x, m: x * m.w, in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)(2.0, layers)
        Array(12., dtype=float32)
    """
    if f is None:
        return lambda f: scan(
            f, length=length, reverse=reverse, unroll=unroll, in_axes=in_axes, out_axes=out_axes,
            transform_metadata=transform_metadata,
        )  # fmt: skip
    function = unbound(f, "scan")

    @functools.wraps(f)
    def scanned(*args: Any, **kwargs: Any) -> Any:
        args = positional(function, args, kwargs)
        loop = _Scan(function, args, in_axes, out_axes, transform_metadata)
        return loop.run(length, reverse, unroll)

    return scanned


class _State:
    """The value of a loop: modules and arrays, as a list of arrays."""

    def __init__(self, value: Any) -> None:
        self.call = Call(value)
        self.replaced: set[int] = set()

    def start(self) -> tuple[list, list]:
        """The first arrays."""
        return self.call.values(), self.call.plain

    def value(self, arrays: tuple[list, list]) -> Any:
        """The value that the arrays stand for, in new objects."""
        return self.call.signature.arguments(*arrays)[1][0]

    def step(self, body: Callable[[Any], Any], arrays: tuple[list, list]) -> tuple[list, list]:
        """The arrays of the next value, which must have the structure of the first."""
        given = self.value(arrays)
        after = Call(adopted(given, body(given), self.replaced))
        if after.signature != self.call.signature:
            before = {path_name(p) for p in self.call.graph.paths}
            now = {path_name(p) for p in after.graph.paths}
            rows = [(p, "new") for p in sorted(now - before)]
            rows += [(p, "gone") for p in sorted(before - now)]
            raise StructureChangeError(
                "the value of a loop has another structure after a step than before",
                notes=table(rows),
                help="return the modules that came in, with the same attributes",
            )
        return after.values(), after.plain

    def finish(self, arrays: tuple[list, list]) -> Any:
        """Put the last arrays into the caller's own modules."""
        return apart(self.call.roots, self.replaced, lambda: self._put(*arrays))

    def _put(self, values: list, plain: list) -> Any:
        for slot, new in zip(self.call.graph.slots, values, strict=True):
            if isinstance(slot, Variable) and slot._raw_value is not new:
                slot.set_raw_value(new)
        return self.call.signature.together(self.call.roots, plain)[0]


def while_loop(
    cond_fun: Callable[[Any], Any],
    body_fun: Callable[[Any], Any],
    init_val: Any,
    *,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """`jib.lax.while_loop` whose value may have modules in it; they are changed in place.

    Example:
        >>> from jib import nnx
        >>> count = nnx.Variable(jnp.array(0))
        >>> def body(c):
        ...     c[...] += 2
        ...     return c
        >>> nnx.while_loop(lambda c: c[...] < 5, body, count) is count, count.value
        (True, Array(6, dtype=int32, weak_type=True))
    """
    state = _State(init_val)
    return state.finish(
        lax.while_loop(
            lambda arrays: cond_fun(state.value(arrays)),
            lambda arrays: state.step(body_fun, arrays),
            state.start(),
        )
    )


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """`jib.lax.fori_loop` whose value may have modules in it; they are changed in place."""
    state = _State(init_val)

    def body(i: Any, arrays: tuple[list, list]) -> tuple[list, list]:
        return state.step(functools.partial(body_fun, i), arrays)

    return state.finish(lax.fori_loop(lower, upper, body, state.start(), unroll=unroll))


def switch(
    index: Any,
    branches: Sequence[Callable],
    *operands: Any,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """`jib.lax.switch` of functions that take and change modules.

    Raises:
        StructureChangeError: if the branches return, or leave, different structures.
    """
    call = Call(operands, {})
    given = call.values(), call.plain
    found = [
        jib.eval_shape(lambda v, p, f=f: call.run(f, v, p).parts(), *given)[3].content
        for f in branches
    ]
    always = sorted({i for description in found for i in description.changed})
    descriptions: list[Any] = []

    def branch(f: Callable) -> Callable:
        def inside(values: list, plain: list) -> Any:
            rebuilt, (args, kwargs) = call.signature.arguments(values, plain)
            out = f(*args, **kwargs)
            outcome = Outcome(rebuilt, values, out, call.graph.fixed, always)
            descriptions.append(outcome.description)
            return outcome.changed, outcome.new, outcome.plain

        return inside

    without_changes = {d._replace(changed=(), quiet=True) for d in found}
    if len(without_changes) > 1:
        raise StructureChangeError(
            f"the {len(branches)} branches return different structures, or give a module different "
            "attributes",
            notes=[_said_by(call, f, d) for f, d in zip(branches, found, strict=True)],
            help="make every branch return the same structure and sow the same variables",
        )
    parts = lax.switch(index, [branch(f) for f in branches], *given)
    return call.finish(*parts, Sealed(descriptions[0]))


def _said_by(call: Call, branch: Callable, description: Any) -> str:
    """What a branch returns and which attributes it sets, for the notes of an error."""
    text = f"`{function_name(branch)}` returns {description.out}"
    for i, parts in description.updates:
        before = {key for key, _, _ in items(call.graph.nodes[i])}
        names = [str(key) for key, _, _ in parts if key not in before]
        text += f"; sets `{', '.join(names)}` of {path_name(call.graph.node_paths[i])}"
    return text


def cond(
    pred: Any,
    true_fun: Callable,
    false_fun: Callable,
    *operands: Any,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """`jib.lax.cond` of functions that take and change modules.

    Example:
        >>> from jib import nnx
        >>> v = nnx.Variable(jnp.ones(()))
        >>> nnx.cond(True, lambda v: v.set_value(v[...] + 1), lambda v: None, v)
        >>> v.value
        Array(2., dtype=float32)
    """
    taken = jnp.asarray(pred).astype(jnp.int32) if not isinstance(pred, bool) else int(pred)
    return switch(taken, [false_fun, true_fun], *operands)
