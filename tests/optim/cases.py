"""Every optimizer and transformation with its defaults and another setting: one list for all tests.

A case builds from a namespace `o`, so that the numbers in tests/golden/optim/trajectories.npz could
be computed by the field's reference (optax 0.2.8, float32) from this very list.
"""

import numpy as np

STEPS = 6


def params():
    """Two leaves, none of them zero."""
    return {
        "b": np.asarray([0.5, -0.25], np.float32),
        "w": np.asarray([[0.1, -0.6], [1.5, 0.3], [-0.2, 0.7]], np.float32),
    }


def gradients(step):
    """Gradients of a step: no two alike, signs that change."""
    return {
        "b": np.sin(np.arange(2) + 1.7 * step + 0.3).astype(np.float32),
        "w": np.cos(np.arange(6).reshape(3, 2) * 1.3 + 2.1 * step).astype(np.float32),
    }


MASK = {"b": False, "w": True}


def wave(count):
    """A schedule as a user writes it."""
    return 0.1 / (1.0 + 0.5 * count)


def corner(updates):
    """A measurement."""
    return updates["w"][0, 0]


ALIASES = {
    "adabelief": lambda o: o.adabelief(0.1),
    "adabelief/nesterov": lambda o: o.adabelief(wave, 0.8, 0.9, 1e-8, 1e-9, nesterov=True),
    "adadelta": lambda o: o.adadelta(1.0),
    "adadelta/decay": lambda o: o.adadelta(0.5, 0.8, 1e-4, 0.01, MASK),
    "adafactor": lambda o: o.adafactor(0.1),
    "adafactor/factored": lambda o: o.adafactor(
        0.1, 2, momentum=0.9, weight_decay_rate=0.01, clipping_threshold=0.5
    ),
    "adafactor/plain": lambda o: o.adafactor(
        wave, multiply_by_parameter_scale=False, clipping_threshold=None, factored=False
    ),
    "adagrad": lambda o: o.adagrad(0.1),
    "adagrad/start": lambda o: o.adagrad(wave, 0.5, 1e-3),
    "adam": lambda o: o.adam(0.1),
    "adam/other": lambda o: o.adam(wave, 0.8, 0.95, 1e-4, 1e-5, nesterov=True),
    "adam/bfloat16": lambda o: o.adam(0.1, mu_dtype="bfloat16"),
    "adamax": lambda o: o.adamax(0.1),
    "adamax/other": lambda o: o.adamax(wave, 0.8, 0.95, 1e-4),
    "adamaxw": lambda o: o.adamaxw(0.1),
    "adamaxw/mask": lambda o: o.adamaxw(0.1, weight_decay=0.1, mask=MASK),
    "adamw": lambda o: o.adamw(0.1),
    "adamw/mask": lambda o: o.adamw(wave, weight_decay=0.1, mask=lambda p: MASK),
    "adamw/schedule": lambda o: o.adamw(0.1, weight_decay=wave),
    "adan": lambda o: o.adan(0.1),
    "adan/other": lambda o: o.adan(wave, 0.9, 0.8, 0.95, 1e-4, 1e-5, 0.05, MASK),
    "amsgrad": lambda o: o.amsgrad(0.1),
    "amsgrad/other": lambda o: o.amsgrad(
        0.1, 0.8, 0.9, bias_correction_mu=False, bias_correction_nu=False
    ),
    "fromage": lambda o: o.fromage(0.1),
    "fromage/schedule": lambda o: o.fromage(wave, 0.1),
    "lamb": lambda o: o.lamb(0.1),
    "lamb/decay": lambda o: o.lamb(wave, weight_decay=0.1, mask=MASK),
    "lars": lambda o: o.lars(0.1),
    "lars/masks": lambda o: o.lars(0.1, 0.05, MASK, 0.1, 1e-3, MASK, 0.8, True),
    "lion": lambda o: o.lion(0.1),
    "lion/other": lambda o: o.lion(wave, 0.8, 0.9, weight_decay=0.1, mask=MASK),
    "nadam": lambda o: o.nadam(0.1),
    "nadam/other": lambda o: o.nadam(wave, 0.8),
    "nadamw": lambda o: o.nadamw(0.1),
    "nadamw/decay": lambda o: o.nadamw(0.1, weight_decay=0.1, mask=MASK),
    "noisy_sgd": lambda o: o.noisy_sgd(0.1, key=0),
    "noisy_sgd/other": lambda o: o.noisy_sgd(0.1, 0.5, 0.3, key=7),
    "novograd": lambda o: o.novograd(0.1),
    "novograd/decay": lambda o: o.novograd(wave, 0.8, 0.5, 1e-4, 1e-5, 0.1),
    "optimistic_adam": lambda o: o.optimistic_adam(0.1),
    "optimistic_adam/optimism": lambda o: o.optimistic_adam(0.1, 0.05, nesterov=False),
    "optimistic_adam_v2": lambda o: o.optimistic_adam_v2(0.1),
    "optimistic_adam_v2/other": lambda o: o.optimistic_adam_v2(wave, alpha=0.5, beta=0.3),
    "optimistic_gradient_descent": lambda o: o.optimistic_gradient_descent(0.1),
    "optimistic_gradient_descent/other": lambda o: o.optimistic_gradient_descent(wave, 0.5, 0.3),
    "polyak_sgd": lambda o: o.polyak_sgd(),
    "polyak_sgd/plus": lambda o: o.polyak_sgd(0.2, 0.5, 2.0, 0.1, "sps+"),
    "radam": lambda o: o.radam(0.1),
    "radam/threshold": lambda o: o.radam(wave, 0.8, 0.9, threshold=4.5, nesterov=True),
    "rmsprop": lambda o: o.rmsprop(0.1),
    "rmsprop/centered": lambda o: o.rmsprop(wave, centered=True, momentum=0.9, nesterov=True),
    "rmsprop/unbiased": lambda o: o.rmsprop(0.1, eps_in_sqrt=False, bias_correction=True),
    "rmsprop/both": lambda o: o.rmsprop(0.1, 0.8, 0.1, 0.2, centered=True, bias_correction=True),
    "rprop": lambda o: o.rprop(0.1),
    "rprop/other": lambda o: o.rprop(0.2, 0.3, 1.5, 0.05, 0.4),
    "sgd": lambda o: o.sgd(0.1),
    "sgd/momentum": lambda o: o.sgd(wave, 0.9, True, "float32"),
    "sign_sgd": lambda o: o.sign_sgd(0.1),
    "sign_sgd/schedule": lambda o: o.sign_sgd(wave),
    "signum": lambda o: o.signum(0.1),
    "signum/beta": lambda o: o.signum(0.1, 0.5),
    "sm3": lambda o: o.sm3(0.1),
    "sm3/momentum": lambda o: o.sm3(0.2, 0.5),
    "yogi": lambda o: o.yogi(0.1),
    "yogi/other": lambda o: o.yogi(wave, 0.8, 0.9, 1e-2),
}

TRANSFORMS = {
    "adaptive_grad_clip": lambda o: o.adaptive_grad_clip(0.1),
    "adaptive_grad_clip/axis": lambda o: o.adaptive_grad_clip(0.5, 0.1, axis=0),
    "add_decayed_weights": lambda o: o.add_decayed_weights(0.1),
    "add_noise": lambda o: o.add_noise(0.1, 0.5, 3),
    "apply_every": lambda o: o.apply_every(2),
    "apply_if_finite": lambda o: o.apply_if_finite(o.adam(0.1), 3),
    "centralize": lambda o: o.centralize(),
    "chain": lambda o: o.chain(o.clip(0.5), o.trace(0.9), o.scale(-0.1)),
    "clip": lambda o: o.clip(0.3),
    "clip_by_block_rms": lambda o: o.clip_by_block_rms(0.3),
    "clip_by_global_norm": lambda o: o.clip_by_global_norm(1.0),
    "conditionally_mask": lambda o: o.conditionally_mask(
        o.sgd(0.1, 0.9), lambda step: step % 2 == 0
    ),
    "conditionally_transform": lambda o: o.conditionally_transform(
        o.sgd(0.1, 0.9), lambda step: step > 2
    ),
    "ema": lambda o: o.ema(0.9),
    "ema/biased": lambda o: o.ema(0.5, debias=False, accumulator_dtype="bfloat16"),
    "flatten": lambda o: o.flatten(o.adam(0.1)),
    "freeze": lambda o: o.freeze(MASK),
    "identity": lambda o: o.identity(),
    "inject_hyperparams": lambda o: o.inject_hyperparams(o.sgd)(wave, 0.9),
    "keep_params_nonnegative": lambda o: o.keep_params_nonnegative(),
    "masked": lambda o: o.masked(o.adam(0.1), MASK),
    "monitor": lambda o: o.monitor({"norm": o.measure_with_ema(corner, 0.9)}),
    "multi_steps": lambda o: o.MultiSteps(o.adam(0.1), 2).gradient_transformation(),
    "multi_steps/sum": lambda o: o.MultiSteps(
        o.sgd(0.1, 0.9), lambda step: step + 1, use_grad_mean=False
    ).gradient_transformation(),
    "multi_steps/skip": lambda o: o.MultiSteps(
        o.sgd(0.1), 2, should_skip_update_fn=o.skip_not_finite
    ).gradient_transformation(),
    "named_chain": lambda o: o.named_chain(("clip", o.clip(0.5)), ("step", o.scale(-0.1))),
    "normalize_by_update_norm": lambda o: o.normalize_by_update_norm(2.0),
    "partition": lambda o: o.partition(
        {"slow": o.adam(0.01), "fast": o.sgd(0.1, 0.9)}, {"b": "slow", "w": "fast"}
    ),
    "scale": lambda o: o.scale(-0.1),
    "scale_by_adadelta": lambda o: o.scale_by_adadelta(),
    "scale_by_adam": lambda o: o.scale_by_adam(),
    "scale_by_adamax": lambda o: o.scale_by_adamax(),
    "scale_by_adan": lambda o: o.scale_by_adan(),
    "scale_by_amsgrad": lambda o: o.scale_by_amsgrad(),
    "scale_by_belief": lambda o: o.scale_by_belief(),
    "scale_by_distance_over_gradients": lambda o: o.scale_by_distance_over_gradients(0.1),
    "scale_by_factored_rms": lambda o: o.scale_by_factored_rms(min_dim_size_to_factor=2),
    "scale_by_learning_rate": lambda o: o.scale_by_learning_rate(0.1, flip_sign=False),
    "scale_by_lion/smooth": lambda o: o.scale_by_lion(mode="smooth", smooth_beta=2.0),
    "scale_by_lion/refined": lambda o: o.scale_by_lion(mode="refined"),
    "scale_by_novograd": lambda o: o.scale_by_novograd(),
    "scale_by_optimistic_gradient": lambda o: o.scale_by_optimistic_gradient(0.5, 0.3),
    "scale_by_param_block_norm": lambda o: o.scale_by_param_block_norm(),
    "scale_by_param_block_rms": lambda o: o.scale_by_param_block_rms(1.0),
    "scale_by_polyak": lambda o: o.scale_by_polyak(),
    "scale_by_radam": lambda o: o.scale_by_radam(),
    "scale_by_rms": lambda o: o.scale_by_rms(),
    "scale_by_rprop": lambda o: o.scale_by_rprop(0.1),
    "scale_by_rss": lambda o: o.scale_by_rss(),
    "scale_by_schedule": lambda o: o.scale_by_schedule(wave),
    "scale_by_sign": lambda o: o.scale_by_sign(),
    "scale_by_sm3": lambda o: o.scale_by_sm3(0.9, 0.9),
    "scale_by_stddev": lambda o: o.scale_by_stddev(),
    "scale_by_trust_ratio": lambda o: o.scale_by_trust_ratio(0.1, 0.5, 1e-3),
    "scale_by_yogi": lambda o: o.scale_by_yogi(),
    "selective_transform": lambda o: o.selective_transform(o.adam(0.1), freeze_mask=MASK),
    "set_to_zero": lambda o: o.set_to_zero(),
    "snapshot": lambda o: o.snapshot("norm", corner),
    "trace": lambda o: o.trace(0.9),
    "trace/nesterov": lambda o: o.trace(0.9, True, "bfloat16"),
    "zero_nans": lambda o: o.zero_nans(),
}

CASES = ALIASES | TRANSFORMS

SCHEDULES = {
    "constant": lambda o: o.constant_schedule(0.3),
    "cosine_decay": lambda o: o.cosine_decay_schedule(0.3, 15, 0.1, 1.5),
    "cosine_decay/plain": lambda o: o.cosine_decay_schedule(0.3, 30),
    "cosine_onecycle": lambda o: o.cosine_onecycle_schedule(18, 0.3),
    "exponential_decay": lambda o: o.exponential_decay(0.3, 5, 0.5, 2, end_value=0.1),
    "exponential_decay/staircase": lambda o: o.exponential_decay(0.3, 5, 1.5, 0, True, 0.6),
    "join": lambda o: o.join_schedules(
        [o.linear_schedule(0.0, 0.3, 5), wave, o.constant_schedule(0.2)], [5, 12]
    ),
    "linear": lambda o: o.linear_schedule(0.3, 0.1, 10, 3),
    "linear_onecycle": lambda o: o.linear_onecycle_schedule(18, 0.3),
    "piecewise_constant": lambda o: o.piecewise_constant_schedule(0.3, {4: 0.5, 9: 0.1, 15: 3.0}),
    "piecewise_interpolate": lambda o: o.piecewise_interpolate_schedule(
        "linear", 0.3, {4: 2.0, 9: 0.1}
    ),
    "piecewise_interpolate/cosine": lambda o: o.piecewise_interpolate_schedule(
        "cosine", 0.3, {4: 2.0, 15: 0.1}
    ),
    "polynomial": lambda o: o.polynomial_schedule(0.3, 0.1, 2.5, 12, 2),
    "polynomial/none": lambda o: o.polynomial_schedule(0.3, 0.1, 2.5, 0),
    "sgdr": lambda o: o.sgdr_schedule(
        [
            {"init_value": 0.0, "peak_value": 0.3, "decay_steps": 8, "warmup_steps": 2},
            {
                "init_value": 0.1,
                "peak_value": 0.2,
                "decay_steps": 10,
                "warmup_steps": 3,
                "end_value": 0.05,
            },
        ]
    ),
    "warmup_constant": lambda o: o.warmup_constant_schedule(0.0, 0.3, 7),
    "warmup_cosine_decay": lambda o: o.warmup_cosine_decay_schedule(0.0, 0.3, 5, 18, 0.01),
    "warmup_exponential_decay": lambda o: o.warmup_exponential_decay_schedule(0.0, 0.3, 5, 4, 0.5),
}


def factor(name):
    """What the updates of a case are multiplied by: transformations alone make long steps."""
    return 1.0 if name in ALIASES else 0.1
