"""Arithmetic, moments, casts and random draws on whole trees of arrays."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import jib.numpy as jnp
from jib import lax, random, tree as trees
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.optim._scalars import scalar
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "abs_sq", "bias_correction", "global_norm", "like", "map_present", "real_dtype", "safe_sqrt",
    "tree_add", "tree_add_scalar_mul", "tree_add_scale", "tree_allclose", "tree_batch_shape",
    "tree_bias_correction", "tree_cast", "tree_cast_like", "tree_clip", "tree_conj", "tree_div",
    "tree_dtype", "tree_full_like", "tree_l1_norm", "tree_l2_norm", "tree_linf_norm", "tree_max",
    "tree_min", "tree_mul", "tree_norm", "tree_ones_like", "tree_random_like", "tree_real",
    "tree_scalar_mul", "tree_scale", "tree_size", "tree_split_key_like", "tree_sub", "tree_sum",
    "tree_unwrap_random_key_data", "tree_update_infinity_moment", "tree_update_moment",
    "tree_update_moment_per_elem_norm", "tree_vdot", "tree_where", "tree_zeros_like",
    "update_infinity_moment", "update_moment", "update_moment_per_elem_norm",
]  # fmt: skip


_DOUBLE = (jnp.dtype("float64"), jnp.dtype("complex128"))

# ------------------------------------------------------------------------------------ helpers


def like(scalar: Any, x: Any) -> Any:
    """`scalar` in x's floating type: a hyperparameter that is an array must not widen bfloat16.

    Python numbers, complex factors of real arrays and anything beside integers stay as they are.
    """
    dtype = jnp.result_type(x)
    if isinstance(scalar, (bool, int, float, complex)) or not jnp.issubdtype(dtype, jnp.inexact):
        return scalar
    if jnp.iscomplexobj(scalar) and not jnp.issubdtype(dtype, jnp.complexfloating):
        return scalar
    return jnp.asarray(scalar).astype(dtype)


def map_present(function: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """`jib.tree.map` in which a None of `tree` stands for one leaf and stays None."""

    def apply(x: Any, *others: Any) -> Any:
        return None if x is None else function(x, *others)

    return trees.map(apply, tree, *rest, is_leaf=lambda x: x is None)


def safe_sqrt(x: Any) -> Array:
    """The square root with derivative 0, not infinity, at 0."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1)), 0)


def real_dtype(tree: Any) -> Any:
    """The dtype of scalars that stand for a whole tree: real, and float32 at least."""
    return jnp.finfo(jnp.promote_types(tree_dtype(tree, "promote"), jnp.float32)).dtype


def abs_sq(x: Any) -> Array:
    """Squared absolute values; real for complex arrays.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.optim._trees import abs_sq
        >>> abs_sq(jnp.asarray([3 + 4j])).tolist()
        [25.0]
    """
    if not hasattr(x, "dtype"):
        raise ArgumentTypeError(
            f"`abs_sq` takes an array, not {x!r}", help="jib.numpy.asarray(x) makes one"
        )
    if jnp.iscomplexobj(x):
        return jnp.square(jnp.real(x)) + jnp.square(jnp.imag(x))
    return jnp.square(x)


# --------------------------------------------------------------------------------- arithmetic


def tree_add(tree_x: Any, tree_y: Any, *other_trees: Any) -> Any:
    """Leaf by leaf sum of two or more trees.

    Example:
        >>> from jib import optim
        >>> optim.tree.add({"a": 1.0}, {"a": 2.0}, {"a": 3.0})
        {'a': 6.0}
    """
    return trees.map(lambda *leaves: functools.reduce(operator.add, leaves),
                     tree_x, tree_y, *other_trees)  # fmt: skip


def tree_sub(tree_x: Any, tree_y: Any) -> Any:
    """Leaf by leaf difference of two trees."""
    return trees.map(operator.sub, tree_x, tree_y)


def tree_mul(tree_x: Any, tree_y: Any) -> Any:
    """Leaf by leaf product of two trees."""
    return trees.map(operator.mul, tree_x, tree_y)


def tree_div(tree_x: Any, tree_y: Any) -> Any:
    """Leaf by leaf quotient of two trees."""
    return trees.map(operator.truediv, tree_x, tree_y)


def tree_scale(scalar: ArrayLike, tree: Any) -> Any:
    """`scalar * tree`; floating leaves keep their dtype."""
    return trees.map(lambda x: like(scalar, x) * x, tree)


def tree_add_scale(tree_x: Any, scalar: ArrayLike, tree_y: Any) -> Any:
    """`tree_x + scalar * tree_y`; a leaf that is None in `tree_x` stays None."""
    return map_present(lambda x, y: x + like(scalar, y) * y, tree_x, tree_y)


def tree_vdot(tree_x: Any, tree_y: Any) -> ArrayLike:
    """Inner product of two trees: the sum over all leaves of `conj(x) * y`, a scalar.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.tree.vdot({"a": jnp.array([1, 2])}, {"a": jnp.array([3, 4])}).item()
        11
    """

    def product(x: Any, y: Any) -> Array:
        return jnp.vdot(jnp.asarray(x), jnp.asarray(y), precision=lax.Precision.HIGHEST)

    return trees.reduce(operator.add, trees.map(product, tree_x, tree_y), 0)


def tree_sum(tree: Any, associative_reduction: bool = False) -> ArrayLike:
    """Sum of all elements of all leaves, a scalar (0 for an empty tree).

    With `associative_reduction` the leaves' sums are added pairwise, as a balanced tree: less
    rounding, another order.
    """
    sums = trees.map(jnp.sum, tree)
    if associative_reduction:
        return trees.reduce_associative(operator.add, sums, identity=0)
    return trees.reduce(operator.add, sums, 0)


def _extreme(tree: Any, reduction: Any, pair: Any, empty: float) -> ArrayLike:
    found = [reduction(leaf) for leaf in trees.leaves(tree) if jnp.size(leaf)]
    return functools.reduce(pair, found) if found else empty


def tree_max(tree: Any) -> ArrayLike:
    """Largest element of all leaves; -inf for a tree without elements."""
    return _extreme(tree, jnp.max, jnp.maximum, -float("inf"))


def tree_min(tree: Any) -> ArrayLike:
    """Smallest element of all leaves; inf for a tree without elements."""
    return _extreme(tree, jnp.min, jnp.minimum, float("inf"))


def tree_size(tree: Any) -> int:
    """How many elements the leaves have together."""
    return sum(jnp.size(leaf) for leaf in trees.leaves(tree))


def tree_conj(tree: Any) -> Any:
    """Complex conjugate of every leaf."""
    return trees.map(jnp.conj, tree)


def tree_real(tree: Any) -> Any:
    """Real part of every leaf."""
    return trees.map(jnp.real, tree)


def tree_norm(tree: Any, ord: int | str | float | None = None, squared: bool = False) -> Array:
    """Norm of the vector of all elements of all leaves, a scalar.

    Its derivative at zero is zero, and half precision leaves are summed in float32.

    Args:
        tree: a tree of arrays.
        ord: None or 2 (Euclidean), 1 (sum of absolute values), or inf (the largest one).
        squared: return the square of the norm.

    Raises:
        ArgumentValueError: `ord` is none of these.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.tree.norm({"a": jnp.array(3.0), "b": jnp.array(4.0)}).item()
        5.0
    """
    dtypes = [jnp.result_type(leaf) for leaf in trees.leaves(tree)]
    dtype = functools.reduce(jnp.promote_types, dtypes, jnp.bool_) if dtypes else jnp.float32
    dtype = jnp.result_type(jnp.abs(jnp.zeros((), dtype)), 1.0)  # real and floating
    wide = jnp.promote_types(dtype, jnp.float32)
    if ord is None or ord == 2:
        total = tree_sum(trees.map(lambda x: jnp.sum(abs_sq(jnp.asarray(x)).astype(wide)), tree))
        return jnp.asarray(total if squared else safe_sqrt(jnp.asarray(total, wide)), dtype)
    if ord == 1:
        total = tree_sum(trees.map(lambda x: jnp.sum(jnp.abs(x).astype(wide)), tree))
    elif ord in (float("inf"), "inf", "infinity"):
        total = tree_max(trees.map(jnp.abs, tree)) if tree_size(tree) else 0.0
    else:
        raise ArgumentValueError(
            f"the `ord` of `norm` is None, 1, 2 or inf, not {ord!r}", help="ord=2"
        )
    return jnp.asarray(jnp.square(total) if squared else total, dtype)


def tree_batch_shape(tree: Any, shape: tuple[int, ...] = ()) -> Any:
    """Every leaf repeated along new leading axes of the given sizes."""
    return trees.map(lambda x: jnp.broadcast_to(x, (*shape, *jnp.shape(x))), tree)


def tree_zeros_like(tree: Any, dtype: DTypeLike | None = None) -> Any:
    """A tree of zeros with the leaves' shapes, and their dtypes unless `dtype` is given."""
    return trees.map(lambda x: jnp.zeros_like(x, dtype=dtype), tree)


def tree_ones_like(tree: Any, dtype: DTypeLike | None = None) -> Any:
    """A tree of ones with the leaves' shapes, and their dtypes unless `dtype` is given."""
    return trees.map(lambda x: jnp.ones_like(x, dtype=dtype), tree)


def tree_full_like(tree: Any, fill_value: ArrayLike, dtype: DTypeLike | None = None) -> Any:
    """A tree of one value with the leaves' shapes, and their dtypes unless `dtype` is given."""
    return trees.map(lambda x: jnp.full_like(x, fill_value, dtype=dtype), tree)


def tree_clip(
    tree: Any, min_value: ArrayLike | None = None, max_value: ArrayLike | None = None
) -> Any:
    """Every element limited to `[min_value, max_value]`; None is no limit."""
    return trees.map(lambda x: jnp.clip(x, min_value, max_value), tree)


def tree_where(condition: ArrayLike, tree_x: Any, tree_y: Any) -> Any:
    """The leaves of `tree_x` where the condition is true, else those of `tree_y`."""
    return trees.map(lambda x, y: jnp.where(condition, x, y), tree_x, tree_y)


def tree_allclose(
    a: Any, b: Any, rtol: ArrayLike = 1e-05, atol: ArrayLike = 1e-08, equal_nan: bool = False
) -> ArrayLike:
    """Whether all elements of two trees agree within `atol + rtol * abs(b)`."""
    close = functools.partial(jnp.allclose, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return trees.reduce(operator.and_, trees.map(close, a, b), True)


# ------------------------------------------------------------------------------------ moments


def _averages(updates: Any, moments: Any, decay: Any, power: Callable[[Any], Any]) -> Any:
    """`(1 - decay) * power(update) + decay * moment`, with each factor cast once per dtype.

    The complement is taken before it is rounded to a narrow dtype.
    """
    new, old = scalar(1 - decay, updates), scalar(decay, moments)

    def average(g: Any, t: Any) -> Any:
        x = power(g)  # real where the update may be complex
        return new(x) * x + old(t) * t

    return map_present(average, updates, moments)


def tree_update_moment(updates: Any, moments: Any, decay: ArrayLike, order: int) -> Any:
    """Exponential moving averages of the `order`-th powers of the updates.

    Args:
        updates: a tree of arrays; None leaves stay None.
        moments: the averages up to now, a tree of the same structure.
        decay: weight of the past, in [0, 1).
        order: the power.
    """
    return _averages(updates, moments, decay, lambda g: g if order == 1 else g**order)


def tree_update_moment_per_elem_norm(
    updates: Any, moments: Any, decay: ArrayLike, order: int
) -> Any:
    """Like `update_moment`, of `abs(update) ** order`: real for complex updates."""

    def powers(g: Any) -> Any:
        if not jnp.iscomplexobj(g):
            return g**order
        return abs_sq(g) ** (order // 2 if order % 2 == 0 else order / 2)

    return _averages(updates, moments, decay, powers)


def tree_update_infinity_moment(
    updates: Any, moments: Any, decay: ArrayLike, eps: ArrayLike
) -> Any:
    """Decayed maxima `max(abs(update) + eps, decay * moment)`, the infinity norm of Adamax."""
    return map_present(
        lambda g, t: jnp.maximum(jnp.abs(g) + like(eps, t), like(decay, t) * t), updates, moments
    )


def tree_bias_correction(moment: Any, decay: ArrayLike, count: ArrayLike) -> Any:
    """Moments divided by `1 - decay ** count`: averages started at 0 become unbiased.

    The correction is computed in float32 or wider, then taken in the dtype of each leaf.
    Kingma and Ba, "Adam", 2015, section 3.
    """
    double = any(x.dtype in _DOUBLE for x in trees.leaves(moment))
    correction = 1 - jnp.asarray(decay, jnp.float64 if double else jnp.float32) ** count
    return trees.map(lambda t: t / correction.astype(t.dtype), moment)


# -------------------------------------------------------------------------------------- casts


def tree_cast(tree: Any, dtype: DTypeLike | None) -> Any:
    """Every leaf in another dtype; None leaves the tree as it is."""
    return tree if dtype is None else trees.map(lambda x: jnp.asarray(x).astype(dtype), tree)


def tree_cast_like(tree: Any, other_tree: Any) -> Any:
    """Every leaf in the dtype that the same leaf of `other_tree` has."""

    def cast(x: Any, other: Any) -> Any:
        return jnp.asarray(x).astype(other.dtype) if hasattr(other, "dtype") else x

    return trees.map(cast, tree, other_tree)


def _ordered(first: Any, second: Any, lowest: bool) -> Any:
    """The lower or the higher of two dtypes of which one can be promoted to the other."""
    promoted = jnp.promote_types(first, second)
    if promoted not in (first, second):
        raise ArgumentValueError(
            f"neither of the dtypes {first} and {second} can be promoted to the other",
            help='tree_dtype(tree, "promote") gives the dtype that holds both',
        )
    return (second if promoted == first else first) if lowest else promoted


def tree_dtype(tree: Any, mixed_dtype_handler: str | None = None) -> DTypeLike:
    """The dtype of the leaves of a tree.

    Args:
        tree: a tree of arrays.
        mixed_dtype_handler: what to say when dtypes differ: None raises, "promote" gives the
            dtype that holds all, "highest" and "lowest" the extreme one of those present.

    Raises:
        ArgumentValueError: dtypes differ and the handler is None, or cannot order them.
    """
    ArgumentValueError.check(
        "tree_dtype", "mixed_dtype_handler", mixed_dtype_handler,
        (None, "promote", "highest", "lowest"),
    )  # fmt: skip
    dtypes = [jnp.asarray(leaf).dtype for leaf in trees.leaves(tree)]
    if not dtypes:
        return jnp.asarray([]).dtype
    if mixed_dtype_handler is None:
        for dtype in dtypes:
            if dtype != dtypes[0]:
                raise ArgumentValueError(
                    f"the leaves of the tree have the dtypes {dtypes[0]} and {dtype}",
                    help='mixed_dtype_handler="promote"',
                )
        return dtypes[0]
    if mixed_dtype_handler == "promote":
        return functools.reduce(jnp.promote_types, dtypes)
    return functools.reduce(
        functools.partial(_ordered, lowest=mixed_dtype_handler == "lowest"), dtypes
    )


# ------------------------------------------------------------------------------------- random


def tree_split_key_like(rng_key: Any, target_tree: Any) -> Any:
    """A tree of keys, split from one, with the structure of `target_tree`."""
    structure = trees.structure(target_tree)
    return trees.unflatten(structure, list(random.split(rng_key, structure.num_leaves)))


def tree_random_like(
    rng_key: Any,
    target_tree: Any,
    sampler: Callable[..., Any] = random.normal,
    dtype: DTypeLike | None = None,
) -> Any:
    """A tree of draws with the leaves' shapes.

    Args:
        rng_key: a key; every leaf draws from its own split of it.
        target_tree: a tree of arrays.
        sampler: a function of key, shape and dtype, such as `jib.random.normal`.
        dtype: the dtype of the draws; each leaf's own when None.
    """
    return trees.map(
        lambda leaf, key: sampler(key, leaf.shape, dtype or leaf.dtype),
        target_tree,
        tree_split_key_like(rng_key, target_tree),
    )


def tree_unwrap_random_key_data(input_tree: Any) -> Any:
    """The tree with typed PRNG keys replaced by their words, for comparisons of numbers."""

    def unwrap(x: Any) -> Any:
        is_key = hasattr(x, "dtype") and jnp.issubdtype(x.dtype, random.key(0).dtype.type)
        return random.key_data(x) if is_key else x

    return trees.map(unwrap, input_tree)


# -------------------------------------------------------------------------------- other names


def global_norm(updates: Any) -> Array:
    """Euclidean norm of a whole tree; the older name of `optim.tree.norm`."""
    return tree_norm(updates)


def tree_l1_norm(tree: Any, *, ord: Any = 1, squared: bool = False) -> Array:
    """Sum of absolute values; the older name of `tree_norm(tree, ord=1)`."""
    return tree_norm(tree, ord, squared)


def tree_l2_norm(tree: Any, *, ord: Any = 2, squared: bool = False) -> Array:
    """Euclidean norm; the older name of `tree_norm(tree)`."""
    return tree_norm(tree, ord, squared)


def tree_linf_norm(tree: Any, *, ord: Any = "inf", squared: bool = False) -> Array:
    """Largest absolute value; the older name of `tree_norm(tree, ord="inf")`."""
    return tree_norm(tree, ord, squared)


tree_scalar_mul, tree_add_scalar_mul = tree_scale, tree_add_scale
update_moment, update_infinity_moment = tree_update_moment, tree_update_infinity_moment
update_moment_per_elem_norm = tree_update_moment_per_elem_norm
bias_correction = tree_bias_correction
