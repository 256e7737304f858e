"""`pure_callback` and `io_callback`: values from Python functions that run on the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jib.core.effects import io_effect, ordered_io_effect
from jib.core.sources import api_boundary
from jib.errors import NotAvailableError
from jib.lax._callbacks import call_host, check_method

__all__ = ["io_callback", "pure_callback"]


@api_boundary
def pure_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    sharding: Any = None,
    vmap_method: str | None = None,
    **kwargs: Any,
) -> Any:
    """The result of a Python function that has no side effects, as part of a program.

    The function may be called any number of times, also never, so it should only compute.

    Args:
        callback: a function of trees of NumPy arrays.
        result_shape_dtypes: what it returns: a tree of things with a `shape` and a `dtype`.
        args, kwargs: its arguments, trees of arrays.
        sharding: not used; a program on several devices calls it once, with the whole arrays.
        vmap_method: how it takes a batch. `"sequential"` (or `"sequential_unrolled"`) calls it once
            for each member. The others call it once, and it returns a leading batch axis:
            `"expand_dims"` with a leading axis for each argument, of length 1 where the members
            share it, and `"broadcast_all"` with that axis always in full length.

    Raises:
        CallbackError: when the program runs, if the function raised an error or returned other
            shapes, dtypes or containers than announced.
        NoDerivativeError: if it is differentiated.
        EffectError: under `vmap` without a `vmap_method`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> import numpy as np
        >>> @jib.jit
        ... def f(x):
        ...     return jib.pure_callback(np.cumsum, x, x)
        >>> f(jnp.arange(4)).tolist()
        [0, 1, 3, 6]
    """
    check_method(vmap_method)
    _check_sharding("pure_callback", sharding)
    announced = result_shape_dtypes
    return call_host("jib.pure_callback", callback, announced, args, kwargs, None, vmap_method)


@api_boundary
def io_callback(
    callback: Callable[..., Any],
    result_shape_dtypes: Any,
    *args: Any,
    sharding: Any = None,
    ordered: bool = False,
    **kwargs: Any,
) -> Any:
    """The result of a Python function with side effects, called exactly once in each run.

    With `ordered=True` calls happen in the order of the program, also across programs. Without,
    `vmap` calls it for each member of the batch. `jib.effects_barrier()` waits for all calls.

    Args:
        callback: a function of trees of NumPy arrays.
        result_shape_dtypes: what it returns: a tree of things with a `shape` and a `dtype`; None
            for nothing.
        args, kwargs: its arguments, trees of arrays.
        sharding: not used.
        ordered: whether to keep the order among ordered calls.

    Raises:
        CallbackError: when the program runs, if the function raised an error or returned other
            shapes, dtypes or containers than announced.
        NoDerivativeError: if it is differentiated.
        EffectError: for `ordered=True` under `vmap`, or on several devices.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib.experimental import io_callback
        >>> seen = []
        >>> @jib.jit
        ... def f(x):
        ...     io_callback(lambda x: seen.append(float(x)), None, x, ordered=True)
        ...     return x + 1
        >>> y = f(jnp.float32(1))
        >>> jib.effects_barrier()
        >>> seen
        [1.0]
    """
    _check_sharding("io_callback", sharding)
    effect = ordered_io_effect if ordered else io_effect
    announced = result_shape_dtypes
    return call_host(
        "jib.experimental.io_callback", callback, announced, args, kwargs, effect, "sequential"
    )


def _check_sharding(name: str, sharding: Any) -> None:
    if sharding is not None:
        raise NotAvailableError(
            f"{name}(sharding=...)", "no sharding: the function is called once, with whole arrays"
        )
