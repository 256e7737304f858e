"""Optimizers: chains of transformations that have a name of their own.

The arguments that recur:

* `learning_rate`: a number or a schedule, a function of the step;
* `eps`, `eps_root`: added to a root and under it;
* `weight_decay`, `mask`: strength of the decay, times the learning rate, and which leaves decay
  (see `add_decayed_weights`);
* `mu_dtype`, `accumulator_dtype`: dtype in which a running mean is kept.
"""

from __future__ import annotations

import functools
from typing import Any

import jib.numpy as jnp
from jib.errors import ArgumentValueError
from jib.optim import _moments as moments, _squares as squares
from jib.optim._base import (
    GradientTransformationExtraArgs,
    MaskOrFn,
    Number,
    ScalarOrSchedule,
    Updates,
    identity,
    init_empty_state,
    required,
)
from jib.optim._clipping import clip_by_block_rms
from jib.optim._combining import chain, masked
from jib.optim._hyper import hyperparameters
from jib.optim._scalars import scalar
from jib.optim._transforms import (
    add_decayed_weights,
    add_noise,
    ema,
    scale,
    scale_by_learning_rate,
    scale_by_optimistic_gradient,
    scale_by_param_block_rms,
    scale_by_polyak,
    scale_by_rprop,
    scale_by_sign,
    scale_by_trust_ratio,
    trace,
)
from jib.optim._trees import map_present
from jib.typing import DTypeLike

__all__ = [
    "adabelief", "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamaxw", "adamw", "adan",
    "amsgrad", "fromage", "lamb", "lars", "lion", "nadam", "nadamw", "noisy_sgd", "novograd",
    "optimistic_adam", "optimistic_adam_v2", "optimistic_gradient_descent", "polyak_sgd", "radam",
    "rmsprop", "rprop", "sgd", "sign_sgd", "signum", "sm3", "yogi",
]  # fmt: skip

Optimizer = GradientTransformationExtraArgs


def sgd(
    learning_rate: ScalarOrSchedule, momentum: Number | None = None, nesterov: bool = False,
    accumulator_dtype: DTypeLike | None = None,
) -> Optimizer:  # fmt: skip
    """Stochastic gradient descent, with momentum if one is given.

    Sutskever et al., "On the importance of initialization and momentum", 2013.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optimizer, x = optim.sgd(0.1), jnp.asarray(1.0)
        >>> state = optimizer.init(x)
        >>> for _ in range(3):
        ...     updates, state = optimizer.update(jib.grad(lambda x: x**2)(x), state, x)
        ...     x = optim.apply_updates(x, updates)
        >>> round(float(x), 4)
        0.512
    """
    past = identity() if momentum is None else trace(momentum, nesterov, accumulator_dtype)
    return chain(past, scale_by_learning_rate(learning_rate))


def adam(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08,
    eps_root: Number = 0.0, mu_dtype: DTypeLike | None = None, *, nesterov: bool = False,
) -> Optimizer:  # fmt: skip
    """Adam. Kingma and Ba, "Adam: a method for stochastic optimization", 2015.

    Args:
      learning_rate: a number or a schedule.
      b1: weight of the past in the mean of gradients.
      b2: weight of the past in the mean of squares.
      eps: added to the root of the latter.
      eps_root: added under it.
      mu_dtype: dtype in which the mean of gradients is kept.
      nesterov: look one step ahead.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> state = optim.adam(1e-3).init(jnp.ones(2))
        >>> float(optim.get_hyper(state)["learning_rate"])
        0.001
    """
    return chain(
        moments.scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


def adamw(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08,
    eps_root: Number = 0.0, mu_dtype: DTypeLike | None = None,
    weight_decay: ScalarOrSchedule = 0.0001, mask: MaskOrFn = None, *, nesterov: bool = False,
) -> Optimizer:  # fmt: skip
    """Adam with decay of the weights beside the gradient.

    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019; here the learning rate
    multiplies the decay as well.
    """
    return chain(
        moments.scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


# `partial` objects cannot carry a docstring that tools find; these say it beside the name.
nadam = functools.partial(adam, nesterov=True)
nadamw = functools.partial(adamw, nesterov=True)
nadam.__doc__ = 'Adam that looks one step ahead. Dozat, "Nadam", 2016.'  # type: ignore[misc]
nadamw.__doc__ = "AdamW that looks one step ahead; see `nadam`."  # type: ignore[misc]


def adamax(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08
) -> Optimizer:
    """Adam with the infinity norm. Kingma and Ba, 2015, section 7."""
    return chain(moments.scale_by_adamax(b1, b2, eps), scale_by_learning_rate(learning_rate))


def adamaxw(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08,
    weight_decay: ScalarOrSchedule = 0.0001, mask: MaskOrFn = None,
) -> Optimizer:  # fmt: skip
    """Adamax with weight decay, as `adamw`."""
    return chain(
        moments.scale_by_adamax(b1, b2, eps),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


def amsgrad(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08,
    eps_root: Number = 0.0, mu_dtype: DTypeLike | None = None, bias_correction_mu: bool = True,
    bias_correction_nu: bool = True,
) -> Optimizer:  # fmt: skip
    """Adam whose steps never grow again. Reddi et al., "On the convergence of Adam", 2018."""
    return chain(
        moments.scale_by_amsgrad(
            b1, b2, eps, eps_root, mu_dtype, bias_correction_mu, bias_correction_nu
        ),
        scale_by_learning_rate(learning_rate),
    )


def adabelief(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-16,
    eps_root: Number = 1e-16, *, nesterov: bool = False,
) -> Optimizer:  # fmt: skip
    """Adam by the belief in gradients. Zhuang et al., "AdaBelief optimizer", 2020."""
    return chain(
        moments.scale_by_belief(b1, b2, eps, eps_root, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


def radam(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-08,
    eps_root: Number = 0.0, threshold: Number = 5.0, *, nesterov: bool = False,
) -> Optimizer:  # fmt: skip
    """Rectified Adam. Liu et al., "On the variance of the adaptive learning rate", 2020."""
    return chain(
        moments.scale_by_radam(b1, b2, eps, eps_root, threshold, nesterov=nesterov),
        scale_by_learning_rate(learning_rate),
    )


def yogi(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 0.001
) -> Optimizer:
    """Adam with additive second moments. Zaheer et al., 2018."""
    return chain(moments.scale_by_yogi(b1, b2, eps), scale_by_learning_rate(learning_rate))


def adan(
    learning_rate: ScalarOrSchedule, b1: Number = 0.98, b2: Number = 0.92, b3: Number = 0.99,
    eps: Number = 1e-08, eps_root: Number = 1e-08, weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
) -> Optimizer:  # fmt: skip
    """Adaptive Nesterov momentum. Xie et al., "Adan", 2022."""
    return chain(
        moments.scale_by_adan(b1, b2, b3, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


def lion(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.99,
    mu_dtype: DTypeLike | None = None, weight_decay: ScalarOrSchedule = 0.001,
    mask: MaskOrFn = None,
) -> Optimizer:  # fmt: skip
    """Steps of one size. Chen et al., "Symbolic discovery of optimization algorithms", 2023."""
    return chain(
        moments.scale_by_lion(b1, b2, mu_dtype),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )


def adagrad(
    learning_rate: ScalarOrSchedule, initial_accumulator_value: Number = 0.1, eps: Number = 1e-07
) -> Optimizer:
    """Steps over the root of all squared gradients. Duchi et al., "Adaptive subgradient", 2011."""
    return chain(
        squares.scale_by_rss(initial_accumulator_value, eps), scale_by_learning_rate(learning_rate)
    )


def adadelta(
    learning_rate: ScalarOrSchedule | None = None, rho: Number = 0.9, eps: Number = 1e-06,
    weight_decay: ScalarOrSchedule = 0.0, weight_decay_mask: MaskOrFn = None,
) -> Optimizer:  # fmt: skip
    """Steps over the ratio of past steps and gradients. Zeiler, "ADADELTA", 2012."""
    return chain(
        add_decayed_weights(weight_decay, weight_decay_mask),
        squares.scale_by_adadelta(rho, eps),
        scale_by_learning_rate(learning_rate),
    )


def adafactor(
    learning_rate: ScalarOrSchedule | None = None, min_dim_size_to_factor: int = 128,
    decay_rate: Number = 0.8, decay_offset: int = 0, multiply_by_parameter_scale: bool = True,
    clipping_threshold: Number | None = 1.0, momentum: Number | None = None,
    dtype_momentum: DTypeLike = jnp.float32, weight_decay_rate: ScalarOrSchedule | None = None,
    eps: Number = 1e-30, factored: bool = True, weight_decay_mask: MaskOrFn = None,
) -> Optimizer:  # fmt: skip
    """Adam with second moments of rank one. Shazeer and Stern, "Adafactor", 2018.

    Args:
      learning_rate: a number or a schedule; None takes steps as they are.
      min_dim_size_to_factor, decay_rate, decay_offset, eps, factored: as in
        `scale_by_factored_rms`.
      multiply_by_parameter_scale: steps in proportion to the parameters.
      clipping_threshold: greatest root mean square of a leaf's update; None for any.
      momentum: weight of the past in a mean of updates; None for no mean.
      dtype_momentum: dtype of that mean.
      weight_decay_rate: decay of the weights, not times the learning rate.
      weight_decay_mask: which leaves decay.
    """
    steps = [
        squares.scale_by_factored_rms(
            factored, decay_rate, decay_offset, min_dim_size_to_factor, eps
        )
    ]
    if clipping_threshold is not None:
        steps.append(clip_by_block_rms(clipping_threshold))
    if learning_rate is not None:
        steps.append(scale_by_learning_rate(learning_rate, flip_sign=False))
    if multiply_by_parameter_scale:
        steps.append(scale_by_param_block_rms())
    if momentum is not None:
        steps.append(ema(momentum, debias=False, accumulator_dtype=dtype_momentum))
    if weight_decay_rate is not None:
        steps.append(add_decayed_weights(weight_decay_rate, weight_decay_mask))
    return chain(*steps, scale(-1.0))


def rmsprop(
    learning_rate: ScalarOrSchedule, decay: Number = 0.9, eps: Number = 1e-08,
    initial_scale: Number = 0.0, eps_in_sqrt: bool = True, centered: bool = False,
    momentum: Number | None = None, nesterov: bool = False, bias_correction: bool = False,
) -> Optimizer:  # fmt: skip
    """Steps over the root mean square of gradients. Tieleman and Hinton, "RMSProp", 2012.

    Arguments as in `scale_by_rms`; `centered` takes the standard deviation instead, and `momentum`
    adds a trace of past steps.
    """
    spread = squares.scale_by_stddev if centered else squares.scale_by_rms
    return chain(
        spread(decay, eps, initial_scale, eps_in_sqrt, bias_correction),
        scale_by_learning_rate(learning_rate),
        identity() if momentum is None else trace(momentum, nesterov),
    )


def rprop(
    learning_rate: Number, eta_minus: Number = 0.5, eta_plus: Number = 1.2,
    min_step_size: Number = 1e-06, max_step_size: Number = 50.0,
) -> Optimizer:  # fmt: skip
    """Steps by the sign of gradients; see `scale_by_rprop`. `learning_rate` is the first step."""
    steps = scale_by_rprop(learning_rate, eta_minus, eta_plus, min_step_size, max_step_size)
    return chain(steps, scale(-1.0))


def fromage(learning_rate: ScalarOrSchedule, min_norm: Number = 1e-06) -> Optimizer:
    """Steps in proportion to each leaf's norm. Bernstein et al., "On the distance between two
    neural networks and the stability of learning", 2020.
    """

    def update(updates: Updates, state: Any, params: Any, h: Any) -> tuple[Updates, Any]:
        # The step leaves the sphere of the parameters' norm; `shrink` goes back to it.
        rate = h.learning_rate.wide
        shrink = 1 / jnp.sqrt(1 + rate**2)
        step, decay = scalar(-rate * shrink, updates), scalar(shrink - 1, updates)
        required(params, "fromage")
        return map_present(lambda u, p: step(u) * u + decay(u) * p, updates, params), state

    steps = hyperparameters(init_empty_state, update, learning_rate=learning_rate)
    return chain(scale_by_trust_ratio(min_norm), steps)


def lars(
    learning_rate: ScalarOrSchedule, weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: MaskOrFn = True, trust_coefficient: Number = 0.001, eps: Number = 0.0,
    trust_ratio_mask: MaskOrFn = True, momentum: Number = 0.9, nesterov: bool = False,
) -> Optimizer:  # fmt: skip
    """Momentum with layer-wise steps. You et al., "Large batch training", 2017.

    Arguments as in `scale_by_trust_ratio`; the masks say which leaves decay, and which are scaled.
    """
    ratio = scale_by_trust_ratio(trust_coefficient=trust_coefficient, eps=eps)
    return chain(
        add_decayed_weights(weight_decay, weight_decay_mask),
        masked(ratio, trust_ratio_mask),
        scale_by_learning_rate(learning_rate),
        trace(momentum, nesterov),
    )


def lamb(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.999, eps: Number = 1e-06,
    eps_root: Number = 0.0, weight_decay: ScalarOrSchedule = 0.0, mask: MaskOrFn = None,
) -> Optimizer:  # fmt: skip
    """Adam with layer-wise steps. You et al., "Large batch optimization", 2020."""
    return chain(
        moments.scale_by_adam(b1, b2, eps, eps_root),
        add_decayed_weights(weight_decay, mask),
        scale_by_trust_ratio(),
        scale_by_learning_rate(learning_rate),
    )


def noisy_sgd(
    learning_rate: ScalarOrSchedule, eta: Number = 0.01, gamma: Number = 0.55, key: Any = None, *,
    seed: int | None = None,
) -> Optimizer:  # fmt: skip
    """Gradient descent with noise that dies out; see `add_noise`."""
    noise = add_noise(eta, gamma, key, seed=seed)
    return chain(noise, scale_by_learning_rate(learning_rate))


def sign_sgd(learning_rate: ScalarOrSchedule) -> Optimizer:
    """Steps by the sign of gradients. Bernstein et al., "signSGD", 2018."""
    return chain(scale_by_sign(), scale_by_learning_rate(learning_rate))


def signum(
    learning_rate: ScalarOrSchedule, beta: Number = 0.9, accumulator_dtype: DTypeLike | None = None
) -> Optimizer:
    """Steps by the sign of a mean of gradients. Bernstein et al., "signSGD", 2018."""
    mean = ema(beta, debias=False, accumulator_dtype=accumulator_dtype)
    return chain(mean, scale_by_sign(), scale_by_learning_rate(learning_rate))


def novograd(
    learning_rate: ScalarOrSchedule, b1: Number = 0.9, b2: Number = 0.25, eps: Number = 1e-06,
    eps_root: Number = 0.0, weight_decay: ScalarOrSchedule = 0.0,
) -> Optimizer:  # fmt: skip
    """Momentum of normalised gradients. Ginsburg et al., "NovoGrad", 2019."""
    return chain(
        moments.scale_by_novograd(b1, b2, eps, eps_root, weight_decay),
        scale_by_learning_rate(learning_rate),
    )


def optimistic_gradient_descent(
    learning_rate: ScalarOrSchedule, alpha: ScalarOrSchedule = 1.0, beta: ScalarOrSchedule = 1.0
) -> Optimizer:
    """Gradient descent that extrapolates; see `scale_by_optimistic_gradient`."""
    ahead = scale_by_optimistic_gradient(alpha, beta)
    return chain(ahead, scale_by_learning_rate(learning_rate))


def optimistic_adam(
    learning_rate: Number, optimism: Number | None = None, b1: Number = 0.9, b2: Number = 0.999,
    eps: Number = 1e-08, eps_root: Number = 0.0, mu_dtype: DTypeLike | None = None, *,
    nesterov: bool = True,
) -> Optimizer:  # fmt: skip
    """Adam that extrapolates, in its older form: `alpha` is the learning rate, `beta` the optimism.

    Daskalakis et al., "Training GANs with optimism", 2018. `optimistic_adam_v2` takes schedules.

    Raises:
      ArgumentValueError: `learning_rate` is a schedule.
    """
    if callable(learning_rate):
        raise ArgumentValueError(
            "optimistic_adam takes a number for its learning rate, not a schedule",
            help="optim.optimistic_adam_v2(schedule)",
        )
    return optimistic_adam_v2(
        1.0, alpha=learning_rate, beta=learning_rate if optimism is None else optimism,
        b1=b1, b2=b2, eps=eps, eps_root=eps_root, mu_dtype=mu_dtype, nesterov=nesterov,
    )  # fmt: skip


def optimistic_adam_v2(
    learning_rate: ScalarOrSchedule, *, alpha: Number = 1.0, beta: Number = 1.0, b1: Number = 0.9,
    b2: Number = 0.999, eps: Number = 1e-08, eps_root: Number = 0.0,
    mu_dtype: DTypeLike | None = None, nesterov: bool = True,
) -> Optimizer:  # fmt: skip
    """Adam that extrapolates by `scale_by_optimistic_gradient`.

    Daskalakis et al., "Training GANs with optimism", 2018.
    """
    return chain(
        moments.scale_by_adam(b1, b2, eps, eps_root, mu_dtype, nesterov=nesterov),
        scale_by_optimistic_gradient(alpha, beta),
        scale_by_learning_rate(learning_rate),
    )


def polyak_sgd(
    max_learning_rate: Number = 1.0, scaling: ScalarOrSchedule = 1.0, f_min: Number = 0.0,
    eps: Number = 0.0, variant: str = "sps",
) -> Optimizer:  # fmt: skip
    """Gradient descent with Polyak's step; `update` takes the loss as `value=`.

    `scaling` multiplies the step. Loizou et al., "Stochastic Polyak step-size", 2021.
    """
    return chain(sgd(scaling), scale_by_polyak(f_min, max_learning_rate, eps, variant))


def sm3(learning_rate: ScalarOrSchedule, momentum: Number = 0.9) -> Optimizer:
    """AdaGrad with one accumulator per row and column. Anil et al., "SM3", 2019."""
    return chain(squares.scale_by_sm3(momentum), scale_by_learning_rate(learning_rate))
