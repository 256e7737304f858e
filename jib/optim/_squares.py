"""Transformations that divide updates by sums and means of squares: AdaGrad, RMSProp and kin."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import jib.numpy as jnp
from jib import lax, tree
from jib.errors import DTypeError
from jib.optim._base import GradientTransformation, Number, Params, Updates, required
from jib.optim._hyper import hyperparameters
from jib.optim._moments import real_like, zero_count
from jib.optim._numerics import safe_increment
from jib.optim._scalars import scalar
from jib.optim._trees import (
    abs_sq,
    bias_correction,
    like,
    tree_update_moment,
    tree_update_moment_per_elem_norm,
    tree_zeros_like,
)
from jib.typing import Array

__all__ = [
    "FactoredState", "ScaleByAdaDeltaState", "ScaleByRStdDevState", "ScaleByRStdDevWithCountState",
    "ScaleByRmsState", "ScaleByRmsWithCountState", "ScaleByRssState", "ScaleBySM3State",
    "scale_by_adadelta", "scale_by_factored_rms", "scale_by_rms", "scale_by_rss", "scale_by_sm3",
    "scale_by_stddev",
]  # fmt: skip


# Without bias correction by default -----------------------------------------------------------


class ScaleByRssState(NamedTuple):
    """Sum of all squared gradients."""

    sum_of_squares: Any
    hyper: Any = ()


def scale_by_rss(
    initial_accumulator_value: Number = 0.1, eps: Number = 1e-07
) -> GradientTransformation:
    """Divide by the root of the sum of all squared gradients. Duchi et al., "AdaGrad", 2011."""

    def init(params: Params) -> ScaleByRssState:
        return ScaleByRssState(real_like(params, initial_accumulator_value))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        sums = tree.map(lambda g, s: abs_sq(g) + s, updates, state.sum_of_squares)
        updates = tree.map(lambda g, s: _inverse_root(s, h.eps) * g, updates, sums)
        return updates, ScaleByRssState(sums)

    return hyperparameters(init, update, eps=eps)


def _inverse_root(x: Array, eps: Any) -> Array:
    return jnp.where(x > 0, lax.rsqrt(x + eps(x)), 0)


class ScaleByRmsState(NamedTuple):
    """Mean of squared gradients."""

    nu: Any
    hyper: Any = ()


class ScaleByRmsWithCountState(NamedTuple):
    """Number of steps, and the mean of squared gradients."""

    count: Any
    nu: Any
    hyper: Any = ()


class ScaleByRStdDevState(NamedTuple):
    """Means of gradients and of their squares."""

    mu: Any
    nu: Any
    hyper: Any = ()


class ScaleByRStdDevWithCountState(NamedTuple):
    """Number of steps, means of gradients and of their squares."""

    count: Any
    mu: Any
    nu: Any
    hyper: Any = ()


def _scale_by_spread(
    centered: bool, decay: Number, eps: Number, initial_scale: Number, eps_in_sqrt: bool,
    unbiased: bool,
) -> GradientTransformation:  # fmt: skip
    """RMSProp: divide by the root mean square, or the standard deviation if `centered`."""
    plain, counted = (
        (ScaleByRStdDevState, ScaleByRStdDevWithCountState)
        if centered
        else (ScaleByRmsState, ScaleByRmsWithCountState)
    )

    def build(count: Array | None, *moments: Any) -> Any:
        return plain(*moments) if count is None else counted(count, *moments)

    def init(params: Params) -> Any:
        means = (tree_zeros_like(params),) if centered else ()
        return build(zero_count() if unbiased else None, *means, real_like(params, initial_scale))

    def spread(g: Array, v: Array, m: Array | None, h: Any) -> Array:
        variance = v if m is None else v - abs_sq(m)
        if eps_in_sqrt:
            return lax.rsqrt(variance + h.eps(v)) * g
        return 1 / (jnp.sqrt(variance) + h.eps(v)) * g

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        count = safe_increment(state.count) if unbiased else None
        nu = tree_update_moment_per_elem_norm(updates, state.nu, h.decay.wide, 2)
        moments = (nu,)
        if centered:
            moments = (tree_update_moment(updates, state.mu, h.decay.wide, 1), nu)
        state = build(count, *moments)
        if count is not None:
            moments = tuple(bias_correction(x, h.decay.wide, count) for x in moments)
        if centered:
            updates = tree.map(lambda g, m, v: spread(g, v, m, h), updates, *moments)
        else:
            updates = tree.map(lambda g, v: spread(g, v, None, h), updates, *moments)
        return updates, state

    return hyperparameters(init, update, decay=decay, eps=eps)


def scale_by_rms(
    decay: Number = 0.9, eps: Number = 1e-08, initial_scale: Number = 0.0,
    eps_in_sqrt: bool = True, bias_correction: bool = False,
) -> GradientTransformation:  # fmt: skip
    """Divide by the root mean square of past gradients. Tieleman and Hinton, "RMSProp", 2012.

    Args:
      decay: weight of the past.
      eps: added under the root, or to it.
      initial_scale: what the mean starts with.
      eps_in_sqrt: where `eps` is added.
      bias_correction: divide out what the mean starts with.
    """
    return _scale_by_spread(False, decay, eps, initial_scale, eps_in_sqrt, bias_correction)


def scale_by_stddev(
    decay: Number = 0.9, eps: Number = 1e-08, initial_scale: Number = 0.0,
    eps_in_sqrt: bool = True, bias_correction: bool = False,
) -> GradientTransformation:  # fmt: skip
    """Divide by the standard deviation of past gradients; arguments as in `scale_by_rms`.

    Graves, "Generating sequences with recurrent neural networks", 2013.
    """
    return _scale_by_spread(True, decay, eps, initial_scale, eps_in_sqrt, bias_correction)


class ScaleByAdaDeltaState(NamedTuple):
    """Means of squared gradients and of squared updates."""

    e_g: Any
    e_x: Any
    hyper: Any = ()


def scale_by_adadelta(rho: Number = 0.9, eps: Number = 1e-06) -> GradientTransformation:
    """Scale by past updates over past gradients. Zeiler, "ADADELTA", 2012."""

    def init(params: Params) -> ScaleByAdaDeltaState:
        return ScaleByAdaDeltaState(tree_zeros_like(params), tree_zeros_like(params))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        squares = tree_update_moment(updates, state.e_g, h.rho.wide, 2)

        def rescale(g: Array, square: Array, past: Array) -> Array:
            eps = h.eps(g)
            return jnp.sqrt(past + eps) / jnp.sqrt(square + eps) * g

        updates = tree.map(rescale, updates, squares, state.e_x)
        steps = tree_update_moment(updates, state.e_x, h.rho.wide, 2)
        return updates, ScaleByAdaDeltaState(squares, steps)

    return hyperparameters(init, update, rho=rho, eps=eps)


# With less memory ----------------------------------------------------------------------------


class ScaleBySM3State(NamedTuple):
    """For each leaf one accumulator per axis, and the momentum."""

    mu: Any
    nu: Any
    hyper: Any = ()


def scale_by_sm3(b1: Number = 0.9, b2: Number = 1.0, eps: Number = 1e-08) -> GradientTransformation:
    """AdaGrad with one accumulator per row and column. Anil et al., "SM3", 2019.

    Raises:
      DTypeError: a parameter is complex.
    """

    def others(axis: int, rank: int) -> tuple[int, ...]:
        return tuple(i for i in range(rank) if i != axis)

    def init(params: Params) -> ScaleBySM3State:
        if any(jnp.iscomplexobj(leaf) for leaf in tree.leaves(params)):
            raise DTypeError(
                "scale_by_sm3 takes real parameters, and some are complex",
                help="optim.contrib.split_real_and_imaginary makes them pairs of real ones",
            )
        mu = tree.map(lambda p: [jnp.zeros(size, p.dtype) for size in p.shape], params)
        return ScaleBySM3State(mu, tree_zeros_like(params))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        rest = scalar(jnp.where(h.b2.wide == 1, 1, 1 - h.b2.wide), updates)

        def accumulate(g: Array, rows: list[Array]) -> Array:
            spread = [jnp.expand_dims(r, others(i, g.ndim)) for i, r in enumerate(rows)]
            least = functools.reduce(jnp.minimum, spread) if spread else 0  # rank 0 keeps nothing
            return rest(g) * g**2 + h.b2(g) * least

        def cover(sums: Array) -> list[Array]:
            if sums.ndim < 2:
                return [sums] * sums.ndim
            return [jnp.max(sums, axis=others(i, sums.ndim)) for i in range(sums.ndim)]

        sums = tree.map(accumulate, updates, state.mu)
        updates = tree.map(lambda g, s: g * _inverse_root(s, h.eps), updates, sums)
        nu = tree_update_moment(updates, state.nu, h.b1.wide, 1)
        return nu, ScaleBySM3State(tree.map(cover, sums), nu)

    return hyperparameters(init, update, b1=b1, b2=b2, eps=eps)


class FactoredState(NamedTuple):
    """Number of steps; row and column means of squares, or the squares where not factored."""

    count: Any
    v_row: Any
    v_col: Any
    v: Any
    hyper: Any = ()


def _decay_rate_pow(i: Number, exponent: Number = 0.8) -> Array:
    """`1 - (i + 1) ** -exponent`. Shazeer and Stern, "Adafactor", 2018, section 7.2."""
    step = jnp.asarray(i + 1).astype(jnp.float32)
    return 1.0 - step ** (-like(exponent, step))


def _factored_axes(shape: tuple[int, ...], factored: bool, least: int) -> tuple[int, int] | None:
    """The second longest and the longest axis, when the former has at least `least` entries."""
    if not factored or len(shape) < 2:
        return None
    order = np.argsort(shape)
    return (int(order[-2]), int(order[-1])) if shape[order[-2]] >= least else None


def scale_by_factored_rms(
    factored: bool = True, decay_rate: Number = 0.8, step_offset: int = 0,
    min_dim_size_to_factor: int = 128, epsilon: Number = 1e-30,
    decay_rate_fn: Callable[[Any, Any], Any] = _decay_rate_pow,
) -> GradientTransformation:  # fmt: skip
    """Divide by the root mean square, kept as one row and one column for large leaves.

    Args:
      factored: False keeps all entries.
      decay_rate: handed to `decay_rate_fn`.
      step_offset: subtracted from the step, to start the schedule anew in fine-tuning.
      min_dim_size_to_factor: leaves with two axes of this size are factored.
      epsilon: added to the squares.
      decay_rate_fn: `(step, decay_rate) -> weight of the past`.

    Shazeer and Stern, "Adafactor", 2018.
    """

    def axes_of(p: Array) -> tuple[int, int] | None:
        return _factored_axes(p.shape, factored, min_dim_size_to_factor)

    def start(p: Array) -> tuple[Array, Array, Array]:
        axes, unused = axes_of(p), jnp.zeros(1, p.dtype)
        if axes is None:
            return unused, unused, jnp.zeros_like(p)
        row, col = (jnp.zeros(np.delete(p.shape, axis), p.dtype) for axis in axes[::-1])
        return row, col, unused

    def init(params: Params) -> FactoredState:
        triples = [start(p) for p in tree.leaves(params)]
        columns = ([triple[i] for triple in triples] for i in range(3))
        treedef = tree.structure(params)
        row, col, v = (tree.unflatten(treedef, column) for column in columns)
        return FactoredState(zero_count(), row, col, v)

    def step(g: Array, *args: Any) -> Any:
        row, col, v, p, rate, h = args

        def mean(old: Array, new: Array) -> Array:
            weight = like(rate, old)
            return (weight * old + (1.0 - weight) * new).astype(p.dtype)

        square = abs_sq(g)
        square = square + h.epsilon(square)
        axes = axes_of(p)
        if axes is None:
            v = mean(v, square)
            return g * lax.rsqrt(v), row, col, v
        short, long = axes
        row, col = mean(row, jnp.mean(square, long)), mean(col, jnp.mean(square, short))
        reduced = short - 1 if short > long else short
        row_factor = lax.rsqrt(row / jnp.mean(row, axis=reduced, keepdims=True))
        col_factor = jnp.expand_dims(lax.rsqrt(col), short)
        return g * jnp.expand_dims(row_factor, long) * col_factor, row, col, v

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        required(params, "scale_by_factored_rms")
        rate = decay_rate_fn(state.count - step_offset, h.decay_rate.wide)
        treedef = tree.structure(updates)
        leaves = (
            treedef.flatten_up_to(part)
            for part in (updates, state.v_row, state.v_col, state.v, params)
        )
        results = [step(g, *rest, rate, h) for g, *rest in zip(*leaves, strict=True)]
        columns = (tree.unflatten(treedef, [r[i] for r in results]) for i in range(4))
        updates, row, col, v = columns
        return updates, FactoredState(safe_increment(state.count), row, col, v)

    return hyperparameters(init, update, decay_rate=decay_rate, epsilon=epsilon)
