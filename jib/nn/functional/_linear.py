"""Linear layers, tables of vectors and learned slopes, as functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import lax, numpy as jnp, tree
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, IndexBoundsError, ShapeError
from jib.nn.functional._promoting import layer_text
from jib.typing import Array, ArrayLike

__all__ = [
    "attend", "check_batch_axes", "check_features", "check_same_length", "dense",
    "dense_general", "einsum_bias_shape", "einsum_equation", "einsum_layer", "embed",
    "flat_init", "prelu",
]  # fmt: skip


def dense(
    x: Array, kernel: Array, bias: Array | None = None, *,
    dot_general: Callable[..., Any] = lax.dot_general, **options: Any,
) -> Array:  # fmt: skip
    """A matrix applied to the last axis: `x @ kernel + bias`, as one contraction.

    Args:
        x: an array whose last axis has as many elements as the kernel has rows.
        kernel: features in, features out.
        bias: what is added, one number for each feature that comes out.
        dot_general: what contracts, in place of `lax.dot_general`.
        options: further arguments of `dot_general`, such as `precision`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional
        >>> functional.dense(jnp.ones((2, 3)), jnp.ones((3, 1)), jnp.ones(1)).tolist()
        [[4.0], [4.0]]
    """
    out = dot_general(x, kernel, (((x.ndim - 1,), (0,)), ((), ())), **options)
    return out if bias is None else jnp.add(out, bias)


def dense_general(
    x: Array, kernel: Array, bias: Array | None, axes: Sequence[int], batch_axes: Sequence[int], *,
    dot_general: Callable[..., Any] = lax.dot_general, **options: Any,
) -> Array:  # fmt: skip
    """Contract `axes` of an array with the kernel's, for each place along `batch_axes`.

    Args:
        x: an array.
        kernel: the batch axes, the contracted axes in ascending order, then what comes out.
        bias: the batch axes, then what comes out.
        axes, batch_axes: ascending non-negative axes of `x`; `batch_axes` are the leading ones.
        dot_general, options: as for `dense`.
    """
    count = len(batch_axes)
    contracted = tuple(range(count, count + len(axes)))
    numbers = ((tuple(axes), contracted), (tuple(batch_axes), tuple(range(count))))
    out = dot_general(x, kernel, numbers, **options)
    if bias is None:
        return out
    free = x.ndim - len(axes) - count
    return out + bias.reshape(bias.shape[:count] + (1,) * free + bias.shape[count:])


def flat_init(init: Callable[..., Any], ins: int | None, outs: int) -> Callable[..., Any]:
    """An initializer that draws a matrix of `ins` rows (or a vector) and gives it its shape."""

    def draw(key: Any, shape: Sequence[int], dtype: Any = jnp.float32) -> Any:
        flat = init(key, (outs,) if ins is None else (ins, outs), dtype)
        # The array may stand in a box that tells about it; boxes are trees.
        return tree.map(lambda x: jnp.reshape(x, shape), flat)

    return draw


def check_batch_axes(layer: Any, batch_axes: Sequence[int]) -> None:
    """Raise ArgumentValueError unless the axes are the leading ones."""
    if set(batch_axes) != set(range(len(batch_axes))):
        raise ArgumentValueError(
            f"`{layer_text(layer)}` needs batch axes that are the leading ones, but got "
            f"{tuple(batch_axes)}",
            help=f"batch_dims={tuple(range(len(batch_axes)))}",
        )


def check_same_length(layer: Any, **sequences: Sequence[int]) -> None:
    """Raise ArgumentValueError unless the arguments of a layer are equally long."""
    if len({len(s) for s in sequences.values()}) > 1:
        shown = " and ".join(f"{name} {tuple(s)}" for name, s in sequences.items())
        raise ArgumentValueError(f"`{layer_text(layer)}` got {shown}, which are not equally long")


def check_features(
    layer: Any, x: Any, axes: Sequence[int], expected: Sequence[int], option: str = "in_features"
) -> None:
    """Raise ShapeError unless `x` has the expected lengths along its axes.

    Args:
        layer: what messages call the layer.
        x: the input.
        axes, expected: of `x`, and their lengths.
        option: the argument of the layer that told the lengths.
    """
    if x.ndim >= len(axes) and tuple(x.shape[a] for a in axes) == tuple(expected):
        return
    found = tuple(x.shape[a] for a in axes if -x.ndim <= a < x.ndim)
    wanted, got = (n[0] if len(n) == 1 else tuple(n) for n in (expected, found))
    helps = [f"{option}={got}"] if found else []
    if x.ndim > 2 and tuple(axes) == (-1,) and x.shape[1] == wanted:  # as other libraries have it
        helps.insert(0, "jib.numpy.moveaxis(x, 1, -1)   puts the features last")
    raise ShapeError(
        f"`{layer_text(layer)}` was made for inputs of {wanted} features, but got {aval_of(x)}"
        + (f", which has {got}" if found else ""),
        help=helps,
    )


# ------------------------------------------------------------------------------------- einsum


def einsum_equation(layer: Any, equation: str) -> str:
    """An equation of two operands, without spaces.

    Raises:
        ArgumentValueError: if it has no `->`, or not two operands.
    """
    found = equation.replace(" ", "")
    if "->" not in found or found.count(",") != 1:
        raise ArgumentValueError(
            f"`{layer_text(layer)}` needs an equation of its input and its kernel with `->`, but "
            f"got {equation!r}",
            help="einsum_str='...i,io->...o'",
        )
    return found


def _letters(term: str, ndim: int) -> list[str]:
    """A name for each axis; those that an ellipsis stands for are numbered from the right."""
    head, dots, tail = term.partition("...")
    hidden = ndim - len(head) - len(tail) if dots else 0
    return [*head, *map(str, range(hidden, 0, -1)), *tail]


def einsum_bias_shape(
    equation: str, ndim: int, kernel_shape: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of the result that the kernel brings: their lengths, and with 1 elsewhere.

    Example:
        >>> from jib.nn import functional
        >>> functional.einsum_bias_shape("abc,cde->abde", 3, (5, 6, 7))
        ((6, 7), (1, 1, 6, 7))
    """
    terms, result = equation.split("->")
    left, right = terms.split(",")
    sizes = dict(zip(_letters(right, len(kernel_shape)), kernel_shape, strict=True))
    hidden = {n for n in (*_letters(left, ndim), *sizes) if n.isdigit()}
    names = _letters(result, len(result.replace("...", "")) + len(hidden))
    return tuple(sizes[n] for n in names if n in sizes), tuple(sizes.get(n, 1) for n in names)


def einsum_layer(
    equation: str, x: Array, kernel: Array, bias: Array | None,
    einsum: Callable[..., Any] = jnp.einsum, **options: Any,
) -> Array:  # fmt: skip
    """The sum of products that the equation tells, plus a bias along the kernel's own axes."""
    out = einsum(equation, x, kernel, **options)
    if bias is None:
        return out
    return out + bias.reshape(einsum_bias_shape(equation, x.ndim, kernel.shape)[1])


# --------------------------------------------------------------------------- tables and slopes


def embed(ids: ArrayLike, table: Array, layer: Any = "embed") -> Array:
    """The rows of a table that integers name; NaN where compiled code gets one outside it.

    Args:
        ids: integers of any shape.
        table: rows, features.
        layer: what messages call the layer.

    Returns:
        The shape of `ids`, with features as a further axis.

    Raises:
        ArgumentTypeError: if `ids` are not integers.
        IndexBoundsError: if a value known now is outside the table.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional
        >>> functional.embed(jnp.array([1, 1]), jnp.array([[0.0], [2.0]])).tolist()
        [[2.0], [2.0]]
    """
    indices = jnp.asarray(ids)
    rows, features = table.shape
    if not jnp.issubdtype(indices.dtype, jnp.integer):
        raise ArgumentTypeError(
            f"`{layer_text(layer)}` looks up rows by integers, but got {aval_of(indices)}",
            help="ids.astype('int32')",
        )
    if not isinstance(indices, Tracer) and indices.size:
        known = np.asarray(indices)
        worst = int(known.max() if known.max() >= rows else known.min())
        if not -rows <= worst < rows:
            raise IndexBoundsError(
                f"`{layer_text(layer)}` has {rows} rows, but was asked for row {worst}",
                help=f"num_embeddings={worst + 1}" if worst >= rows else (),
            )
    if rows == 1:
        return jnp.broadcast_to(table, (*indices.shape, features))
    return jnp.take(table, indices, axis=0)


def attend(query: Array, table: Array, **options: Any) -> Array:
    """The inner products of vectors with each row of a table."""
    return lax.dot_general(query, table, (((query.ndim - 1,), (1,)), ((), ())), **options)


def prelu(x: Array, slope: ArrayLike) -> Array:
    """The input where it is not negative, `slope` times the input elsewhere.

    He et al., Delving deep into rectifiers, ICCV 2015.
    """
    return jnp.where(x >= 0, x, jnp.asarray(slope, x.dtype) * x)
