"""Large batches in little memory: a function runs on parts of the batch, one after another."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import lax, tree as trees
from jib.errors import ArgumentValueError, DTypeError, ShapeError
from jib.optim._trees import like
from jib.transforms.abstract import eval_shape
from jib.transforms.grad import value_and_grad
from jib.transforms.vmap import vmap

__all__ = [
    "AccumulationType", "Accumulator", "IndividualOutputs", "micro_grad", "micro_vmap",
    "microbatch", "reshape_batch_axis",
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Accumulator:
    """How the outputs of the parts become one.

    Args:
        init: makes the first carry from the shapes and dtypes of one output.
        update: `update(carry, output, index)` gives the next carry.
        finalize: makes the result from the last carry.
        aggregate: makes the result from outputs that are stacked along axis 0.
    """

    init: Callable[[Any], Any]
    update: Callable[[Any, Any, Any], Any]
    finalize: Callable[[Any], Any]
    aggregate: Callable[[Any], Any]


class AccumulationType(enum.Enum):
    """The ready-made accumulators."""

    MEAN = enum.auto()
    SUM = enum.auto()
    RUNNING_MEAN = enum.auto()
    CONCAT = enum.auto()


class IndividualOutputs(NamedTuple):
    """What `micro_grad` gives per example: losses, metrics of gradients, and further outputs."""

    values: Any
    metrics: Any
    aux: Any


def reshape_batch_axis(tree: Any, microbatch_size: int, axis: int = 0) -> Any:
    """Split the batch axis of every leaf into (number of parts, size of a part).

    A part takes every n-th element, so that shards of a batch stay where they are.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.optim import microbatching
        >>> microbatching.reshape_batch_axis(jnp.arange(6), 2).tolist()
        [[0, 3], [1, 4], [2, 5]]
    """

    def split(x: Any) -> Any:
        shape = (*x.shape[:axis], microbatch_size, -1, *x.shape[axis + 1 :])
        return jnp.swapaxes(x.reshape(shape), axis, axis + 1)

    return trees.map(split, tree)


def _zeros(value: Any) -> Any:
    return jnp.zeros(value.shape, value.dtype)


def _floating_zeros(value: Any) -> Any:
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        raise DTypeError(
            f"a mean over parts of the batch needs floating-point outputs, not {value.dtype}",
            help="AccumulationType.SUM adds whole numbers",
        )
    return _zeros(value)


def _ready(kind: AccumulationType, parts: int) -> Accumulator:
    def average(carry: Any, value: Any, index: Any) -> Any:
        share = like(index / (index + 1.0), value)
        return carry * share + value * (1 - share)

    def add(carry: Any, value: Any, index: Any) -> Any:
        return carry + value

    def mean(values: Any) -> Any:
        return jnp.mean(values, axis=0)

    if kind is AccumulationType.SUM:
        return Accumulator(_zeros, add, lambda x: x, lambda x: jnp.sum(x, axis=0))
    if kind is AccumulationType.MEAN:
        return Accumulator(_floating_zeros, add, lambda x: x / parts, mean)
    if kind is AccumulationType.RUNNING_MEAN:
        return Accumulator(_floating_zeros, average, lambda x: x, mean)
    return Accumulator(
        init=lambda value: jnp.zeros((parts, *value.shape), value.dtype),
        update=lambda carry, value, index: carry.at[index].set(value),
        finalize=lambda carry: jnp.swapaxes(carry, 0, 1).reshape(-1, *carry.shape[2:]),
        aggregate=lambda values: values,
    )


def _accumulator(spec: Any, parts: int) -> Accumulator:
    """One accumulator of whole outputs, from a tree of them over the top of the outputs."""

    def each(kind: Any) -> Accumulator:
        if isinstance(kind, Accumulator):
            return kind
        ArgumentValueError.check("microbatch", "accumulator", kind, tuple(AccumulationType))
        one = _ready(kind, parts)
        return Accumulator(
            lambda value: trees.map(one.init, value),
            lambda carry, value, index: trees.map(
                lambda c, v: one.update(c, v, index), carry, value
            ),
            lambda carry: trees.map(one.finalize, carry),
            lambda values: trees.map(one.aggregate, values),
        )

    all = trees.map(each, spec)
    return Accumulator(
        lambda values: trees.map(lambda a, v: a.init(v), all, values),
        lambda carry, values, index: trees.map(
            lambda a, c, v: a.update(c, v, index), all, carry, values
        ),
        lambda carry: trees.map(lambda a, c: a.finalize(c), all, carry),
        lambda values: trees.map(lambda a, v: a.aggregate(v), all, values),
    )


def _parts(batched: Sequence[Any], axes: Sequence[int], size: int) -> int:
    """How many parts of a size the batched arguments have."""
    sizes = {
        leaf.shape[axis]
        for tree, axis in zip(batched, axes, strict=True)
        for leaf in trees.leaves(tree)
    }
    if len(sizes) != 1 or min(sizes) % size:
        raise ShapeError(
            f"batch axes of the sizes {sorted(sizes)} do not split into parts of {size}",
            help="all batched arguments have one batch size, a multiple of microbatch_size",
        )
    return min(sizes) // size


def microbatch(
    fun: Callable[..., Any],
    argnums: int | Sequence[int],
    microbatch_size: int | None,
    accumulator: Any = AccumulationType.SUM,
    *,
    argnames: str | Sequence[str] = (),
    in_axes: int | Sequence[int] = 0,
    num_real_microbatches: Any = None,
) -> Callable[..., Any]:
    """The same function, run on parts of the batch one after another.

    Args:
        fun: a function of arrays with a batch axis.
        argnums: which positional arguments have one.
        microbatch_size: the size of a part; `fun` itself when None.
        accumulator: how outputs are put together: an `AccumulationType`, an `Accumulator`, or a
            tree of them over the top of the output.
        argnames: which named arguments have a batch axis.
        in_axes: the batch axis, or one for each of `argnums` and then `argnames`.
        num_real_microbatches: run only so many parts, which may be known only at run time.

    Raises:
        ShapeError: the batch does not split into parts of this size.
        DTypeError: a mean of whole numbers is asked for.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> total = optim.microbatch(lambda x: jnp.sum(x**2), 0, microbatch_size=2)
        >>> total(jnp.arange(6.0)).item()
        55.0
    """
    if microbatch_size is None:
        return fun
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    names = (argnames,) if isinstance(argnames, str) else tuple(argnames)
    places = (*positions, *names)
    axes = (in_axes,) * len(places) if isinstance(in_axes, int) else tuple(in_axes)

    def microbatched(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(enumerate(args)), **kwargs}
        batched = [given[place] for place in places]
        parts = _parts(batched, axes, microbatch_size)
        split = [
            reshape_batch_axis(tree, microbatch_size, axis)
            for tree, axis in zip(batched, axes, strict=True)
        ]

        def run(index: Any) -> Any:
            chosen = dict(given)
            for place, tree, axis in zip(places, split, axes, strict=True):
                chosen[place] = trees.map(
                    lambda x, axis=axis: lax.dynamic_index_in_dim(x, index, axis, keepdims=False),
                    tree,
                )
            named = {name: chosen[name] for name in kwargs}
            return fun(*(chosen[i] for i in range(len(args))), **named)

        whole = _accumulator(accumulator, parts)
        count = parts if num_real_microbatches is None else num_real_microbatches
        first = whole.init(eval_shape(run, 0))
        last = lax.fori_loop(0, count, lambda i, carry: whole.update(carry, run(i), i), first)
        return whole.finalize(last)

    return microbatched


def micro_vmap(
    fun: Callable[..., Any],
    in_axes: int | Sequence[Any] = 0,
    out_axes: Any = 0,
    *,
    microbatch_size: int | None = None,
    vmap_fn: Callable[..., Any] = vmap,
    accumulator: Any = AccumulationType.CONCAT,
    num_real_microbatches: Any = None,
) -> Callable[..., Any]:
    """`vmap` on parts of the batch, one after another; named arguments are batched too.

    Args:
        fun: a function of one example.
        in_axes: the batch axis, or one for each argument, None for what is not batched.
        out_axes: 0.
        microbatch_size: the size of a part; all at once when None.
        vmap_fn: what batches a part.
        accumulator: how outputs are put together, as in `microbatch`.
        num_real_microbatches: run only so many parts.

    Raises:
        ArgumentValueError: `out_axes` is not 0.
    """
    if out_axes != 0:
        raise ArgumentValueError(
            f"the `out_axes` of `micro_vmap` is 0, not {out_axes}",
            help="jib.numpy.moveaxis(result, 0, axis)",
        )

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        axes = (in_axes,) * len(args) if isinstance(in_axes, int) else tuple(in_axes)

        def part(*args: Any, kwargs: Any) -> Any:
            outputs = vmap_fn(fun, axes, 0)(*args, **kwargs)
            size = trees.leaves(outputs)[0].shape[0]
            return _accumulator(accumulator, size).aggregate(outputs)

        batched = [i for i, axis in enumerate(axes) if axis is not None]
        return microbatch(
            part, batched, microbatch_size, accumulator, argnames="kwargs",
            in_axes=[*(axes[i] for i in batched), 0], num_real_microbatches=num_real_microbatches,
        )(*args, kwargs=kwargs)  # fmt: skip

    return wrapped


def micro_grad(
    fun: Callable[..., Any],
    has_aux: bool = False,
    argnums: int | Sequence[int] = 0,
    *,
    batch_argnums: int | Sequence[int] = 1,
    keep_batch_dim: bool = True,
    microbatch_size: int | None = None,
    accumulator: Any = AccumulationType.SUM,
    transform_fn: Callable[[Any], Any] = lambda x: x,
    metrics_fn: Callable[[Any], Any] = lambda x: None,
    num_real_microbatches: Any = None,
) -> Callable[..., tuple[Any, IndividualOutputs]]:
    """Gradients of single examples, each transformed and then put together.

    Args:
        fun: the loss.
        has_aux: whether it gives `(loss, further outputs)`.
        argnums: what to differentiate by.
        batch_argnums: which arguments have a batch axis 0.
        keep_batch_dim: the loss sees batches of one example, not the example alone.
        microbatch_size: how many examples at once; all when None.
        accumulator: how gradients are put together, as in `microbatch`.
        transform_fn: applied to the gradient of each example, such as clipping.
        metrics_fn: a function of the gradient of each example that is kept.
        num_real_microbatches: run only so many parts.

    Returns:
        A function that gives the gradients together, and `IndividualOutputs` per example.
    """
    batched = (batch_argnums,) if isinstance(batch_argnums, int) else tuple(batch_argnums)
    with_aux = fun if has_aux else lambda *args, **kwargs: (fun(*args, **kwargs), None)
    value_and_gradient = value_and_grad(with_aux, argnums, has_aux=True)

    def one(*args: Any, **kwargs: Any) -> Any:
        (value, aux), gradient = value_and_gradient(*args, **kwargs)
        return transform_fn(gradient), IndividualOutputs(value, metrics_fn(gradient), aux)

    def run(*args: Any, **kwargs: Any) -> Any:
        axes = [0 if i in batched else None for i in range(len(args))]
        expanded = [
            trees.map(lambda x: jnp.expand_dims(x, 1), arg)
            if keep_batch_dim and i in batched
            else arg
            for i, arg in enumerate(args)
        ]
        return micro_vmap(
            one, axes, accumulator=(accumulator, AccumulationType.CONCAT),
            microbatch_size=microbatch_size, num_real_microbatches=num_real_microbatches,
        )(*expanded, **kwargs)  # fmt: skip

    return run
