"""Calling executables: from Python once, and from then on through jaxlib's C++ dispatch."""

from __future__ import annotations

import atexit
import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib import dtypes
from jib.backend import transfer
from jib.backend._compat import jaxlib_core
from jib.backend.donations import FAILURES, raise_explained
from jib.backend.shardings import single_device_sharding
from jib.core.avals import ShapedArray
from jib.core.effects import Effect, is_ordered
from jib.core.keys import KeyArray
from jib.core.tracing import Tracer, leaked
from jib.settings import debug_infs, debug_nans
from jib.tree import call_registry, register_call_node

__all__ = ["CallCache", "Program", "cpp_function", "effects_barrier", "prepare", "wait_for_order"]

ArrayImpl = jaxlib_core.ArrayImpl
CallCache = jaxlib_core.PjitFunctionCache
_make_handler = jaxlib_core.array_result_handler


class _FastPath(NamedTuple):
    """What C++ needs to repeat a call without Python. The names are jaxlib's."""

    xla_executable: Any
    out_pytree_def: Any
    in_shardings: Sequence[Any]
    out_shardings: Sequence[Any]
    out_avals: Sequence[ShapedArray]
    out_committed: Sequence[bool]
    kept_var_bitvec: Sequence[bool]
    in_device_local_layouts: Sequence[Any]
    const_args: Sequence[Any]


@dataclasses.dataclass(eq=False, slots=True)
class Program:
    """A compiled program, callable with arrays, scalars and keys.

    `kept` says which arguments the executable takes: those never read by the program are dropped.
    """

    executable: Any
    in_avals: Sequence[ShapedArray]
    in_shardings: Sequence[Any]
    kept: Sequence[bool]
    out_avals: Sequence[ShapedArray]
    out_shardings: Sequence[Any]
    committed: bool
    effects: frozenset[Effect]
    repeatable: bool = dataclasses.field(init=False)  # whether C++ may call it without Python
    ordered: bool = dataclasses.field(init=False)  # a token is its first argument and result
    handlers: list[Any] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.repeatable, self.ordered = not self.effects, is_ordered(self.effects)
        self.handlers = [
            _make_handler(a.physical(), s, self.committed, True)
            for a, s in zip(self.out_avals, self.out_shardings, strict=True)
        ]
        if self.ordered:
            sharding = default_sharding(self.executable.local_devices()[0])
            self.handlers.insert(0, _make_handler(_TOKEN, sharding, False, True))

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        """Run the program."""
        buffers = [
            prepare(x, aval, sharding)
            for x, aval, sharding, kept in zip(
                args, self.in_avals, self.in_shardings, self.kept, strict=True
            )
            if kept
        ]
        try:
            if self.ordered:
                buffers.insert(0, _last_token(self.executable))
            results = self.executable.execute_sharded(buffers, with_tokens=not self.repeatable)
            if not self.repeatable:
                _remember_effects(results.consume_token())
            outs = results.consume_with_handlers(self.handlers)
            if self.ordered:
                _last[:] = [outs.pop(0)]
        except FAILURES as error:
            raise_explained(error, args)
        return [
            KeyArray(x, aval.dtype) if aval.is_key else x
            for x, aval in zip(outs, self.out_avals, strict=True)
        ]

    def fast_path(self, out: Any, consts: Sequence[Any]) -> _FastPath | None:
        """The record that lets C++ repeat the call that returned `out`, or None."""
        if not self.repeatable or debug_nans.value or debug_infs.value:
            return None
        leaves, structure = call_registry.flatten(out)
        if len(leaves) != len(self.out_avals) or not all(type(x) is ArrayImpl for x in leaves):
            return None
        count = len(consts)
        prepared = [
            prepare(x, a, s)
            for x, a, s in zip(consts, self.in_avals[:count], self.in_shardings, strict=False)
        ]
        return _FastPath(
            self.executable,
            structure,
            [s for s, k in zip(self.in_shardings, self.kept, strict=True) if k],
            self.out_shardings,
            [a.physical() for a in self.out_avals],
            [self.committed] * len(leaves),
            self.kept,
            [None] * sum(self.kept),
            prepared,
        )


# Tokens of the last calls with effects on the host, which may still be running.
_running: deque[Any] = deque()
_MOST_RUNNING = 64


# What the last program with ordered effects gave back; the next one takes it.
_TOKEN = ShapedArray((), np.dtype(np.uint32))
_last: list[Any] = []


def _last_token(executable: Any) -> Any:
    if _last and _last[0].is_ready():
        wait_for_order()  # a failure of the last program is not one of the next
    value = _last[0] if _last else np.uint32(0)
    return prepare(value, _TOKEN, default_sharding(executable.local_devices()[0]))


def wait_for_order() -> None:
    """Wait until the ordered effects of all calls so far have happened."""
    while _last:
        _wait(_last.pop())


def _remember_effects(token: Any) -> None:
    _running.append(token)
    if len(_running) > _MOST_RUNNING:
        _wait(_running.popleft())


def _wait(token: Any) -> None:
    try:
        token.block_until_ready()
    except FAILURES as error:
        raise_explained(error, ())


def effects_barrier() -> None:
    """Wait until the effects of all calls so far (`debug.print`, callbacks) have happened.

    Raises:
        CallbackError: if the function of one of them raised an error that nobody has seen.
    """
    while _running:
        _wait(_running.popleft())
    wait_for_order()


atexit.register(effects_barrier)


def prepare(x: Any, aval: ShapedArray, sharding: Any) -> ArrayImpl:
    """The device buffer for an argument, moved or converted as the program wants it."""
    if type(x) is ArrayImpl:
        if x._sharding is sharding:
            return x
        return x if x._sharding == sharding else transfer.reshard(x, sharding)
    if type(x) is KeyArray:
        return prepare(x._base, aval.physical(), sharding)
    if isinstance(x, Tracer):
        raise leaked(x)
    value = np.asarray(x)
    dtype = aval.dtype
    if value.dtype != dtype:
        if value.dtype.kind in "iu":
            dtypes.check_integer_fits(value, dtype)
        value = value.astype(dtype)
    return transfer.put(value, aval, sharding, False)


def cpp_function(
    name: str,
    function: Callable[..., Any],
    cache_miss: Callable[..., tuple[Any, Any, bool]],
    cache: Any,
    *,
    static_argnums: Sequence[int] = (),
    static_argnames: Sequence[str] = (),
    key: Any = None,
) -> Any:
    """A callable that looks up compiled programs in C++ and asks `cache_miss` for new ones.

    `cache_miss(*args, **kwargs)` returns the result, the record for repeats (or None), and False.
    """
    nums, names = list(static_argnums), list(static_argnames)
    lookup = (call_registry, _fallback, cache)
    return jaxlib_core.pjit(name, function, cache_miss, nums, names, key, *lookup)


def _fallback(x: Any, sharding: Any, layout: Any) -> ArrayImpl:
    """Called by C++ for an argument that is not where the program wants it."""
    if type(x) is ArrayImpl:
        return transfer.reshard(x, sharding)
    value = np.asarray(x)
    aval = ShapedArray(value.shape, dtypes.canonical_input_dtype(value.dtype))
    return prepare(value, aval, sharding)


class _Snapshot(np.ndarray):
    """A NumPy array that nobody else holds, so C++ may read it while the program runs."""


# A larger array is copied once, onto the device; a smaller one is cheaper to hand to C++.
_MOST_SNAPSHOT_BYTES = 1 << 15


def _host_array(x: Any) -> tuple[tuple, None]:
    """A NumPy argument as a copy: checked, converted, and safe from later writes.

    C++ would read the caller's memory while the program runs, and wrap integers that do not fit.
    """
    try:
        dtype = dtypes.canonical_input_dtype(x.dtype)
    except TypeError:
        return ((object(),), None)  # no array: Python will say so, with the argument's name
    if x.dtype != dtype:
        if x.dtype.kind in "iu":
            dtypes.check_integer_fits(x, dtype)
        x = np.asarray(x).astype(dtype)
    elif x.nbytes <= _MOST_SNAPSHOT_BYTES:
        x = x.copy()
    if x.nbytes <= _MOST_SNAPSHOT_BYTES:
        return ((x.view(_Snapshot),), None)
    return ((transfer.put(x, ShapedArray(x.shape, dtype), None, False),), None)


for _host_type in (np.ndarray, np.int64, np.uint64):
    register_call_node(_host_type, _host_array, lambda _, children: children[0])


def default_sharding(device: Any) -> Any:
    """The sharding of arrays that live on one device."""
    return single_device_sharding(device)
