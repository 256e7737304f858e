"""Scopes as the arguments and results of pure functions, which is what transforms work on."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from jib import tree
from jib.linen.core._filters import (
    Filter,
    group_collections,
    in_filter,
    intersect_filters,
    union_filters,
)
from jib.linen.core.scope import Scope
from jib.linen.errors import JaxTransformError

__all__ = ["In", "Out", "pack", "split_axes", "steady"]

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class In(Generic[T]):
    """An axis of variables that a transform reads and does not give back."""

    axis: Any


@dataclasses.dataclass(frozen=True)
class Out(Generic[T]):
    """An axis of variables that a transform gives back and does not read."""

    axis: Any


def _outermost(leaves: Sequence[Scope]) -> tuple[list[Scope], list[tuple[int, tuple[str, ...]]]]:
    """The scopes that are in no other of these, and each one's place: which of them, and a path."""
    unique = list(dict.fromkeys(leaves))
    kept: list[Scope] = []
    homes: list[tuple[Scope, tuple[str, ...]]] = []
    for leaf in leaves:
        home, path, names, above = leaf, (), [leaf.name], leaf.parent
        while above is not None:
            if above in unique:
                home, path = above, tuple(reversed(names))
            names.append(above.name)
            above = above.parent
        homes.append((home, path))  # type: ignore[arg-type]
    for home, _ in homes:
        if home not in kept:
            kept.append(home)
    return kept, [(kept.index(home), path) for home, path in homes]


class _Pack:
    """The variables and keys of some scopes, in groups, and the way back."""

    def __init__(self, scopes: Any, ins: Any, outs: Any, rngs: Any, name: str | None) -> None:
        leaves, self.kind = tree.flatten(scopes)
        self.outer, self.homes = _outermost(leaves)
        self.outs, self.name = tuple(outs), name
        grouped = [group_collections(scope.variables(), ins) for scope in self.outer]
        self.variables = tuple(zip(*grouped, strict=True))  # [group][scope]
        keys = [group_collections(scope.rngs, rngs) for scope in self.outer]
        self.rngs = tuple(zip(*keys, strict=True))

    def open(self, variables: Any, rngs: Any, mutable_filter: Filter = True) -> Any:
        """Scopes inside of the transform, which hold these variables and keys."""
        allowed: Filter = functools.reduce(union_filters, self.outs, False)
        made = []
        for place, outer in enumerate(self.outer):
            held: dict[str, Any] = {}
            for group in variables:
                held.update(tree.map(lambda x: x, group[place]))
            keys = {k: v for group in rngs for k, v in group[place].items()}
            path = outer.debug_path
            if self.name:
                path = (*path[:-1], f"{self.name}({path[-1] if path else ''})")
            limit = intersect_filters(intersect_filters(outer.mutable, allowed), mutable_filter)
            inner = Scope(held, keys, outer.name, limit, None, outer.path, path, flags=outer.flags)
            inner.rng_counters = outer.rng_counters
            made.append(inner)
        leaves = []
        for place, names in self.homes:
            scope = made[place]
            for part in names:
                scope = scope.push(part, reuse=True)
            leaves.append(scope)
        return self.kind.unflatten(leaves)

    def close(self, scopes: Any) -> Any:
        """What the scopes hold now, by group; they cannot be used any more."""
        roots: dict[int, Scope] = {}
        for (place, _), leaf in zip(self.homes, tree.leaves(scopes), strict=True):
            roots[place] = leaf.root
        grouped = []
        for place in range(len(self.outer)):
            root = roots[place]
            root.invalidate()
            written = {k: v for k, v in root._variables.items() if in_filter(root.mutable, k)}
            *groups, rest = group_collections(written, (*self.outs, True))
            if rest:
                raise JaxTransformError(
                    f"the collections {sorted(rest)} are written inside of {self.name}, which "
                    "says nothing of them",
                    f"variable_axes={{'{min(rest)}': 0}}",
                )
            grouped.append(tuple(groups))
        return tuple(zip(*grouped, strict=True))

    def publish(self, groups: Any) -> None:
        """Write what came out of the transform into the scopes around it."""
        for group in groups:
            for scope, collections in zip(self.outer, group, strict=True):
                for col, values in collections.items():
                    if scope.is_mutable_collection(col):
                        for name, value in values.items():
                            scope.put_variable(col, name, value)


def pack(
    fn: Callable[..., Any], in_variable_filters: Sequence[Filter],
    out_variable_filters: Sequence[Filter], rng_filters: Sequence[Filter], name: str | None = None,
    enable_kwargs: bool = True,
) -> Callable[..., Any]:  # fmt: skip
    """A function of scopes, made of one of their variables and keys: how a transform is lifted.

    `fn(scope_fn, repack_fn, variables, rngs, *args)` gives its result and the variables that came
    out, as `repack_fn(scopes)` gives them; `scope_fn(variables, rngs)` makes the scopes. Groups
    are chosen by the filters, for each group a tuple with one dict for each scope.
    """

    @functools.wraps(fn)
    def lifted(scopes: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs and not enable_kwargs:
            raise JaxTransformError(
                f"{name} takes arguments by position, but got {sorted(kwargs)} by name",
                "call the transformed module with positional arguments only",
            )
        packed = _Pack(scopes, in_variable_filters, out_variable_filters, rng_filters, name)
        y, out = fn(packed.open, packed.close, packed.variables, packed.rngs, *args, **kwargs)
        packed.publish(out)
        return y

    return lifted


def split_axes(axes: Mapping[Any, Any]) -> tuple[tuple[Any, ...], ...]:
    """The collections that go in with their axes, and those that come out with theirs."""
    ins = {k: v.axis if isinstance(v, In) else v for k, v in axes.items() if type(v) is not Out}
    outs = {k: v.axis if isinstance(v, Out) else v for k, v in axes.items() if type(v) is not In}
    return tuple(ins), tuple(ins.values()), tuple(outs), tuple(outs.values())


def _copied(counters: Any) -> Any:
    return {k: _copied(v) for k, v in counters.items()} if isinstance(counters, dict) else counters


def set_counters(counters: dict[Any, Any], values: Mapping[Any, Any]) -> None:
    """Set nested counters in place: scopes hold references to the dicts."""
    for key in [key for key in counters if key not in values]:
        del counters[key]
    for key, value in values.items():
        if isinstance(value, Mapping):
            set_counters(counters.setdefault(key, {}), value)
        else:
            counters[key] = value


def get_counters(scope_fn: Any) -> list[Any]:
    """The counters of the scopes that a `scope_fn` stands for, as they are now."""
    return [_copied(scope.rng_counters) for scope in scope_fn.__self__.outer]


def steady(scope_fn: Any, body: Callable[..., Any]) -> Callable[..., Any]:
    """`body`, with the same counters of random numbers however often a transform traces it."""
    start: list[Any] = []

    @functools.wraps(body)
    def traced(*args: Any, **kwargs: Any) -> Any:
        if not start:
            start.extend(get_counters(scope_fn))
        else:
            for scope, values in zip(scope_fn.__self__.outer, start, strict=True):
                set_counters(scope.rng_counters, values)
        return body(*args, **kwargs)

    return traced
