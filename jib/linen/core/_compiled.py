"""`jit` of functions of scopes: programs are kept, and what a run counts is put back."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from typing import Any

from jib import tree
from jib.linen.core._filters import DenyList, Filter
from jib.linen.core._packing import get_counters, pack, set_counters
from jib.linen.core.scope import LazyRng
from jib.transforms.jit import jit as _jit

__all__ = ["fold_rngs", "jit"]


class _Running(threading.local):
    """The scopes of the compiled functions that are called now."""

    def __init__(self) -> None:
        self.stack: list[tuple[Any, Any]] = []


_running = _Running()


def _hashable(x: Any) -> Any:
    if isinstance(x, DenyList):
        return DenyList(_hashable(x.deny))
    return x if isinstance(x, str | bool) else tuple(sorted(x))


def _frozen(x: Any) -> Any:
    """Nested lists and dicts as tuples."""
    if isinstance(x, dict):
        return tuple((key, _frozen(value)) for key, value in x.items())
    return tuple(map(_frozen, x)) if isinstance(x, list) else x


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, Iterable) and not isinstance(x, str) else (x,)


def jit(
    fn: Callable[..., Any], variables: Filter = True, rngs: Filter = True,
    static_argnums: int | Iterable[int] = (), static_argnames: str | Iterable[str] = (),
    donate_argnums: int | Iterable[int] = (), device: Any = None, backend: str | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """`jib.jit` of a function of scopes and a hashable description of what it closes over."""
    return _cached(
        fn, variables, rngs, "jit",
        functools.partial(
            _jit,
            static_argnums=(0, *(n + 2 for n in _as_tuple(static_argnums) if n > 0)),
            static_argnames=_as_tuple(static_argnames) if static_argnames else (),
            donate_argnums=tuple(n + 2 for n in _as_tuple(donate_argnums) if n > 0),
            device=device, backend=backend,
        ),
    )  # fmt: skip


def fold_rngs(
    fn: Callable[..., Any], variables: Filter = True, rngs: Filter = True
) -> Callable[..., Any]:
    """A function of scopes whose keys begin anew at its scope, as they do under `jit`."""
    return _cached(fn, variables, rngs, "fold_rngs", lambda run: run)


def _cached(fn: Any, variables: Filter, rngs: Filter, name: str, transform: Any) -> Any:
    """A lifted transform that runs `fn` only when it has not seen its description before."""
    counted: dict[Any, Any] = {}  # description -> the counters after a run

    def run(described: Any, groups: Any, keys: Any, *args: Any, **kwargs: Any) -> Any:
        scope_fn, repack = _running.stack[-1]
        scopes = scope_fn(groups, keys)
        y = fn(scopes, described[0], *args, **kwargs)
        counted[described] = get_counters(scope_fn)
        return y, repack(scopes)

    transformed = transform(functools.wraps(fn)(run))

    def inner(
        scope_fn: Any, repack: Any, groups: Any, keys: Any, module: Any, *args: Any, **kwargs: Any
    ) -> Any:
        # The path is no part of the keys, so that layers share a program.
        keys = tree.map(LazyRng.clear_suffix, keys, is_leaf=lambda x: isinstance(x, LazyRng))
        outer = scope_fn.__self__.outer
        mutable = tuple(_hashable(scope.mutable) for scope in outer)
        described = (module, mutable, _frozen(get_counters(scope_fn)))
        _running.stack.append((scope_fn, repack))
        try:
            y, out = transformed(described, groups, keys, *args, **kwargs)
        finally:
            _running.stack.pop()
        # A program that was compiled before counts nothing when it runs.
        for scope, values in zip(outer, counted[described], strict=True):
            set_counters(scope.rng_counters, values)
        return y, out

    return pack(inner, (variables,), (variables,), (rngs,), name)
