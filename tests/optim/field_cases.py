"""Cases whose results are stored in tests/golden/optim: the field's reference, optax 0.2.8.

Only NumPy is imported here: the stored numbers were computed by running these very functions with
the reference's modules in place of jib's.
"""

import numpy as np

__all__ = ["LINE_SEARCHES", "LOSSES", "OPTIMIZERS", "PROJECTIONS", "loss_arrays", "problem"]


def _arrays():
    rng = np.random.RandomState(0)
    floats = rng.randn(4, 5).astype("f")
    rates = np.abs(rng.randn(4, 5)).astype("f")
    chances = rates / rates.sum(-1, keepdims=True)
    return {
        "z": floats,
        "y": rng.randn(4, 5).astype("f"),
        "x": rng.randn(4, 5).astype("f"),
        "p": chances,
        "logp": np.log(chances[::-1]),
        "hot": np.eye(5, dtype="f")[[1, 0, 4, 2]],
        "bits": (floats > 0).astype("f"),
        "signs": np.sign(floats),
        "class": np.array([1, 0, 4, 2]),
        "group": np.array([0, 1, 0, 1]),
        "some": rng.rand(4, 5) > 0.4,
        "image": rng.randn(2, 3, 3, 4).astype("f"),
        "mask": np.eye(4, dtype="f")[rng.randint(0, 4, (2, 3, 3))],
        "frames": rng.randn(2, 6, 4).astype("f"),
        "frame_pad": np.array([[0] * 6, [0] * 4 + [1] * 2], "f"),
        "word": np.array([[1, 1, 3], [2, 3, 0]]),
        "word_pad": np.array([[0, 0, 0], [0, 0, 1]], "f"),
        "square": rng.randn(3, 3).astype("f"),
    }


loss_arrays = _arrays()

#: name: (function, arguments by the names of `loss_arrays`, named arguments).
LOSSES = {
    "squared_error": ("squared_error", "zy", {}),
    "l2_loss": ("l2_loss", "zy", {}),
    "huber_loss": ("huber_loss", "zy", {"delta": 0.7}),
    "log_cosh": ("log_cosh", "zy", {}),
    "cosine_similarity": ("cosine_similarity", "zy", {"epsilon": 1e-6}),
    "cosine_distance": ("cosine_distance", "zy", {"where": "some"}),
    "triplet": ("triplet_margin_loss", "zyx", {"margin": 2.0}),
    "ntxent": ("ntxent", ["z", "group"], {"temperature": 0.5}),
    "binary": ("sigmoid_binary_cross_entropy", ["z", "p"], {}),
    "focal": ("sigmoid_focal_loss", ["z", "bits"], {"alpha": 0.3, "gamma": 1.5}),
    "hinge": ("hinge_loss", ["z", "signs"], {}),
    "perceptron": ("perceptron_loss", ["y", "signs"], {}),
    "sparsemax": ("sparsemax_loss", ["z", "bits"], {}),
    "softmax": ("softmax_cross_entropy", ["z", "p"], {}),
    "softmax_where": ("softmax_cross_entropy", ["z", "p"], {"where": "some"}),
    "safe_softmax": ("safe_softmax_cross_entropy", ["z", "p"], {}),
    "integer": ("softmax_cross_entropy_with_integer_labels", ["z", "class"], {}),
    "integer_where": (
        "softmax_cross_entropy_with_integer_labels", ["z", "class"], {"where": "some"},
    ),
    "integer_axes": (
        "softmax_cross_entropy_with_integer_labels", ["image", "group"], {"axis": (0, 1, 2)},
    ),
    "poly": ("poly_loss_cross_entropy", ["z", "p"], {"epsilon": 1.5}),
    "multi_hinge": ("multiclass_hinge_loss", ["z", "class"], {}),
    "multi_perceptron": ("multiclass_perceptron_loss", ["z", "class"], {}),
    "multi_sparsemax": ("multiclass_sparsemax_loss", ["z", "class"], {}),
    "smooth": ("smooth_labels", ["hot"], {"alpha": 0.2}),
    "kl": ("kl_divergence", ["logp", "p"], {}),
    "kl_hot": ("kl_divergence", ["logp", "hot"], {"where": "some"}),
    "kl_log": ("kl_divergence_with_log_targets", ["logp", "z"], {}),
    "kl_general": ("generalized_kl_divergence", ["logp", "p"], {}),
    "kl_convex": ("convex_kl_divergence", ["logp", "p"], {}),
    "ranking": ("ranking_softmax_loss", ["z", "p"], {"where": "some"}),
    "ctc": ("ctc_loss", ["frames", "frame_pad", "word", "word_pad"], {}),
    "dice": ("dice_loss", ["image", "mask"], {"alpha": 0.3, "beta": 0.7}),
    "dice_sum": (
        "dice_loss", ["image", "mask"], {"reduction": "sum", "ignore_background": True},
    ),
    "dice_general": ("multiclass_generalized_dice_loss", ["image", "mask"], {}),
    "dice_binary": ("binary_dice_loss", ["z", "bits"], {}),
}  # fmt: skip

#: name: (function, named arguments); the tree is {"a": z[0], "b": square}.
PROJECTIONS = {
    "projection_non_negative": {},
    "projection_simplex": {"scale": 1.5},
    "projection_l1_sphere": {"scale": 1.5},
    "projection_l1_ball": {"scale": 1.5},
    "projection_l2_sphere": {"scale": 1.5},
    "projection_l2_ball": {"scale": 1.5},
    "projection_linf_ball": {"scale": 0.5},
}


def problem(jnp):
    """A small regression: the loss, and where it starts."""
    rng = np.random.RandomState(0)
    x, y = rng.randn(12, 4).astype("f"), rng.randn(12, 3).astype("f")
    start = {"w": rng.randn(4, 3).astype("f") * 0.5, "b": rng.randn(3).astype("f") * 0.1}

    def loss(p):
        return jnp.mean((jnp.tanh(jnp.asarray(x) @ p["w"]) + p["b"] - jnp.asarray(y)) ** 2)

    return loss, start


#: name: (optimizer from the modules optim and contrib, what `update` takes by name).
OPTIMIZERS = {
    "acprop": (lambda o, c: c.acprop(1e-2, eps=1e-8, weight_decay=0.01), ""),
    "ademamix": (lambda o, c: c.ademamix(1e-2, b3=lambda t: 0.99 + 0.001 * t, alpha=3.0), ""),
    "simplified_ademamix": (lambda o, c: c.simplified_ademamix(1e-2, alpha=0.5), ""),
    "adopt": (lambda o, c: c.adopt(1e-2), ""),
    "adopt_free": (lambda o, c: c.adopt(1e-2, nesterov=True, use_clipping=False), ""),
    "cocob": (lambda o, c: c.cocob(), ""),
    "dadapt_adamw": (lambda o, c: c.dadapt_adamw(estim_lr0=1e-3, weight_decay=0.01), ""),
    "dog": (lambda o, c: c.dog(init_step=("heuristic", 1e-2), weight_decay=0.01), ""),
    "dog_rate": (lambda o, c: c.dog(init_step=("learning_rate", 1e-2)), ""),
    "dowg": (lambda o, c: c.dowg(eps=1e-3), ""),
    "galore": (lambda o, c: c.galore(1e-2, rank=2, update_proj_gap=3, weight_decay=0.01), ""),
    "madgrad": (lambda o, c: c.madgrad(1e-2, weight_decay=0.01), ""),
    "mechanize": (lambda o, c: c.mechanize(o.sgd(1e-1), s_init=1e-2), ""),
    "momo": (lambda o, c: c.momo(0.5, weight_decay=0.01), "value"),
    "momo_adam": (
        lambda o, c: c.momo_adam(0.1, lower_bound=0.3, adapt_lower_bound=True), "value",
    ),
    "muon": (lambda o, c: c.muon(1e-2, weight_decay=0.01), ""),
    "muon_aol": (
        lambda o, c: c.muon(
            1e-2, preconditioning="aol", adaptive=True, nesterov=False, consistent_rms=0.2
        ), "",
    ),
    "muon_dion": (lambda o, c: c.muon(1e-2, ns_coeffs="dion", preconditioning="schatten"), ""),
    "muon_spectral": (lambda o, c: c.muon(1e-2, preconditioning="spectral"), ""),
    "prodigy": (lambda o, c: c.prodigy(estim_lr0=1e-3, weight_decay=0.01), ""),
    "prodigy_safe": (
        lambda o, c: c.prodigy(lambda t: 0.5 + 0.01 * t, estim_lr0=1e-3, safeguard_warmup=True), "",
    ),
    "plateau": (
        lambda o, c: o.chain(o.sgd(0.5), c.reduce_on_plateau(
            factor=0.5, patience=2, rtol=0.05, cooldown=1, accumulation_size=2)), "value",
    ),
    "sam": (
        lambda o, c: c.sam(o.sgd(0.1, momentum=0.9), o.chain(c.normalize(), o.sgd(0.05))), "",
    ),
    "sam_opaque": (
        lambda o, c: c.sam(o.adam(0.01), o.chain(c.normalize(), o.sgd(0.05)), opaque_mode=True),
        "grad_fn",
    ),
    "schedule_free_sgd": (
        lambda o, c: c.schedule_free_sgd(0.3, warmup_steps=3, weight_decay=0.01), "",
    ),
    "schedule_free_adamw": (lambda o, c: c.schedule_free_adamw(0.01, weight_decay=0.01), ""),
    "sophia": (lambda o, c: c.sophia(1e-2, update_interval=2), "obj_fn"),
    "dpsgd": (lambda o, c: c.dpsgd(0.1, 0.5, 0.3, seed=7, momentum=0.9), "examples"),
}  # fmt: skip

#: name: (optimizer from the module optim, function, start, steps), in float64.
LINE_SEARCHES = {
    "lbfgs_rosenbrock": (lambda o: o.lbfgs(), "rosenbrock", [-1.2, 1.0], 30),
    "lbfgs_short": (lambda o: o.lbfgs(memory_size=3), "quadratic", [1.0, 2.0, 3.0], 8),
    "lbfgs_plain": (
        lambda o: o.lbfgs(0.1, linesearch=None, scale_init_precond=False),
        "quadratic", [0.1, 0.2, 0.3], 8,
    ),
    "backtracking": (
        lambda o: o.chain(o.sgd(1.0), o.scale_by_backtracking_linesearch(30)),
        "rosenbrock", [-1.2, 1.0], 20,
    ),
    "zoom": (
        lambda o: o.chain(o.sgd(1.0), o.scale_by_zoom_linesearch(20)),
        "rosenbrock", [-1.2, 1.0], 20,
    ),
    "zoom_capped": (
        lambda o: o.chain(o.sgd(1.0), o.scale_by_zoom_linesearch(
            5, max_learning_rate=0.5, approx_dec_rtol=None)),
        "quadratic", [1.0, 2.0, 3.0], 10,
    ),
}  # fmt: skip
