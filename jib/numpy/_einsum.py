"""Sums of products in Einstein's notation."""

from __future__ import annotations

import functools
import importlib
from collections import Counter
from typing import Any

import numpy as np

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, ShapeError
from jib.numpy._contraction import contract, diagonal_of, fixed, preferred_dtype
from jib.numpy._elementwise import no_out
from jib.numpy._promotion import as_operand, promote_dtypes
from jib.passes.eager import compiled
from jib.typing import Array, DTypeLike

__all__ = ["einsum", "einsum_path"]


def einsum(
    subscripts: Any,
    /,
    *operands: Any,
    out: None = None,
    optimize: Any = "auto",
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
    _dot_general: Any = None,
    out_sharding: Any = None,
) -> Array:
    """A sum of products, written in Einstein's notation.

    Args:
        subscripts: letters for the axes of each operand, and after `->` those of the result, as in
            `"bij,bjk->bik"`; or an array, in the form `einsum(x, [0, 1], y, [1, 2], [0, 2])`.
        operands: the arrays.
        optimize: how the order of the products is chosen, an option of `opt_einsum`.
        precision: precision of the products.
        preferred_element_type: dtype of sums and result.

    Raises:
        ShapeError: if one letter stands for different lengths.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.einsum("ij,jk->ik", jnp.ones((2, 3)), jnp.ones((3, 4))).shape
        (2, 4)
    """
    no_out("einsum", out)
    inputs, output, arrays = _parse_einsum(subscripts, operands)
    shapes = tuple(aval_of(x).shape for x in arrays)
    steps = _einsum_plan(inputs, output, shapes, _plan_option(optimize))
    return _einsum(arrays, steps, fixed(precision), preferred_dtype(preferred_element_type))


@functools.cache
def _planner() -> Any:
    """`opt_einsum`, which loads when first used: it would slow down every import of `jib.numpy`."""
    return importlib.import_module("opt_einsum")


def _plan_option(optimize: Any) -> Any:
    if optimize is True:
        return "optimal"
    if isinstance(optimize, list):
        return tuple(tuple(step) for step in optimize if not isinstance(step, str))
    return "auto" if optimize is False else optimize


def _parse_einsum(subscripts: Any, operands: tuple) -> tuple[tuple[str, ...], str, list[Any]]:
    """Letters of the operands, letters of the result, and the operands."""
    if not isinstance(subscripts, str):
        flat = (subscripts, *operands)
        arrays = list(flat[0 : len(flat) - len(flat) % 2 : 2])
        shapes = [np.broadcast_to(np.float32(0), np.shape(x)) for x in arrays]
        paired = [y for x, axes in zip(shapes, flat[1::2], strict=False) for y in (x, axes)]
        text, output, _ = _planner().parser.parse_einsum_input((*paired, *flat[2 * len(arrays) :]))
    else:
        arrays = list(operands)
        arrays = [as_operand("einsum", x) for x in arrays]
        shapes = [aval_of(x).shape for x in arrays]
        try:
            text, output, _ = _planner().parser.parse_einsum_input(
                (subscripts, *shapes), shapes=True
            )
        except (ValueError, IndexError) as error:
            raise ShapeError(f"`einsum` cannot read {subscripts!r} for {shapes}: {error}") from None
    arrays = [as_operand("einsum", x) for x in arrays]
    inputs = tuple(text.split(","))
    if len(inputs) != len(arrays):
        raise ArgumentTypeError(f"`einsum` {subscripts!r} speaks of {len(inputs)} operands")
    _check_letters(inputs, output, arrays)
    return inputs, output, arrays


def _check_letters(inputs: tuple[str, ...], output: str, arrays: list[Any]) -> None:
    lengths: dict[str, int] = {}
    for letters, x in zip(inputs, arrays, strict=True):
        aval = aval_of(x)
        if len(letters) != aval.ndim:
            raise ShapeError(f"`einsum` names {len(letters)} axes ({letters}) of {aval}")
        for letter, length in zip(letters, aval.shape, strict=True):
            known = lengths.setdefault(letter, length)
            if known == 1:
                lengths[letter] = length
            elif length not in (1, known):
                raise ShapeError(f"`einsum`: axis {letter!r} has length {known} and also {length}")
    missing = set(output) - set(lengths)
    if missing:
        raise ArgumentValueError(f"`einsum`: {sorted(missing)} of the result stand in no operand")


@functools.lru_cache(4096)
def _einsum_plan(inputs: tuple, output: str, shapes: tuple, optimize: Any) -> tuple:
    """Steps `(positions of the operands, their letters, letters of the product)`."""
    names = list(inputs)
    if len(names) <= 2:
        path: Any = [tuple(range(len(names)))]
    else:
        text = f"{','.join(inputs)}->{output}"
        path = _planner().contract_path(text, *shapes, shapes=True, optimize=optimize)[0]
    steps = []
    for positions in path:
        taken = sorted(positions, reverse=True)
        letters = tuple(names.pop(i) for i in taken)
        here = "".join(letters)
        later = set("".join(names) + output)
        result = output if not names else "".join(x for x in dict.fromkeys(here) if x in later)
        steps.append((tuple(taken), letters, result))
        names.append(result)
    return tuple(steps)


@compiled(static=("steps", "precision", "preferred"))
def _einsum(arrays: list[Any], steps: tuple, precision: Any, preferred: Any) -> Any:
    if preferred is None and len(arrays) > 1:
        arrays = promote_dtypes("einsum", *arrays)
    values = list(arrays)
    for taken, letters, result in steps:
        operands = [values.pop(i) for i in taken]
        values.append(_einsum_step(operands, letters, result, precision, preferred))
    out = values[0]
    return out if preferred is None else lax.convert_element_type(out, preferred)


def _einsum_step(
    operands: list[Any], letters: tuple, result: str, precision: Any, preferred: Any
) -> Any:
    """One product of operands (mostly two), summed over the letters that the result lacks."""
    terms = [_take_diagonals(x, names) for x, names in zip(operands, letters, strict=True)]
    while len(terms) > 1:
        (b, right), (a, left) = terms.pop(), terms.pop()
        wanted = set(result).union(*(names for _, names in terms))
        if not terms:
            b, right, a, left = a, left, b, right
        a, left = _sum_letters(a, left, wanted | set(right))
        b, right = _sum_letters(b, right, wanted | set(left))
        terms.append(_multiply((a, left), (b, right), wanted, result, precision, preferred))
    x, names = _sum_letters(*terms[0], set(result))
    return lax.transpose(x, [names.index(letter) for letter in result])


def _take_diagonals(x: Any, names: str) -> tuple[Any, str]:
    """A letter that stands twice means the diagonal of the two axes."""
    for letter, count in Counter(names).items():
        for _ in range(count - 1):
            first = names.index(letter)
            second = names.index(letter, first + 1)
            x = diagonal_of(x, 0, first, second)
            names = names[:first] + names[first + 1 : second] + names[second + 1 :] + letter
    return x, names


def _sum_letters(x: Any, names: str, wanted: set[str]) -> tuple[Any, str]:
    axes = tuple(i for i, letter in enumerate(names) if letter not in wanted)
    if not axes:
        return x, names
    return lax.reduce_sum(x, axes), "".join(n for n in names if n in wanted)


def _multiply(
    one: tuple, two: tuple, wanted: set[str], result: str, precision: Any, preferred: Any
) -> tuple[Any, str]:
    (a, left), (b, right) = one, two
    a, left, b, right = _drop_ones(a, left, b, right)
    shared = [n for n in left if n in right]
    batch = [n for n in shared if n in wanted]
    summed = [n for n in shared if n not in wanted]
    own_left = [n for n in left if n not in shared]
    own_right = [n for n in right if n not in shared]
    made = "".join([*batch, *own_left, *own_right])
    # Either order of the operands gives the product; take the one that needs no transposition.
    if made != result and "".join([*batch, *own_right, *own_left]) == result:
        a, left, b, right = b, right, a, left
        made = result
    contracted = (tuple(left.index(n) for n in summed), tuple(right.index(n) for n in summed))
    batched = (tuple(left.index(n) for n in batch), tuple(right.index(n) for n in batch))
    return contract(a, b, contracted, batched, precision, preferred), made


def _drop_ones(a: Any, left: str, b: Any, right: str) -> tuple[Any, str, Any, str]:
    """Axes of length 1 broadcast: drop them where the other operand has the letter."""
    shape_a, shape_b = aval_of(a).shape, aval_of(b).shape
    sizes_a, sizes_b = dict(zip(left, shape_a, strict=True)), dict(zip(right, shape_b, strict=True))
    drop_a = [n for n in left if n in sizes_b and sizes_a[n] == 1 != sizes_b[n]]
    drop_b = [n for n in right if n in sizes_a and sizes_b[n] == 1 != sizes_a[n]]
    if drop_a:
        a = lax.squeeze(a, [left.index(n) for n in drop_a])
    if drop_b:
        b = lax.squeeze(b, [right.index(n) for n in drop_b])
    keep_a = "".join(n for n in left if n not in drop_a)
    return a, keep_a, b, "".join(n for n in right if n not in drop_b)


def einsum_path(subscripts: Any, /, *operands: Any, optimize: Any = "auto") -> tuple[list, Any]:
    """The order in which `einsum` multiplies, and a printable account of it."""
    inputs, output, arrays = _parse_einsum(subscripts, operands)
    text, shapes = f"{','.join(inputs)}->{output}", [aval_of(x).shape for x in arrays]
    option = _plan_option(optimize)
    path, info = _planner().contract_path(text, *shapes, shapes=True, optimize=option)
    return ["einsum_path", *path], info
