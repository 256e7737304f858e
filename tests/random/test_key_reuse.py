"""Typed keys are used once: what is legal stays legal, and what repeats numbers is found.

The messages are in tests/diagnostics/keys.md.
"""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest

import jib
import jib.numpy as jnp
from jib import lax, random
from jib.errors import KeyReuseError

normal, split = random.normal, random.split


def key(seed=0):
    return random.key(seed)


def loss(w, k):
    return (jnp.sin(w) * normal(k, (3,))).sum()


def carry_body(k, _):
    k, own = split(k)
    return k, normal(own)


def fold_body(k):
    return lambda i, x: x + normal(random.fold_in(k, i))


def split_and_use():
    first, second = split(key())
    return normal(first) + normal(second)


def fold_in_many_and_the_parent_once():
    k = key()
    return sum(normal(random.fold_in(k, i)) for i in range(3)) + normal(k)


def clones():
    k = key()
    return normal(random.clone(k)) + normal(random.clone(k)) + normal(k)


def the_same_seed_again():
    return normal(key()) + normal(key())


def a_seed_inside_a_compiled_function():
    f = jib.jit(lambda x: x + normal(key()))
    return f(1.0) + f(2.0) + lax.fori_loop(0, 2, lambda i, x: x + normal(key()), 0.0)


def vmap_over_keys():
    return jib.vmap(normal)(split(key(), 3)).sum() + jib.jit(jib.vmap(normal))(split(key(), 3))


def vmap_over_no_keys():
    empty = split(key(), 0)
    return jib.vmap(normal)(empty), jib.jit(jib.vmap(normal))(empty), jib.vmap(normal)(empty)


def one_key_for_all_members():
    k1, k2, k3 = split(key(), 3)
    jib.vmap(lambda x: x + normal(k1))(jnp.ones(2))
    jib.vmap(lambda k, x: x + normal(k), (None, 0))(k2, jnp.ones(2))
    return jib.jit(jib.vmap(lambda k, x: x + normal(k), (None, 0)))(k3, jnp.ones(2))


def rows_eagerly():
    a, *rest = split(key(), 3)
    normal(a), jib.vmap(normal)(jnp.stack(rest))
    keys = split(key(), 6)
    normal(keys[0]), normal(keys[1]), normal(keys[-1]), jib.vmap(normal)(keys[2:5])
    keys = split(key(), (2, 2))
    return [normal(k) for row in keys for k in row], [normal(k) for k in split(key(), 3)]


def rows_in_a_program():
    def f(k):
        keys = split(k, (2, 3))
        row = keys[1]
        first, second, third = keys[0]
        last = jib.vmap(normal)(row[1:])
        return normal(first) + normal(second) + normal(third) + normal(row[0]) + last

    return jib.jit(f)(key()), f(key())


def rows_by_a_traced_index():
    @jib.jit
    def f(k, i):
        keys = split(k, 3)
        return normal(keys[i]) + normal(keys[(i + 1) % 3])

    return f(key(), 1)


def rows_under_vmap():
    f = jib.vmap(lambda row: normal(row[0]) + normal(row[1]))
    return f(split(key(), (2, 2))) + jib.jit(f)(split(key(), (2, 2)))


def scan_over_keys():
    def body(c, k):
        return c + normal(k), None

    return lax.scan(body, 0.0, split(key(), 4))[0] + lax.map(normal, split(key(), 3)).sum()


def scan_that_carries_a_key():
    return lax.scan(carry_body, key(), None, length=4)


def one_round():
    k = key()
    return lax.scan(lambda c, _: (c + normal(k), None), 0.0, None, length=1)


def loops_that_fold_in():
    k = key()
    lax.fori_loop(0, 3, fold_body(k), 0.0)
    return lax.fori_loop(0, 3, fold_body(k), 0.0)


def while_loops():
    def body(state):
        k, own = split(state[0])
        return k, state[1] + random.uniform(own)

    def until(n, k):
        return lax.while_loop(lambda s: s[1] < n, body, (k, 0.0))[1]

    until(2.0, key())
    jib.jvp(lambda n: until(n, key()), (2.0,), (1.0,))
    jib.vmap(until)(jnp.arange(2.0), split(key()))
    return jib.jit(jib.vmap(until))(jnp.arange(2.0), split(key()))


def branches():
    def f(p, k):
        return lax.cond(p, lambda k: normal(k), lambda k: random.uniform(k), k)

    f(True, key()), jib.jit(f)(True, key())
    jib.vmap(f)(jnp.array([True, False]), split(key()))
    jib.jit(jib.vmap(f, (0, None)))(jnp.array([True, False]), key())
    return lax.switch(1, [normal, random.uniform, normal], key())


def gradients():
    jib.grad(loss)(1.0, key()), jib.jit(jib.grad(loss))(1.0, key())
    jib.grad(jib.jit(loss))(1.0, key())
    jib.jit(jib.vmap(jib.grad(jib.jit(loss)), (None, 0)))(1.0, split(key()))
    k1, k2 = split(key())
    jib.hessian(lambda w: loss(w, k1))(1.0)
    return jib.jit(jib.hessian(lambda w: loss(w, k2)))(1.0)


def pullbacks_called_often():
    k1, k2 = split(key())
    _, back = jib.vjp(lambda w: loss(w, k1), 1.0)
    _, ahead = jib.linearize(lambda w: loss(w, k2), 1.0)
    return back(1.0), back(2.0), ahead(1.0), ahead(2.0)


def recomputation():
    again = jib.checkpoint(loss)
    jib.grad(again)(1.0, key()), jib.jit(jib.grad(again))(1.0, key())
    k1, k2 = split(key())
    jib.grad(lambda w: jib.checkpoint(lambda w: loss(w, k1))(w))(1.0)
    policy = jib.checkpoint_policies.dots_saveable
    return jib.jit(jib.grad(jib.checkpoint(lambda w: loss(w, k2), policy=policy)))(1.0)


def dropout_layers():
    def layer(x, k):
        return jnp.tanh(x) * random.bernoulli(k, 0.5, x.shape), None

    def model(x, k):
        return lax.scan(jib.checkpoint(layer), x, split(k, 3))[0].sum()

    jib.grad(model)(jnp.ones(3), key())
    return jib.jit(jib.vmap(jib.grad(model)))(jnp.ones((2, 3)), split(key()))


def rules_of_ones_own():
    @jib.custom_jvp
    def f(x, k):
        return x * normal(k)

    f.defjvp(lambda primals, tangents: (f(*primals), tangents[0]))

    @jib.custom_vjp
    def g(x, k):
        return x * normal(k)

    g.defvjp(lambda x, k: (g(x, k), None), lambda _, ct: (ct, None))
    return [t(jib.grad(h))(1.0, key()) for h in (f, g) for t in (lambda u: u, jib.jit)]


def looking_at_a_program():
    k = key()
    f = jib.jit(loss)
    f.lower(1.0, k).compile(), f.trace(1.0, k), f.eval_shape(1.0, k)
    jib.eval_shape(loss, 1.0, k), jib.make_jaxpr(loss)(1.0, k)
    return f(1.0, k)


def a_compiled_program():
    compiled = jib.jit(loss).lower(1.0, key()).compile()
    return compiled(1.0, key()) + compiled(1.0, key())


def without_jit():
    with jib.disable_jit():
        first, second = split(key())
        lax.scan(carry_body, key(), None, length=2)
        return jib.jit(loss)(1.0, first) + jib.jit(loss)(1.0, second)


def a_state_with_a_key():
    @jib.jit
    def step(state, x):
        k, own = split(state["key"])
        return {"key": k, "n": state["n"] + 1}, x + normal(own)

    state = {"key": key(), "n": 0}
    for _ in range(3):
        state, _ = step(state, 1.0)
    return state


def keys_that_pass_through():
    f = jib.jit(lambda k, x: (k, x + 1))
    k = key()
    k, x = f(k, 1.0)
    k, x = f(k, x)
    return normal(k) + x


def a_static_switch():
    f = jib.jit(lambda k, train: normal(k) if train else 1.0, static_argnames="train")
    k = key()
    return f(k, train=False) + f(k, train=False) + f(k, train=True)


def looking_at_a_key():
    k = key()
    str(k), k == k, random.key_data(k), jib.tree.map(lambda x: x, {"k": k}), jib.device_put(k)
    jib.debug.print("{}", random.key_data(k))
    return normal(k)


def raw_keys():
    k = random.PRNGKey(0)
    return normal(k) + normal(k)


def every_sampler():
    shape = {"shape": (2,)}
    k = iter(split(key(), 12))
    random.permutation(next(k), 4), random.choice(next(k), 4, (2,)), random.ball(next(k), 3)
    random.randint(next(k), (2,), 0, 5), random.categorical(next(k), jnp.zeros(3))
    random.truncated_normal(next(k), -1, 1, **shape), random.rayleigh(next(k), 1.0, **shape)
    return jib.nn.initializers.glorot_normal(dtype="complex64")(next(k), (2, 2))


LEGAL = [
    f
    for name, f in list(globals().items())
    if callable(f) and f.__module__ == __name__ and not f.__code__.co_argcount and name != "key"
]


@pytest.mark.parametrize("idiom", LEGAL, ids=lambda f: f.__name__)
def test_no_false_alarm(idiom):
    idiom()


# ----------------------------------------------------------------------------- what is found


def rows_of_a_reshaped_array():
    keys = split(key(), 4)
    normal(keys.reshape(2, 2)[0, 1]), normal(keys[1])


def a_row_and_the_rest():
    keys = split(key(), 4)
    normal(keys[-1]), jib.vmap(normal)(keys[2:])


def a_row_twice_in_a_program():
    def f(k):
        keys = split(k, 3)
        return normal(keys[0]) + normal(keys[1]) + normal(keys[0])

    jib.jit(f)(key())


def a_compiled_program_twice():
    compiled = jib.jit(loss).lower(1.0, key()).compile()
    k = key()
    compiled(1.0, k), compiled(1.0, k)


def twice_without_jit():
    with jib.disable_jit():
        k = key()
        normal(k), normal(k)


def under_a_gradient():
    k = key()
    jib.grad(loss)(1.0, k), jib.grad(loss)(1.0, k)


def under_vmap():
    keys = split(key())
    f = jib.vmap(jib.jit(normal))
    f(keys), f(keys)


def keys_scanned_twice():
    keys = split(key(), 4)
    for _ in range(2):
        lax.scan(lambda c, k: (c + normal(k), None), 0.0, keys)


def a_result_that_was_used_inside():
    @jib.jit
    def step(k):
        k, _ = split(k)
        return k, normal(k)

    k, _ = step(key())
    step(k)


def a_used_key_that_came_back():
    k, _ = jib.jit(lambda k: (k, normal(k)))(key())
    normal(k)


def in_a_while_loop():
    k = key()
    lax.while_loop(lambda x: x < 9, lambda x: x + 1 + random.uniform(k), 0.0)


def across_branches_and_after():
    def f(p, k):
        return lax.cond(p, normal, lambda k: 0.0, k) + normal(k)

    jib.jit(f)(True, key())


def in_a_checkpoint():
    def f(k):
        return jib.checkpoint(lambda: normal(k))() + normal(k)

    jib.jit(f)(key())


FOUND = [
    f
    for f in list(globals().values())
    if callable(f) and getattr(f, "__module__", "") == __name__ and f.__code__.co_argcount == 0
    if f not in LEGAL and f is not key
]  # fmt: skip


@pytest.mark.parametrize("mistake", FOUND, ids=lambda f: f.__name__)
def test_second_use_is_found(mistake):
    with pytest.raises(KeyReuseError, match="was already used"):
        mistake()


def test_the_option_asks_for_less():
    @jib.jit
    def twice(k):
        return normal(k) + normal(k)

    k = key()
    with jib.debug_key_reuse("off"):
        assert normal(k) == normal(k)
        twice(k)
    with jib.debug_key_reuse("warn"), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        normal(k), normal(k), twice(key())
    assert ["J402" in str(w.message) for w in said] == [True, True]
    with pytest.raises(KeyReuseError):
        twice(key())
    with jib.debug_key_reuse(False):
        assert jib.config.jib_key_reuse == jib.config.jax_debug_key_reuse == "off"


def test_copies_are_new_keys():
    """A key that was used can be stored; where it comes back from there, it is a new one."""
    k = key()
    expected = normal(k)
    assert normal(pickle.loads(pickle.dumps(k))) == normal(copy.deepcopy(k)) == expected
