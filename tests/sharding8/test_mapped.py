"""`vmap` of functions that speak of shardings."""

import numpy as np
import pytest

import jib
from jib import P, lax
from jib.errors import NotAvailableError

grid = jib.make_mesh((4, 2), ("data", "model"))
xs = np.arange(64, dtype=np.float32).reshape(8, 8)


def test_the_mapped_axis_is_split_where_the_function_asks_for_shardings(close):
    columns = jib.NamedSharding(grid, P("model"))
    f = lambda x: lax.with_sharding_constraint(lax.mul(x, 2.0), columns)
    out = jib.jit(jib.vmap(f, spmd_axis_name="data"))(xs)
    close(out, 2 * xs)
    assert out.sharding.is_equivalent_to(jib.NamedSharding(grid, P("data", "model")), 2)
    turned = jib.jit(jib.vmap(f, 1, 1, spmd_axis_name="data"))(xs)
    assert turned.sharding.is_equivalent_to(jib.NamedSharding(grid, P("model", "data")), 2)


def test_over_shard_map_it_is_refused():
    f = jib.shard_map(lax.neg, mesh=grid, in_specs=P("model"), out_specs=P("model"))
    with pytest.raises(NotAvailableError, match="spmd_axis_name='data'"):
        jib.vmap(f, spmd_axis_name="data")(xs)
