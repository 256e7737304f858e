"""What all transforms do with a call: flatten its arguments, name them, cache traces."""

from __future__ import annotations

import dis
import functools
import sys
import types
import weakref
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from jib.core.origins import argument_names, function_name, provenance
from jib.errors import ArgumentTypeError
from jib.tree import broadcast_prefix, tree_registry

__all__ = [
    "FlatCall", "TraceCache", "argument_names", "flat_function", "function_name", "provenance",
]  # fmt: skip

flatten = tree_registry.flatten


def flat_function(
    function: Callable[..., Any], in_tree: Any
) -> tuple[Callable[..., list[Any]], list[Any]]:
    """`function(*args, **kwargs)` as a function of flat values, and where its out tree will be."""
    out_tree: list[Any] = []

    def flat(*values: Any) -> list[Any]:
        args, kwargs = in_tree.unflatten(values)
        outs, structure = flatten(function(*args, **kwargs))
        out_tree[:] = [structure]
        return outs

    return flat, out_tree


class FlatCall:
    """`fun(*args)` as a function of flat values; it also knows the structure of the results.

    With `has_aux`, `fun` returns a pair: the value, whose `count` leaves come first and are
    differentiated, and what accompanies it.
    """

    def __init__(self, fun: Callable[..., Any], in_tree: Any, has_aux: bool = False) -> None:
        self.fun, self.in_tree, self.has_aux = fun, in_tree, has_aux
        self.tree: Any = None
        self.aux_tree: Any = None
        self.count = 0

    def __call__(self, *values: Any) -> list[Any]:
        out, aux = self.fun(*self.in_tree.unflatten(values)), None
        if self.has_aux:
            out, aux = _pair(out, self.fun)
        leaves, self.tree = flatten(out)
        extra, self.aux_tree = flatten(aux)
        self.count = len(leaves)
        return [*leaves, *extra]

    def results(self, outs: Sequence[Any], *derivatives: Any) -> tuple:
        """What the user gets for flat results: `(value, *derivatives)`, and `aux` at the end."""
        found = (self.tree.unflatten(outs[: self.count]), *derivatives)
        return (*found, self.aux_tree.unflatten(outs[self.count :])) if self.has_aux else found


def of_arguments(
    fun: Callable[..., Any], args: tuple, kwargs: dict[str, Any], positions: Sequence[int]
) -> Callable[..., Any]:
    """`fun(*args, **kwargs)` as a function of the arguments at some positions."""

    def call(*chosen: Any) -> Any:
        full = list(args)
        for i, x in zip(positions, chosen, strict=True):
            full[i] = x
        return fun(*full, **kwargs)

    call.__name__ = function_name(fun)
    return call


def as_tuple(value: Any, kind: type = int) -> tuple:
    """One value of a kind, several, or None, as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, kind) else tuple(value)


def per_leaf(prefix: Any, structure: Any) -> list[Any]:
    """The leaf of a prefix tree, or None, that stands over each leaf of a structure."""
    full = structure.unflatten([0] * structure.num_leaves)
    return broadcast_prefix(prefix, full, is_leaf=lambda x: x is None)


def _pair(out: Any, function: Any) -> tuple[Any, Any]:
    """The value and the rest, of a function that is said to return both (`has_aux=True`)."""
    if not isinstance(out, tuple | list) or len(out) != 2:
        given = str(getattr(out, "aval", None) or type(out).__name__)
        if isinstance(out, tuple | list):
            given = f"{len(out)} values"
        raise ArgumentTypeError(
            f"with has_aux=True `{function_name(function)}` must return a pair, `(value, aux)`, "
            f"but it returned {given}",
            help="return value, aux",
        )
    return out[0], out[1]


_PLAIN = (bool, int, float, complex, str, bytes, type(None), types.BuiltinFunctionType)
# What these modules hold is taken to stay as it is.
_LIBRARIES = sys.stdlib_module_names | {"jib", "ml_dtypes", "numpy"}


def content_key(value: Any, depth: int = 4, names: Sequence[str] = ()) -> Hashable | None:
    """A key that is equal for functions that compute the same.

    Those have the same code, and equal plain values wherever it reads variables from outside.
    None when the value holds something that is only itself (an array, a mutable object). `names`
    are the attributes that a function may read from a module.
    """
    if isinstance(value, float | complex):
        return (type(value), repr(value))  # tells 0.0 from -0.0
    if isinstance(value, _PLAIN):
        return (type(value), value)
    if isinstance(value, types.ModuleType | types.FunctionType | type) and _is_library(value):
        return value
    if depth == 0:
        return None
    if type(value) is tuple or type(value) is frozenset:
        return _all_keys(value, depth - 1, names)
    if type(value) is types.ModuleType:
        return _space_key(vars(value), names, depth - 1)
    if type(value) is not types.FunctionType or value.__dict__:
        return None
    names, written = _names(value.__code__)
    if written:  # who calls it expects to find what it leaves there
        return None
    try:
        cells = [c.cell_contents for c in value.__closure__ or ()]
    except ValueError:  # a variable that is not bound yet
        return None
    outside = _space_key(value.__globals__, names, depth - 1)
    defaults = (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values())
    keys = _all_keys((*cells, *defaults), depth - 1, names)
    return None if keys is None or outside is None else (value.__code__, outside, keys)


def _is_library(value: Any) -> bool:
    """Whether a module, a class or a function belongs to a library that nobody changes."""
    if isinstance(value, types.ModuleType):
        return value.__name__.partition(".")[0] in _LIBRARIES
    module = value.__module__ or ""
    if module.partition(".")[0] not in _LIBRARIES:
        return False
    # A function may only carry the name of the library, as one that the library made.
    return isinstance(value, type) or getattr(sys.modules[module], value.__name__, None) is value


def _space_key(space: dict[str, Any], names: Sequence[str], depth: int) -> Hashable | None:
    """A key for what a function reads, by name, from the variables of a module."""
    known = [name for name in names if name in space]
    keys = _all_keys([space[name] for name in known], depth, names)
    return None if keys is None else (id(space), tuple(known), keys)


_WRITES = frozenset(
    dis.opmap[f"{verb}_{place}"] for verb in ("STORE", "DELETE") for place in ("GLOBAL", "DEREF")
)


@functools.lru_cache(4096)
def _names(code: types.CodeType) -> tuple[tuple[str, ...], frozenset[str]]:
    """Names that a function may read from its module, and the outer variables that it sets.

    Attributes are among the first, which is safe.
    """
    read = dict.fromkeys(code.co_names)
    written = set()
    # To take instructions apart is slow: most code has none of these operations among its bytes.
    steps = () if _WRITES.isdisjoint(code.co_code[::2]) else dis.get_instructions(code)
    for step in steps:
        if step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            written.add(f"global {step.argval}")
        elif step.opname in ("STORE_DEREF", "DELETE_DEREF") and step.argval in code.co_freevars:
            written.add(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names, inner = _names(constant)
            read.update(dict.fromkeys(names))
            written |= inner - set(code.co_cellvars)
    return tuple(read), frozenset(written)


def _all_keys(values: Iterable[Any], depth: int, names: Sequence[str] = ()) -> tuple | None:
    keys = []
    for value in values:
        key = content_key(value, depth, names)
        if key is None:
            return None
        keys.append(key)
    return tuple(keys)


class TraceCache:
    """Results of tracing, by function and signature.

    Functions that close over plain values share results by content, so a re-created lambda hits;
    results for all others live as long as the function itself.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._shared: dict[Any, Any] = {}
        self._of: weakref.WeakKeyDictionary[Any, dict] = weakref.WeakKeyDictionary()

    def results_of(self, function: Any) -> dict[Any, Any]:
        """The results for a function, by signature."""
        try:
            found = self._of.get(function)
        except TypeError:  # neither hashable nor weakly referable
            return {}
        if found is None:
            key = content_key(function)
            if len(self._shared) >= self._limit:
                self._shared.clear()
            found = {} if key is None else self._shared.setdefault(key, {})
            self._of[function] = found
        return found

    def renewed(self, function: Any) -> dict[Any, Any]:
        """As `results_of`, but by what the function reads now: asked for before it is traced."""
        try:
            self._of.pop(function, None)
        except TypeError:
            return {}
        return self.results_of(function)

    def clear(self) -> None:
        """Forget all results."""
        self._shared.clear()
        self._of.clear()

    def forget(self, function: Any) -> None:
        """Forget the results of one function."""
        self.results_of(function).clear()
