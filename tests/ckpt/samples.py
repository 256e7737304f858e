"""Trees that the tests save."""

import collections
import dataclasses

import numpy as np

import jib
import jib.numpy as jnp

Moments = collections.namedtuple("Moments", "mu nu count")


@jib.tree_util.register_dataclass
@dataclasses.dataclass
class State:
    params: dict
    step: int
    name: str = jib.tree.static(default="net")


def mixed():
    """One leaf of each kind."""
    return {
        "float32": jnp.arange(6.0).reshape(2, 3),
        "transposed": np.arange(6.0, dtype=np.float32).reshape(2, 3).T,
        "numbers": [1, -(2**70), 2.5, float("inf"), 1j, True],
        "texts": ("x", "é\ud800", b"\x00q"),
        "nothing": None,
        "empty": {"list": [], "dict": {}, "array": np.zeros((0, 3), np.float32)},
        "key": jib.random.key(3),
        "keys": jib.random.split(jib.random.key(4), 3),
        "moments": Moments(jnp.ones(2, jnp.bfloat16), (jnp.zeros((2, 0)),), 3),
        "state": State({"w": jnp.ones(2)}, 4),
        "int4": jnp.array([1, -2], jnp.int4),
        "fp8": jnp.array([1.5, -2], jnp.float8_e4m3fn),
        "bool": np.array([True, False]),
        "float64": np.arange(3.0),
        "scalar": np.float32(3),
        "zero_d": np.array(7, np.int16),
        "big_endian": np.arange(3, dtype=">i4"),
        "text_array": np.array(["é", "bcd"]),
        "times": np.array(["2026-01-02"], "datetime64[D]"),
        "complex": np.array([1 + 2j], np.complex64),
    }


def same(a, b):
    """Whether two trees have equal containers, dtypes and bytes."""
    left, structure = jib.tree.flatten(a)
    right, other = jib.tree.flatten(b)
    assert structure == other
    for x, y in zip(left, right, strict=True):
        assert type(x) is type(y) or (hasattr(x, "shape") and hasattr(y, "shape"))
        if hasattr(x, "shape"):
            if hasattr(x, "_base"):
                x, y = x._base, y._base
            x, y = np.asarray(x), np.asarray(y)
            assert x.shape == y.shape
            assert x.dtype.newbyteorder("=") == y.dtype.newbyteorder("=")
            assert x.astype(y.dtype).tobytes() == y.tobytes()
        else:
            assert x == y
    return True
