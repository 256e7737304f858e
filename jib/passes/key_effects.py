"""Keys that have values: programs note their use when Python runs them, and when C++ repeats them.

Keys come to C++ through the flattening of `KeyArray`, which notes their records. What a program
that uses keys returns is wrapped in a node, whose unflattening then marks those records: calls of
all other programs pay nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib.backend._warn import warn_user
from jib.backend.execute import Program
from jib.core.jaxpr import Jaxpr
from jib.core.key_uses import MOST_RECENT, KeyRecord, KeyUse, recent
from jib.core.keys import KeyArray
from jib.errors import KeyReuseError
from jib.passes.key_check import KeySummary, is_followed, key_summary
from jib.settings import debug_infs, debug_nans, key_reuse
from jib.tree import register_call_node, tree_registry

__all__ = ["call_program", "check_keys", "examiners"]


def _report(first: KeyUse, second: KeyUse, many: bool, inside: KeyUse | None = None) -> None:
    within = inside.frames if inside else ()
    error = KeyReuseError.used_twice(first.frames, second.frames, within, many)
    if key_reuse.value == "error":
        raise error
    warn_user(f"{error.code}: {error}")


def check_keys(jaxpr: Jaxpr) -> KeySummary | None:
    """Report a key that a program uses twice; the summary of a program that has keys.

    Raises:
        KeyReuseError: unless the option `key_reuse` says otherwise.
    """
    summary = None if key_reuse.value == "off" else key_summary(jaxpr)
    if summary is not None:
        for problem in summary.problems:
            _report(*problem)
    return summary


class _KeyEffect:
    """What a program does to the records of the keys that it is called with.

    `uses` holds places of key arguments, with the flat places in them (None for all) and the use
    inside; `kept` the results that are keys of arguments: `(place of the result, key numbers)`.
    """

    __slots__ = ("constants", "count", "kept", "sizes", "spent", "uses")

    def __init__(self, jaxpr: Jaxpr, summary: KeySummary, constants: Sequence[Any]) -> None:
        self.constants = [x.record for x in constants if type(x) is KeyArray]
        sizes = [is_followed(v.aval) * v.aval.size for v in jaxpr.invars if v.aval.is_key]
        self.count = len(sizes) - len(self.constants)
        self.sizes = np.cumsum([0, *sizes])
        self.uses: list[tuple[int, np.ndarray | None, KeyUse]] = []
        none = np.empty(0, np.int64)
        for place, (start, stop) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            found = [(ids[(ids >= start) & (ids < stop)], use) for ids, use in summary.taken]
            own = np.unique(np.concatenate([none, *(ids for ids, _ in found)])) - start
            if len(own):
                inside = next(use for ids, use in found if len(ids))
                self.uses.append((place, None if len(own) == stop - start else own, inside))
        self.kept = [
            (i, ids)
            for i, ids in enumerate(summary.outs)
            if ids is not None and ids.size and ((ids >= 0) & (ids < summary.inputs)).all()
        ]
        self.spent = [
            i
            for i, ids in enumerate(summary.outs)
            if ids is not None and ids.size and all([int(n) in summary.spent for n in ids.flat])
        ]

    def __bool__(self) -> bool:
        return bool(self.uses or self.kept or self.spent)

    def before(self, values: Sequence[Any]) -> list[KeyRecord]:
        """Note the uses of a call with these constants and arguments, or report earlier ones."""
        return self.note([x.record for x in values if type(x) is KeyArray])

    def note(self, records: list[KeyRecord]) -> list[KeyRecord]:
        if self.uses:
            use = KeyUse.here()
            for place, places, inside in self.uses:
                earlier = records[place].use(use, places)
                if earlier is not None:
                    many = bool(records[place].shape)
                    _report(earlier, use, many, inside if place < len(self.constants) else None)
        return records

    def after(self, records: list[KeyRecord], out: Any) -> None:
        """Results that are keys of arguments share their records."""
        if not self.kept and not self.spent:
            return
        leaves = tree_registry.flatten(out)[0]
        for i in self.spent:
            leaves[i].record.use(KeyUse.here())
        for i, ids in self.kept:
            place = int(np.searchsorted(self.sizes, ids.flat[0], "right")) - 1
            start, stop = self.sizes[place : place + 2]
            inside = ids.min() >= start and ids.max() < stop
            record = records[place].places(ids - start) if inside else None
            if record is None:
                table = np.concatenate([r.table().reshape(-1) for r in records])
                record = KeyRecord(ids.shape, np.asarray(table[ids], object))
            leaves[i]._record = record

    def repeated(self, out: Any) -> Any:
        """What C++ does with the result of a call that it repeats."""
        given = list(recent.records)[-self.count :] if self.count else []
        self.after(self.note([*self.constants, *given]), out)
        return out


@dataclasses.dataclass(eq=False, slots=True)
class _Noted:
    """A result of a program that uses keys, for the record that C++ keeps."""

    effect: _KeyEffect
    out: Any


register_call_node(
    _Noted,
    lambda noted: ((noted.out,), noted.effect),
    lambda effect, children: effect.repeated(children[0]),
)


def with_keys_noted(jaxpr: Jaxpr, args: Sequence[Any], run: Callable[[], Any]) -> Any:
    """The result of `run`, which does what a program does; its uses of keys are noted."""
    summary = check_keys(jaxpr)
    effect = summary and _KeyEffect(jaxpr, summary, ())
    if not effect:
        return run()
    records = effect.before(args)
    out = run()
    effect.after(records, out)
    return out


# Functions `(jaxpr, values, results)` that look at what programs return, under `debug_nans`.
examiners: list[Callable[[Jaxpr, Sequence[Any], Sequence[Any]], None]] = []


def _run(program: Program, jaxpr: Jaxpr, values: Sequence[Any]) -> list[Any]:
    outs = program(values)
    if debug_nans.value or debug_infs.value:
        for examine in examiners:
            examine(jaxpr, values, outs)
    return outs


def call_program(
    program: Program,
    jaxpr: Jaxpr,
    values: Sequence[Any],
    constants: Sequence[Any],
    structure: Callable[[list[Any]], Any],
) -> tuple[Any, Any]:
    """Run a program on its constants and arguments; also returns what lets C++ repeat the call.

    Raises:
        KeyReuseError: if a key is used that was used before.
    """
    summary = check_keys(jaxpr)
    effect = summary and _KeyEffect(jaxpr, summary, constants)
    if not effect:
        out = structure(_run(program, jaxpr, values))
        return out, program.fast_path(out, constants)
    records = effect.before(values)
    out = structure(_run(program, jaxpr, values))
    effect.after(records, out)
    if effect.count > MOST_RECENT:
        return out, None
    return out, program.fast_path(_Noted(effect, out), constants)
