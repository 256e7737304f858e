"""Memory shared with NumPy and by DLPack, arrays from parts, guards, pickles."""

import copy
import pickle

import ml_dtypes
import numpy as np
import pytest

import jib
import jib.dlpack
import jib.monitoring
import jib.numpy as jnp


def aligned(count, dtype=np.float32):
    space = np.zeros(count * np.dtype(dtype).itemsize + 64, np.uint8)
    start = -space.ctypes.data % 64
    return space[start : start + count * np.dtype(dtype).itemsize].view(dtype)


DTYPES = ["bool", "int8", "uint16", "int32", "float16", "float32", "float64", "complex64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack_shares_aligned_memory_both_ways(dtype):
    host = aligned(6, dtype)
    host[:] = [0, 1, 1, 0, 1, 0]
    x = jnp.from_dlpack(host)
    assert x.unsafe_buffer_pointer() == host.ctypes.data
    assert x.dtype == host.dtype
    back = np.from_dlpack(x)
    assert back.ctypes.data == host.ctypes.data
    np.testing.assert_array_equal(back, host)
    assert jib.dlpack.is_supported_dtype(dtype)


@pytest.mark.parametrize(
    "cut", [lambda x: x[1:], lambda x: x[::2], lambda x: x.reshape(4, 4).T, lambda x: x[:0]]
)
def test_dlpack_copies_what_cannot_be_shared(cut):
    host = cut(np.arange(16, dtype=np.float32))
    np.testing.assert_array_equal(jnp.from_dlpack(host), host)


def test_dlpack_of_read_only_memory_and_copies():
    host = aligned(4)
    host.flags.writeable = False
    np.testing.assert_array_equal(jnp.from_dlpack(host), host)
    assert jnp.from_dlpack(aligned(4), copy=True).unsafe_buffer_pointer() % 64 == 0
    x = jnp.arange(3)
    assert jnp.from_dlpack(x).tolist() == [0, 1, 2]
    assert x.__dlpack_device__() == (1, 0)


class Bfloat16:
    """A producer of bfloat16, which NumPy's own DLPack does not have."""

    def __init__(self, values):
        self.array = jnp.asarray(values, jnp.bfloat16)

    def __dlpack__(self, **options):
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return (1, 0)


def test_dlpack_carries_bfloat16():
    x = jnp.from_dlpack(Bfloat16([1.5, -2.0]))
    assert x.dtype == ml_dtypes.bfloat16
    assert x.tolist() == [1.5, -2.0]


def test_dlpack_refuses_int4():
    with pytest.raises(BufferError, match="no type for elements of int4"):
        jnp.ones(3, "int4").__dlpack__()
    assert not jib.dlpack.is_supported_dtype("int4")


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "int4"])
def test_extra_dtypes_go_out_and_in(name):
    x = jnp.asarray([[1, 2], [0, -3]], name)
    host = np.asarray(x)
    assert host.dtype == getattr(ml_dtypes, name)
    assert host.astype(np.float32).tolist() == [[1, 2], [0, -3]]
    assert jnp.asarray(host).dtype == x.dtype
    assert not host.flags.writeable
    assert np.asarray(x[:0]).shape == (0, 2)


def test_asarray_without_a_copy():
    host = aligned(4)
    assert jnp.asarray(host, copy=False).unsafe_buffer_pointer() == host.ctypes.data
    with pytest.raises(ValueError, match="multiple of 64 bytes"):
        jnp.asarray(aligned(5)[1:], copy=False)
    x = jnp.arange(4)
    assert np.asarray(x).ctypes.data == x.unsafe_buffer_pointer()
    assert not np.asarray(x).flags.writeable


@pytest.mark.parametrize("make", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_pickles_and_copies(make):
    x = jnp.asarray([1.5, 2.0], jnp.bfloat16)
    assert make(x).dtype == x.dtype
    assert make(x).tolist() == x.tolist()
    key = jib.random.key(3)
    assert jib.random.bits(make(key)) == jib.random.bits(jib.random.key(3))
    assert make({"x": x})["x"].tolist() == x.tolist()


def test_guards_hold_on_the_host_platform():
    x = jnp.arange(3)
    with jib.transfer_guard("disallow"):
        assert jib.device_get(x + x).tolist() == [0, 2, 4]
        with pytest.raises(RuntimeError, match="is read on the host"):
            float((x + x).sum())
        with pytest.raises(RuntimeError, match="moves from host to device"):
            x + np.ones(3, np.int32)
        jib.device_put(np.ones(3, np.float32))
        jnp.asarray(np.ones(3, np.float32))
    with jib.transfer_guard_device_to_host("disallow_explicit"), pytest.raises(RuntimeError):
        float((x * 3).sum())
    assert float((x + x).sum()) == 6


def test_a_logging_guard_lets_reads_pass(caplog):
    with jib.transfer_guard_device_to_host("log"):
        assert (jnp.arange(3) + 1).tolist() == [1, 2, 3]
    assert "shape (3,) and dtype int32 is read" in caplog.text


def test_arrays_from_parts():
    rows = jib.NamedSharding(jib.make_mesh((1,), ("x",)), jib.P("x"))
    data = np.arange(4, dtype=np.float32)
    made = jib.make_array_from_callback((4,), rows, lambda index: data[index])
    assert made.sharding == rows
    again = jib.make_array_from_single_device_arrays((4,), rows, [made.addressable_data(0)])
    local = jib.make_array_from_process_local_data(rows, data)
    for x in (made, again, local):
        np.testing.assert_array_equal(x, data)
    with pytest.raises(ValueError, match="shape"):
        jib.make_array_from_process_local_data(rows, data, (9,))


def test_listeners_hear_events():
    heard = []

    def listen(*values, **metadata):
        heard.append((values, metadata))

    jib.monitoring.register_event_listener(listen)
    jib.monitoring.register_scalar_listener(listen)
    jib.monitoring.register_event_duration_secs_listener(listen)
    jib.monitoring.register_event_time_span_listener(listen)
    jib.monitoring.record_event("a", n=1)
    jib.monitoring.record_scalar("b", 2.0)
    jib.monitoring.record_event_duration_secs("c", 3.0)
    jib.monitoring.unregister_event_listener(listen)
    jib.monitoring.record_event("d")
    jib.monitoring.record_event_time_span("e", 1.0, 2.0)
    jib.monitoring.clear_event_listeners()
    jib.monitoring.record_scalar("f", 1)
    assert heard == [(("a",), {"n": 1}), (("b", 2.0), {}), (("c", 3.0), {}), (("e", 1.0, 2.0), {})]
