"""State dicts and bytes: round trips, Flax's format, and what does not fit."""

from typing import Any, NamedTuple

import ml_dtypes
import msgpack
import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import serialization, struct
from jib.serialization import SerializationError, from_bytes, from_state_dict, to_bytes
from jib.tree_util import Partial


class Pair(NamedTuple):
    a: Any
    b: Any


@struct.dataclass
class Model:
    weight: Any
    name: str = struct.field(pytree_node=False, default="")


LEAVES = {
    "f32": np.arange(6, dtype=np.float32).reshape(2, 3),
    "f64": np.array([1 / 3]),
    "bf16": np.array([1.5, -2.0], ml_dtypes.bfloat16),
    "i4": np.array([-8, 7], ml_dtypes.int4),
    "bool": np.array(True),
    "empty": np.zeros((0, 3), np.int32),
    "complex": np.array([1 + 2j], np.complex64),
    "scalar": np.float32(0.5),
    "int": 2**40,
    "float": 1e-300,
    "number": 3 - 4j,
    "text": "grün",
    "none": None,
    "flag": False,
}


@pytest.mark.parametrize("name", LEAVES)
def test_a_leaf_comes_back_as_it_was(name):
    leaf = LEAVES[name]
    back = from_bytes({"x": leaf}, to_bytes({"x": leaf}))["x"]
    assert type(back) is type(leaf)
    np.testing.assert_array_equal(back, leaf)
    assert getattr(back, "dtype", None) == getattr(leaf, "dtype", None)


def test_containers_and_registered_classes():
    tree = {
        "list": [jnp.ones(2), (jnp.zeros(3), 4)],
        "pair": Pair(jnp.arange(2), {"x": 1.0}),
        "model": Model(jnp.full(2, 7.0), name="m"),
        "partial": Partial(max, jnp.ones(()), default=2),
    }
    blank = {
        "list": [jnp.zeros(2), (jnp.ones(3), 0)],
        "pair": Pair(jnp.zeros(2, int), {"x": 0.0}),
        "model": Model(jnp.zeros(2), name="kept"),
        "partial": Partial(max, jnp.zeros(()), default=0),
    }
    back = from_bytes(blank, to_bytes(tree))
    assert back["list"][0].tolist() == [1, 1] and back["list"][1][1] == 4
    assert back["pair"].a.tolist() == [0, 1] and back["pair"].b == {"x": 1.0}
    assert back["model"].weight.tolist() == [7, 7] and back["model"].name == "kept"
    assert back["partial"].keywords == {"default": 2}
    assert isinstance(back["pair"].a, jib.Array)


def test_arrays_of_64_bits_stay_so_in_the_next_program():
    target = {"rate": jnp.float64(0.0)}
    back = from_bytes(target, to_bytes({"rate": jnp.float64(0.1)}))
    assert float(jib.jit(lambda tree: tree["rate"] * 3)(back)) == 0.1 * 3


def test_the_bytes_are_those_of_the_fields_format():
    """An array is extension 1: a packed (shape, dtype name, bytes), as in Flax's files."""
    ext = msgpack.unpackb(to_bytes({"w": np.array([1, 2], np.int16)}))["w"]
    assert ext.code == 1
    assert msgpack.unpackb(ext.data) == [[2], "int16", b"\x01\x00\x02\x00"]


def test_large_arrays_are_cut_into_pieces(monkeypatch):
    monkeypatch.setattr(serialization, "MAX_CHUNK_SIZE", 16)
    x = np.arange(15, dtype=np.float32).reshape(3, 5)
    data = to_bytes({"x": x, "inner": {"y": [x]}})
    assert b"__msgpack_chunked_array__" in data
    back = serialization.msgpack_restore(data)
    np.testing.assert_array_equal(back["x"], x)
    np.testing.assert_array_equal(back["inner"]["y"]["0"], x)


@pytest.mark.parametrize(
    ("target", "state", "said"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, "at .: the saved state of a dict has no `b`"),
        ([1, 2], {"0": 1}, "at .: the saved state of a list of 2 has no `1`"),
        (Pair(1, 2), {"a": 1, "c": 2}, "`Pair` has no `b` and has `c`, which the target has not"),
        ({"m": Model(1)}, {"m": {"wait": 1}}, "at ./m: the saved state of `Model` has no `weight`"),
        ({"m": [1]}, {"m": 3}, "at ./m: a list of 1 is wanted and the saved state is a int"),
        (
            {"w": np.zeros(2)},
            {"w": np.zeros(3)},
            "at ./w: the saved array has shape (3,), the target (2,)",
        ),
    ],
)
def test_a_state_that_does_not_fit_says_where(target, state, said):
    with pytest.raises(SerializationError) as error:
        from_state_dict(target, state)
    assert said in str(error.value)


def test_every_cut_is_noticed():
    data = to_bytes({"w": np.arange(4.0), "step": 3})
    for size in range(len(data)):
        with pytest.raises(SerializationError, match="not a whole saved state"):
            from_bytes({"w": np.zeros(4), "step": 0}, data[:size])


def test_what_cannot_be_saved_says_so():
    with pytest.raises(TypeError, match="a object has no form to be saved in"):
        to_bytes({"x": object()})
    with pytest.raises(ValueError, match="the same when written as strings"):
        to_bytes({1: 0, "1": 0})
    with pytest.raises(ValueError, match="`Model` already has a way"):
        serialization.register_serialization_state(Model, None, None)
