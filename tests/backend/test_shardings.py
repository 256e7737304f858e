"""Shardings against a brute-force model, and the rules of meshes and specs."""

import ast
import itertools
import math
import pickle
import re

import numpy as np
import pytest

from jib.backend import meshes
from jib.backend.client import default_device
from jib.backend.layouts import hlo_indices, named_to_hlo, spec_from_hlo
from jib.backend.mlir import context, ir
from jib.backend.shardings import (
    NamedSharding,
    SingleDeviceSharding,
    make_single_device_sharding,
    sdy_sharding,
    single_device_sharding,
)
from jib.sharding import AxisType, PartitionSpec as P

SIZES = [(2,), (4, 2), (2, 3), (2, 1, 4), (2, 2, 2)]
NAMES = ("x", "y", "z")


def every_spec(names: tuple[str, ...], ndim: int) -> list[P]:
    """All ways to hand each axis to a dimension or to none, in both orders of the axes."""
    specs = {}
    for order in itertools.permutations(names):
        for places in itertools.product(range(ndim + 1), repeat=len(names)):
            entries = [
                tuple(name for name, place in zip(order, places, strict=True) if place == d)
                for d in range(ndim)
            ]
            specs[P(*entries)] = None
    return list(specs)


def brute_force(mesh: meshes.AbstractMesh, spec: P, shape: tuple[int, ...]) -> list[np.ndarray]:
    """For each device, the elements it holds, by following its coordinates on the mesh."""
    numbered = np.arange(math.prod(shape)).reshape(shape)
    held = []
    for coordinates in itertools.product(*map(range, mesh.axis_sizes)):
        at = dict(zip(mesh.axis_names, coordinates, strict=True))
        part = numbered
        for dimension, entry in enumerate(spec.partitions):
            for name in entry if isinstance(entry, tuple) else filter(None, [entry]):
                part = np.split(part, mesh.shape[name], axis=dimension)[at[name]]
        held.append(part)
    return held


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("ndim", [1, 2])
def test_index_maps_equal_brute_force(sizes: tuple[int, ...], ndim: int):
    mesh = meshes.AbstractMesh(sizes, NAMES[: len(sizes)])
    shape = (24, 48)[:ndim]
    numbered = np.arange(math.prod(shape)).reshape(shape)
    for spec in every_spec(NAMES[: len(sizes)], ndim):
        sharding = NamedSharding(mesh, spec)
        indices = hlo_indices(sharding._to_xla_hlo_sharding(ndim), shape, mesh.size)
        expected = brute_force(mesh, spec, shape)
        for index, part in zip(indices, expected, strict=True):
            np.testing.assert_array_equal(numbered[index], part)
        assert sharding.shard_shape(shape) == expected[0].shape
        assert sharding.is_fully_replicated == (expected[0].size == numbered.size)


@pytest.mark.parametrize("sizes", SIZES)
def test_spec_is_recovered_from_xlas_form(sizes: tuple[int, ...]):
    mesh = meshes.AbstractMesh(sizes, NAMES[: len(sizes)])
    for spec in every_spec(NAMES[: len(sizes)], 2):
        layout = named_to_hlo(mesh, spec, 2)
        found = spec_from_hlo(mesh, layout, 2)
        assert found is not None
        assert named_to_hlo(mesh, found, 2) == layout


@pytest.mark.parametrize(
    "spec",
    [P(), P("x"), P(None, "y"), P(("y", "x")), P(P.UNCONSTRAINED, "x"), P("x", unreduced={"y"})],
)
def test_shardy_text_is_what_shardy_prints(spec: P):
    text = sdy_sharding(NamedSharding(meshes.AbstractMesh((2, 4), ("x", "y")), spec), 3)
    assert str(ir.Attribute.parse(text, context)) == text


def test_shardy_text_of_one_device():
    text = sdy_sharding(single_device_sharding(default_device()), 2)
    assert str(ir.Attribute.parse(text, context)) == text == "#sdy.sharding<mesh<[]>, [{}, {}]>"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (P("q"), r"names the mesh axis 'q', and the mesh has \('x', 'y'\)"),
        (P("x", "x"), r"uses the mesh axis 'x' for more than one dimension"),
        (P(unreduced={"q"}), r"names the mesh axis 'q'"),
    ],
)
def test_spec_must_fit_the_mesh(spec: P, message: str):
    with pytest.raises(ValueError, match=message):
        NamedSharding(meshes.AbstractMesh((2, 4), ("x", "y")), spec)


def test_shape_must_divide():
    sharding = NamedSharding(meshes.AbstractMesh((4,), "x"), P(None, "x"))
    with pytest.raises(ValueError, match="axis 1 has 6 elements and is shared by 4") as caught:
        sharding.shard_shape((3, 6))
    (help_line,) = re.findall(r"help: x = jnp.pad\(x, (.*)\)$", str(caught.value), re.MULTILINE)
    padded = np.pad(np.ones((3, 6)), ast.literal_eval(help_line))
    assert sharding.shard_shape(padded.shape) == (3, 2)


def test_array_must_have_the_dimensions():
    sharding = NamedSharding(meshes.AbstractMesh((2,), "x"), P(None, "x"))
    with pytest.raises(ValueError, match=r"speaks of 2 dimension.s., and the array has shape"):
        sharding.shard_shape((4,))


def test_equal_shardings_are_equal_and_hash_alike():
    mesh = meshes.make_mesh((1,), ("x",))
    assert mesh is meshes.make_mesh((1,), ("x",))
    for make in (
        lambda: NamedSharding(mesh, P("x")),
        lambda: SingleDeviceSharding(default_device()),
    ):
        assert make() == make()
        assert hash(make()) == hash(make())
        assert pickle.loads(pickle.dumps(make())) == make()
    assert NamedSharding(mesh, P("x")) != NamedSharding(mesh, P())
    assert NamedSharding(mesh, P("x")).is_equivalent_to(single_device_sharding(default_device()), 1)


def test_memory_kinds():
    device = default_device()
    pinned = make_single_device_sharding(device, memory_kind="pinned_host")
    assert pinned.memory_kind == "pinned_host"
    assert pinned != make_single_device_sharding(device)
    assert pinned.with_memory_kind("device") == make_single_device_sharding(device)
    mesh = meshes.make_mesh((1,), ("x",))
    assert NamedSharding(mesh, P()).with_memory_kind("pinned_host").memory_kind == "pinned_host"


def test_mesh_reads_back():
    mesh = meshes.Mesh([[default_device()]], ("x", "y"), (AxisType.Auto, AxisType.Explicit))
    assert dict(mesh.shape) == {"x": 1, "y": 1}
    assert (mesh.size, mesh.empty) == (1, False)
    assert (mesh.auto_axes, mesh.explicit_axes, mesh.manual_axes) == (("x",), ("y",), ())
    assert mesh.device_ids.tolist() == [[default_device().id]]
    assert mesh.abstract_mesh.axis_sizes == (1, 1)
    assert pickle.loads(pickle.dumps(mesh)) is mesh
    with pytest.raises(AttributeError, match="a mesh does not change"):
        mesh.axis_names = ("a", "b")


def test_mesh_needs_devices_and_names():
    with pytest.raises(ValueError, match=r"has 1 dimension.s. and 2 axis name.s."):
        meshes.Mesh([default_device()], ("x", "y"))
    with pytest.raises(ValueError, match=r"needs 64 device.s. and there are"):
        meshes.make_mesh((64,), ("x",))
    with pytest.raises(ValueError, match="has no devices"):
        _ = meshes.AbstractMesh((2,), ("x",)).devices


def test_current_mesh_nests_and_ends():
    one, two = meshes.make_mesh((1,), ("x",)), meshes.make_mesh((1, 1), ("x", "y"))
    assert meshes.get_mesh().empty
    with meshes.set_mesh(one):
        assert meshes.get_mesh() is one
        with two:
            assert meshes.get_mesh() is two
            assert meshes.get_abstract_mesh() is two.abstract_mesh
        assert meshes.get_mesh() is one
    assert meshes.get_mesh().empty
    assert meshes.get_abstract_mesh().empty


SPMD = """
import numpy as np
from jib.sharding import PartitionSpec as P
mesh = meshes.make_mesh((2, 4), ("x", "y"))
rows = shardings.NamedSharding(mesh, P("x", "y"))
text = '''module @m attributes {mhlo.num_partitions = 8 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%a: tensor<4x8xf32> {sdy.sharding = IN})
      -> (tensor<8x4xf32> {sdy.sharding = OUT}) {
    %0 = stablehlo.transpose %a, dims = [1, 0] : (tensor<4x8xf32>) -> tensor<8x4xf32>
    return %0 : tensor<8x4xf32> } }'''
turned = shardings.NamedSharding(mesh, P("y"))
text = text.replace("IN", shardings.sdy_sharding(rows, 2))
text = text.replace("OUT", shardings.sdy_sharding(turned, 2))
executable = compile.compile_module(
    text, devices=list(mesh.devices.flat), spmd=True, num_partitions=8)
x = np.arange(32, dtype=np.float32).reshape(4, 8)
outs = executable.execute_sharded([transfer.device_put(x, rows)])
[parts] = outs.disassemble_into_single_device_arrays()
[found] = executable.get_output_shardings() if hasattr(executable, "get_output_shardings") else []
print([transfer.device_get(p).shape for p in parts] == [(2, 4)] * 8)
for device, index in turned.devices_indices_map((8, 4)).items():
    [part] = [p for p in parts if p._sharding._device == device]
    np.testing.assert_array_equal(transfer.device_get(part), x.T[index])
from jib.backend._compat import hlo_bindings
print(shardings.named_from_hlo(mesh, hlo_bindings.HloSharding.from_proto(found), 2).spec)
finer = meshes.Mesh(mesh.devices.reshape(2, 2, 2), ("x", "y", "z"))
half = shardings.NamedSharding(finer, P(None, ("x", "z")))
found = shardings.named_from_hlo(mesh, half._to_xla_hlo_sharding(2), 2)
assert type(found).__name__ == "GSPMDSharding" and found == found and len({found, found}) == 1
print(found.is_equivalent_to(half, 2))
"""


def test_partitioned_program_runs_where_the_annotations_say(run):
    output, _ = run(SPMD, JIB_NUM_CPU_DEVICES="8")
    assert output.splitlines() == ["True", "P('y')", "True"]
