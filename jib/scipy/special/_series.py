"""Special functions by series, continued fractions and rational approximations."""

from __future__ import annotations

import fractions
import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jib import dtypes, lax, numpy as jnp
from jib.core.tracing import aval_of
from jib.core.zeros import Zero, tangent_aval
from jib.errors import ArgumentValueError
from jib.lax._incomplete import fraction, iterate
from jib.lax._special import no_derivative
from jib.numpy._promotion import promote_inexact
from jib.numpy._shaping import integer
from jib.passes.eager import compiled
from jib.passes.jvp import jvp
from jib.scipy._arguments import promoted
from jib.transforms.custom_jvp import custom_jvp
from jib.typing import Array, ArrayLike

__all__ = [
    "bernoulli", "dawsn", "erfcx", "exp1", "expi", "expn", "fresnel", "hyp1f1",
    "hyp2f1", "sici", "spence", "wofz",
]  # fmt: skip


def _smooth(function: Callable[..., Any]) -> Callable[..., Any]:
    """An element-wise function, loops and all, with derivatives of every order in both modes.

    Each partial derivative is found in forward mode, as a function of its own that is smooth too;
    the tangent is only multiplied by it, so that reverse mode never runs a loop backwards.
    """

    @functools.cache
    def partial(i: int) -> Callable[..., Any]:
        if function.__name__ == "expn" and i == 0:
            no_derivative("expn", "n", "scipy.special")()

        def derivative(*args: Any) -> Any:
            tangents: list[Any] = [Zero(tangent_aval(aval_of(x))) for x in args]
            tangents[i] = jnp.ones_like(args[i])
            slope = jvp(lambda *xs: [function(*xs)], args, tangents)[1][0]
            return jnp.zeros_like(args[i]) if type(slope) is Zero else slope

        return _smooth(derivative)

    def rule(primals: Any, tangents: Any) -> Any:
        out = smooth(*primals)
        total = jnp.zeros_like(out)
        for i, t in enumerate(tangents):
            if type(t) is not Zero:
                total = total + partial(i)(*primals) * t
        return out, total

    smooth = custom_jvp(function)
    smooth.defjvp(rule, symbolic_zeros=True)
    return smooth


def _function(argument: Callable[..., Any]) -> Callable[..., Any]:
    """A public function whose body takes promoted, equally shaped floating arrays."""
    body = _smooth(argument)
    name = argument.__name__

    @functools.wraps(argument)
    def function(*args: ArrayLike) -> Array:
        values = promoted(name, *args)
        for x in values:
            if aval_of(x).dtype.kind == "c":
                raise ArgumentValueError(f"`{name}` takes real numbers, but got {aval_of(x)}")
        return body(*jnp.broadcast_arrays(*values))

    return compiled(function)


def _horner(z: Any, coefficients: Any) -> Any:
    """A polynomial, from the coefficient of the highest power."""
    total = jnp.zeros_like(z)
    for c in coefficients:
        total = total * z + float(c)
    return total


def _sum(ratio: Callable[[Any], Any], like: Any, least: Any) -> Any:
    """`1 + ratio(1) + ratio(1) * ratio(2) + ...`, until the terms no longer count."""
    epsilon = float(dtypes.finfo(aval_of(like).dtype).eps) / 4

    def step(i: Any, total: Any, term: Any) -> Any:
        term = term * ratio(i)
        return abs(term) > epsilon * abs(total), total + term, term

    one = jnp.ones_like(like)
    return iterate(step, (one, one), least)[0]


# ------------------------------------------------------------------- error function, complex


@functools.cache
def _weideman(terms: int = 40) -> tuple[float, np.ndarray]:
    """The scale and the coefficients of a rational approximation of `wofz`.

    Source: J. A. C. Weideman, "Computation of the complex error function", SIAM J. Numer. Anal. 31
    (1994).
    """
    size = 2 * terms
    scale = math.sqrt(terms / math.sqrt(2))
    t = scale * np.tan(np.arange(-size + 1, size) * np.pi / size / 2)
    values = np.concatenate([[0.0], np.exp(-t * t) * (scale * scale + t * t)])
    found = np.real(np.fft.fft(np.fft.fftshift(values))) / (2 * size)
    return scale, found[terms:0:-1]


def _upper_wofz(w: Any) -> Any:
    """`wofz(i * w)`, where the real part of `w` is not negative."""
    scale, coefficients = _weideman()
    inverse = 1 / (w + scale)
    z = 2 * scale * inverse - 1
    return inverse * (2 * inverse * _horner(z, coefficients) + 1 / math.sqrt(math.pi))


@_smooth
def _wofz(z: Any) -> Any:
    lower = jnp.imag(z) < 0
    value = _upper_wofz(jnp.where(lower, -z, z) * -1j)
    return jnp.where(lower, 2 * jnp.exp(-(jnp.where(lower, z, 0) ** 2)) - value, value)


@compiled
def wofz(z: ArrayLike) -> Array:
    """The Faddeeva function `exp(-z**2) * erfc(-i * z)` of complex numbers."""
    wide = jnp.asarray(promote_inexact("wofz", z))
    return _wofz(wide.astype(np.result_type(wide.dtype, np.complex64)))


@_function
def erfcx(x: Any) -> Any:
    """`exp(x**2) * erfc(x)`, without overflow or underflow for large `x`."""
    value = _upper_wofz(abs(x))
    return jnp.where(x < 0, 2 * jnp.exp(jnp.where(x < 0, x, 0) ** 2) - value, value)


@_function
def dawsn(x: Any) -> Any:
    """Dawson's integral, `exp(-x**2)` times the integral of `exp(t**2)` from 0 to `x`."""
    far = 0.5 * math.sqrt(math.pi) * jnp.imag(_upper_wofz(lax.complex(jnp.zeros_like(x), -x)))
    near = jnp.where(abs(x) < 0.5, x, 0)
    odd = [math.prod(range(1, 2 * k + 2, 2)) for k in range(14)]
    series = near * _horner(-2 * near * near, [1 / c for c in reversed(odd)])
    return jnp.where(abs(x) < 0.5, series, far)


@_smooth
def _fresnel(x: Any) -> Any:
    size = abs(x)
    near = jnp.where(size < 1, size, 0)
    turn = lax.complex(jnp.zeros_like(x), 0.5 * math.pi * near * near)
    terms = [1 / (math.factorial(k) * (2 * k + 1)) for k in range(22)]
    series = near * _horner(turn, reversed(terms))
    place = jnp.maximum(size, 1) * (0.5 * math.sqrt(math.pi))
    phase = 2 * place * place
    rest = lax.complex(jnp.cos(phase), jnp.sin(phase)) * _upper_wofz(lax.complex(place, -place))
    return jnp.sign(x) * jnp.where(size < 1, series, (0.5 + 0.5j) * (1 - rest))


@compiled
def fresnel(x: ArrayLike) -> tuple[Array, Array]:
    """The integrals of `sin(pi t**2 / 2)` and of `cos(pi t**2 / 2)` from 0 to `x`."""
    both = _fresnel(promote_inexact("fresnel", x))
    return jnp.imag(both), jnp.real(both)


# ------------------------------------------------------------------------ exponential integrals


def _entire(z: Any, count: int) -> Any:
    """The sum of `z**k / (k * k!)` over k = 1, 2, ..."""
    terms = [1 / (k * math.factorial(k)) for k in range(count, 0, -1)]
    return z * _horner(z, terms)


@_function
def expn(n: Any, x: Any) -> Any:
    """The integral of `exp(-x t) / t**n` over t from 1 to infinity.

    Source: DLMF 8.19.8 for small `x`, 8.19.17 for others.
    """
    small = x <= 1
    low, high = jnp.where(small & (x > 0), x, 1), jnp.where(small, 2, x)
    order = jnp.maximum(n, 1)
    odd = 1 - 2 * jnp.mod(order - 1, 2)
    power = odd * jnp.exp((order - 1) * jnp.log(low) - lax.lgamma(order))
    series = power * (lax.digamma(order) - jnp.log(low))
    for m in range(20):
        skip = order == m + 1
        scale = (-1) ** m / math.factorial(m) / jnp.where(skip, 1, m + 1 - order)
        series = series - jnp.where(skip, 0, scale * low**m)
    rest = fraction(high + order, lambda i: (-i * (order + (i - 1)), high + order + 2 * i), 0)
    value = jnp.where(small, series, jnp.exp(-high) * rest)
    value = jnp.where(n == 0, jnp.exp(-x) / x, value)
    at_zero = jnp.where(n > 1, 1 / (order - 1), np.inf)
    value = jnp.where(x == 0, at_zero, jnp.where(x == np.inf, 0, value))
    return jnp.where((n < 0) | (x < 0), np.nan, value)


@compiled
def exp1(x: ArrayLike) -> Array:
    """The integral of `exp(-t) / t` from `x` to infinity."""
    x = promote_inexact("exp1", x)
    return expn(jnp.ones_like(x), x)


@_function
def expi(x: Any) -> Any:
    """The principal value of the integral of `exp(t) / t` from minus infinity to `x`."""
    far = jnp.maximum(x, 40)
    tail = jnp.ones_like(x)
    for k in range(38, 0, -1):
        tail = 1 + k / far * tail
    near = jnp.clip(x, 0, 40)
    series = np.euler_gamma + jnp.log(near) + _sum_of_powers(near)
    positive = jnp.where(x > 40, jnp.exp(x) / far * tail, series)
    return jnp.where(x < 0, -exp1(jnp.where(x < 0, -x, 1)), positive)


def _sum_of_powers(x: Any) -> Any:
    return x * _sum(lambda i: x * (i / ((i + 1) * (i + 1))), x, 0)


@_smooth
def _sici(x: Any) -> Any:
    near = jnp.clip(x, 0, 2)
    series = np.euler_gamma + jnp.log(near) + _entire(lax.complex(jnp.zeros_like(x), near), 26)
    far = jnp.maximum(x, 2)
    one = lax.complex(jnp.ones_like(x), far)
    rest = fraction(one, lambda i: (-i * i + 0j, one + 2 * i), 0)
    rest = rest * lax.complex(jnp.cos(far), -jnp.sin(far))
    return jnp.where(x < 2, series, 0.5j * math.pi - jnp.conj(rest))


@compiled
def sici(x: ArrayLike) -> tuple[Array, Array]:
    """The integral of `sin(t) / t` from 0 to `x`, and that of `cos(t) / t` from infinity."""
    x = promote_inexact("sici", x)
    both = _sici(jnp.minimum(jnp.abs(x), 1e30))
    cosine = jnp.where(x == -np.inf, np.nan, jnp.real(both))
    return jnp.sign(x) * jnp.where(x == 0, 0, jnp.imag(both)), cosine


@functools.cache
def _bernoulli(count: int) -> tuple[float, ...]:
    numbers = [fractions.Fraction(1)]
    for m in range(1, count + 1):
        total = sum(math.comb(m + 1, k) * b for k, b in enumerate(numbers))
        numbers.append(-total / (m + 1))  # type: ignore[arg-type]
    return tuple(map(float, numbers))


def bernoulli(n: int) -> Array:
    """The Bernoulli numbers 0 to `n`.

    Raises:
        ArgumentValueError: if `n` is negative.

    Example:
        >>> from jib.scipy.special import bernoulli
        >>> bernoulli(2).tolist()
        [1.0, -0.5, 0.1666666716337204]
    """
    count = integer("bernoulli", n)
    if count < 0:
        raise ArgumentValueError(f"`bernoulli` takes a number that is not negative, but got {n}")
    return jnp.asarray(_bernoulli(count))


@_function
def spence(x: Any) -> Any:
    """The integral of `log(t) / (1 - t)` from 1 to `x`: the dilogarithm of `1 - x`.

    Source: the series in Bernoulli numbers, D. Zagier, "The dilogarithm function", 2007.
    """
    large, safe = x > 2, jnp.where(x > 0, x, 1)
    y = jnp.where(large, 1 / safe, safe)
    small = y < 0.5
    u = -jnp.log(jnp.where(small, 1 - y, y))
    terms = [b / math.factorial(k + 1) for k, b in enumerate(_bernoulli(22))]
    value = u * _horner(u, reversed(terms))
    mirrored = math.pi**2 / 6 - jnp.log(y) * jnp.log1p(-jnp.where(small, y, 0)) - value
    value = jnp.where(small, mirrored, value)
    value = jnp.where(large, -value - 0.5 * jnp.log(safe) ** 2, value)
    return jnp.where(x == 0, math.pi**2 / 6, jnp.where(x < 0, np.nan, value))


# ---------------------------------------------------------------------- hypergeometric


@_function
def hyp1f1(a: Any, b: Any, x: Any) -> Any:
    """Kummer's confluent hypergeometric function, by its power series (DLMF 13.2.2, 13.2.39)."""
    mirrored = x < 0
    top, place = jnp.where(mirrored, b - a, a), abs(x)
    value = _sum(lambda i: (top + (i - 1)) / (b + (i - 1)) * (place / i), x, 30 + 2 * place)
    return jnp.where(mirrored, jnp.exp(jnp.minimum(x, 0)), 1) * value


@_function
def hyp2f1(a: Any, b: Any, c: Any, x: Any) -> Any:
    """Gauss's hypergeometric function for `x` up to 1, by its power series; infinite beyond.

    Negative `x` are first mapped to positive ones (DLMF 15.8.1). Close to 1, and for very large
    negative numbers, the series takes many terms.
    """
    mirrored, inside = x < 0, x < 1
    other = jnp.where(mirrored, c - b, b)
    place = jnp.where(mirrored, x / (x - 1), jnp.where(inside, x, 0))
    least = -36 / jnp.log(jnp.maximum(place, 1e-9))
    value = _sum(lambda i: (a + i - 1) * (other + i - 1) / (c + i - 1) * (place / i), x, least)
    value = jnp.where(mirrored, (1 - jnp.minimum(x, 0)) ** -a, 1) * value
    rest = c - a - b  # at 1, DLMF 15.4.20
    logs = lax.lgamma(c) + lax.lgamma(rest) - lax.lgamma(c - a) - lax.lgamma(c - b)
    at_one = jnp.where(rest > 0, jnp.exp(logs), np.inf)
    return jnp.where(inside, value, jnp.where(x == 1, at_one, np.inf))
