"""Arrangements of devices."""

import numpy as np
import pytest

import jib
from jib.errors import ArgumentValueError
from jib.experimental import mesh_utils
from jib.sharding import Mesh, get_mesh


def test_create_device_mesh():
    array = mesh_utils.create_device_mesh((4, 2))
    assert array.tolist() == np.array(jib.devices()).reshape(4, 2).tolist()
    assert Mesh(array, ("a", "b")).shape == {"a": 4, "b": 2}
    with pytest.raises(ArgumentValueError, match=r"holds 6 device\(s\), and there are 8"):
        mesh_utils.create_device_mesh((3, 2))


def test_create_hybrid_device_mesh():
    array = mesh_utils.create_hybrid_device_mesh((4, 2), (1, 1), process_is_granule=True)
    assert array.shape == (4, 2)
    with pytest.raises(ArgumentValueError, match=r"the groups have \[8\] devices"):
        mesh_utils.create_hybrid_device_mesh((4,), (2,))


def test_current_mesh():
    mesh = jib.make_mesh((8,), ("x",))
    with jib.set_mesh(mesh):
        assert get_mesh() is mesh
        out = jib.shard_map(lambda x: x * 2, in_specs=jib.P("x"), out_specs=jib.P("x"))(np.ones(8))
    assert out.sharding.spec == jib.P("x")
    with pytest.raises(ArgumentValueError, match="no mesh is current"):
        jib.shard_map(lambda x: x, in_specs=jib.P("x"), out_specs=jib.P("x"))(np.ones(8))
