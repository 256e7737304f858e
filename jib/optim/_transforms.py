"""Transformations that scale, clip, decay or smooth updates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import random, tree
from jib.errors import ArgumentValueError
from jib.optim._base import (
    EmptyState,
    GradientTransformation,
    MaskOrFn,
    Number,
    Params,
    ScalarOrSchedule,
    Schedule,
    Updates,
    identity,
    init_empty_state,
    required,
    stateless,
)
from jib.optim._combining import masked
from jib.optim._hyper import hyperparameters
from jib.optim._numerics import safe_increment, safe_norm, safe_root_mean_squares
from jib.optim._scalars import scalar, wide
from jib.optim._trees import (
    bias_correction,
    map_present,
    tree_cast,
    tree_full_like,
    tree_norm,
    tree_random_like,
    tree_update_moment,
    tree_zeros_like,
)
from jib.typing import Array, DTypeLike

__all__ = [
    "AdaptiveGradClipState", "AddDecayedWeightsState", "AddNoiseState", "ApplyEvery",
    "ClipByGlobalNormState", "ClipState", "EmaState", "NonNegativeParamsState",
    "ScaleByDistanceOverGradientsState", "ScaleByOptimisticGradientState", "ScaleByRpropState",
    "ScaleByScheduleState", "ScaleByTrustRatioState", "ScaleState", "TraceState",
    "WeightDecaySchedule", "ZeroNansState", "add_decayed_weights", "add_noise", "apply_every",
    "centralize", "ema", "keep_params_nonnegative", "normalize_by_update_norm", "scale",
    "scale_by_distance_over_gradients", "scale_by_learning_rate", "scale_by_optimistic_gradient",
    "scale_by_param_block_norm", "scale_by_param_block_rms", "scale_by_polyak", "scale_by_rprop",
    "scale_by_schedule", "scale_by_sign", "scale_by_trust_ratio", "trace", "zero_nans",
]  # fmt: skip

AdaptiveGradClipState = AddDecayedWeightsState = ClipByGlobalNormState = ClipState = EmptyState
NonNegativeParamsState = ScaleByTrustRatioState = ScaleState = EmptyState


def leafwise(function: Callable[..., Any], **values: Any) -> GradientTransformation:
    """The transformation `u -> function(u, hyper)` of each leaf; `hyper` has the values."""

    def update(updates: Updates, state: Any, params: Any, hyper: Any) -> tuple[Updates, Any]:
        return tree.map(lambda u: function(u, hyper), updates), state

    return hyperparameters(init_empty_state, update, **values)


def leafwise_with_params(
    name: str, function: Callable[..., Any], **values: Any
) -> GradientTransformation:
    """The transformation `u -> function(u, parameter, hyper)` of each leaf."""

    def update(updates: Updates, state: Any, params: Any, hyper: Any) -> tuple[Updates, Any]:
        required(params, name)
        return map_present(lambda u, p: function(u, p, hyper), updates, params), state

    return hyperparameters(init_empty_state, update, **values)


# Scaling -------------------------------------------------------------------------------------


class ScaleByScheduleState(NamedTuple):
    """How often the schedule was read, and the value it gave last."""

    count: Any
    hyper: Any = ()

    follows_schedule = True


WeightDecaySchedule = ScaleByScheduleState


def _scale_by(name: str, factor: ScalarOrSchedule, sign: int = 1) -> GradientTransformation:
    """Multiply by `sign * factor`; the factor is the hyperparameter `name`."""
    if not callable(factor):

        def update(updates: Updates, state: Any, params: Any, hyper: Any) -> tuple[Updates, Any]:
            step = scalar(sign * getattr(hyper, name).wide, updates)
            return tree.map(lambda u: step(u) * u, updates), state

        return hyperparameters(init_empty_state, update, **{name: factor})

    def init(params: Params) -> ScaleByScheduleState:
        count = jnp.zeros((), jnp.int32)
        return ScaleByScheduleState(count, {name: wide(factor(count))})

    def follow(
        updates: Updates, state: ScaleByScheduleState, params: Params | None = None
    ) -> tuple[Updates, ScaleByScheduleState]:
        value = wide(factor(state.count))
        step = scalar(sign * value, updates)
        updates = tree.map(lambda u: step(u) * u, updates)
        return updates, ScaleByScheduleState(safe_increment(state.count), {name: value})

    return GradientTransformation(init, follow)


def scale(step_size: Number) -> GradientTransformation:
    """Multiply updates by a number, the hyperparameter `step_size`."""
    return _scale_by("step_size", step_size)


def scale_by_schedule(step_size_fn: Schedule) -> GradientTransformation:
    """Multiply updates by `step_size_fn(step)`; steps count from 0."""
    return _scale_by("step_size", step_size_fn)


def scale_by_learning_rate(
    learning_rate: ScalarOrSchedule | None = None, *, flip_sign: bool = True
) -> GradientTransformation:
    """Multiply updates by minus the learning rate, a number or a schedule.

    Args:
      learning_rate: None leaves the updates as they are.
      flip_sign: False multiplies by the learning rate itself.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> descend = optim.scale_by_learning_rate(0.5)
        >>> descend.update(jnp.ones(2), descend.init(jnp.ones(2)))[0].tolist()
        [-0.5, -0.5]
    """
    if learning_rate is None:
        return identity()
    return _scale_by("learning_rate", learning_rate, -1 if flip_sign else 1)


def scale_by_sign() -> GradientTransformation:
    """Replace updates by their signs."""
    return stateless(lambda updates, params: tree.map(jnp.sign, updates))


def scale_by_param_block_norm(min_scale: Number = 0.001) -> GradientTransformation:
    """Multiply each leaf by the norm of its parameter, at least `min_scale`."""
    return leafwise_with_params(
        "scale_by_param_block_norm",
        lambda u, p, h: u * safe_norm(p, h.min_scale(p)),
        min_scale=min_scale,
    )


def scale_by_param_block_rms(min_scale: Number = 0.001) -> GradientTransformation:
    """Multiply each leaf by the root mean square of its parameter, at least `min_scale`."""
    return leafwise_with_params(
        "scale_by_param_block_rms",
        lambda u, p, h: u * safe_root_mean_squares(p, h.min_scale(p)),
        min_scale=min_scale,
    )


def scale_by_trust_ratio(
    min_norm: Number = 0.0, trust_coefficient: Number = 1.0, eps: Number = 0.0
) -> GradientTransformation:
    """Multiply each leaf by `trust_coefficient * |parameter| / (|update| + eps)`.

    Where either norm is zero the factor is 1. You et al., "Large batch optimization for deep
    learning", 2020.
    """

    def rescale(u: Array, p: Array, h: Any) -> Array:
        size, step = safe_norm(p, h.min_norm(p)), safe_norm(u, h.min_norm(u))
        ratio = h.trust_coefficient(size) * size / (step + h.eps(step))
        return u * jnp.where((size == 0) | (step == 0), jnp.ones_like(ratio), ratio)

    return leafwise_with_params(
        "scale_by_trust_ratio", rescale,
        min_norm=min_norm, trust_coefficient=trust_coefficient, eps=eps,
    )  # fmt: skip


def normalize_by_update_norm(
    scale_factor: Number = 1.0, eps: Number = 1e-06
) -> GradientTransformation:
    """Divide all updates by their global norm, and multiply by `scale_factor`."""

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        norm = tree_norm(updates)
        size = scalar((norm + h.eps(norm)) / h.scale_factor(norm), updates)
        return tree.map(lambda u: u / size(u), updates), state

    return hyperparameters(init_empty_state, update, scale_factor=scale_factor, eps=eps)


def scale_by_polyak(
    f_min: Number = 0.0, max_learning_rate: Number = 1.0, eps: Number = 0.0, variant: str = "sps"
) -> GradientTransformation:
    """Scale by Polyak's step `(value - f_min) / (|updates|² + eps)`, at most `max_learning_rate`.

    `update` takes the loss as `value=`. With variant "sps+" a negative gap counts as zero.
    Berrada et al., "Training neural networks for and by interpolation", 2020.
    """
    ArgumentValueError.check("scale_by_polyak", "variant", variant, ("sps", "sps+"))

    def update(
        updates: Updates, state: Any, params: Any, h: Any, *, value: Number, **_: Any
    ) -> tuple[Updates, Any]:
        square = tree_norm(updates, squared=True)
        gap = jnp.asarray(value).astype(square.dtype) - h.f_min(square)
        if variant == "sps+":
            gap = jnp.maximum(gap, 0)
        size = square + h.eps(square)
        tiny = size <= jnp.finfo(jnp.float64).eps
        step = jnp.minimum(gap / jnp.where(tiny, 1, size), h.max_learning_rate(square))
        step = scalar(jnp.where(tiny, 0, step), updates)
        return tree.map(lambda u: step(u) * u, updates), state

    return hyperparameters(
        init_empty_state, update, extra_args=True,
        f_min=f_min, max_learning_rate=max_learning_rate, eps=eps,
    )  # fmt: skip


class ScaleByDistanceOverGradientsState(NamedTuple):
    """Greatest distance from the start, sum of squared gradients, and the start itself."""

    max_dist: Any
    grad_sum_of_squares: Any
    init_params: Any
    hyper: Any = ()


def scale_by_distance_over_gradients(
    reps_rel: float = 1e-06, eps: float = 1e-08, param_dtype: DTypeLike = jnp.float32,
    global_scale: float = 1.0,
) -> GradientTransformation:  # fmt: skip
    """Scale each leaf by its distance from the start over the norm of all its gradients.

    Ivgi et al., "DoG is SGD's best friend", 2023, layer by layer.
    """

    def distance(x: Array, y: Number = 0.0) -> Array:
        return jnp.sqrt(jnp.square(x - y).sum())

    def init(params: Params) -> ScaleByDistanceOverGradientsState:
        return ScaleByDistanceOverGradientsState(
            tree.map(lambda p: reps_rel * (1 + distance(p)), params),
            tree.map(lambda p: jnp.zeros(1, p.dtype), params),
            tree.map(lambda p: p.astype(jnp.promote_types(p.dtype, param_dtype)), params),
        )

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        required(params, "scale_by_distance_over_gradients")
        far = tree.map(
            lambda d, x, y: jnp.maximum(d, distance(x, y)).astype(d.dtype),
            state.max_dist, params, state.init_params,
        )  # fmt: skip
        squares = tree.map(lambda s, g: s + jnp.square(g).sum(), state.grad_sum_of_squares, updates)

        def rescale(g: Array, d: Array, s: Array) -> Array:
            return (h.global_scale(d) * (d / jnp.sqrt(s + h.eps(s)))).astype(g.dtype) * g

        state = ScaleByDistanceOverGradientsState(far, squares, state.init_params)
        return tree.map(rescale, updates, far, squares), state

    return hyperparameters(init, update, eps=eps, global_scale=global_scale)


class ScaleByRpropState(NamedTuple):
    """The step size of each entry, and the last step."""

    step_sizes: Any
    prev_updates: Any
    hyper: Any = ()


def scale_by_rprop(
    learning_rate: Number, eta_minus: Number = 0.5, eta_plus: Number = 1.2,
    min_step_size: Number = 1e-06, max_step_size: Number = 50.0,
) -> GradientTransformation:  # fmt: skip
    """Steps that grow while the gradient keeps its sign and shrink when it changes.

    `learning_rate` is the first step size of every entry. Riedmiller and Braun, "A direct adaptive
    method for faster backpropagation learning", 1993.
    """

    def init(params: Params) -> ScaleByRpropState:
        return ScaleByRpropState(tree_full_like(params, learning_rate), tree_zeros_like(params))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        sign = tree.map(lambda g, last: g * last, updates, state.prev_updates)

        def resize(s: Array, size: Array) -> Array:
            new = size * jnp.where(s > 0, h.eta_plus(size), h.eta_minus(size))
            new = jnp.minimum(jnp.maximum(new, h.min_step_size(size)), h.max_step_size(size))
            return jnp.where(s == 0, size, new)

        sizes = tree.map(resize, sign, state.step_sizes)
        steps = tree.map(
            lambda s, g, size: jnp.where(s < 0, 0, size * jnp.sign(g)), sign, updates, sizes
        )
        # A step is made one call after it was found, unless the sign changes meanwhile.
        updates = tree.map(lambda s, step: jnp.where(s < 0, 0, step), sign, state.prev_updates)
        return updates, ScaleByRpropState(sizes, steps)

    return hyperparameters(
        init, update, eta_minus=eta_minus, eta_plus=eta_plus,
        min_step_size=min_step_size, max_step_size=max_step_size,
    )  # fmt: skip


class ScaleByOptimisticGradientState(NamedTuple):
    """Whether this is the first step, and the gradient before."""

    is_initial_step: Any
    previous_gradient: Any
    hyper: Any = ()


def scale_by_optimistic_gradient(
    alpha: ScalarOrSchedule = 1.0, beta: ScalarOrSchedule = 1.0
) -> GradientTransformation:
    """`(alpha + beta) * gradient - beta * previous gradient`.

    Mokhtari et al., "A unified analysis of extra-gradient and optimistic gradient methods", 2020.
    """

    def init(params: Params) -> ScaleByOptimisticGradientState:
        return ScaleByOptimisticGradientState(jnp.asarray(True), tree_zeros_like(params))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        total = scalar(h.alpha.wide + h.beta.wide, updates)

        def extrapolate(g: Array, last: Array) -> Array:
            last = jnp.where(state.is_initial_step, g, last)
            return total(g) * g - h.beta(g) * last

        new = ScaleByOptimisticGradientState(jnp.zeros_like(state.is_initial_step), updates)
        return tree.map(extrapolate, updates, state.previous_gradient), new

    return hyperparameters(init, update, alpha=alpha, beta=beta)


# Adding and smoothing ------------------------------------------------------------------------


def add_decayed_weights(
    weight_decay: ScalarOrSchedule = 0.0, mask: MaskOrFn = None
) -> GradientTransformation:
    """Add `weight_decay * parameter` to each update.

    Args:
      weight_decay: a number or a schedule.
      mask: tree of booleans, a prefix of the parameters, or a function of them that gives one:
        which leaves decay.
    """
    decay = leafwise_with_params(
        "add_decayed_weights", lambda u, p, h: u + h.weight_decay(u) * p, weight_decay=weight_decay
    )
    return decay if mask is None else masked(decay, mask)


class AddNoiseState(NamedTuple):
    """Number of steps, and the key of the next draw."""

    count: Any
    rng_key: Any
    hyper: Any = ()


def add_noise(
    eta: Number, gamma: Number, key: Any = None, *, seed: int | None = None
) -> GradientTransformation:
    """Add normal noise of variance `eta / (1 + step) ** gamma`.

    Args:
      eta: variance of the first step.
      gamma: how fast it shrinks.
      key: a key or a seed; 0 by default.
      seed: the older name of `key`.

    Neelakantan et al., "Adding gradient noise improves learning for very deep networks", 2015.
    """
    if key is not None and seed is not None:
        raise ArgumentValueError("add_noise got both `key` and `seed`", help="pass `key` alone")
    start = key if key is not None else seed or 0

    def init(params: Params) -> AddNoiseState:
        drawn = random.key(start) if isinstance(start, int) else random.clone(start)
        return AddNoiseState(jnp.zeros((), jnp.int32), drawn)

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        count = safe_increment(state.count)
        eta, gamma = (value.wide.astype(jnp.float32) for value in (h.eta, h.gamma))
        deviation = scalar(jnp.sqrt(eta / count**gamma), updates)
        following, sample = random.split(state.rng_key)
        noise = tree_random_like(sample, updates)
        updates = tree.map(lambda u, n: u + deviation(u) * n, updates, noise)
        return updates, AddNoiseState(count, following)

    return hyperparameters(init, update, eta=eta, gamma=gamma)


class TraceState(NamedTuple):
    """The decaying sum of past updates."""

    trace: Any
    hyper: Any = ()


def trace(
    decay: Number, nesterov: bool = False, accumulator_dtype: DTypeLike | None = None
) -> GradientTransformation:
    """Momentum: the sum of past updates, each weighted by `decay` to the power of its age.

    Args:
      decay: between 0 and 1.
      nesterov: look one step ahead.
      accumulator_dtype: dtype in which the sum is kept; None is that of the parameters.
    """

    def init(params: Params) -> TraceState:
        return TraceState(tree_zeros_like(params, accumulator_dtype))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        def accumulate(g: Array, t: Array) -> Array:
            return g + h.decay(t) * t

        sums = map_present(accumulate, updates, state.trace)
        updates = tree.map(accumulate, updates, sums) if nesterov else sums
        return updates, TraceState(tree_cast(sums, accumulator_dtype))

    return hyperparameters(init, update, decay=decay)


class EmaState(NamedTuple):
    """Number of steps, and the average."""

    count: Any
    ema: Any
    hyper: Any = ()


def ema(
    decay: Number, debias: bool = True, accumulator_dtype: DTypeLike | None = None
) -> GradientTransformation:
    """The exponential moving average of updates; `debias` divides out the zeros it starts with."""

    def init(params: Params) -> EmaState:
        return EmaState(jnp.zeros((), jnp.int32), tree_zeros_like(params, accumulator_dtype))

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        average = tree_update_moment(updates, state.ema, h.decay.wide, 1)
        count = safe_increment(state.count)
        updates = bias_correction(average, h.decay.wide, count) if debias else average
        return updates, EmaState(count, tree_cast(average, accumulator_dtype))

    return hyperparameters(init, update, decay=decay)


class ApplyEvery(NamedTuple):
    """Position in the cycle, and the sum of its updates."""

    count: Any
    grad_acc: Any


def apply_every(k: int = 1) -> GradientTransformation:
    """Sum updates for `k` steps, emit the sum at the last of them and zeros before."""

    def init(params: Params) -> ApplyEvery:
        return ApplyEvery(jnp.zeros((), jnp.int32), tree_zeros_like(params))

    def update(
        updates: Updates, state: ApplyEvery, params: Params | None = None
    ) -> tuple[Updates, ApplyEvery]:
        place = state.count % k
        sums = tree.map(lambda g, s: jnp.where(place != 0, s, 0) + g, updates, state.grad_acc)
        emitted = tree.map(lambda s: jnp.where(place == k - 1, s, 0), sums)
        return emitted, ApplyEvery(safe_increment(state.count) % k, sums)

    return GradientTransformation(init, update)


def centralize() -> GradientTransformation:
    """Subtract from each output's gradient its mean over all axes but the first.

    Yong et al., "Gradient centralization", 2020. Vectors stay as they are.
    """

    def center(u: Array) -> Array:
        return u - u.mean(tuple(range(1, u.ndim)), keepdims=True) if u.ndim > 1 else u

    return stateless(lambda updates, params: tree.map(center, updates))


# Constraints ---------------------------------------------------------------------------------


def keep_params_nonnegative() -> GradientTransformation:
    """Change updates so that parameters that start non-negative stay so."""
    return leafwise_with_params(
        "keep_params_nonnegative", lambda u, p, h: jnp.where(p + u < 0, -p, u)
    )


class ZeroNansState(NamedTuple):
    """For each leaf, whether the last update had a NaN."""

    found_nan: Any


def zero_nans() -> GradientTransformation:
    """Replace NaN by zero, and remember in which leaves it was found."""

    def init(params: Params) -> ZeroNansState:
        return ZeroNansState(tree.map(lambda p: jnp.asarray(False), params))

    def update(
        updates: Updates, state: ZeroNansState, params: Params | None = None
    ) -> tuple[Updates, ZeroNansState]:
        found = tree.map(lambda u: jnp.any(jnp.isnan(u)), updates)
        return tree.map(lambda u: jnp.where(jnp.isnan(u), 0, u), updates), ZeroNansState(found)

    return GradientTransformation(init, update)
