"""`checkify`: errors of the running program as values: failed checks, NaN, bad indices, `x / 0`.

A program is interpreted once more, with an error state beside its values: whether something has
failed, the code of the place where it failed first, and the arrays that the message speaks of. All
of a program shares one layout of these arrays, so loops and branches just carry the state.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes, lax
from jib.core.array import Array
from jib.core.avals import ShapedArray
from jib.core.effects import check_effect
from jib.core.jaxpr import Equation, Jaxpr, Literal, memoized, sub_jaxprs
from jib.core.primitive import Primitive, Waived
from jib.core.sources import Source, api_boundary, capture
from jib.core.tracing import aval_of, is_eager
from jib.errors import ArgumentTypeError, CheckError, EffectError
from jib.lax._families import constant_like
from jib.lax._programs import leading, merge, pick
from jib.lax._scan_bodies import sections
from jib.passes.dce import dce_jaxpr
from jib.passes.stage import evaluate, stage, stage_jaxpr
from jib.transforms import _calls
from jib.tree._registry import register_pytree_node_class

__all__ = [
    "DivisionByZeroError", "Error", "ErrorCategory", "FailedCheckError", "JaxRuntimeError",
    "NaNError", "OutOfBoundsError", "all_checks", "automatic_checks", "check", "check_error",
    "checkify", "debug_check", "div_checks", "float_checks", "index_checks", "init_error",
    "nan_checks", "user_checks",
]  # fmt: skip


class FailedCheckError(CheckError):
    """The condition of a `check` is false."""


class NaNError(CheckError):
    """An operation made a NaN."""


class InfinityError(CheckError):
    """An operation made an infinity."""


class OutOfBoundsError(CheckError):
    """An index is outside of its array."""


class DivisionByZeroError(CheckError):
    """A division by zero."""


JaxRuntimeError = CheckError
ErrorCategory = type[CheckError]
Categories = frozenset[ErrorCategory]

user_checks: Categories = frozenset({FailedCheckError})
nan_checks: Categories = frozenset({NaNError})
index_checks: Categories = frozenset({OutOfBoundsError})
div_checks: Categories = frozenset({DivisionByZeroError})
float_checks = nan_checks | div_checks
automatic_checks = float_checks | index_checks
all_checks = automatic_checks | user_checks

_codes: dict[Any, int] = {}
_Kind = tuple[tuple[int, ...], np.dtype]  # shape and dtype of an array that a message speaks of


def _kind(x: Any) -> _Kind:
    aval = aval_of(x)
    return aval.shape, aval.dtype


class _Site(NamedTuple):
    """A place that can fail; `text(*arrays)` is the message, of arrays of these kinds."""

    category: ErrorCategory
    source: Source | None
    words: str
    text: Callable[..., str]
    kinds: tuple[_Kind, ...]

    @property
    def code(self) -> int:
        """A number of its own, the same when the program is traced again."""
        return _codes.setdefault(self[:3], len(_codes) + 1)


def _places(kinds: Iterable[_Kind], slots: Iterable[_Kind]) -> list[int]:
    """Which of the slots arrays of these kinds take: the first free one of the same kind."""
    free: dict[_Kind, list[int]] = {}
    for i, kind in enumerate(slots):
        free.setdefault(kind, []).append(i)
    return [free[kind].pop(0) for kind in kinds]


@register_pytree_node_class
@dataclasses.dataclass
class Error:
    """The first error of a run, or none: a tree of arrays, which goes through all transforms.

    `error.get()` is the message, or None; `error.throw()` raises it. Under `vmap` each member of
    the batch has its own.
    """

    _pred: Any
    _code: Any
    _metadata: frozenset[_Site]
    _payload: Any

    def tree_flatten(self) -> tuple[tuple[Any, ...], frozenset[_Site]]:
        """The arrays, and the places that they speak of."""
        return (self._pred, self._code, *self._payload), self._metadata

    @classmethod
    def tree_unflatten(cls, metadata: frozenset[_Site], data: Sequence[Any]) -> Error:
        """The error that `tree_flatten` took apart."""
        pred, code, *payload = data
        return cls(pred, code, metadata, payload)

    def get(self) -> str | None:
        """The message of the first error, with its place in the user's program, or None."""
        found = self.get_exception()
        return None if found is None else str(found)

    def throw(self) -> None:
        """Raise the first error, if there is one."""
        check_error(self)

    def get_exception(self) -> CheckError | None:
        """The first error as an exception that is not raised, or None."""
        failed = np.argwhere(np.asarray(self._pred)).tolist()
        if not failed:
            return None
        codes, sites = np.asarray(self._code), {s.code: s for s in self._metadata}
        found = []
        for lane in map(tuple, failed[:16]):
            site, arrays = sites[int(codes[lane])], [np.asarray(p)[lane] for p in self._payload]
            places = _places(site.kinds, [(x.shape, x.dtype) for x in arrays])
            where = f"at index {', '.join(map(str, lane))} of the batch: " if lane else ""
            found.append((site, where + site.text(*(arrays[i] for i in places))))
        (site, message), *others = found
        return site.category(message, notes=[text for _, text in others], source=site.source)


init_error = Error(np.bool_(False), np.int32(0), frozenset(), [])


# ------------------------------------------------------------------------------------- checks


def _check_numpy(*args: Any, sites: frozenset[_Site], debug: bool) -> list[Any]:
    found = None if debug else Error.tree_unflatten(sites, args).get_exception()
    if found is not None:
        raise found
    return []


def _check_batch(axis: Any, args: Any, dims: Any, **params: Any) -> tuple[list, list]:
    """The first member that fails speaks for all."""
    if axis.size:
        mapped, moved = leading(axis, args, dims)
        check_p.bind(*_first_failing(moved, mapped), **params)
    return [], []


def _first_failing(state: Sequence[Any], mapped: Sequence[bool]) -> list[Any]:
    """The state of the first entry that failed, of those along the first axis."""
    first = lax.argmax(state[0], 0, np.int32) if mapped[0] else np.int32(0)
    return [
        lax.dynamic_index_in_dim(x, first, 0, keepdims=False) if m else x
        for x, m in zip(state, mapped, strict=True)
    ]


def _check_lower(ctx: Any, *values: Any, sites: frozenset[_Site], debug: bool) -> list[Any]:
    if not debug:
        raise EffectError(
            "a compiled program cannot raise the error of a `check`",
            help="let it return the error   error, result = "
            "jib.experimental.checkify.checkify(function)(*arguments); error.throw()",
            source=next((s.source for s in sites), None),
        )
    return []


check_p = Primitive(
    "check",
    type=lambda *avals, sites, debug: [],
    numpy=_check_numpy,
    jvp=lambda primals, tangents, **params: (check_p.bind(*primals, **params), []),
    transpose=Waived("a check has no results, so nothing is transposed"),
    batch=_check_batch,
    lower=_check_lower,
    multiple_results=True,
    effects=lambda *, sites, debug: frozenset((check_effect,)),
)


@api_boundary
def check(pred: Any, msg: str, *fmt_args: Any, debug: bool = False, **fmt_kwargs: Any) -> None:
    """Say that a condition must hold, with a message for when it does not.

    Where values are known it raises at once. A compiled function has to be transformed by
    `checkify`, which returns the error instead.

    Args:
        pred: a boolean scalar.
        msg: a format string, as for `str.format`.
        fmt_args, fmt_kwargs: what it formats: trees of arrays, or anything else known now.
        debug: whether the check counts under `checkify` alone, and is nothing elsewhere.

    Raises:
        FailedCheckError: if the condition is false, where that is known.
        EffectError: when a program with a check is compiled without `checkify`.

    Example:
        >>> import jib
        >>> from jib.experimental import checkify
        >>> def root(x):
        ...     checkify.check(x >= 0, "the root of {x}", x=x)
        ...     return x ** 0.5
        >>> error, _ = jib.jit(checkify.checkify(root))(-1.0)
        >>> error.get().splitlines()[0]
        'the root of -1.0'
    """
    aval = aval_of(pred)
    if aval.shape or aval.dtype != np.bool_:
        raise ArgumentTypeError(
            f"`check` needs a boolean scalar, but `pred` is {aval}",
            help="compare, and reduce an array with `.all()`: bool[] is needed",
        )
    leaves, tree = _calls.flatten((fmt_args, fmt_kwargs))
    arrays, rebuilt = _taken_apart(leaves)

    def text(*values: Any) -> str:
        given, named = tree.unflatten(rebuilt([x[()] for x in values]))
        return msg.format(*given, **named)

    site = _Site(FailedCheckError, capture(3), msg, text, tuple(map(_kind, arrays)))
    failed = lax.bitwise_not(pred)
    _raise(Error(failed, np.int32(site.code), frozenset((site,)), arrays), debug)


@api_boundary
def debug_check(pred: Any, msg: str, *fmt_args: Any, **fmt_kwargs: Any) -> None:
    """A `check` that counts under `checkify` alone; elsewhere it is nothing."""
    check(pred, msg, *fmt_args, debug=True, **fmt_kwargs)


def _taken_apart(leaves: Sequence[Any]) -> tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]:
    """The arrays among these values, and the function that puts others in their places."""
    traced = [isinstance(x, Array | np.ndarray) for x in leaves]
    fixed = [None if t else x for x, t in zip(leaves, traced, strict=True)]
    return pick(leaves, traced), lambda arrays: merge(traced, arrays, pick(fixed, traced, False))


@api_boundary
def check_error(error: Error) -> None:
    """Raise the error of a checked function, if there is one; `checkify` takes it back.

    Raises:
        CheckError: where the error is known.
        ArgumentTypeError: if it is not an `Error`.
    """
    if not isinstance(error, Error):
        raise ArgumentTypeError(
            f"`check_error` needs an Error, as checkify(f) returns, not {type(error).__name__}"
        )
    _raise(error, False)


def _raise(error: Error, debug: bool) -> None:
    data, sites = error.tree_flatten()
    if is_eager():
        _check_numpy(*data, sites=sites, debug=debug)
        return
    ndim = aval_of(error._pred).ndim
    if ndim:
        lanes = [lax.collapse(x, 0, ndim) for x in data]
        data = _first_failing(lanes, [True] * len(lanes))
    check_p.bind(*data, sites=sites, debug=debug)


# -------------------------------------------------------------------------------- the interpreter


def checkify(f: Callable[..., Any], errors: Categories = user_checks) -> Callable[..., Any]:
    """A function that also returns the first error of its run: `error, result = checked(...)`.

    Args:
        f: a function of arrays, or trees of them, which may call `check`.
        errors: what counts: `user_checks`, `nan_checks` (an operation makes a NaN), `div_checks`
            (division by zero), `index_checks` (an index is outside of its array); `float_checks`,
            `automatic_checks` and `all_checks` are their unions.

    Returns:
        A function with the arguments of `f` that returns an `Error` and the result of `f`. It goes
        through every transform. What `vmap` computes and then throws away (both branches of a
        `cond`, members of a batch that are done) counts too: `vmap` of a checked function is exact.
        What runs inside `shard_map` is not checked.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.experimental import checkify
        >>> error, _ = checkify.checkify(jnp.log, errors=checkify.nan_checks)(jnp.float32(-1))
        >>> error.get().splitlines()[0]
        '`log` made a NaN'
    """

    @functools.wraps(f)
    @api_boundary
    def checked(*args: Any, **kwargs: Any) -> tuple[Error, Any]:
        leaves, in_tree = _calls.flatten((args, kwargs))
        arrays, rebuilt = _taken_apart(leaves)
        flat, out_tree = _calls.flat_function(f, in_tree)
        avals = list(map(aval_of, arrays))
        program, consts = stage(lambda *xs: flat(*rebuilt(xs)), avals, name=_calls.function_name(f))
        walk = _Walk(frozenset(errors), _initial_state(program, frozenset(errors)))
        outs = walk.run(program.hoisted, [*consts, *arrays])
        error = Error.tree_unflatten(frozenset(walk.sites), walk.state)
        return error, out_tree[0].unflatten(outs)

    return checked


@memoized
def _needs(jaxpr: Jaxpr, errors: Categories) -> Counter[_Kind]:
    """How many arrays of each kind the messages of a program need at most."""
    found: Counter[_Kind] = Counter()
    for eqn in jaxpr.eqns:
        if eqn.primitive is check_p:
            found |= Counter((v.aval.shape, v.aval.dtype) for v in eqn.invars[2:])
        elif eqn.primitive.name in _INDICES and OutOfBoundsError in errors:
            found |= Counter([_INDEX])
        for inner in sub_jaxprs(eqn.params):
            found |= _needs(inner, errors)
    return found


def _initial_state(jaxpr: Jaxpr, errors: Categories) -> list[Any]:
    """The error state in front of a program: nothing has failed."""
    kinds = _needs(jaxpr, errors).elements()
    return [np.bool_(False), np.int32(0), *(np.zeros(*kind) for kind in kinds)]


@memoized
def checked_jaxpr(
    jaxpr: Jaxpr, errors: Categories, avals: tuple[ShapedArray, ...]
) -> tuple[Jaxpr, frozenset[_Site]]:
    """The program with an error state of these types in front of its inputs and its outputs."""
    sites: set[_Site] = set()

    def function(*values: Any) -> list[Any]:
        walk = _Walk(errors, values[: len(avals)])
        outs = walk.run(jaxpr, values[len(avals) :])
        sites.update(walk.sites)
        return [*walk.state, *outs]

    program = stage_jaxpr(function, [*avals, *jaxpr.in_avals], name=jaxpr.name)
    return program, frozenset(sites)


class _Walk:
    """One reading of a program: its error state so far, and the places that can fail."""

    def __init__(self, errors: Categories, state: Sequence[Any]) -> None:
        self.errors = errors
        self.state = list(state)
        self.sites: set[_Site] = set()

    def run(self, jaxpr: Jaxpr, args: Sequence[Any]) -> list[Any]:
        """The results of a program on these values."""
        env: dict[Any, Any] = dict(zip(jaxpr.invars, args, strict=True))
        read = lambda v: v.val if isinstance(v, Literal) else env[v]  # noqa: E731
        for eqn in jaxpr.eqns:
            outs = self.equation(eqn, list(map(read, eqn.invars)))
            env.update(zip(eqn.outvars, outs, strict=True))
        return list(map(read, jaxpr.outvars))

    def equation(self, eqn: Equation, args: list[Any]) -> Sequence[Any]:
        name = eqn.primitive.name
        if eqn.primitive is check_p:
            if FailedCheckError in self.errors:
                self.sites |= eqn.params["sites"]
                self.fail(args[0], args[1], args[2:])
            return []
        if name in _PROGRAMS:
            return _PROGRAMS[name](self, eqn, args)
        if name in _INDICES and OutOfBoundsError in self.errors:
            self.indices(eqn, *_INDICES[name](*args, **eqn.params))
        if name == "div" and DivisionByZeroError in self.errors:
            zero = lax.eq(args[1], constant_like(args[1], 0))
            self.found(DivisionByZeroError, eqn, "division by zero", _any(zero))
        outs = eqn.primitive.bind(*args, **eqn.params)
        outs = outs if eqn.primitive.multiple_results else [outs]
        if name not in _MOVING:
            for category, (noun, is_bad) in BAD_VALUES.items():
                if category in self.errors and (bad := any_bad(outs, is_bad)) is not None:
                    self.found(category, eqn, f"`{name}` made {noun}", bad)
        return outs

    def inner(self, jaxpr: Jaxpr) -> Jaxpr:
        """The program inside an equation, with the state in front."""
        avals = tuple([aval_of(x).update(weak_type=False) for x in self.state])
        program, sites = checked_jaxpr(jaxpr, self.errors, avals)
        self.sites |= sites
        return program

    def take(self, outs: Sequence[Any]) -> Sequence[Any]:
        """Keep the state that stands in front of these results, and return the rest."""
        count = len(self.state)
        self.state = list(outs[:count])
        return outs[count:]

    def fail(self, bad: Any, code: Any, arrays: Sequence[Any] = ()) -> None:
        """Note an error where `bad` is true and there was none before."""
        pred, old, *slots = self.state
        first = lax.bitwise_and(bad, lax.bitwise_not(pred))
        places = _places(map(_kind, arrays), map(_kind, slots))
        for place, x in zip(places, arrays, strict=True):
            slots[place] = lax.select(first, lax.stop_gradient(x), slots[place])
        self.state = [lax.bitwise_or(pred, bad), lax.select(first, code, old), *slots]

    def found(self, category: Any, eqn: Equation, text: str, bad: Any, *arrays: Any) -> None:
        site = _Site(category, eqn.source, text, text.format, tuple(map(_kind, arrays)))
        self.sites.add(site)
        self.fail(bad, np.int32(site.code), arrays)

    def indices(self, eqn: Equation, x: Any, sizes: Sequence[int], starts: Iterator) -> None:
        """Check that windows of these sizes lie inside of `x`; `starts` pairs axes with indices."""
        for axis, index in starts:
            size, aval = aval_of(x).shape[axis], aval_of(index)
            last = size - sizes[axis]
            if not aval.size:
                continue
            last = constant_like(index, min(last, dtypes.iinfo(aval.dtype).max))
            outside = lax.bitwise_or(lax.lt(index, constant_like(index, 0)), lax.gt(index, last))
            flat, mask = (lax.reshape(v, (aval.size,)) for v in (index, outside))
            value = lax.dynamic_index_in_dim(flat, lax.argmax(mask, 0, np.int32), 0, keepdims=False)
            start = "index {} is outside"
            if sizes[axis] > 1:
                start = f"a window of {sizes[axis]} from index {{}} leaves"
            text = f"{start} axis {axis}, which has {size} elements"
            value = lax.convert_element_type(value, np.int32)
            self.found(OutOfBoundsError, eqn, text, _any(outside), value)


def _any(mask: Any) -> Any:
    return lax.reduce_or(mask, tuple(range(aval_of(mask).ndim)))


def any_bad(values: Iterable[Any], is_bad: Callable[[Any], Any]) -> Any:
    """Whether an element of any of these arrays is bad; None where there are no such arrays."""
    found = [_any(is_bad(x)) for x in values if dtypes.issubdtype(aval_of(x).dtype, np.inexact)]
    return functools.reduce(lax.bitwise_or, found) if found else None


# How values that should not be there are called and found.
BAD_VALUES: dict[ErrorCategory, tuple[str, Callable[[Any], Any]]] = {
    NaNError: ("a NaN", lambda x: lax.ne(x, x)),
    InfinityError: ("an infinity", lambda x: lax.eq(lax.abs(x), constant_like(lax.abs(x), np.inf))),
}
# These only pass values on: what is bad in their results was so before, or was asked for.
_MOVING = frozenset((
    "abs", "broadcast_in_dim", "concatenate", "conj", "convert_element_type", "dynamic_slice",
    "dynamic_update_slice", "gather", "imag", "max", "min", "name", "neg", "optimization_barrier",
    "pad", "ppermute", "pvary", "real", "reduce_max", "reduce_min", "reshape", "rev", "select_n",
    "sharding_constraint", "slice", "sort", "split", "squeeze", "stop_gradient", "transpose",
))  # fmt: skip


# ------------------------------------------------------------------------ windows of arrays
#
# What an operation indexes, the sizes of its windows, and pairs of an axis and the indices in it.

_INDEX: _Kind = ((), np.dtype(np.int32))


def _columns(indices: Any, mapped: Sequence[int]) -> Iterator[tuple[int, Any]]:
    for i, axis in enumerate(mapped):
        yield axis, lax.index_in_dim(indices, i, -1, keepdims=False)


def _gather(x: Any, indices: Any, **params: Any) -> tuple[Any, Sequence[int], Iterator]:
    return x, params["slice_sizes"], _columns(indices, params["dimension_numbers"].start_index_map)


def _scatter(x: Any, indices: Any, updates: Any, **params: Any) -> tuple[Any, list[int], Iterator]:
    numbers, shape = params["dimension_numbers"], aval_of(updates).shape
    windows = iter([shape[d] for d in numbers.update_window_dims])
    gone = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    sizes = [1 if i in gone else next(windows) for i in range(aval_of(x).ndim)]
    return x, sizes, _columns(indices, numbers.scatter_dims_to_operand_dims)


_SCATTERS = ("scatter", "scatter_add", "scatter_max", "scatter_min", "scatter_mul")
_INDICES: dict[str, Callable[..., tuple[Any, Sequence[int], Any]]] = {
    "dynamic_slice": lambda x, *starts, slice_sizes: (x, slice_sizes, enumerate(starts)),
    "dynamic_update_slice": lambda x, new, *starts: (x, aval_of(new).shape, enumerate(starts)),
    "gather": _gather,
    **dict.fromkeys(_SCATTERS, _scatter),
}


# ----------------------------------------------------------------- primitives that hold programs


def _nested(walk: _Walk, eqn: Equation, args: list[Any]) -> Sequence[Any]:
    program = walk.inner(eqn.params["jaxpr"])
    return walk.take(eqn.primitive.bind(*walk.state, *args, **{**eqn.params, "jaxpr": program}))


def _custom(walk: _Walk, eqn: Equation, args: list[Any]) -> Sequence[Any]:
    """The rule of the function knows nothing of the state, which is computed beside it."""
    program, count = walk.inner(eqn.params["jaxpr"]), len(walk.state)
    outs = (*[False] * count, *[True] * len(eqn.outvars))
    plain, _ = dce_jaxpr(program, outs, (*[False] * count, *[True] * len(args)))
    walk.take(evaluate(program, (), *walk.state, *map(lax.stop_gradient, args)))
    return eqn.primitive.bind(*args, **{**eqn.params, "jaxpr": plain})


def _cond(walk: _Walk, eqn: Equation, args: list[Any]) -> Sequence[Any]:
    branches = tuple(map(walk.inner, eqn.params["branches"]))
    return walk.take(eqn.primitive.bind(args[0], *walk.state, *args[1:], branches=branches))


def _scan(walk: _Walk, eqn: Equation, args: list[Any]) -> Sequence[Any]:
    program, count = walk.inner(eqn.params["jaxpr"]), len(walk.state)
    consts, carry, xs = sections(args, eqn.params["num_consts"], eqn.params["num_carry"])
    last = count + len(carry)

    def step(carry: list[Any], xs: list[Any]) -> tuple[list[Any], list[Any]]:
        outs = evaluate(program, (), *carry[:count], *consts, *carry[count:], *xs)
        return outs[:last], outs[last:]

    options = {name: eqn.params[name] for name in ("length", "reverse", "unroll")}
    outs, ys = lax.scan(step, [*walk.state, *carry], list(xs), **options)
    return [*walk.take(outs), *ys]


def _while(walk: _Walk, eqn: Equation, args: list[Any]) -> Sequence[Any]:
    """The condition is asked before the loop and at the end of each turn, for its errors alone."""
    cond, body, count = (
        walk.inner(eqn.params["cond"]),
        walk.inner(eqn.params["body"]),
        len(walk.state),
    )
    consts, rest, value = sections(args, eqn.params["num_cond"], eqn.params["num_body"])

    def ask(value: Sequence[Any]) -> list[Any]:
        return evaluate(cond, (), *value[:count], *consts, *value[count:])

    def turn(value: list[Any]) -> list[Any]:
        value = evaluate(body, (), *value[:count], *rest, *value[count:])
        return [*ask(value)[:count], *value[count:]]

    first = [*ask([*walk.state, *value])[:count], *value]
    return walk.take(lax.while_loop(lambda value: ask(value)[-1], turn, first))


_PROGRAMS: dict[str, Callable[[_Walk, Equation, list[Any]], Sequence[Any]]] = {
    "checkpoint": _nested, "cond": _cond, "custom_jvp_call": _custom, "custom_vjp_call": _custom,
    "jit": _nested, "scan": _scan, "while": _while,
}  # fmt: skip
