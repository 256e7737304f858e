"""Arrays in and out of devices."""

import numpy as np
import pytest

from jib.backend import transfer
from jib.core.avals import ShapedArray

DTYPES = ["float32", "float64", "int64", "uint64", "int8", "bool", "complex128", "float16"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_round_trip_keeps_value_dtype_and_shape(dtype: str, shape: tuple[int, ...]):
    x = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape).astype(dtype)
    back = transfer.device_get(transfer.device_put(x))
    assert (back.dtype, back.shape) == (x.dtype, x.shape)
    np.testing.assert_array_equal(back, x)


@pytest.mark.parametrize("offset", range(3))
@pytest.mark.parametrize("size", [1, 16, 4096, 1 << 20])
def test_later_writes_to_the_host_array_are_not_seen(size: int, offset: int):
    host = np.zeros(size + offset, np.float32)[offset:]
    device = transfer.device_put(host)
    host[:] = 7
    assert not transfer.device_get(device).any()


@pytest.mark.parametrize("make", [np.asfortranarray, lambda x: x[::-1, ::2], lambda x: x.T])
def test_any_host_layout(make):
    x = make(np.arange(24.0).reshape(4, 6))
    np.testing.assert_array_equal(transfer.device_get(transfer.device_put(x)), x)


def test_result_cannot_be_written_to():
    value = transfer.device_get(transfer.device_put(np.arange(3)))
    with pytest.raises(ValueError, match="read-only"):
        value[0] = 1


def test_scalar_is_weak_when_asked():
    x = transfer.put_scalar(2.5, np.dtype("float32"), weak_type=True)
    assert x.aval is ShapedArray((), np.dtype("float32"), weak_type=True)
    assert transfer.device_get(x) == np.float32(2.5)


def test_array_is_returned_as_it_is_without_a_target():
    x = transfer.device_put(np.arange(3))
    assert transfer.device_put(x) is x
    assert not x._committed
    assert transfer.device_put(x, "cpu")._committed


def test_target_must_be_a_place():
    with pytest.raises(TypeError, match=r"a device, a sharding or None, not 3"):
        transfer.device_put(np.arange(3), 3)


def test_copy_to_host_ahead_of_time():
    x = transfer.device_put(np.arange(3))
    transfer.copy_to_host_async(x)
    assert transfer.device_get(transfer.block_until_ready(x)).tolist() == [0, 1, 2]


MANY = """
import numpy as np
from jib.sharding import PartitionSpec as P
mesh = meshes.make_mesh((2, 2, 2), ("x", "y", "z"))
x = np.arange(64, dtype=np.float32).reshape(8, 8)
specs = [P(), P("x"), P(None, "y"), P("y", "x"), P(("z", "x"), "y"), P(("x", "y", "z"))]
places = [shardings.NamedSharding(mesh, spec) for spec in specs]
places += [shardings.single_device_sharding(d) for d in devices.devices()[:2]]
places.append(shardings.NamedSharding(meshes.make_mesh((2,), ("x",)), P("x")))
turned = meshes.Mesh(np.array(devices.devices())[::-1].reshape(4, 2), ("x", "y"))
places.append(shardings.NamedSharding(turned, P("y", "x")))
for source in places:
    for target in places:
        host = x.copy()
        moved = transfer.device_put(transfer.device_put(host, source), target)
        host[:] = -1
        np.testing.assert_array_equal(transfer.device_get(moved), x)
        assert moved._sharding == target and moved._committed
        for device, index in target.devices_indices_map(x.shape).items():
            parts = moved._arrays if target.num_devices > 1 else [moved]
            [part] = [p for p in parts if p._sharding._device == device]
            np.testing.assert_array_equal(transfer.device_get(part), x[index])
donated = transfer.device_put(x, places[1])
transfer.device_put(donated, places[2], donate=True)
print(donated.is_deleted())
"""


def test_between_any_two_shardings(run):
    assert run(MANY, JIB_NUM_CPU_DEVICES="8")[0] == "True\n"
