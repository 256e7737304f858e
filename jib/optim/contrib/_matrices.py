"""Optimizers that see weights as matrices: Muon's orthogonal steps, GaLore's low rank."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import lax, tree as trees
from jib.errors import ArgumentValueError, ShapeError
from jib.optim._aliases import adamw
from jib.optim._base import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    MaskOrFn,
    Number,
    Params,
    ScalarOrSchedule,
    init_empty_state,
)
from jib.optim._combining import chain, partition
from jib.optim._hyper import hyperparameters
from jib.optim._moments import scale_by_adam
from jib.optim._numerics import safe_increment
from jib.optim._transforms import add_decayed_weights, scale_by_learning_rate
from jib.optim._trees import tree_bias_correction, tree_cast, tree_update_moment, tree_zeros_like
from jib.optim.contrib._adaptive import zero_count
from jib.typing import Array, DTypeLike

__all__ = [
    "GaLoreDimensionNumbers", "GaLoreState", "MuonDimensionNumbers", "MuonState", "galore", "muon",
    "scale_by_galore", "scale_by_muon",
]  # fmt: skip


class MuonDimensionNumbers(NamedTuple):
    """Which axes of a weight are the rows (summed over) and the columns; the rest are batches."""

    reduction_axis: Sequence[int] | int = 0
    output_axis: Sequence[int] | int = 1


class GaLoreDimensionNumbers(NamedTuple):
    """Which axes of a weight are the rows (summed over) and the columns: all of them."""

    reduction_axis: Sequence[int] | int = 0
    output_axis: Sequence[int] | int = 1


def _is_numbers(x: Any) -> bool:
    return x is None or isinstance(x, (MuonDimensionNumbers, GaLoreDimensionNumbers))


def _numbers(spec: Any, tree: Any, kind: Any) -> list[Any]:
    """The dimension numbers of each leaf, or None: by default matrices are what they seem."""
    leaves = trees.leaves(tree)
    if callable(spec):
        spec = spec(tree)
    if spec is None:
        return [kind() if leaf.ndim == 2 else None for leaf in leaves]
    if isinstance(spec, kind):
        return [spec if leaf.ndim >= 2 else None for leaf in leaves]
    return trees.leaves(trees.broadcast(spec, tree, is_leaf=_is_numbers), is_leaf=_is_numbers)


class _Form(NamedTuple):
    """How an array is seen as a batch of matrices, and back."""

    rows: int
    columns: int
    matrices: Callable[[Array], Array]
    back: Callable[[Array], Array]


def _form(x: Array, numbers: Any) -> _Form:
    given = [
        (axes,) if isinstance(axes, int) else tuple(axes)
        for axes in (numbers.reduction_axis, numbers.output_axis)
    ]
    rows, columns = [tuple(axis % max(x.ndim, 1) for axis in axes) for axes in given]
    batch = tuple(axis for axis in range(x.ndim) if axis not in rows + columns)
    strange = set(rows) & set(columns) or (batch and isinstance(numbers, GaLoreDimensionNumbers))
    if x.ndim < 2 or strange:
        raise ShapeError(
            f"a weight of shape {x.shape} is no matrix with the axes {given[0]} as rows and "
            f"{given[1]} as columns",
            help="the axes are different ones, of at least two; give a weight None to leave it out",
        )
    order = batch + rows + columns
    sizes = [math.prod(x.shape[axis] for axis in axes) for axes in (batch, rows, columns)]
    shape = [x.shape[axis] for axis in order]
    inverse = sorted(range(x.ndim), key=order.__getitem__)
    return _Form(
        sizes[1],
        sizes[2],
        lambda y: y.transpose(order).reshape(sizes),
        lambda y: y.reshape(shape).transpose(inverse),
    )


def _per_leaf(function: Callable[..., Any], tree: Any, *lists: Sequence[Any]) -> Any:
    leaves, structure = trees.flatten(tree)
    return trees.unflatten(structure, list(map(function, leaves, *lists)))


# --------------------------------------------------------------------------------------- Muon

_PRESETS = {
    "standard": (3.4445, -4.775, 2.0315),
    "dion": (
        (4.0848, -6.8946, 2.927), (3.9505, -6.3029, 2.6377), (3.7418, -5.5913, 2.3037),
        (2.8769, -3.1427, 1.2046), (2.8366, -3.0525, 1.2012),
    ),
}  # fmt: skip
_STANDARD = (3.4445, -4.775, 2.0315)
_PRECONDITIONINGS = ("frobenius", "spectral", "aol", "schatten")


def _orthogonal(x: Array, coefficients: Array, steps: int, kind: str, eps: Any) -> Array:
    """The orthogonal factor of a batch of matrices, nearly: Newton-Schulz iterations.

    Jordan et al., "Muon", 2024. The start makes all singular values at most 1: by a norm, or by
    row sums of the first Gram matrix (AOL; Prach and Lampert, 2022), or by its norm (Schatten).
    """
    wide = x.shape[-2] <= x.shape[-1]
    x = x if wide else x.mT
    if kind in ("frobenius", "spectral"):
        order: Any = "fro" if kind == "frobenius" else 2
        exact = x.astype(jnp.promote_types(x.dtype, jnp.float32))  # singular values need it
        norm = jnp.linalg.norm(exact, ord=order, axis=(-2, -1), keepdims=True)
        x = x / (norm.astype(x.dtype) + eps)
    for step in range(steps if coefficients.ndim == 1 else coefficients.shape[0]):
        first, second, third = coefficients if coefficients.ndim == 1 else coefficients[step]
        gram = x @ (x.mT if kind == "schatten" and step == 0 else x.mT.conj())
        if step == 0 and kind in ("aol", "schatten"):
            size = jnp.sum(jnp.abs(gram), -1, keepdims=True)
            if kind == "schatten":
                size = jnp.linalg.norm(gram, axis=(-2, -1), keepdims=True)
            factor = lax.rsqrt(jnp.maximum(size, eps))
            x, gram = x * factor, gram * factor * factor.mT
        x = first * x + (second * gram + third * gram @ gram) @ x
    return x if wide else x.mT


class MuonState(NamedTuple):
    """Steps, mean gradient, and the coefficients of the iteration."""

    count: Any
    mu: Any
    ns_coeffs: Any
    hyper: Any = ()


def scale_by_muon(
    ns_coeffs: Any = _STANDARD,
    ns_steps: int = 5,
    beta: Number = 0.95,
    eps: Number = 1e-08,
    mu_dtype: DTypeLike | None = None,
    *,
    nesterov: bool = True,
    adaptive: bool = False,
    preconditioning: str = "frobenius",
    weight_dimension_numbers: Any = None,
) -> GradientTransformation:
    """Make mean gradients orthogonal: every direction of a matrix moves equally far.

    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.

    Args:
        ns_coeffs: three coefficients of the odd polynomial, or three for each step.
        ns_steps: how many iterations.
        beta: weight of the past in the mean.
        eps: added to norms.
        mu_dtype: dtype in which the mean is kept.
        nesterov: look one step ahead.
        adaptive: scale by the inner product with the mean.
        preconditioning: "frobenius", "spectral", "aol" or "schatten": how the start is scaled.
        weight_dimension_numbers: `MuonDimensionNumbers`, a tree of them, or a function of the
            parameters that gives one; matrices are what they seem when None.

    Raises:
        ArgumentValueError: unknown preconditioning, or coefficients of a wrong shape.
        ShapeError: a weight is no matrix.
    """
    ArgumentValueError.check("muon", "preconditioning", preconditioning, _PRECONDITIONINGS)

    def init(params: Params) -> MuonState:
        coefficients = jnp.asarray(ns_coeffs, jnp.float64)
        many = coefficients.ndim == 2
        if coefficients.shape[-1:] != (3,) or coefficients.ndim > 2 or (
            many and len(coefficients) < ns_steps
        ):  # fmt: skip
            raise ArgumentValueError(
                f"the `ns_coeffs` of `muon` have shape (3,) or ({ns_steps} or more, 3), "
                f"not {coefficients.shape}",
                help="ns_coeffs=(3.4445, -4.775, 2.0315)",
            )
        coefficients = coefficients[-ns_steps:] if many else coefficients
        return MuonState(zero_count(), tree_zeros_like(params, mu_dtype), coefficients)

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        numbers = _numbers(weight_dimension_numbers, updates, MuonDimensionNumbers)
        count, beta = safe_increment(state.count), h.beta.wide
        mu = tree_update_moment(updates, state.mu, beta, 1)
        if nesterov:
            ahead = tree_bias_correction(mu, beta, safe_increment(count))
            mean = tree_update_moment(tree_bias_correction(updates, beta, count), ahead, beta, 1)
        else:
            mean = tree_bias_correction(mu, beta, count)

        def orthogonal(x: Array, axes: Any) -> Array:
            form = _form(x, MuonDimensionNumbers() if axes is None else axes)
            coefficients = state.ns_coeffs.astype(x.dtype)
            y = _orthogonal(form.matrices(x), coefficients, ns_steps, preconditioning, h.eps(x))
            y = form.back(y)
            return jnp.sum(x.conj() * y) * y if adaptive else y

        steps = _per_leaf(orthogonal, mean, numbers)
        return steps, MuonState(count, tree_cast(mu, mu_dtype), state.ns_coeffs)

    return hyperparameters(init, update, beta=beta, eps=eps)


def _scale_by_shape(spec: Any, consistent_rms: Number | None) -> GradientTransformation:
    """Scale by sqrt(columns / rows), at least 1, or to a root mean square that is the same."""

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        def scale(x: Array, axes: Any) -> Array:
            form = _form(x, axes)
            if consistent_rms is None:
                return math.sqrt(max(1, form.columns / form.rows)) * x
            return math.sqrt(max(form.rows, form.columns)) * h.consistent_rms(x) * x

        return _per_leaf(scale, updates, _numbers(spec, updates, MuonDimensionNumbers)), state

    given: dict[str, Any] = {} if consistent_rms is None else {"consistent_rms": consistent_rms}
    return hyperparameters(init_empty_state, update, **given) if given else _plain(update)


def _plain(update: Callable[..., Any]) -> GradientTransformation:
    def run(updates: Any, state: Any, params: Any = None) -> Any:
        return update(updates, state, params, None)

    return GradientTransformation(init_empty_state, run)


def muon(
    learning_rate: ScalarOrSchedule,
    ns_coeffs: Any = _STANDARD,
    ns_steps: int = 5,
    beta: Number = 0.95,
    eps: Number = 1e-08,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: MaskOrFn = None,
    mu_dtype: DTypeLike | None = None,
    *,
    nesterov: bool = True,
    adaptive: bool = False,
    preconditioning: str = "frobenius",
    adam_b1: Number = 0.9,
    adam_b2: Number = 0.999,
    adam_eps_root: Number = 0.0,
    adam_weight_decay: ScalarOrSchedule = 0.0,
    adam_learning_rate: ScalarOrSchedule | None = None,
    muon_weight_dimension_numbers: Any = None,
    consistent_rms: Number | None = None,
) -> GradientTransformationExtraArgs:
    """Muon for matrices, AdamW for all other parameters.

    Args:
        learning_rate: a number or a schedule.
        ns_coeffs: as in `scale_by_muon`, or "standard" or "dion".
        ns_steps: how many iterations.
        beta: weight of the past in Muon's mean.
        eps: added to norms, and AdamW's epsilon.
        weight_decay: decoupled decay of the matrices.
        weight_decay_mask: which of them decay.
        mu_dtype: dtype of the means.
        nesterov: look one step ahead, in both.
        adaptive: as in `scale_by_muon`.
        preconditioning: as in `scale_by_muon`.
        adam_b1: weight of the past in Adam's mean.
        adam_b2: weight of the past in its mean of squares.
        adam_eps_root: added under the root.
        adam_weight_decay: decoupled decay of the other parameters.
        adam_learning_rate: that of Adam; `learning_rate` when None.
        muon_weight_dimension_numbers: `MuonDimensionNumbers` per weight, None for Adam; as a tree
            whose leaves may stand for whole subtrees, or a function of the parameters.
        consistent_rms: the root mean square that Muon's updates are scaled to.

    Raises:
        ArgumentValueError: an unknown preset or preconditioning.
    """
    if isinstance(ns_coeffs, str):
        ArgumentValueError.check("muon", "ns_coeffs", ns_coeffs, tuple(_PRESETS))
        ns_coeffs = _PRESETS[ns_coeffs]
    spec = muon_weight_dimension_numbers

    def labels(params: Params) -> Any:
        numbers = _numbers(spec, params, MuonDimensionNumbers)
        return _per_leaf(lambda _, axes: "adam" if axes is None else "muon", params, numbers)

    scaling = scale_by_muon(
        ns_coeffs, ns_steps, beta, eps, mu_dtype, nesterov=nesterov, adaptive=adaptive,
        preconditioning=preconditioning, weight_dimension_numbers=spec,
    )  # fmt: skip
    matrices = chain(
        scaling,
        _scale_by_shape(spec, consistent_rms),
        add_decayed_weights(weight_decay, weight_decay_mask),
        scale_by_learning_rate(learning_rate),
    )
    others = adamw(
        learning_rate if adam_learning_rate is None else adam_learning_rate,
        adam_b1, adam_b2, eps, adam_eps_root, mu_dtype, adam_weight_decay, nesterov=nesterov,
    )  # fmt: skip
    return partition({"muon": matrices, "adam": others}, labels)


# ------------------------------------------------------------------------------------- GaLore


class GaLoreState(NamedTuple):
    """Steps, the state of the optimizer in the small space, and the way into it."""

    count: Any
    base_optimizer_state: Any
    projector: Any
    hyper: Any = ()


def _small(rank: int, x: Array, form: _Form | None) -> Array:
    """Zeros in the small space."""
    if form is None:
        return jnp.zeros_like(x)
    size = min(rank, form.rows, form.columns)
    shape = (size, form.columns) if form.rows >= form.columns else (form.rows, size)
    return jnp.zeros(shape, x.dtype)


def _no_vectors(rank: int, x: Array, form: _Form | None) -> Array:
    """Zeros where the way into the small space will be."""
    sizes = (0, 0) if form is None else (form.rows, form.columns)
    return jnp.zeros((max(sizes), min(rank, *sizes)), x.dtype)


def _singular_vectors(matrix: Array, rank: int) -> Array:
    """The first singular vectors along the longer side."""
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.mT
    exact = tall.astype(jnp.promote_types(matrix.dtype, jnp.float32))
    return jnp.linalg.svd(exact, full_matrices=False)[0][:, :rank].astype(matrix.dtype)


def scale_by_galore(
    rank: int = 128,
    update_proj_gap: int = 200,
    scale: float = 1.0,
    base_optimizer: GradientTransformation | None = None,
    weight_dimension_numbers: Any = None,
) -> GradientTransformation:
    """Optimise in the space of each gradient's largest singular vectors.

    Zhao et al., "GaLore: memory-efficient LLM training by gradient low-rank projection", 2024.

    Args:
        rank: how many singular vectors.
        update_proj_gap: how many steps one set of them serves.
        scale: factor of the updates that come back.
        base_optimizer: works in the small space; `scale_by_adam()` when None.
        weight_dimension_numbers: `GaLoreDimensionNumbers`, a tree of them with None for weights
            that stay whole, or a function of the parameters; all matrices when None.

    Raises:
        ArgumentValueError: `rank` is no positive whole number.
    """
    if not isinstance(rank, int) or rank <= 0:
        raise ArgumentValueError(
            f"the `rank` of `scale_by_galore` is a positive whole number, not {rank!r}",
            help="rank=128",
        )
    inner = scale_by_adam() if base_optimizer is None else base_optimizer

    def forms(tree: Any) -> list[_Form | None]:
        numbers = _numbers(weight_dimension_numbers, tree, GaLoreDimensionNumbers)
        leaves = trees.leaves(tree)
        return [
            None if axes is None else _form(leaf, axes)
            for leaf, axes in zip(leaves, numbers, strict=True)
        ]

    def init(params: Params) -> GaLoreState:
        seen = forms(params)
        state = inner.init(_per_leaf(partial(_small, rank), params, seen))
        return GaLoreState(zero_count(), state, _per_leaf(partial(_no_vectors, rank), params, seen))

    def update(updates: Any, state: Any, params: Any, h: Any) -> Any:
        due, seen = state.count % update_proj_gap == 0, forms(updates)

        def project(x: Array, form: _Form | None, old: Array) -> tuple[Array, Array]:
            if form is None:
                return x, old
            matrix = form.matrices(x)[0]

            new = lax.cond(due, lambda: _singular_vectors(matrix, old.shape[1]), lambda: old)
            return (new.mT @ matrix if form.rows >= form.columns else matrix @ new), new

        def back(y: Array, form: _Form | None, new: Array) -> Array:
            if form is None:
                return y
            full = new @ y if form.rows >= form.columns else y @ new.mT
            return h.scale(full) * form.back(full)

        leaves, structure = trees.flatten(updates)
        pairs = list(map(project, leaves, seen, trees.leaves(state.projector)))
        projectors = [new for _, new in pairs]
        projected = trees.unflatten(structure, [low for low, _ in pairs])
        moves, inner_state = inner.update(projected, state.base_optimizer_state, None)
        steps = trees.map(
            lambda y, x: y.astype(x.dtype), _per_leaf(back, moves, seen, projectors), updates
        )
        new_projector = trees.unflatten(structure, projectors)
        return steps, GaLoreState(safe_increment(state.count), inner_state, new_projector)

    return hyperparameters(init, update, scale=scale)


def galore(
    learning_rate: ScalarOrSchedule,
    rank: int = 128,
    update_proj_gap: int = 200,
    scale: float = 1.0,
    base_optimizer: GradientTransformation | None = None,
    weight_decay: ScalarOrSchedule = 0.0,
    mask: MaskOrFn = None,
    weight_dimension_numbers: Any = None,
) -> GradientTransformationExtraArgs:
    """GaLore with decoupled weight decay; the arguments are those of `scale_by_galore`."""
    return chain(
        scale_by_galore(rank, update_proj_gap, scale, base_optimizer, weight_dimension_numbers),
        add_decayed_weights(weight_decay, mask),
        scale_by_learning_rate(learning_rate),
    )
