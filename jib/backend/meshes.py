"""Meshes: devices arranged on named axes, and the mesh that is current in this thread."""

import contextlib
import functools
import math
import threading
import weakref
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from jib.backend import client as client_module
from jib.backend._compat import jaxlib_core
from jib.backend._runtime import abstract_mesh_context, mesh_context, trace_state
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.sharding import AxisType

__all__ = ["AbstractMesh", "Mesh", "get_abstract_mesh", "get_mesh", "make_mesh", "set_mesh"]

# Meshes with equal contents are one object, so they are compared by identity.
_interned: weakref.WeakValueDictionary[tuple, Any] = weakref.WeakValueDictionary()


def _checked_names(axis_names: Any, ndim: int, what: str) -> tuple[Any, ...]:
    names = (axis_names,) if isinstance(axis_names, str) else tuple(axis_names)
    if len(names) != ndim:
        raise ArgumentValueError(
            f"{what} has {ndim} dimension(s) and {len(names)} axis name(s): {names}",
            help=f"axis_names = {tuple('xyzw'[:ndim])}",
        )
    repeated = [name for name in names if names.count(name) > 1]
    if repeated or None in names:
        raise ArgumentValueError(f"the axis names of {what} must differ and not be None: {names}")
    return names


def _checked_types(axis_types: Any, names: tuple[Any, ...]) -> tuple[AxisType, ...]:
    if axis_types is None:
        return (AxisType.Auto,) * len(names)
    types = axis_types if isinstance(axis_types, tuple | list) else (axis_types,) * len(names)
    wrong = [item for item in types if not isinstance(item, AxisType)]
    if wrong:
        raise ArgumentTypeError(
            f"axis_types holds {wrong[0]!r}, which is not an AxisType",
            help="axis_types = (jib.sharding.AxisType.Auto,) * len(axis_names)",
        )
    if len(types) != len(names):
        raise ArgumentValueError(f"{len(names)} axes {names} need as many types, got {len(types)}")
    return tuple(types)


class _AnyMesh:
    """What meshes with and without devices share: names, sizes and types of the axes."""

    axis_names: tuple[Any, ...]
    axis_sizes: tuple[int, ...]
    axis_types: tuple[AxisType, ...]
    size: int

    @classmethod
    def _of(cls, devices: Any, sizes: Any, names: Any, types: Any, /, **more: Any) -> Any:
        """The mesh with these contents, which may exist already."""
        key = (cls, devices, sizes, names, types)
        self = _interned.get(key)
        if self is None:
            self = object.__new__(cls)
            self.__dict__.update(axis_sizes=sizes, axis_names=names, axis_types=types, **more)
        return _interned.setdefault(key, self)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a mesh does not change; help: mesh = mesh.update(axis_names=...)")

    @functools.cached_property
    def shape_tuple(self) -> tuple[tuple[Any, int], ...]:
        """(name, size) of each axis."""
        return tuple(zip(self.axis_names, self.axis_sizes, strict=True))

    @functools.cached_property
    def shape(self) -> Mapping[Any, int]:
        """Size of each axis by name."""
        return MappingProxyType(dict(self.shape_tuple))

    @property
    def empty(self) -> bool:
        """Whether the mesh has no devices."""
        return self.size == 0

    def _axes_of(self, kind: AxisType) -> tuple[Any, ...]:
        pairs = zip(self.axis_names, self.axis_types, strict=True)
        return tuple(name for name, axis_type in pairs if axis_type is kind)

    @functools.cached_property
    def auto_axes(self) -> tuple[Any, ...]:
        """Names of the axes that the compiler places."""
        return self._axes_of(AxisType.Auto)

    @functools.cached_property
    def explicit_axes(self) -> tuple[Any, ...]:
        """Names of the axes that types speak of."""
        return self._axes_of(AxisType.Explicit)

    @functools.cached_property
    def manual_axes(self) -> tuple[Any, ...]:
        """Names of the axes over which the program sees one shard."""
        return self._axes_of(AxisType.Manual)

    def __repr__(self) -> str:
        if self.empty:
            return f"{type(self).__name__}()"
        sizes = ", ".join(f"{name!r}: {size}" for name, size in self.shape_tuple)
        return f"{type(self).__name__}({sizes}, axis_types={self.axis_types})"


class Mesh(_AnyMesh, contextlib.ContextDecorator):
    """Devices arranged on named axes.

    Args:
        devices: an array of devices, one dimension per axis.
        axis_names: a name per dimension, or one string.
        axis_types: an `AxisType` per axis; None is `Auto` for all.

    `with mesh:` makes it the current mesh, so that `PartitionSpec`s can stand alone.

    Raises:
        ValueError: names and dimensions do not match.

    Example:
        >>> import jib
        >>> mesh = jib.sharding.Mesh(jib.devices()[:1], "x")
        >>> mesh.shape["x"]
        1
    """

    axis_sizes: tuple[int, ...]
    devices: np.ndarray

    def __new__(cls, devices: Any, axis_names: Any, axis_types: Any = None) -> "Mesh":
        array = np.array(devices, dtype=object)
        names = _checked_names(axis_names, array.ndim, "a mesh's device array")
        types = _checked_types(axis_types, names)
        flat = tuple(array.flat)
        array.flags.writeable = False
        size = 0 if not names and flat[0] is None else array.size
        return cls._of(flat, array.shape, names, types, devices=array, size=size)

    def __reduce__(self) -> tuple[Any, ...]:
        return Mesh, (self.devices, self.axis_names, self.axis_types)

    def update(self, devices: Any = None, axis_names: Any = None, axis_types: Any = None) -> "Mesh":
        """A mesh with some of the parts exchanged."""
        return Mesh(
            self.devices if devices is None else devices,
            self.axis_names if axis_names is None else axis_names,
            self.axis_types if axis_types is None else axis_types,
        )

    @functools.cached_property
    def device_ids(self) -> np.ndarray:
        """The devices' ids, in the shape of the mesh."""
        ids = [device.id for device in self.devices.flat]
        return np.array(ids, dtype=int).reshape(self.devices.shape)

    @functools.cached_property
    def local_devices(self) -> list[Any]:
        """The devices of this process, in mesh order."""
        return [d for d in self.devices.flat if d.process_index == d.client.process_index()]

    @functools.cached_property
    def abstract_mesh(self) -> "AbstractMesh":
        """The same axes without the devices."""
        return AbstractMesh(self.axis_sizes, self.axis_names, self.axis_types)

    @functools.cached_property
    def _internal_device_list(self) -> Any:
        return jaxlib_core.DeviceList(tuple(self.devices.flat))

    def __enter__(self) -> "Mesh":
        _entered().append(set_mesh(self))
        return self

    def __exit__(self, *_: object) -> bool:
        _entered().pop().__exit__(None, None, None)
        return False


class AbstractMesh(_AnyMesh):
    """The axes of a mesh without its devices: for types and for programs not yet placed.

    Args:
        axis_sizes: a size per axis.
        axis_names: a name per axis.
        axis_types: an `AxisType` per axis; None is `Auto` for all.
        abstract_device: anything hashable that says what the devices are.

    Example:
        >>> from jib.sharding import AbstractMesh
        >>> AbstractMesh((2, 4), ("x", "y")).size
        8
    """

    _internal_device_list = None

    def __new__(
        cls,
        axis_sizes: Sequence[int],
        axis_names: Any,
        axis_types: Any = None,
        *,
        abstract_device: Any = None,
    ) -> "AbstractMesh":
        sizes = tuple(int(size) for size in axis_sizes)
        names = _checked_names(axis_names, len(sizes), "an abstract mesh")
        types = _checked_types(axis_types, names)
        size = math.prod(sizes) if sizes else 0
        return cls._of(
            abstract_device, sizes, names, types, abstract_device=abstract_device, size=size
        )

    def __reduce__(self) -> tuple[Any, ...]:
        build = functools.partial(AbstractMesh, abstract_device=self.abstract_device)
        return build, (self.axis_sizes, self.axis_names, self.axis_types)

    def update(
        self, axis_sizes: Any = None, axis_names: Any = None, axis_types: Any = None
    ) -> "AbstractMesh":
        """A mesh with some of the parts exchanged."""
        return AbstractMesh(
            self.axis_sizes if axis_sizes is None else axis_sizes,
            self.axis_names if axis_names is None else axis_names,
            self.axis_types if axis_types is None else axis_types,
            abstract_device=self.abstract_device,
        )

    def update_axis_types(self, name_to_type: dict[Any, Any]) -> "AbstractMesh":
        """The same axes, some of another type: `mesh.update_axis_types({"x": AxisType.Auto})`."""
        pairs = zip(self.axis_names, self.axis_types, strict=True)
        return self.update(axis_types=tuple([name_to_type.get(n, kind) for n, kind in pairs]))

    @property
    def abstract_mesh(self) -> "AbstractMesh":
        """Itself."""
        return self

    def _without_devices(self) -> Any:
        raise ArgumentValueError(
            f"{self!r} has no devices",
            help="mesh = jib.make_mesh(mesh.axis_sizes, mesh.axis_names)",
        )

    devices = device_ids = local_devices = __enter__ = __exit__ = property(_without_devices)


empty_mesh = Mesh(np.empty((), dtype=object), ())
empty_abstract_mesh = AbstractMesh((), ())


def make_mesh(
    axis_shapes: Sequence[int],
    axis_names: Sequence[str],
    axis_types: tuple[AxisType, ...] | None = None,
    *,
    devices: Sequence[Any] | None = None,
) -> Mesh:
    """A mesh of the given sizes over the first devices that there are, in order of their ids.

    Args:
        axis_shapes: a size per axis; one may be -1, and takes what is left.
        axis_names: a name per axis.
        axis_types: an `AxisType` per axis; None is `Auto` for all.
        devices: the devices to use; None is all of the default platform.

    Raises:
        ValueError: there are fewer devices than the mesh needs.

    Example:
        >>> import jib
        >>> jib.make_mesh((1,), ("x",)).size
        1
    """
    available = list(client_module.client().devices() if devices is None else devices)
    sizes = [int(size) for size in axis_shapes]
    if sizes.count(-1) == 1:
        known = -math.prod(sizes)
        sizes[sizes.index(-1)] = len(available) // known if known else 0
    needed = math.prod(sizes)
    if needed > len(available) or needed < 1:
        raise ArgumentValueError(
            f"a mesh of shape {tuple(axis_shapes)} needs {max(needed, 1)} device(s) and there are "
            f"{len(available)}",
            help=f"JIB_NUM_CPU_DEVICES={max(needed, 1)}   (before the process starts)",
        )
    array = np.empty(needed, dtype=object)
    array[:] = available[:needed]
    return Mesh(array.reshape(sizes), axis_names, axis_types)


class set_mesh:
    """Make a mesh the current one of this thread: at once, or for a `with` block.

    Args:
        mesh: the mesh, or None for no mesh.

    Raises:
        TypeError: it is not a mesh.
        ValueError: a function is being traced.
    """

    __slots__ = ("prev_abstract_mesh", "prev_mesh")

    def __init__(self, mesh: Mesh | None):
        if mesh is not None and not isinstance(mesh, Mesh):
            raise ArgumentTypeError(
                f"set_mesh takes a Mesh, not {mesh!r}",
                help='jib.set_mesh(jib.make_mesh((jib.device_count(),), ("x",)))',
            )
        if trace_state.value is not None:
            raise ArgumentValueError(
                "the mesh cannot change while a function is traced",
                help="call jib.set_mesh(mesh) before the traced function",
            )
        abstract = None if mesh is None else mesh.abstract_mesh
        self.prev_abstract_mesh = abstract_mesh_context.swap_local(abstract)
        self.prev_mesh = mesh_context.swap_local(mesh)

    def __enter__(self) -> None:
        return None

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        abstract_mesh_context.set_local(self.prev_abstract_mesh)
        mesh_context.set_local(self.prev_mesh)


def get_mesh() -> Mesh:
    """The current mesh of this thread, or an empty one."""
    return mesh_context.value or empty_mesh


def get_abstract_mesh() -> AbstractMesh:
    """The axes of the current mesh of this thread, or an empty mesh."""
    return abstract_mesh_context.value or empty_abstract_mesh


_entered_meshes = threading.local()


def _entered() -> list[set_mesh]:
    return _entered_meshes.__dict__.setdefault("stack", [])
