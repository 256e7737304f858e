"""How the compiler and the user share the work of placing a mesh axis."""

import enum

__all__ = ["AxisType"]


class AxisType(enum.Enum):
    """Who decides how arrays are split over an axis of a mesh.

    `Auto`: the compiler. `Explicit`: the types of the arrays say it. `Manual`: the program runs
    once per device and sees one shard, as inside `shard_map`.
    """

    Auto = enum.auto()
    Explicit = enum.auto()
    Manual = enum.auto()

    def __repr__(self) -> str:
        return self.name
