"""Where a program over several devices runs, and the shardings that the compiler chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jib.backend._compat import hlo_bindings, jaxlib_core
from jib.backend.shardings import named_from_hlo
from jib.core.avals import ShapedArray
from jib.errors import ArgumentValueError
from jib.sharding._partition_spec import PartitionSpec

__all__ = ["all_named_on", "common_mesh", "named_from_compiled", "named_or_none", "replicated_on"]


def common_mesh(shardings: Sequence[Any]) -> Any:
    """The mesh of a program whose arguments and results have these shardings.

    None when they all name one device.

    Raises:
        ArgumentValueError: if they name different sets of devices.
    """
    if not shardings:
        return None
    first = shardings[0]
    mesh = None
    for sharding in shardings:
        if sharding.device_set != first.device_set:
            raise ArgumentValueError(
                "the arguments of one program live on different devices: "
                f"{_shown(first)} and {_shown(sharding)}",
                help="y = jib.device_put(y, x.sharding)",
            )
        mesh = mesh or getattr(sharding, "mesh", None)
    if len(first.device_set) == 1:
        return None
    if mesh is None:
        raise ArgumentValueError(f"no argument says how the devices {_shown(first)} are arranged")
    return mesh


def replicated_on(mesh: Any) -> Any:
    """The sharding of arrays that every device of a mesh holds as a whole."""
    return jaxlib_core.NamedSharding(mesh, PartitionSpec())


def all_named_on(mesh: Any, shardings: Sequence[Any], avals: Sequence[ShapedArray]) -> list[Any]:
    """The shardings of arrays of these types in a program over `mesh`."""
    return [_named_on(mesh, s, a.physical().ndim) for s, a in zip(shardings, avals, strict=True)]


def _named_on(mesh: Any, sharding: Any, ndim: int) -> Any:
    """The sharding of an argument in a program over `mesh`; None where the program cannot say it.

    An array that lies otherwise is moved when the program is called.
    """
    if sharding is None or sharding._internal_device_list != mesh._internal_device_list:
        return None
    if type(sharding) is not jaxlib_core.NamedSharding:
        sharding = named_from_hlo(mesh, sharding._to_xla_hlo_sharding(ndim), ndim)
    return named_or_none(sharding)


def named_or_none(sharding: Any) -> Any:
    """The sharding where it names the axes of a mesh, else None."""
    return sharding if type(sharding) is jaxlib_core.NamedSharding else None


def _shown(sharding: Any) -> str:
    names = sorted(f"{d.platform}:{d.id}" for d in sharding.device_set)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if names[4:] else "")


def named_from_compiled(
    executable: Any, mesh: Any, in_avals: Sequence[ShapedArray], out_avals: Sequence[ShapedArray]
) -> tuple[list[Any], list[Any]]:
    """Named shardings for the arguments and results of an executable over a mesh."""
    ins = executable.get_parameter_shardings() or [None] * len(in_avals)
    outs = executable.get_output_shardings() or [None] * len(out_avals)
    return (
        [_named(s, mesh, a.physical().ndim) for s, a in zip(ins, in_avals, strict=True)],
        [_named(s, mesh, a.physical().ndim) for s, a in zip(outs, out_avals, strict=True)],
    )


def _named(op_sharding: Any, mesh: Any, ndim: int) -> Any:
    """The named sharding that lays an array out as XLA's own description does."""
    if op_sharding is None:
        return replicated_on(mesh)
    return named_from_hlo(mesh, hlo_bindings.HloSharding.from_proto(op_sharding), ndim)
