"""Traced values that outlive their trace, by every way out of a function."""

import functools
import threading

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib.errors import LeakedTracerError

kept = None


def by_global(x):
    global kept
    kept = x * 2
    return x


def take_global():
    return kept


class Holder:
    value = None


def by_attribute(x):
    Holder.value = x * 2
    return x


def by_closure():
    cell = None

    def function(x):
        nonlocal cell
        cell = x * 2
        return x

    return function, lambda: cell


@functools.lru_cache
def cached_table(n):
    return current[-1] * n


current: list = []


def by_cache(x):
    current.append(x)
    return cached_table(3)


def by_generator():
    made = []

    def function(x):
        made.append(y * x for y in range(3))
        return x

    return function, lambda: next(made[-1])


def by_thread():
    queue: list = []

    def function(x):
        thread = threading.Thread(target=queue.append, args=(x * 2,))
        thread.start()
        thread.join()
        return x

    return function, lambda: queue[-1]


ROUTES = {
    "global": lambda: (by_global, take_global),
    "attribute": lambda: (by_attribute, lambda: Holder.value),
    "closure": by_closure,
    "lru_cache": lambda: (by_cache, lambda: cached_table(3)),
    "generator": by_generator,
    "thread": by_thread,
}


@pytest.mark.parametrize("transform", [jib.jit, jib.grad, jib.vmap], ids=["jit", "grad", "vmap"])
@pytest.mark.parametrize("route", ROUTES)
def test_routes(route, transform):
    cached_table.cache_clear()
    function, take = ROUTES[route]()
    transform(function)(np.ones(2, np.float32) if transform is jib.vmap else 1.0)
    with pytest.raises(LeakedTracerError, match="is used after"):
        jnp.sin(take() + 1)


def leak(transform=jib.jit):
    function, take = by_closure()
    transform(function)(np.ones(2, np.float32) if transform is jib.vmap else 1.0)
    return take()


@pytest.mark.parametrize("transform", [jib.jit, jib.grad, jib.vmap], ids=["jit", "grad", "vmap"])
@pytest.mark.parametrize(
    "use",
    [
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: jnp.ones(3) * x,
        lambda x: np.ones(3, np.float32) * x,
        lambda x: x.sum(),
        lambda x: jib.jit(lambda y: y)(x),
        lambda x: jib.jit(lambda y: y * x)(1.0),
        lambda x: jib.grad(lambda y: y * x)(1.0),
        lambda x: jib.vmap(lambda y: y * x)(jnp.ones(2)),
        lambda x: jnp.stack([x, x]),
        lambda x: jib.jit(lambda t: t)({"a": x}),
    ],
    ids=range(11),
)
def test_uses(use, transform):
    x = leak(transform)
    with pytest.raises(LeakedTracerError):
        use(x)
    assert float(jnp.float32(1) + 1) == 2.0  # no trace is left behind


def test_the_message_names_the_function_and_the_line():
    with pytest.raises(LeakedTracerError) as caught:
        leak() + 1
    text = str(caught.value)
    assert "kept in the variable `cell` around `function`, is used after `function`" in text
    assert "cell = x * 2" in text
    assert "help: return the value from `function`" in text


def test_what_a_leaked_value_still_says():
    x = leak()
    assert (x.shape, x.dtype, x.ndim) == ((), np.float32, 0)
    assert "float32[]" in repr(x)
