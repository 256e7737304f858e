"""Functions of single elements, rows or vectors, applied to whole arrays."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from jib import lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.numpy._creation import asarray
from jib.numpy._promotion import as_operand
from jib.transforms.vmap import vmap

__all__ = ["vectorize"]

_NAMES = r"\w+(?:,\w+)*"
_ARGUMENT = rf"\((?:{_NAMES})?\)"
_ARGUMENTS = rf"{_ARGUMENT}(?:,{_ARGUMENT})*"
_SIGNATURE = rf"({_ARGUMENTS})->({_ARGUMENTS})"  # `re` remembers it once compiled


def _parse(signature: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The names of the core axes of each argument and of each result."""
    match = re.fullmatch(_SIGNATURE, signature.replace(" ", ""))
    if match is None:
        raise ArgumentValueError(
            f"`vectorize` cannot read the signature {signature!r}",
            help="jib.numpy.vectorize(f, signature='(n),(n)->()')",
        )
    sides = []
    for side in match.groups():
        groups = re.findall(rf"\(({_NAMES})?\)", side)
        sides.append([tuple(g.split(",")) if g else () for g in groups])
    return sides[0], sides[1]


def vectorize(
    pyfunc: Callable[..., Any],
    *,
    excluded: Collection[int | str] = frozenset(),
    signature: str | None = None,
) -> Callable[..., Any]:
    """A function that broadcasts its arguments, from one that takes single elements or vectors.

    Args:
        pyfunc: the function.
        excluded: positions and names of arguments that are handed on as they are.
        signature: which axes the function works on, such as `"(n,m),(m)->(n)"`; without it single
            elements.

    Returns:
        A function whose other axes broadcast by NumPy's rules.

    Raises:
        ArgumentValueError: if the signature cannot be read, or does not fit the arguments.
        ShapeError: when called, if axes of one name differ in length.

    Example:
        >>> import jib.numpy as jnp
        >>> dot = jnp.vectorize(jnp.dot, signature="(n),(n)->()")
        >>> dot(jnp.ones((2, 3)), jnp.ones(3)).tolist()
        [3.0, 3.0]
    """
    if any(not isinstance(x, int | str) or (isinstance(x, int) and x < 0) for x in excluded):
        raise ArgumentValueError(f"`vectorize` excludes positions and names, but got {excluded}")
    parsed = None if signature is None else _parse(signature)

    @functools.wraps(pyfunc)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        fixed = {i: x for i, x in enumerate(args) if i in excluded}
        named = {k: v for k, v in kwargs.items() if k in excluded}
        mapped_names = [k for k in kwargs if k not in excluded]
        mapped = [x for i, x in enumerate(args) if i not in excluded]
        mapped += [kwargs[k] for k in mapped_names]
        positional = len(mapped) - len(mapped_names)

        def function(*values: Any) -> Any:
            rest = iter(values[:positional])
            full = [fixed[i] if i in fixed else next(rest) for i in range(len(args))]
            return pyfunc(
                *full, **dict(zip(mapped_names, values[positional:], strict=True)), **named
            )

        arrays = [as_operand("vectorize", x) for x in mapped]
        cores = [()] * len(arrays) if parsed is None else parsed[0]
        if len(cores) != len(arrays):
            raise ArgumentValueError(
                f"the signature {signature!r} is for {len(cores)} arguments, but got {len(arrays)}"
            )
        _check_lengths(arrays, cores)
        checked = function if parsed is None else _checking(function, parsed[1], signature)
        return _broadcast_map(checked, arrays, [len(c) for c in cores])

    return wrapper


def _check_lengths(arrays: Sequence[Any], cores: Sequence[tuple[str, ...]]) -> None:
    """Each name of core axes stands for one length."""
    known: dict[str, int] = {}
    for x, names in zip(arrays, cores, strict=True):
        aval = aval_of(x)
        if aval.ndim < len(names):
            raise ShapeError(f"`vectorize` needs the axes {names}, but got {aval}")
        for name, length in zip(names, aval.shape[aval.ndim - len(names) :], strict=True):
            if known.setdefault(name, length) != length:
                raise ShapeError(f"`vectorize`: axis {name!r} is {known[name]} and also {length}")


def _checking(
    function: Callable[..., Any], results: Sequence[tuple[str, ...]], signature: str | None
) -> Callable[..., Any]:
    """The function, with a check of what it returns."""

    def checked(*values: Any) -> Any:
        out = function(*values)
        outs = out if isinstance(out, tuple) else (out,)
        ranks = [aval_of(asarray(x)).ndim for x in outs]
        if ranks != [len(r) for r in results]:
            raise ArgumentValueError(
                f"the function returns arrays of ranks {ranks}; its signature is {signature!r}"
            )
        return out

    return checked


def _broadcast_map(function: Callable[..., Any], arrays: list[Any], core_ranks: list[int]) -> Any:
    """Map a function over the axes in front of the core axes, one `vmap` for each."""
    shapes = [
        aval_of(x).shape[: aval_of(x).ndim - rank]
        for x, rank in zip(arrays, core_ranks, strict=True)
    ]
    full = lax.broadcast_shapes(*shapes) if shapes else ()
    squeezed = []
    for x, shape in zip(arrays, shapes, strict=True):
        ones = [i for i, n in enumerate(shape) if n == 1 != full[len(full) - len(shape) + i]]
        squeezed.append(lax.squeeze(x, ones) if ones else x)
    mapped = function
    for axis in range(len(full) - 1, -1, -1):
        axes = []
        for shape in shapes:
            place = axis - (len(full) - len(shape))
            own = place >= 0 and (shape[place] != 1 or full[axis] == 1)
            axes.append(0 if own else None)
        mapped = vmap(mapped, in_axes=tuple(axes))
    return mapped(*squeezed)
