"""`PartitionSpec`: over which mesh axes each dimension of an array is split."""

import functools
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

__all__ = ["UNCONSTRAINED", "PartitionSpec"]

AxisName = Any


class _Unconstrained:
    """The type of `UNCONSTRAINED`; there is one instance, also after pickling."""

    def __repr__(self) -> str:
        return "UNCONSTRAINED"

    def __reduce__(self) -> str:
        return "UNCONSTRAINED"


UNCONSTRAINED = _Unconstrained()


def _entry(partition: Any) -> Any:
    """One dimension's axes: () is None, a tuple of one axis is that axis, a list is a tuple."""
    if not isinstance(partition, list | tuple) or len(partition) > 1:
        return tuple(partition) if isinstance(partition, list) else partition
    return partition[0] if partition else None


def _axes(names: Any, argument: str) -> frozenset[AxisName]:
    if not isinstance(names, set | frozenset):
        raise TypeError(f"{argument}= takes a set of mesh axes, not {names!r}")
    if None in names:
        raise ValueError(f"{argument}= names mesh axes; None is not one")
    return frozenset(names)


class PartitionSpec:
    """For each dimension of an array: None, a mesh axis, or a tuple of mesh axes.

    `P("data", None)` splits rows over the axis "data" and keeps columns whole. Dimensions past
    the end are whole. `P.UNCONSTRAINED` leaves a dimension to the compiler. `unreduced` names axes
    over which the values are still to be summed, `reduced` those over which they are replicated
    on purpose. Immutable; equal specs are equal and hash alike.

    Example:
        >>> from jib.sharding import PartitionSpec as P
        >>> P(("data",), None, ("model", "expert"))
        P('data', None, ('model', 'expert'))
    """

    __slots__ = ("__weakref__", "_hash", "_partitions", "reduced", "unreduced")

    UNCONSTRAINED: ClassVar[Any] = UNCONSTRAINED

    _partitions: tuple[Any, ...]
    unreduced: frozenset[AxisName]
    reduced: frozenset[AxisName]
    _hash: int

    def __init__(self, *partitions: Any, unreduced: Any = frozenset(), reduced: Any = frozenset()):
        entries = tuple([_entry(partition) for partition in partitions])
        summed, whole = _axes(unreduced, "unreduced"), _axes(reduced, "reduced")
        if summed or whole:
            _check_apart(entries, summed, whole)
        store = object.__setattr__
        store(self, "_partitions", entries)
        store(self, "unreduced", summed)
        store(self, "reduced", whole)
        store(self, "_hash", hash((entries, summed, whole)))

    @property
    def partitions(self) -> tuple[Any, ...]:
        """The entries, one per dimension."""
        return self._partitions

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a PartitionSpec does not change. help: spec.update({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a PartitionSpec does not change")

    def __repr__(self) -> str:
        parts = [repr(entry) for entry in self._partitions]
        for argument in ("unreduced", "reduced"):
            if names := getattr(self, argument):
                parts.append(f"{argument}={{{', '.join(sorted(map(repr, names)))}}}")
        return f"P({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, PartitionSpec):
            return NotImplemented
        return (
            self._hash == other._hash
            and self._partitions == other._partitions
            and self.unreduced == other.unreduced
            and self.reduced == other.reduced
        )

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        options = {"unreduced": self.unreduced, "reduced": self.reduced}
        return functools.partial(PartitionSpec, **options), self._partitions

    def __len__(self) -> int:
        return len(self._partitions)

    def __getitem__(self, i: Any) -> Any:
        return self._plain("spec[i]")[i]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._plain("*spec"))

    def _plain(self, use: str) -> tuple[Any, ...]:
        """The entries, unless they alone would lose `unreduced` and `reduced`."""
        if self.unreduced or self.reduced:
            raise ValueError(
                f"{use} would drop the unreduced and reduced axes of {self}. "
                "help: spec.partitions gives the entries alone"
            )
        return self._partitions

    def __add__(self, other: Any) -> "PartitionSpec":
        if isinstance(other, PartitionSpec):
            return PartitionSpec(
                *self._partitions,
                *other._partitions,
                unreduced=self.unreduced | other.unreduced,
                reduced=self.reduced | other.reduced,
            )
        if isinstance(other, tuple):
            return PartitionSpec(*self._plain("spec + tuple"), *other)
        return NotImplemented

    def __radd__(self, other: Any) -> "PartitionSpec":
        if isinstance(other, tuple):
            return PartitionSpec(*other, *self._plain("tuple + spec"))
        return NotImplemented

    def index(self, value: Any) -> int:
        """The first dimension with this entry; raises `ValueError` if there is none."""
        return self._partitions.index(_entry(value))

    def count(self, value: Any) -> int:
        """How many dimensions have this entry."""
        return self._partitions.count(_entry(value))

    def update(
        self, partitions: Iterable[Any] | None = None, unreduced: Any = None, reduced: Any = None
    ) -> "PartitionSpec":
        """A spec with some of the parts exchanged."""
        return PartitionSpec(
            *(self._partitions if partitions is None else partitions),
            unreduced=self.unreduced if unreduced is None else unreduced,
            reduced=self.reduced if reduced is None else reduced,
        )


def _check_apart(
    entries: tuple[Any, ...], unreduced: frozenset[Any], reduced: frozenset[Any]
) -> None:
    """Raise if a mesh axis is used in two of the three ways."""
    split = {name for entry in entries for name in (entry if isinstance(entry, tuple) else [entry])}
    for names, argument, others, other in (
        (unreduced, "unreduced", reduced, "reduced"),
        (unreduced, "unreduced", split, "the partitions"),
        (reduced, "reduced", split, "the partitions"),
    ):
        if both := names & others:
            listed = ", ".join(sorted(map(repr, both)))
            raise ValueError(f"mesh axis {listed} is both in {argument} and in {other}")
