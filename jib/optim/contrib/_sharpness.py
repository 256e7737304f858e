"""Transformations that look at curvature: SAM's worst case nearby, Sophia's Hessian diagonal."""

from __future__ import annotations

from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import debug, lax, random, tree as trees, tree_util
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.optim._base import (
    EmptyState,
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Number,
    OptState,
    Params,
    ScalarOrSchedule,
    apply_updates,
    required,
    stateless,
    with_extra_args_support,
)
from jib.optim._combining import chain
from jib.optim._hyper import hyperparameters
from jib.optim._numerics import safe_increment
from jib.optim._transforms import add_decayed_weights, scale_by_learning_rate
from jib.optim._trees import (
    tree_bias_correction,
    tree_cast,
    tree_dtype,
    tree_norm,
    tree_random_like,
    tree_scale,
    tree_size,
    tree_sum,
    tree_update_moment,
    tree_where,
    tree_zeros_like,
)
from jib.optim.contrib._adaptive import zero_count
from jib.transforms.grad import grad
from jib.transforms.linear import jvp
from jib.typing import DTypeLike

__all__ = [
    "HutchinsonState", "NormalizeState", "SAMState", "SophiaState",
    "hutchinson_estimator_diag_hessian", "normalize", "sam", "scale_by_sophia", "sophia",
]  # fmt: skip

NormalizeState = EmptyState


# ---------------------------------------------------------------------------------------- SAM


def normalize() -> GradientTransformation:
    """Divide updates by their global norm; zeros stay zeros."""

    def unit(updates: Any, params: Any) -> Any:
        norm = tree_norm(updates)
        return tree_scale(1 / jnp.where(norm == 0, 1, norm), updates)

    return stateless(unit)


class SAMState(NamedTuple):
    """Steps since the parameters moved, both inner states, and the parameters to come back to."""

    steps_since_sync: Any
    opt_state: Any
    adv_state: Any
    cache: Any


def _restart(first: OptState, last: OptState) -> OptState:
    """The first state with the hyperparameters of the last one, which may have been changed."""

    def pick(path: Any, new: Any, old: Any) -> Any:
        names = [getattr(step, "name", None) for step in path]
        kept = "hyper" in names or "hyperparams" in names
        return old if kept and not str(getattr(path[-1], "key", "")).endswith("_step") else new

    return tree_util.tree_map_with_path(pick, first, last)


def _climber(optimizer: GradientTransformation, reset: bool) -> tuple[Any, Any]:
    """A step uphill, and the state with which the next climb starts."""

    def climb(updates: Any, state: OptState, params: Params) -> tuple[Any, OptState]:
        updates, state = optimizer.update(updates, state, params)
        return trees.map(jnp.negative, updates), state

    def again(params: Params, state: OptState) -> OptState:
        return _restart(optimizer.init(params), state) if reset else state

    return climb, again


def sam(
    optimizer: GradientTransformation,
    adv_optimizer: GradientTransformation,
    sync_period: int = 2,
    reset_state: bool = True,
    opaque_mode: bool = False,
    batch_axis_name: str | None = None,
) -> GradientTransformationExtraArgs:
    """Take the gradient at the worst point nearby: sharpness-aware minimisation.

    Foret et al., "Sharpness-aware minimization", 2021. Either every `sync_period`-th update moves
    the parameters and the others climb, or in opaque mode one update does all, with `grad_fn`.

    Args:
        optimizer: moves the parameters.
        adv_optimizer: climbs, for example `chain(normalize(), sgd(rho))`.
        sync_period: one more than the number of climbing steps.
        reset_state: start the climb anew every time.
        opaque_mode: climb inside `update`, which takes `grad_fn(params, step)` by name.
        batch_axis_name: average the gradients of `grad_fn` over this axis.

    Raises:
        ArgumentValueError: `sync_period` is less than 1, or `grad_fn` is missing.
    """
    if sync_period < 1:
        raise ArgumentValueError(
            f"the `sync_period` of `sam` is at least 1, not {sync_period}", help="sync_period=2"
        )

    def init(params: Params) -> SAMState:
        states = optimizer.init(params), adv_optimizer.init(params)
        return SAMState(zero_count(), *states, None if opaque_mode else params)

    climb, again = _climber(adv_optimizer, reset_state)

    def transparent(
        updates: Any, state: SAMState, params: Params | None = None, **_: Any
    ) -> tuple[Any, SAMState]:
        required(params, "sam")
        last = state.steps_since_sync == sync_period - 1
        up, climbing = climb(updates, state.adv_state, params)
        down, moved = optimizer.update(updates, state.opt_state, state.cache)
        down = trees.map(lambda c, p, u: c - p + u, state.cache, params, down)
        cache = tree_where(state.steps_since_sync == 0, params, state.cache)
        return tree_where(last, down, up), SAMState(
            (state.steps_since_sync + 1) % sync_period,
            tree_where(last, moved, state.opt_state),
            tree_where(last, again(params, state.adv_state), climbing),
            cache,
        )

    def opaque(
        updates: Any,
        state: SAMState,
        params: Params | None = None,
        *,
        grad_fn: Any = None,
        **_: Any,
    ) -> tuple[Any, SAMState]:
        required(params, "sam")
        if grad_fn is None:
            raise ArgumentValueError(
                "`sam` with opaque_mode=True needs the function that gives gradients",
                help="optimizer.update(gradients, state, params, grad_fn=lambda params, step: ...)",
            )
        place, adv_state = params, state.adv_state
        for step in range(sync_period - 1):
            up, adv_state = climb(updates, adv_state, place)
            place = apply_updates(place, up)
            updates = grad_fn(place, step)
            if batch_axis_name is not None:
                updates = lax.pmean(updates, axis_name=batch_axis_name)
        updates, moved = optimizer.update(updates, state.opt_state, params)
        return updates, SAMState(zero_count(), moved, again(params, adv_state), None)

    return GradientTransformationExtraArgs(init, opaque if opaque_mode else transparent)


# ------------------------------------------------------------------------------------- Sophia


class HutchinsonState(NamedTuple):
    """The key of the next random signs."""

    key: Any


def hutchinson_estimator_diag_hessian(random_seed: Any = None) -> GradientTransformationExtraArgs:
    """Unbiased draws of a Hessian's diagonal: random signs times Hessian times the same signs.

    Hutchinson, 1990. `update` takes the loss, a function of the parameters, as `obj_fn`.

    Args:
        random_seed: a key or a number; 0 when None.

    Raises:
        ArgumentTypeError: `update` got no `obj_fn`.
    """

    def init(params: Params) -> HutchinsonState:
        seed = 0 if random_seed is None else random_seed
        return HutchinsonState(random.PRNGKey(seed) if isinstance(seed, int) else seed)

    def update(
        updates: Any, state: Any, params: Params | None = None, obj_fn: Any = None, **_: Any
    ) -> tuple[Any, HutchinsonState]:
        required(params, "hutchinson_estimator_diag_hessian")
        if obj_fn is None:
            raise ArgumentTypeError(
                "the estimate of the Hessian's diagonal needs the loss as a function",
                help="optimizer.update(gradients, state, params, obj_fn=lambda params: ...)",
            )
        key, draw = random.split(state.key)
        signs = tree_random_like(draw, params, random.rademacher, dtype="float32")
        signs = tree_cast(signs, tree_dtype(params, "lowest"))
        product = jvp(grad(obj_fn), (params,), (signs,))[1]
        return trees.map(jnp.multiply, product, signs), HutchinsonState(key)

    return GradientTransformationExtraArgs(init, update)


class SophiaState(NamedTuple):
    """Steps, mean gradient, mean diagonal, and the state of the diagonal's estimator."""

    count: Any
    mu: Any
    nu: Any
    hessian_fn_state: Any
    hyper: Any = ()


_HUTCHINSON = hutchinson_estimator_diag_hessian()


def scale_by_sophia(
    b1: Number = 0.965,
    b2: Number = 0.99,
    eps: Number = 1e-08,
    gamma: Number = 0.01,
    clip_threshold: Number | None = 1.0,
    update_interval: int = 10,
    hessian_diagonal_fn: GradientTransformation = _HUTCHINSON,
    mu_dtype: DTypeLike | None = None,
    verbose: bool = False,
    print_win_rate_every_n_steps: int = 0,
) -> GradientTransformation:
    """Divide the mean gradient by the mean of the Hessian's diagonal, and clip.

    Liu et al., "Sophia: a scalable stochastic second-order optimizer", 2023.

    Args:
        b1: weight of the past in the mean gradient.
        b2: weight of the past in the mean diagonal.
        eps: the least divisor.
        gamma: factor of the diagonal.
        clip_threshold: largest size of a result; no limit when None.
        update_interval: how many steps one estimate of the diagonal serves.
        hessian_diagonal_fn: gives the diagonal, from what `update` takes by name.
        mu_dtype: dtype in which the mean gradient is kept.
        verbose: print the share of results that are not clipped.
        print_win_rate_every_n_steps: how often.
    """
    estimator = with_extra_args_support(hessian_diagonal_fn)

    def init(params: Params) -> SophiaState:
        mu, nu = tree_zeros_like(params, mu_dtype), tree_zeros_like(params)
        return SophiaState(zero_count(), mu, nu, estimator.init(params))

    def update(updates: Any, state: Any, params: Any, h: Any, **extra: Any) -> Any:
        required(params, "sophia")
        count = safe_increment(state.count)
        mu = tree_update_moment(updates, state.mu, h.b1.wide, 1)
        mean = tree_bias_correction(mu, h.b1.wide, count)
        steps = trees.map(lambda m, v: m / jnp.maximum(h.gamma(v) * v, h.eps(v)), mean, state.nu)
        if clip_threshold is not None:
            if verbose:
                free = trees.map(lambda u: jnp.abs(u) < h.clip_threshold(u), steps)
                share = jnp.asarray(tree_sum(free)) / tree_size(steps)
                due = count % max(print_win_rate_every_n_steps, 1) == 0
                lax.cond(due, lambda: debug.print("not clipped: {}", share), lambda: None)
            steps = trees.map(
                lambda u: jnp.clip(u, -h.clip_threshold(u), h.clip_threshold(u)), steps
            )

        def estimate() -> tuple[Any, Any]:
            diagonal, inner = estimator.update(
                updates, state.hessian_fn_state, params=params, **extra
            )
            return inner, tree_update_moment(diagonal, state.nu, h.b2.wide, 1)

        due = state.count % update_interval == 0
        inner, nu = lax.cond(due, estimate, lambda: (state.hessian_fn_state, state.nu))
        return steps, SophiaState(count, tree_cast(mu, mu_dtype), nu, inner)

    limit: dict[str, Any] = {} if clip_threshold is None else {"clip_threshold": clip_threshold}
    return hyperparameters(
        init, update, extra_args=True, b1=b1, b2=b2, eps=eps, gamma=gamma, **limit
    )


def sophia(
    learning_rate: ScalarOrSchedule,
    b1: Number = 0.965,
    b2: Number = 0.99,
    eps: Number = 1e-08,
    weight_decay: ScalarOrSchedule = 0.0001,
    weight_decay_mask: MaskOrFn = None,
    gamma: Number = 0.01,
    clip_threshold: Number | None = 1.0,
    update_interval: int = 10,
    hessian_diagonal_fn: GradientTransformation = _HUTCHINSON,
    mu_dtype: DTypeLike | None = None,
    verbose: bool = False,
    print_win_rate_every_n_steps: int = 0,
) -> GradientTransformationExtraArgs:
    """Sophia with decoupled weight decay; the arguments are those of `scale_by_sophia`.

    With the default estimator, `update` takes `obj_fn`, the loss as a function of the parameters.
    """
    scaling = scale_by_sophia(
        b1, b2, eps, gamma, clip_threshold, update_interval, hessian_diagonal_fn, mu_dtype,
        verbose, print_win_rate_every_n_steps,
    )  # fmt: skip
    decay = add_decayed_weights(weight_decay, weight_decay_mask)
    return chain(scaling, decay, scale_by_learning_rate(learning_rate))
