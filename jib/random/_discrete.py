"""Discrete distributions, and draws from what is there: choices and permutations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jib import dtypes, lax, numpy as jnp
from jib.core.algebra import algebra
from jib.core.tracing import aval_of, is_concrete
from jib.errors import ArgumentValueError, DTypeError, ShapeError, TracedShapeError
from jib.lax._shaping import canonical_axis
from jib.numpy._taking import take_in_bounds
from jib.passes.eager import compiled
from jib.random._arguments import broadcast_shape, canonical_shape, checked_dtype, fit, row, scalar
from jib.random._continuous import gumbel
from jib.random._keys import split
from jib.random._uniform import randint, random_bits, uniform
from jib.typing import Array, ArrayLike, DTypeLike, Shape

__all__ = ["bernoulli", "categorical", "choice", "geometric", "permutation", "rademacher"]


def bernoulli(
    key: ArrayLike, p: ArrayLike = 0.5, shape: Shape | None = None, mode: str = "low",
    *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """True with probability `p`, else False.

    `mode="high"` draws twice the bits, for probabilities close to 0.

    Raises:
        DTypeError: if `p` is not floating.
        ShapeError: if `p` does not broadcast to `shape`.
        ArgumentValueError: if `mode` is neither "low" nor "high".

    Example:
        >>> import jib
        >>> jib.random.bernoulli(jib.random.key(0), 0.3, (4,)).dtype
        dtype('bool')
    """
    ArgumentValueError.check("bernoulli", "mode", mode, ("low", "high"))
    dtype = aval_of(p).dtype
    if not dtypes.issubdtype(dtype, np.floating):
        raise DTypeError.accepts("random.bernoulli", dtype.name, "floating")
    return _bernoulli(key, p, broadcast_shape("bernoulli", shape, aval_of(p).shape), mode)


@compiled(static=("shape", "mode"))
def _bernoulli(key: Any, p: Any, shape: tuple, mode: str) -> Any:
    dtype = aval_of(p).dtype
    p = fit(p, shape, dtype)
    if mode == "low":
        return lax.lt(uniform(key, shape, dtype), p)
    pair = uniform(key, (2, *shape), dtype)
    finer = lax.mul(row(pair, 1), scalar(dtype, 2.0 ** -dtypes.finfo(dtype).nmant))
    return lax.lt(finer, lax.sub(p, row(pair, 0)))


def rademacher(
    key: ArrayLike, shape: Shape = (), dtype: DTypeLike | None = None, *, out_sharding: Any = None
) -> Array:
    """1 or -1, equally likely."""
    shape = canonical_shape("rademacher", shape)
    return _rademacher(key, shape, dtypes.parse(int if dtype is None else dtype))


@compiled(static=("shape", "dtype"))
def _rademacher(key: Any, shape: tuple, dtype: Any) -> Any:
    heads = bernoulli(key, scalar(dtypes.default_float_dtype(), 0.5), shape)
    return lax.select(heads, scalar(dtype, 1), scalar(dtype, -1))


def geometric(
    key: ArrayLike, p: ArrayLike, shape: Shape | None = None, dtype: DTypeLike | None = None,
    *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """How many tries it takes until the first success, of probability `p` in each."""
    shape = broadcast_shape("geometric", shape, aval_of(p).shape)
    return _geometric(key, p, shape, checked_dtype("geometric", dtype, "integer"))


@compiled(static=("shape", "dtype"))
def _geometric(key: Any, p: Any, shape: tuple, dtype: Any) -> Any:
    p = _floating(p)
    own = aval_of(p).dtype
    p = fit(p, shape, own)
    u = uniform(key, shape, own)
    u = lax.select(lax.eq(u, scalar(own, 0)), lax.full_like(u, 1), u)  # 1 is as likely as 0
    tries = lax.floor(lax.div(lax.log(u), lax.log1p(lax.neg(p))))
    return lax.convert_element_type(lax.add(tries, scalar(own, 1)), dtype)


# ------------------------------------------------------------------------------ categories


def categorical(
    key: ArrayLike, logits: ArrayLike, axis: int = -1, shape: Shape | None = None,
    replace: bool = True, mode: str | None = None, *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """Positions along `axis`, with probabilities given by their logarithms up to a constant.

    Args:
        key: a key.
        logits: unnormalised log-probabilities.
        axis: the axis of the categories.
        shape: shape of the result; it ends with the other axes of `logits`, and its leading axes
            count draws. By default one draw.
        replace: whether the draws of one result may repeat a category.
        mode: see `gumbel`.

    Raises:
        ShapeError: if `shape` does not end with the other axes of `logits`.
        ArgumentValueError: if there are more draws than categories without replacement.

    Source: the Gumbel-max trick; Gumbel, "Statistical theory of extreme values", 1954.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> logits = jnp.array([0.0, -jnp.inf])
        >>> jib.random.categorical(jib.random.key(0), logits, shape=(3,)).tolist()
        [0, 0, 0]
    """
    aval = aval_of(logits)
    axis = canonical_axis("categorical", axis, aval.ndim)
    rest = aval.shape[:axis] + aval.shape[axis + 1 :]
    shape = broadcast_shape("categorical", shape, rest)
    if not replace:
        count = math.prod(shape[: len(shape) - len(rest)])
        if count > aval.shape[axis]:
            raise ArgumentValueError(
                f"`categorical` cannot draw {count} of {aval.shape[axis]} categories without "
                "replacement",
                help="draws = jib.random.categorical(key, logits, shape=shape, replace=True)",
            )
    return _categorical(key, logits, axis, shape, bool(replace), mode)


@compiled(static=("axis", "shape", "replace", "mode"))
def _categorical(key: Any, logits: Any, axis: int, shape: tuple, replace: bool, mode: Any) -> Any:
    logits = _floating(logits)
    aval = aval_of(logits)
    rest = aval.ndim - 1
    prefix, tail = shape[: len(shape) - rest], shape[len(shape) - rest :]
    if not replace:
        noisy = lax.add(logits, gumbel(key, aval.shape, aval.dtype, mode))
        found = lax.top_k(algebra.moveaxis(noisy, axis, rest), math.prod(prefix))[1]
        return lax.reshape(algebra.moveaxis(found, rest, 0), shape)
    full = (*prefix, *tail[:axis], aval.shape[axis], *tail[axis:])
    noise = gumbel(key, full, aval.dtype, mode)
    noisy = lax.add(noise, fit(logits, full, aval.dtype))
    return lax.argmax(noisy, len(prefix) + axis, dtypes.default_int_dtype())


def _floating(x: Any) -> Any:
    """The values in a floating dtype, strong."""
    return lax.convert_element_type(x, dtypes.to_inexact_dtype(aval_of(x).dtype))


# ------------------------------------------------------------------- permutations, choices


def permutation(
    key: ArrayLike, x: int | ArrayLike, axis: int = 0, independent: bool = False,
    *, out_sharding: Any = None,
) -> Array:  # fmt: skip
    """The members of `x` along an axis (or the numbers below `x`) in random order.

    With `independent`, each line along the axis gets an order of its own.

    Raises:
        DTypeError: if `x` is a number but not an integer.
        AxisError: if there is no such axis.

    Example:
        >>> import jib
        >>> sorted(jib.random.permutation(jib.random.key(0), 4).tolist())
        [0, 1, 2, 3]
    """
    aval = aval_of(x)
    axis = canonical_axis("permutation", axis, aval.ndim or 1)
    if aval.ndim:
        return _permutation(key, x, axis, bool(independent))
    if not dtypes.issubdtype(aval.dtype, np.integer):
        raise DTypeError.accepts("random.permutation", aval.dtype.name, "an array or an integer")
    return _permuted_numbers(key, _count("permutation", x))


def _count(name: str, x: Any) -> int:
    """A number that shapes depend on."""
    if not is_concrete(x):
        if getattr(x, "concrete", None) is None:
            raise TracedShapeError(x)
        x = x.concrete
    return int(x)


@compiled(static=("count",))
def _permuted_numbers(key: Any, count: int) -> Any:
    return _shuffle(key, lax.iota(dtypes.default_int_dtype(), count), 0)


@compiled(static=("axis", "independent"))
def _permutation(key: Any, x: Any, axis: int, independent: bool) -> Any:
    aval = aval_of(x)
    if independent or aval.ndim == 1:
        return _shuffle(key, x, axis)
    return take_in_bounds(x, _permuted_numbers(key, aval.shape[axis]), axis)


def _shuffle(key: Any, x: Any, axis: int) -> Any:
    """Sort by random numbers, so often that ties in all rounds are out of the question.

    After r rounds with 32-bit numbers the expected number of ties among n is about n**2 / 2**32r;
    the rounds are chosen so that this is at most 1/n.
    """
    rounds = math.ceil(3 * math.log(max(1, aval_of(x).size)) / math.log(2**32 - 1))
    for _ in range(rounds):
        keys = split(key)
        key = row(keys, 0)
        order = random_bits("permutation", row(keys, 1), 32, aval_of(x).shape)
        x = lax.sort((order, x), dimension=axis, num_keys=1, is_stable=True)[1]
    return x


def choice(
    key: ArrayLike, a: int | ArrayLike, shape: Shape = (), replace: bool = True,
    p: ArrayLike | None = None, axis: int = 0, mode: str | None = None,
) -> Array:  # fmt: skip
    """Members of `a` along an axis (or of the numbers below `a`), drawn at random.

    Args:
        key: a key.
        a: an array, or an integer.
        shape: shape of the draws, which takes the place of `axis` in the result.
        replace: whether a member may be drawn again.
        p: probabilities of the members, of shape `(n,)`; equal by default.
        axis: the axis of the members.
        mode: see `gumbel`; used with `p` and without replacement.

    Raises:
        ArgumentValueError: if there is nothing to draw from, or not enough without replacement.
        ShapeError: if `p` is not of shape `(n,)`.

    Example:
        >>> import jib
        >>> jib.random.choice(jib.random.key(0), 5, (3,), replace=False).shape
        (3,)
    """
    shape = canonical_shape("choice", shape)
    aval = aval_of(a)
    members: Any = a
    if aval.ndim:
        axis = canonical_axis("choice", axis, aval.ndim)
        count = aval.shape[axis]
    else:
        count, members, axis = _count("choice", a), None, 0
    draws = math.prod(shape)
    if draws and count <= 0:
        raise ArgumentValueError("`choice` has nothing to draw from")
    if draws > count and not replace:
        raise ArgumentValueError(
            f"`choice` cannot draw {draws} of {count} members without replacement",
            help="drawn = jib.random.choice(key, a, shape, replace=True)",
        )
    if p is not None and aval_of(p).shape != (count,):
        raise ShapeError(f"`choice` of {count} members needs as many probabilities, but got {p}")
    return _choice(key, members, p, count, shape, bool(replace), axis, mode)


@compiled(static=("count", "shape", "replace", "axis", "mode"))
def _choice(
    key: Any, members: Any, p: Any, count: int, shape: tuple, replace: bool, axis: int, mode: Any
) -> Any:
    draws = math.prod(shape)
    integer = dtypes.default_int_dtype()
    if not draws:
        found = lax.full(shape, 0, integer)
    elif p is not None:
        found = _weighted(key, _floating(p), shape, replace, mode)
    elif replace:
        found = randint(key, shape, 0, count)
    elif members is None:
        found = lax.slice(_permuted_numbers(key, count), (0,), (draws,))
    else:
        # The whole array is permuted, as one draw of its first members.
        mixed = _permutation(key, members, axis, False)
        picked = lax.slice_in_dim(mixed, 0, draws, axis=axis)
        own = aval_of(members).shape
        return lax.reshape(picked, (*own[:axis], *shape, *own[axis + 1 :]))
    found = lax.reshape(found, shape)
    return found if members is None else take_in_bounds(members, found, axis)


def _weighted(key: Any, p: Any, shape: tuple, replace: bool, mode: Any) -> Any:
    dtype, count = aval_of(p).dtype, aval_of(p).size
    integer = dtypes.default_int_dtype()
    if not replace:
        noisy = lax.add(gumbel(key, (count,), dtype, mode), lax.log(p))
        return lax.convert_element_type(lax.top_k(noisy, math.prod(shape))[1], integer)
    sums = lax.cumsum(p)
    total = lax.reshape(lax.slice(sums, (count - 1,), (count,)), ())
    level = lax.mul(total, lax.sub(scalar(dtype, 1), uniform(key, shape, dtype)))
    # The first member whose sum reaches the level: as many as have smaller sums.
    return jnp.searchsorted(sums, level)
