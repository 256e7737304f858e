"""Transformations that divide updates by running moments of the gradients: Adam and its kin."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import tree
from jib.errors import ArgumentValueError
from jib.optim._base import (
    GradientTransformation,
    Number,
    Params,
    ScalarOrSchedule,
    Updates,
    required,
)
from jib.optim._hyper import hyperparameters
from jib.optim._numerics import safe_increment
from jib.optim._scalars import scalar
from jib.optim._trees import (
    abs_sq,
    bias_correction,
    tree_cast,
    tree_full_like,
    tree_update_infinity_moment,
    tree_update_moment,
    tree_update_moment_per_elem_norm,
    tree_zeros_like,
)
from jib.typing import Array, DTypeLike

__all__ = [
    "ScaleByAdamState", "ScaleByAdanState", "ScaleByAmsgradState", "ScaleByBeliefState",
    "ScaleByLionState", "ScaleByNovogradState", "scale_by_adam", "scale_by_adamax", "scale_by_adan",
    "scale_by_amsgrad", "scale_by_belief", "scale_by_lion", "scale_by_novograd", "scale_by_radam",
    "scale_by_yogi",
]  # fmt: skip


def zero_count() -> Array:
    return jnp.zeros((), jnp.int32)


def real_like(params: Params, value: Number = 0.0) -> Params:
    """One value in the shapes of the parameters; real where they are complex."""
    return tree_full_like(tree.map(jnp.real, params), value)


def _first_moment(
    mu: Updates, updates: Updates, b1: Any, count: Array, nesterov: bool = False
) -> Updates:
    """The unbiased first moment, of the next step if `nesterov`. Dozat, "Nadam", 2016."""
    if not nesterov:
        return bias_correction(mu, b1.wide, count)
    ahead = bias_correction(mu, b1.wide, safe_increment(count))
    return tree_update_moment(bias_correction(updates, b1.wide, count), ahead, b1.wide, 1)


def _divide(mu: Updates, nu: Updates, h: Any, root: bool = True) -> Updates:
    """`mu / (sqrt(nu + eps_root) + eps)`, or without `eps_root`."""

    def divide(m: Array, v: Array) -> Array:
        return m / (jnp.sqrt(v + h.eps_root(v) if root else v) + h.eps(v))

    return tree.map(divide, mu, nu)


# Adam and variants ---------------------------------------------------------------------------


class ScaleByAdamState(NamedTuple):
    """Number of steps, first and second moment."""

    count: Any
    mu: Any
    nu: Any
    hyper: Any = ()


class ScaleByBeliefState(NamedTuple):
    """Number of steps, first moment, and variance around it."""

    count: Any
    mu: Any
    nu: Any
    hyper: Any = ()


class ScaleByAmsgradState(NamedTuple):
    """Number of steps, first and second moment, and the greatest second moment so far."""

    count: Any
    mu: Any
    nu: Any
    nu_max: Any
    hyper: Any = ()


def _start_moments(mu_dtype: DTypeLike | None = None) -> Callable[[Params], ScaleByAdamState]:
    return lambda params: ScaleByAdamState(
        zero_count(), tree_zeros_like(params, mu_dtype), real_like(params)
    )


def scale_by_adam(
    b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08, eps_root: Number = 0.0,
    mu_dtype: DTypeLike | None = None, *, nesterov: bool = False,
) -> GradientTransformation:  # fmt: skip
    """Divide the mean of past gradients by the root of the mean of their squares.

    Args:
      b1: weight of the past in the first moment.
      b2: weight of the past in the second moment.
      eps: added to the root.
      eps_root: added under the root; makes derivatives through the optimizer finite.
      mu_dtype: dtype in which the first moment is kept; None is that of the parameters.
      nesterov: look one step ahead.

    Kingma and Ba, "Adam: a method for stochastic optimization", 2015.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> transform = optim.scale_by_adam()
        >>> updates, state = transform.update(jnp.ones(2), transform.init(jnp.ones(2)))
        >>> state.mu.tolist(), int(state.count)
        ([0.10000000149011612, 0.10000000149011612], 1)
    """

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        mu = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        nu = tree_update_moment_per_elem_norm(updates, state.nu, h.b2.wide, 2)
        count = safe_increment(state.count)
        mean = _first_moment(mu, updates, h.b1, count, nesterov)
        updates = _divide(mean, bias_correction(nu, h.b2.wide, count), h)
        return updates, ScaleByAdamState(count, tree_cast(mu, mu_dtype), nu)

    return hyperparameters(
        _start_moments(mu_dtype), update, b1=b1, b2=b2, eps=eps, eps_root=eps_root
    )


def scale_by_amsgrad(
    b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08, eps_root: Number = 0.0,
    mu_dtype: DTypeLike | None = None, bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
) -> GradientTransformation:  # fmt: skip
    """Adam with the greatest second moment so far. Reddi et al., "Convergence of Adam", 2018.

    Arguments as in `scale_by_adam`; the last two say which moments are made unbiased.
    """

    def init(params: Params) -> ScaleByAmsgradState:
        mu = tree_zeros_like(params, mu_dtype)
        return ScaleByAmsgradState(zero_count(), mu, real_like(params), real_like(params))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        mu = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        nu = tree_update_moment_per_elem_norm(updates, state.nu, h.b2.wide, 2)
        count = safe_increment(state.count)
        mean = bias_correction(mu, h.b1.wide, count) if bias_correction_mu else mu
        square = bias_correction(nu, h.b2.wide, count) if bias_correction_nu else nu
        greatest = tree.map(jnp.maximum, state.nu_max, square)
        state = ScaleByAmsgradState(count, tree_cast(mu, mu_dtype), nu, greatest)
        return _divide(mean, greatest, h), state

    return hyperparameters(init, update, b1=b1, b2=b2, eps=eps, eps_root=eps_root)


def scale_by_adamax(
    b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08
) -> GradientTransformation:
    """Adam with the infinity norm for the second moment. Kingma and Ba, 2015, section 7."""

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        count = safe_increment(state.count)
        mu = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        nu = tree_update_infinity_moment(updates, state.nu, h.b2.wide, h.eps.wide)
        updates = tree.map(lambda m, v: m / v, bias_correction(mu, h.b1.wide, count), nu)
        return updates, ScaleByAdamState(count, mu, nu)

    return hyperparameters(_start_moments(), update, b1=b1, b2=b2, eps=eps)


def scale_by_belief(
    b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-16, eps_root: Number = 1e-16, *,
    nesterov: bool = False,
) -> GradientTransformation:  # fmt: skip
    """Adam with the variance of gradients around their mean.

    Zhuang et al., "AdaBelief optimizer", 2020.
    """

    def init(params: Params) -> ScaleByBeliefState:
        return ScaleByBeliefState(zero_count(), tree_zeros_like(params), real_like(params))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        mu = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        error = tree.map(lambda g, m: g - m, updates, mu)
        nu = tree_update_moment_per_elem_norm(error, state.nu, h.b2.wide, 2)
        nu = tree.map(lambda v: v + h.eps_root(v), nu)
        count = safe_increment(state.count)
        mean = _first_moment(mu, updates, h.b1, count, nesterov)
        updates = _divide(mean, bias_correction(nu, h.b2.wide, count), h, root=False)
        return updates, ScaleByBeliefState(count, mu, nu)

    return hyperparameters(init, update, b1=b1, b2=b2, eps=eps, eps_root=eps_root)


def scale_by_yogi(
    b1: Number = 0.9, b2: Number = 0.999, eps: Number = 0.001, eps_root: Number = 0.0,
    initial_accumulator_value: Number = 1e-06,
) -> GradientTransformation:  # fmt: skip
    """Adam whose second moment changes by additions. Zaheer et al., "Adaptive methods", 2018."""

    def init(params: Params) -> ScaleByAdamState:
        value = initial_accumulator_value
        return ScaleByAdamState(
            zero_count(), tree_full_like(params, value), real_like(params, value)
        )

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        mu = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        rest = scalar(1 - h.b2.wide, updates)

        def add(g: Array, v: Array) -> Array:
            square = abs_sq(g)
            return v - rest(v) * jnp.sign(v - square) * square

        nu = tree.map(add, updates, state.nu)
        count = safe_increment(state.count)
        mean = bias_correction(mu, h.b1.wide, count)
        updates = _divide(mean, bias_correction(nu, h.b2.wide, count), h)
        return updates, ScaleByAdamState(count, mu, nu)

    return hyperparameters(init, update, b1=b1, b2=b2, eps=eps, eps_root=eps_root)


def scale_by_radam(
    b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08, eps_root: Number = 0.0,
    threshold: Number = 5.0, *, nesterov: bool = False,
) -> GradientTransformation:  # fmt: skip
    """Adam that starts as momentum until the variance of its steps is known.

    `threshold` is the length of the average from which on it is. Liu et al., "On the variance of
    the adaptive learning rate and beyond", 2020.
    """

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        mu = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        nu = tree_update_moment_per_elem_norm(updates, state.nu, h.b2.wide, 2)
        count = safe_increment(state.count)
        dtype = functools.reduce(
            jnp.promote_types, (v.dtype for v in tree.leaves(nu)), jnp.dtype(jnp.float32)
        )
        most = 2.0 / (1.0 - h.b2.wide) - 1.0
        constant, most = ((most - 4.0) * (most - 2.0)).astype(dtype), most.astype(dtype)
        power = h.b2.wide.astype(dtype) ** count
        length = most - 2 * count * power / (1 - power)
        ratio = (length - 4.0) * (length - 2.0) * most / (constant * length)
        known = length >= h.threshold(length)
        rate = scalar(jnp.sqrt(jnp.where(known, ratio, 1.0)), updates)
        mean = _first_moment(mu, updates, h.b1, count, nesterov)
        scaled = _divide(mean, bias_correction(nu, h.b2.wide, count), h)
        updates = tree.map(lambda s, m: jnp.where(known, rate(m) * s, m), scaled, mean)
        return updates, ScaleByAdamState(count, mu, nu)

    return hyperparameters(
        _start_moments(), update, b1=b1, b2=b2, eps=eps, eps_root=eps_root, threshold=threshold
    )


class ScaleByAdanState(NamedTuple):
    """Moments of gradients, of their differences, of squares; the last gradient; the step."""

    m: Any
    v: Any
    n: Any
    g: Any
    t: Any
    hyper: Any = ()


def scale_by_adan(
    b1: Number = 0.98, b2: Number = 0.92, b3: Number = 0.99, eps: Number = 1e-08,
    eps_root: Number = 0.0,
) -> GradientTransformation:  # fmt: skip
    """Adam with a moment of gradient differences. Xie et al., "Adan", 2022."""

    def init(params: Params) -> ScaleByAdanState:
        zeros = functools.partial(tree_zeros_like, params)
        return ScaleByAdanState(zeros(), zeros(), real_like(params), zeros(), zero_count())

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        rest = scalar(1 - h.b2.wide, updates)

        def extrapolate(x: Array, d: Array) -> Array:
            return x + rest(d) * d

        change = tree.map(lambda g, old: jnp.where(state.t == 0, 0, g - old), updates, state.g)
        m = tree_update_moment(updates, state.m, h.b1.wide, 1)
        v = tree_update_moment(change, state.v, h.b2.wide, 1)
        ahead = tree.map(extrapolate, updates, change)
        n = tree_update_moment_per_elem_norm(ahead, state.n, h.b3.wide, 2)
        t = safe_increment(state.t)
        mean, drift, square = (
            bias_correction(moment, b.wide, t) for moment, b in ((m, h.b1), (v, h.b2), (n, h.b3))
        )
        new = _divide(tree.map(extrapolate, mean, drift), square, h)
        return new, ScaleByAdanState(m, v, n, updates, t)

    return hyperparameters(init, update, b1=b1, b2=b2, b3=b3, eps=eps, eps_root=eps_root)


class ScaleByLionState(NamedTuple):
    """Number of steps, and the first moment."""

    count: Any
    mu: Any
    hyper: Any = ()


def scale_by_lion(
    b1: Number = 0.9, b2: Number = 0.99, mu_dtype: DTypeLike | None = None, *, mode: str = "hard",
    smooth_beta: float = 1.0,
) -> GradientTransformation:  # fmt: skip
    """The sign of a mean of gradients. Chen et al., "Symbolic discovery of optimizers", 2023.

    Args:
      b1: weight of the past in the update.
      b2: weight of the past in what is remembered.
      mu_dtype: dtype in which the moment is kept.
      mode: "hard" takes the sign, "smooth" `tanh(smooth_beta * x)`, "refined" the sign of what is
        not within [-1, 1] already.
      smooth_beta: slope of "smooth".
    """
    ArgumentValueError.check("scale_by_lion", "mode", mode, ("hard", "smooth", "refined"))

    def init(params: Params) -> ScaleByLionState:
        return ScaleByLionState(zero_count(), tree_zeros_like(params, mu_dtype))

    def squash(x: Array, h: Any) -> Array:
        if mode == "smooth":
            return jnp.tanh(h.smooth_beta(x) * x)
        sign = jnp.sign(x)
        return sign if mode == "hard" else jnp.where(jnp.abs(x) < 1.0, x, sign)

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        mean = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        mu = tree_cast(tree_update_moment(updates, state.mu, h.b2.wide, 1), mu_dtype)
        updates = tree.map(lambda x: squash(x, h), mean)
        return updates, ScaleByLionState(safe_increment(state.count), mu)

    smooth = {"smooth_beta": smooth_beta} if mode == "smooth" else {}
    return hyperparameters(init, update, b1=b1, b2=b2, **smooth)


class ScaleByNovogradState(NamedTuple):
    """Number of steps, first moment, and each leaf's mean squared norm."""

    count: Any
    mu: Any
    nu: Any
    hyper: Any = ()


def scale_by_novograd(
    b1: Number = 0.9, b2: Number = 0.25, eps: Number = 1e-08, eps_root: Number = 0.0,
    weight_decay: ScalarOrSchedule = 0.0, mu_dtype: DTypeLike | None = None,
) -> GradientTransformation:  # fmt: skip
    """Momentum of gradients divided by their layer's norm. Ginsburg et al., "NovoGrad", 2019."""

    def init(params: Params) -> ScaleByNovogradState:
        sizes = tree.map(lambda p: jnp.zeros((), jnp.real(p).dtype), params)
        return ScaleByNovogradState(zero_count(), tree_zeros_like(params, mu_dtype), sizes)

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        required(params, "scale_by_novograd")
        count = safe_increment(state.count)
        squares = tree.map(lambda g: jnp.linalg.norm(g) ** 2, updates)
        average = tree_update_moment(squares, state.nu, h.b2.wide, 1)
        nu = tree.map(
            lambda old, new, mean: jnp.where(count == 1, new, mean).astype(old.dtype),
            state.nu, squares, average,
        )  # fmt: skip

        def accumulate(m: Array, g: Array, p: Array, v: Array) -> Array:
            unit = g / (jnp.sqrt(v + h.eps_root(v)) + h.eps(v))
            return h.b1(m) * m + (unit + h.weight_decay(p) * p)

        mu = tree_cast(tree.map(accumulate, state.mu, updates, params, nu), mu_dtype)
        return mu, ScaleByNovogradState(count, mu, nu)

    return hyperparameters(
        init, update, b1=b1, b2=b2, eps=eps, eps_root=eps_root, weight_decay=weight_decay
    )
