"""The check that a program uses every typed PRNG key once.

Each key of an array has a number, so a variable is an array of numbers: operations that move keys
about are evaluated on them by their own NumPy rules, with slices of arrays followed exactly. -1 is
a key that nothing is known of, as after an index that only the running program knows: such keys
are never complained about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jib.core.jaxpr import Equation, Jaxpr, Literal, Var, memoized, sub_jaxprs
from jib.core.key_uses import KeyUse

__all__ = ["KeySummary", "is_followed", "key_summary", "without_key_uses"]

_MOST_KEYS = 1 << 20  # of one array; larger ones are not followed
# What moves keys about, and is evaluated on their numbers.
_MOVING = frozenset((
    "broadcast_in_dim", "concatenate", "copy", "dynamic_slice", "gather", "name",
    "optimization_barrier", "pad", "reshape", "rev", "select_n", "sharding_constraint", "slice",
    "squeeze", "transpose",
))  # fmt: skip
_SOURCES = frozenset(("key_data", "wrap_key"))


class KeySummary(NamedTuple):
    """What a program does to keys; those of its inputs are numbered from 0 to `inputs`.

    `taken` lists the numbers that are used, and where; `outs` the numbers of each result (None for
    other results); `spent` the uses of keys made inside; `problems` pairs of uses of one key, and
    whether it is one of several that were used together.
    """

    inputs: int
    taken: list[tuple[np.ndarray, KeyUse]]
    outs: list[np.ndarray | None]
    spent: dict[int, KeyUse]
    problems: list[tuple[KeyUse, KeyUse, bool]]


@memoized
def _has_keys(jaxpr: Jaxpr) -> bool:
    """Whether a program speaks of keys at all."""
    if any([v.aval.is_key for v in (*jaxpr.constvars, *jaxpr.invars)]):
        return True
    if not _SOURCES.isdisjoint({e.primitive.name for e in jaxpr.eqns}):
        return True
    return any([_has_keys(p) for e in jaxpr.eqns for p in sub_jaxprs(e.params)])


def is_followed(aval: Any) -> bool:
    """Whether the keys of an array get numbers."""
    return aval.is_key and aval.size <= _MOST_KEYS


@memoized
def key_summary(jaxpr: Jaxpr) -> KeySummary | None:
    """What a program without constants does to keys, or None where it has nothing to do with any.

    Example:
        >>> from jib.core.jaxpr import Jaxpr
        >>> key_summary(Jaxpr((), [], [], [])) is None
        True
    """
    if not _has_keys(jaxpr):
        return None
    walk = _Walk()
    for var in jaxpr.invars:
        if is_followed(var.aval):
            walk.numbers[var] = walk.fresh(var.aval.shape)
    inputs = len(walk.owner)
    for eqn in jaxpr.eqns:
        walk.equation(eqn)
    outs = [walk.read(v) for v in jaxpr.outvars]
    made = [out[(out >= inputs) & (walk.owner[out] >= 0)] for out in outs if out is not None]
    spent = {int(i): walk.uses[walk.owner[i]] for ids in made for i in ids}
    taken = [(ids[ids < inputs], use) for ids, use in walk.taken]
    taken = [(ids, use) for ids, use in taken if len(ids)]
    return KeySummary(inputs, taken, outs, spent, walk.problems)


class _Walk:
    """The numbers of keys while one program is read."""

    def __init__(self) -> None:
        self.numbers: dict[Var, np.ndarray] = {}
        self.owner = np.empty(0, np.int64)  # key -> its use, as a place in `uses`, or -1
        self.uses: list[KeyUse] = []
        self.taken: list[tuple[np.ndarray, KeyUse]] = []
        self.problems: list[tuple[KeyUse, KeyUse, bool]] = []

    def read(self, atom: Any) -> np.ndarray | None:
        return None if isinstance(atom, Literal) else self.numbers.get(atom)

    def fresh(self, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of keys that nobody has used."""
        start, count = len(self.owner), int(np.prod(shape))
        self.owner = np.concatenate([self.owner, np.full(count, -1)])
        return np.arange(start, start + count).reshape(shape)

    def take(self, ids: np.ndarray, use: KeyUse) -> None:
        """Use some keys; each of them for the first time, or it is a problem."""
        ids = ids[ids >= 0]
        earlier = self.owner[ids]
        if (earlier >= 0).any():
            self.problems.append((self.uses[earlier.max()], use, len(ids) > 1))
        self.owner[ids] = len(self.uses)
        self.uses.append(use)
        self.taken.append((ids, use))

    def equation(self, eqn: Equation) -> None:
        operands = [self.read(v) for v in eqn.invars]
        name = eqn.primitive.name
        outs: Sequence[np.ndarray | None] = [None] * len(eqn.outvars)
        if any([ids is not None for ids in operands]):
            if name == "key_data":
                use, ids = eqn.params.get("use"), operands[0]
                if use is not None and ids is not None:
                    self.take(ids.reshape(-1), use)
            elif name in _RULES:
                outs = _RULES[name](self, eqn, operands)
            elif name in _MOVING:
                outs = _moved(eqn, operands)
            elif "jaxpr" in eqn.params:
                source = (eqn.source,) if eqn.source is not None else ()
                outs = self.call(eqn.params["jaxpr"], operands, KeyUse(source) if source else None)
        else:
            for inner in sub_jaxprs(eqn.params):
                self.alone(inner)
        for var, ids in zip(eqn.outvars, outs, strict=True):
            if is_followed(var.aval):
                if ids is None or ids.shape != var.aval.shape:
                    ids = self.fresh(var.aval.shape)
                self.numbers[var] = ids

    def alone(self, jaxpr: Jaxpr) -> None:
        """A program that is given no keys may still misuse its own."""
        summary = key_summary(jaxpr)
        if summary is not None:
            self.problems += summary.problems

    def call(
        self, jaxpr: Jaxpr, operands: Sequence[np.ndarray | None], use: KeyUse | None = None
    ) -> list[np.ndarray | None]:
        """Do what a program does; `use` is the call, where that tells more than what is inside."""
        summary = key_summary(jaxpr)
        if summary is None:
            return [None] * len(jaxpr.outvars)
        self.problems += [p for p in summary.problems if p not in self.problems]
        given = [
            np.full(v.aval.size, -1) if x is None or x.shape != v.aval.shape else x.reshape(-1)
            for v, x in zip(jaxpr.invars, operands, strict=True)
            if is_followed(v.aval)
        ]
        table = np.concatenate([np.empty(0, np.int64), *given])
        for ids, inside in summary.taken:
            self.take(table[ids], use or inside)
        outs = [None if ids is None else self.renumbered(ids, table) for ids in summary.outs]
        for ids, out in zip(summary.outs, outs, strict=True):
            if ids is None or out is None or not summary.spent:
                continue
            for inner, outer in zip(ids.flat, out.flat, strict=True):
                if inner in summary.spent and self.owner[outer] < 0:
                    self.owner[outer] = len(self.uses)
                    self.uses.append(use or summary.spent[inner])
        return outs

    def renumbered(self, ids: np.ndarray, table: np.ndarray) -> np.ndarray:
        """Numbers of an inner program as numbers of this one."""
        made = ids >= len(table)
        out = np.full(ids.shape, -1)
        inside = ~made & (ids >= 0)
        out[inside] = table[ids[inside]]
        own, back = np.unique(ids[made], return_inverse=True)
        out[made] = self.fresh((len(own),))[back]
        return out


# ------------------------------------------------------------ primitives that hold programs


def _moved(eqn: Equation, operands: Sequence[np.ndarray | None]) -> Sequence[np.ndarray | None]:
    """Keys that are only moved about; unknown where an index is."""
    values = [
        v.val if isinstance(v, Literal) else ids
        for v, ids in zip(eqn.invars, operands, strict=True)
    ]
    if any([v is None for v in values]):
        return [None] * len(eqn.outvars)
    out = eqn.primitive.numpy(*map(np.asarray, values), **eqn.params)
    return list(out) if eqn.primitive.multiple_results else [out]


def _cond(walk: _Walk, eqn: Equation, operands: Sequence[Any]) -> Sequence[np.ndarray | None]:
    """One of the branches runs, so each may use what the others use."""
    before, found = walk.owner, []
    outs = []
    for branch in eqn.params["branches"]:
        walk.owner = before.copy()
        outs.append(walk.call(branch, operands[1:]))
        found.append(walk.owner)
    size = max(map(len, found))
    walk.owner = np.max([np.pad(o, (0, size - len(o)), constant_values=-1) for o in found], axis=0)
    return [_agreed(cases) for cases in zip(*outs, strict=True)]


def _agreed(cases: Sequence[np.ndarray | None]) -> np.ndarray | None:
    first = cases[0]
    same = first is not None and all([x is not None and (x == first).all() for x in cases])
    return first if same else None


def _scan(walk: _Walk, eqn: Equation, operands: Sequence[Any]) -> Sequence[np.ndarray | None]:
    """Two rounds show whether any round uses again what an earlier one used."""
    body, length = eqn.params["jaxpr"], eqn.params["length"]
    first = eqn.params["num_consts"]
    last = first + eqn.params["num_carry"]
    carry, xs = list(operands[first:last]), operands[last:]
    rounds = [carry]
    for turn in range(min(length, 2)):
        rows = [None if x is None else x[turn] for x in xs]
        carry = walk.call(body, [*operands[:first], *carry, *rows])[: len(carry)]
        rounds.append(carry)
    _use_rest(walk, body, [*[None] * last, *xs])
    return [*map(_agreed, zip(*rounds, strict=True)), *[None] * (len(eqn.outvars) - len(carry))]


def _use_rest(walk: _Walk, body: Jaxpr, xs: Sequence[np.ndarray | None]) -> None:
    """Rounds from the third on use the same of their rows as the first two."""
    summary = key_summary(body)
    if summary is None:
        return
    start = 0
    for var, x in zip(body.invars, xs, strict=True):
        if not is_followed(var.aval):
            continue
        stop = start + var.aval.size
        later = np.empty((0, var.aval.size), np.int64) if x is None else x[2:]
        rest = later.reshape(len(later), var.aval.size)
        for ids, use in summary.taken if len(rest) else ():
            own = ids[(ids >= start) & (ids < stop)] - start
            if len(own):
                walk.take(rest[:, own].reshape(-1), use)
        start = stop


def _while(walk: _Walk, eqn: Equation, operands: Sequence[Any]) -> Sequence[np.ndarray | None]:
    params = eqn.params
    first, last = params["num_cond"], params["num_cond"] + params["num_body"]
    carry = list(operands[last:])
    rounds = [carry]
    for _ in range(2):
        walk.call(params["cond"], [*operands[:first], *carry])
        carry = walk.call(params["body"], [*operands[first:last], *carry])
        rounds.append(carry)
    return list(map(_agreed, zip(*rounds, strict=True)))


def _shard_map(walk: _Walk, eqn: Equation, operands: Sequence[Any]) -> Sequence[np.ndarray | None]:
    """Devices use parts: keys count as used where all of a part is."""
    body = eqn.params["jaxpr"]
    summary = key_summary(body)
    taken = np.concatenate(
        [np.empty(0, np.int64), *(ids for ids, _ in summary.taken)] if summary else []
    )
    start = 0
    for var, ids in zip(body.invars, operands, strict=True):
        if not is_followed(var.aval):
            continue
        whole = np.isin(np.arange(start, start + var.aval.size), taken).all()
        start += var.aval.size
        if ids is not None and whole and summary is not None:
            walk.take(ids.reshape(-1), summary.taken[0][1])
    walk.alone(body)
    return [None] * len(eqn.outvars)


_RULES: dict[str, Callable[[_Walk, Equation, Sequence[Any]], Sequence[np.ndarray | None]]] = {
    "cond": _cond, "scan": _scan, "shard_map": _shard_map, "while": _while,
}  # fmt: skip


@memoized
def without_key_uses(jaxpr: Jaxpr) -> Jaxpr:
    """The same program for doing again what was done before: its uses of keys do not count."""
    if not _has_keys(jaxpr):
        return jaxpr

    def changed(value: Any) -> Any:
        if isinstance(value, Jaxpr):
            return without_key_uses(value)
        return tuple(map(changed, value)) if type(value) is tuple else value

    eqns = [
        e.replace(params={k: None if k == "use" else changed(v) for k, v in e.params.items()})
        for e in jaxpr.eqns
    ]
    return jaxpr.replace(eqns=eqns)
