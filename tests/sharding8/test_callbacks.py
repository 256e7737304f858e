"""Host callbacks of programs over eight devices."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import P
from jib.errors import EffectError
from jib.experimental import io_callback


def spread(values, axes=("x",)):
    mesh = jib.make_mesh((8,), axes)
    return jib.device_put(values, jib.NamedSharding(mesh, P(*axes)))


def test_a_program_over_devices_calls_once_with_the_whole_array():
    seen = []

    @jib.jit
    def f(x):
        jib.debug.callback(lambda v: seen.append(("look", v.copy())), x)
        total = io_callback(lambda v: np.float32(v.sum()), jib.ShapeDtypeStruct((), "float32"), x)
        y = jib.pure_callback(lambda v: v * 2, x, x)
        return y + total

    x = spread(jnp.arange(16.0))
    out = f(x)
    jib.effects_barrier()
    np.testing.assert_array_equal(out, np.arange(16.0) * 2 + 120)
    ((name, value),) = seen
    assert name == "look"
    np.testing.assert_array_equal(value, np.arange(16.0))


def test_shard_map_calls_for_each_shard():
    seen = []
    mesh = jib.make_mesh((8,), ("x",))

    def body(x):
        jib.debug.callback(lambda v: seen.append(float(v.sum())), x)
        return jib.pure_callback(lambda v: v + 1, jib.ShapeDtypeStruct(x.shape, x.dtype), x)

    f = jib.jit(jib.shard_map(body, mesh=mesh, in_specs=P("x"), out_specs=P("x")))
    out = f(jnp.arange(16.0))
    jib.effects_barrier()
    np.testing.assert_array_equal(out, np.arange(16.0) + 1)
    assert sorted(seen) == [float(4 * i + 1) for i in range(8)]


def test_ordered_effects_are_refused():
    f = jib.jit(lambda x: jib.debug.callback(print, x, ordered=True))
    with pytest.raises(EffectError, match="8 devices"):
        f(spread(jnp.arange(16.0)))


def test_a_table_of_the_devices(capsys):
    mesh = jib.make_mesh((4, 2), ("x", "y"))
    x = jib.device_put(jnp.ones((4, 2)), jib.NamedSharding(mesh, P("y")))
    jib.debug.visualize_array_sharding(x)
    assert capsys.readouterr().out.splitlines()[1::2] == ["| CPU 0,2,4,6 |", "| CPU 1,3,5,7 |"]
