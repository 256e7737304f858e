"""Shardings: how an array lies over devices. jaxlib's C++ classes with our methods on them."""

import functools
import math
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from jib.backend import layouts
from jib.backend._compat import attach, jaxlib_core, lend_partition_check
from jib.backend.meshes import AbstractMesh, Mesh, empty_abstract_mesh
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.sharding import PartitionSpec

__all__ = ["GSPMDSharding", "NamedSharding", "Sharding", "SingleDeviceSharding"]

Device = jaxlib_core.Device
Index = tuple[slice, ...]


@functools.lru_cache(4096)
def _shard_shape(sharding: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    sharding.check_compatible_aval(shape)
    counts, _ = layouts.tile_counts(sharding._to_xla_hlo_sharding(len(shape)))
    for axis, (size, count) in enumerate(zip(shape, counts, strict=False)):
        if size % count:
            rounded = count * math.ceil(size / count)
            pads = [(0, rounded - size if k == axis else 0) for k in range(len(shape))]
            raise ArgumentValueError(
                f"an array of shape {shape} cannot be cut by {_short(sharding)}: axis {axis} has "
                f"{size} elements and is shared by {count} devices, which does not divide evenly",
                help=f"x = jnp.pad(x, {pads})",
            )
    if not counts:
        return shape
    return tuple(size // count for size, count in zip(shape, counts, strict=True))


def _short(sharding: Any) -> str:
    if type(sharding) is jaxlib_core.NamedSharding:
        return f"{sharding.spec} over {dict(sharding.mesh.shape)}"
    return repr(sharding)


@attach(jaxlib_core.Sharding)
class Sharding:
    """How an array is laid out over devices; the base of the concrete kinds.

    Shapes given to the methods are global shapes, as tuples of ints.
    """

    @property
    def device_set(self) -> set[Device]:
        """The devices, those of other processes included."""
        return set(self._internal_device_list)

    @property
    def num_devices(self) -> int:
        """How many devices hold a part of the array."""
        return len(self._internal_device_list)

    memory_kind = property(
        attrgetter("_memory_kind"),
        doc='Which of the device\'s memories is used: `"device"`, `"pinned_host"`, ...',
    )

    @property
    def _device_assignment(self) -> tuple[Device, ...]:
        return tuple(self._internal_device_list)

    @property
    def _addressable_device_assignment(self) -> tuple[Device, ...]:
        return tuple(self._internal_device_list.addressable_device_list)

    @property
    def addressable_devices(self) -> set[Device]:
        """The devices that this process can reach."""
        return set(self._internal_device_list.addressable_device_list)

    @property
    def has_addressable_devices(self) -> bool:
        """Whether this process has one of the devices."""
        return bool(self.addressable_devices)

    @property
    def is_fully_addressable(self) -> bool:
        """Whether this process can reach all of the devices."""
        return self._internal_device_list.is_fully_addressable

    @property
    def is_fully_replicated(self) -> bool:
        """Whether each device holds the whole array."""
        raise ArgumentTypeError(
            f"{type(self).__name__} does not say whether it is replicated",
            help="sharding = jib.sharding.SingleDeviceSharding(jib.devices()[0])",
        )

    def check_compatible_aval(self, aval_shape: Sequence[int]) -> None:
        """Raise ValueError where an array of this shape cannot have this sharding."""

    def shard_shape(self, global_shape: Sequence[int]) -> tuple[int, ...]:
        """The shape of one device's part.

        Raises:
            ValueError: an axis does not divide evenly by the number of devices that share it.
        """
        return _shard_shape(self, tuple(global_shape))

    def devices_indices_map(self, global_shape: Sequence[int]) -> Mapping[Device, Index]:
        """For each device, the slices of the array that it holds."""
        shape = tuple(global_shape)
        self.shard_shape(shape)
        devices = self._device_assignment
        hlo_sharding = self._to_xla_hlo_sharding(len(shape))
        indices = layouts.hlo_indices(hlo_sharding, shape, len(devices))
        return dict(zip(devices, indices, strict=True))

    def addressable_devices_indices_map(
        self, global_shape: Sequence[int]
    ) -> Mapping[Device, Index | None]:
        """As `devices_indices_map`, for the devices of this process only."""
        everything = self.devices_indices_map(global_shape)
        if self.is_fully_addressable:
            return everything
        return {d: everything[d] for d in self._internal_device_list.addressable_device_list}

    def is_equivalent_to(self, other: "Sharding", ndim: int) -> bool:
        """Whether both put the same parts of an `ndim`-dimensional array on the same devices."""
        return self is other or (
            self._internal_device_list == other._internal_device_list
            and self.memory_kind == other.memory_kind
            and _same_tiles(self, other, ndim)
        )

    def with_memory_kind(self, kind: str) -> "Sharding":
        """The same layout in another of the device's memories."""
        raise ArgumentTypeError(f"{type(self).__name__} has one memory kind only")


def _same_tiles(one: Any, other: Any, ndim: int) -> bool:
    return layouts.same_tiles(one._to_xla_hlo_sharding(ndim), other._to_xla_hlo_sharding(ndim))


@attach(jaxlib_core.SingleDeviceSharding)
class SingleDeviceSharding:
    """The whole array on one device.

    Args:
        device: a device, such as `jib.devices()[0]`.
        memory_kind: the device's memory to use; None is its default one.
    """

    num_devices = 1
    is_fully_replicated = True

    @property
    def device_set(self) -> set[Device]:
        return {self._device}

    @property
    def _device_assignment(self) -> tuple[Device, ...]:
        return (self._device,)

    @property
    def is_fully_addressable(self) -> bool:
        return self._device.process_index == self._device.client.process_index()

    def check_compatible_aval(self, aval_shape: Sequence[int]) -> None:
        """Any shape fits on one device."""

    def devices_indices_map(self, global_shape: Sequence[int]) -> Mapping[Device, Index]:
        return {self._device: (slice(None),) * len(global_shape)}

    def with_memory_kind(self, kind: str) -> "SingleDeviceSharding":
        return _single(self._device, kind)

    def _to_xla_hlo_sharding(self, num_dimensions: int) -> Any:
        return layouts.REPLICATED

    def _sdy_text(self, num_dimensions: int) -> str:
        return layouts.named_to_sdy(empty_abstract_mesh, PartitionSpec(), num_dimensions)

    def __eq__(self, other: object) -> bool:
        if type(other) is not jaxlib_core.SingleDeviceSharding:
            return False
        return self._device == other._device and self._memory_kind == other._memory_kind

    def __hash__(self) -> int:
        return hash((self._device, self._memory_kind))

    def __reduce__(self) -> tuple[Any, ...]:
        return _single, (self._device, self._memory_kind)

    def __repr__(self) -> str:
        return f"SingleDeviceSharding(device={self._device!r}, memory_kind={self._memory_kind})"


def _single(device: Device, memory_kind: str | None) -> SingleDeviceSharding:
    return jaxlib_core.SingleDeviceSharding(device, memory_kind=memory_kind)


@functools.lru_cache(1024)
def single_device_sharding(device: Device) -> SingleDeviceSharding:
    """The one sharding object of a device, so that the call path's first test is identity."""
    return jaxlib_core.SingleDeviceSharding(device)


def make_single_device_sharding(
    device: Device, *, memory_kind: str | None = None
) -> SingleDeviceSharding:
    """A sharding that puts the whole array on `device`, in its memory `memory_kind`."""
    if memory_kind is None:
        return single_device_sharding(device)
    return _single(device, memory_kind)


@attach(jaxlib_core.GSPMDSharding)
class GSPMDSharding:
    """A layout as XLA describes it; what the compiler answers when it chose one itself.

    Args:
        devices: the devices in order.
        op_sharding: XLA's sharding.
        memory_kind: the devices' memory to use; None is their default one.
    """

    @property
    def is_fully_replicated(self) -> bool:
        return layouts.replicated(self._hlo_sharding)

    def check_compatible_aval(self, aval_shape: Sequence[int]) -> None:
        counts, _ = layouts.tile_counts(self._hlo_sharding)
        if len(aval_shape) < len(counts):
            raise ArgumentValueError(
                f"a sharding of {len(counts)} dimensions cannot hold an array of shape "
                f"{tuple(aval_shape)}"
            )

    def _to_xla_hlo_sharding(self, num_dimensions: int) -> Any:
        return self._hlo_sharding

    def __eq__(self, other: object) -> bool:
        if type(other) is not jaxlib_core.GSPMDSharding:
            return False
        return (
            self._internal_device_list == other._internal_device_list
            and self._memory_kind == other._memory_kind
            and layouts.same_tiles(self._hlo_sharding, other._hlo_sharding)
        )

    def __hash__(self) -> int:
        tiles = 0 if layouts.replicated(self._hlo_sharding) else hash(self._hlo_sharding)
        return hash((self._internal_device_list, tiles, self._memory_kind))

    def __reduce__(self) -> tuple[Any, ...]:
        devices = tuple(self._devices)
        return jaxlib_core.GSPMDSharding, (devices, self._hlo_sharding.to_proto())

    def __repr__(self) -> str:
        return f"GSPMDSharding({self._hlo_sharding!r}, memory_kind={self._memory_kind})"


@functools.lru_cache(4096)
def _check_spec(mesh: Any, spec: PartitionSpec) -> None:
    used: list[Any] = [name for entry in spec.partitions for name in layouts.axes_of(entry)]
    for name in (*used, *spec.unreduced, *spec.reduced):
        if name not in mesh.shape:
            raise ArgumentValueError(
                f"{spec} names the mesh axis {name!r}, and the mesh has {mesh.axis_names}",
                help=f"spec = jib.P{tuple(mesh.axis_names[:1])!r}".replace(",)", ")"),
            )
    repeated = sorted({str(name) for name in used if used.count(name) > 1})
    if repeated:
        raise ArgumentValueError(
            f"{spec} uses the mesh axis {', '.join(map(repr, repeated))} for more than one "
            "dimension; an axis can cut one dimension only",
            help=f"spec = jib.P({repeated[0]!r})",
        )


def _check_mesh_and_spec(mesh: Any, spec: Any, *_: Any) -> None:
    """What jaxlib's constructor calls."""
    if not isinstance(mesh, Mesh | AbstractMesh):
        raise ArgumentTypeError(
            f"a NamedSharding needs a Mesh first, got {mesh!r}",
            help='sharding = jib.NamedSharding(jib.make_mesh((1,), ("x",)), jib.P("x"))',
        )
    if not isinstance(spec, PartitionSpec):
        raise ArgumentTypeError(
            f"a NamedSharding needs a PartitionSpec, got {spec!r}",
            help="sharding = jib.NamedSharding(mesh, jib.P(None))",
        )
    _check_spec(mesh, spec)


@attach(jaxlib_core.NamedSharding)
class NamedSharding:
    """Each dimension of an array cut over axes of a mesh.

    Args:
        mesh: the mesh.
        spec: for each dimension the mesh axes that cut it, as a `PartitionSpec`.
        memory_kind: the devices' memory to use; None is their default one.

    Raises:
        ValueError: the spec names an axis that the mesh does not have, or one axis twice.
        TypeError: not a mesh, or not a spec.

    Example:
        >>> import jib
        >>> mesh = jib.make_mesh((1,), ("x",))
        >>> jib.NamedSharding(mesh, jib.P("x")).shard_shape((8, 2))
        (8, 2)
    """

    num_devices = property(attrgetter("mesh.size"))

    @property
    def is_fully_replicated(self) -> bool:
        cuts = self.mesh.shape
        used = (name for entry in self.spec.partitions for name in layouts.axes_of(entry))
        return not self.spec.unreduced and all(cuts[name] == 1 for name in used)

    def check_compatible_aval(self, aval_shape: Sequence[int]) -> None:
        """Raise ValueError where the spec has more dimensions than the array."""
        if len(aval_shape) < len(self.spec.partitions):
            raise ArgumentValueError(
                f"{self.spec} speaks of {len(self.spec.partitions)} dimension(s), and the array "
                f"has shape {tuple(aval_shape)}",
                help=f"spec = jib.P(*{self.spec.partitions[: len(aval_shape)]!r})",
            )

    def with_memory_kind(self, kind: str) -> "NamedSharding":
        """The same layout in another of the devices' memories."""
        return self.update(memory_kind=kind)

    def update(self, **kwargs: Any) -> "NamedSharding":
        """A sharding with some of `mesh`, `spec` and `memory_kind` exchanged."""
        fields = {"mesh": self.mesh, "spec": self.spec, "memory_kind": self._memory_kind} | kwargs
        spec = fields["spec"]
        if not isinstance(spec, PartitionSpec):
            spec = PartitionSpec(*spec)
        return _named(fields["mesh"], spec, fields["memory_kind"])

    def is_equivalent_to(self, other: Any, ndim: int) -> bool:
        """Whether both put the same parts of an `ndim`-dimensional array on the same devices."""
        if self is other or self == other:
            return True
        mesh = getattr(other, "mesh", None)
        if isinstance(self.mesh, AbstractMesh) or isinstance(mesh, AbstractMesh):
            alike = type(self.mesh) is type(mesh) and self._memory_kind == other.memory_kind
            return alike and _same_tiles(self, other, ndim)
        return jaxlib_core.Sharding.is_equivalent_to(self, other, ndim)

    def _to_xla_hlo_sharding(self, num_dimensions: int) -> Any:
        return layouts.named_to_hlo(self.mesh, self.spec, num_dimensions)

    def _sdy_text(self, num_dimensions: int) -> str:
        return layouts.named_to_sdy(self.mesh, self.spec, num_dimensions)

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (self.mesh, self.spec, self._memory_kind)

    def __repr__(self) -> str:
        place = f"mesh={self.mesh!r}, spec={self.spec!r}"
        return f"NamedSharding({place}, memory_kind={self._memory_kind})"


def _named(mesh: Any, spec: PartitionSpec, memory_kind: str | None) -> NamedSharding:
    return jaxlib_core.NamedSharding(mesh, spec, memory_kind=memory_kind)


def named_from_hlo(mesh: Any, hlo_sharding: Any, ndim: int) -> Any:
    """The `NamedSharding` on `mesh` that equals an XLA sharding, or a `GSPMDSharding`.

    XLA can cut a mesh axis in parts or count devices in another order, which no spec can say.
    """
    spec = layouts.spec_from_hlo(mesh, hlo_sharding, ndim)
    if spec is not None:
        return jaxlib_core.NamedSharding(mesh, spec)
    return jaxlib_core.GSPMDSharding(mesh._internal_device_list, hlo_sharding)


def sdy_sharding(sharding: Any, ndim: int) -> str:
    """The Shardy attribute of a sharding, as text for `ir.Attribute.parse`."""
    return sharding._sdy_text(ndim)


# The first construction is where jaxlib looks for the validator of every later one.
with lend_partition_check(_check_mesh_and_spec):
    jaxlib_core.NamedSharding(empty_abstract_mesh, PartitionSpec())
