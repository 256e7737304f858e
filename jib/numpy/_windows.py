"""Windows for signals, and convolutions of vectors."""

# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportReturnType=false, reportArgumentType=false, reportCallIssue=false
# (`derived` makes arrays of the arguments, which stay annotated as what callers may give.)

from __future__ import annotations

import math
from typing import Any

from jib import dtypes, lax
from jib.core.tracing import aval_of
from jib.errors import ArgumentValueError, ShapeError
from jib.numpy._creation import asarray
from jib.numpy._promotion import as_operand, promote_dtypes
from jib.numpy._ranges import arange
from jib.numpy._shaping import integer
from jib.numpy._transcendental import cos, i0, sqrt
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "bartlett", "blackman", "convolve", "correlate", "hamming", "hanning", "kaiser",
]  # fmt: skip


@compiled(static=("name", "count"))
def _window(name: str, count: int, beta: Any = 0.0) -> Any:
    """A window over `count` points; one point has weight 1."""
    dtype = dtypes.default_float_dtype()
    place = arange(count, dtype=dtype) / max(count - 1, 1)  # from 0 to 1
    turn = cos(2 * math.pi * place)
    if count == 1:
        return turn
    if name == "bartlett":
        return 1 - abs(2 * place - 1)
    if name == "kaiser":
        return i0(beta * sqrt(1 - (2 * place - 1) ** 2)) / i0(asarray(beta, dtype))
    if name == "blackman":
        return 0.42 - 0.5 * turn + 0.08 * cos(4 * math.pi * place)
    share = 0.54 if name == "hamming" else 0.5
    return share - (1 - share) * turn


def bartlett(M: int) -> Array:
    """The triangular window of `M` points, 0 at both ends."""
    return _window("bartlett", integer("bartlett", M))


def blackman(M: int) -> Array:
    """The Blackman window of `M` points: three cosine terms."""
    return _window("blackman", integer("blackman", M))


def hamming(M: int) -> Array:
    """The Hamming window of `M` points: a raised cosine, 0.08 at both ends."""
    return _window("hamming", integer("hamming", M))


def hanning(M: int) -> Array:
    """The Hann window of `M` points: a raised cosine, 0 at both ends.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.round(jnp.hanning(5), 2).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return _window("hanning", integer("hanning", M))


def kaiser(M: int, beta: ArrayLike) -> Array:
    """The Kaiser window of `M` points; a larger `beta` makes it narrower."""
    return _window("kaiser", integer("kaiser", M), beta)


def convolve(
    a: ArrayLike,
    v: ArrayLike,
    mode: str = "full",
    *,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
) -> Array:
    """The convolution of two vectors: "full", of the longer one's length ("same"), or "valid".

    Raises:
        ShapeError: for arrays that are not vectors, or are empty.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.convolve(jnp.array([1, 2]), jnp.array([1, 1])).tolist()
        [1, 3, 2]
    """
    return _slide("convolve", a, v, mode, precision, preferred_element_type)


def correlate(
    a: ArrayLike,
    v: ArrayLike,
    mode: str = "valid",
    *,
    precision: Any = None,
    preferred_element_type: DTypeLike | None = None,
) -> Array:
    """The correlation of two vectors: `convolve` with `v` conjugated and reversed."""
    return _slide("correlate", a, v, mode, precision, preferred_element_type)


def _slide(name: str, a: Any, v: Any, mode: str, precision: Any, preferred: Any) -> Any:
    a, v = promote_dtypes(name, as_operand(name, a), as_operand(name, v))
    if aval_of(a).ndim != 1 or aval_of(v).ndim != 1 or not aval_of(a).size * aval_of(v).size:
        raise ShapeError(
            f"`{name}` takes two vectors with elements, but got {aval_of(a)} and {aval_of(v)}"
        )
    if mode not in ("full", "same", "valid"):
        raise ArgumentValueError(f"`{name}` knows 'full', 'same' and 'valid', but got {mode!r}")
    preferred = None if preferred is None else dtypes.parse(preferred)
    return _slid(a, v, name, mode, precision, preferred)


@compiled(static=("name", "mode", "precision", "preferred"))
def _slid(a: Any, v: Any, name: str, mode: str, precision: Any, preferred: Any) -> Any:
    if name == "correlate":
        v = v.conj()[::-1]
    swapped = a.size < v.size
    a, v = (v, a) if swapped else (a, v)
    short = v.size - 1
    # NumPy centres a correlation by its own operands, not by the longer one.
    left = short // 2 + (short % 2 if name == "correlate" and swapped else 0)
    left = short - left if mode == "same" else {"full": short, "valid": 0}[mode]
    padding = (left, short - left if mode == "same" else left)
    out = lax.conv_general_dilated(
        a[None, None],
        v[::-1][None, None],
        (1,),
        [padding],
        precision=precision,
        preferred_element_type=preferred,
    )
    return out[0, 0]
