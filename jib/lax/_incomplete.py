"""Incomplete gamma and beta functions, with derivatives by every argument."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import dtypes, lax
from jib.core.primitive import Primitive
from jib.core.tracing import aval_of
from jib.lax._arithmetic import strong_mul
from jib.lax._families import constant_like, floating, n_ary
from jib.lax._special import by_scipy, no_derivative
from jib.passes.jvp import jvp
from jib.typing import ArrayLike

__all__ = ["betainc", "igamma", "igamma_grad_a", "igammac", "random_gamma_grad"]


# ---------------------------------------------------------------------- element-wise programs


def _spread(*operands: Any) -> list[Any]:
    """The operands in one shape; those of rank 0 are repeated."""
    shape = lax.broadcast_shapes(*[aval_of(x).shape for x in operands])
    return [x if aval_of(x).shape == shape else lax.broadcast(x, shape) for x in operands]


def _pick(chosen: Any, x: Any, y: Any) -> Any:
    """`select` where a choice may be a Python number, in the dtype of the other one."""
    numbers = [isinstance(v, int | float) for v in (x, y)]
    model = x if not numbers[0] or (isinstance(x, float) and numbers[1]) else y
    pair = zip((x, y), numbers, strict=True)
    return lax.select(chosen, *[lax.full_like(model, v) if n else v for v, n in pair])


def _wide(function: Callable[..., Any]) -> Callable[..., Any]:
    """A lowering: operands in one shape, and narrow floats computed as float32."""

    def program(*operands: Any) -> Any:
        dtype = aval_of(operands[0]).dtype
        if dtype.itemsize < 4:
            operands = tuple(lax.convert_element_type(x, np.dtype(np.float32)) for x in operands)
        return lax.convert_element_type(function(*_spread(*operands)), dtype)

    return program


def iterate(step: Callable[..., Any], start: Any, least: Any, limit: int = 20_000) -> Any:
    """Repeat `step(i, *values) -> (whether to go on, *values)`, for each element until it is done.

    An element keeps its values from then on, so that it does not depend on the others. `least` is a
    number of steps that are always taken: where a series ends early, as it does at integers, its
    derivative does not.
    """
    shape = aval_of(start[0]).shape
    first = lax.full((), 1, aval_of(lax.abs(start[0])).dtype)

    def advance(carry: Any) -> Any:
        active, i, *old = carry
        again, *new = step(i, *old)
        kept = [lax.select(active, n, o) for n, o in zip(new, old, strict=True)]
        return (active & (again | (i < least)), i + 1, *kept)

    def unfinished(carry: Any) -> Any:
        some = lax.reduce_or(carry[0], tuple(range(len(shape))))
        return lax.bitwise_and(some, lax.lt(carry[1], constant_like(carry[1], limit)))

    begin = (lax.full(shape, True, np.dtype(bool)), first, *start)
    return lax.while_loop(unfinished, advance, begin)[2:]


def _epsilon(x: Any) -> float:
    return float(dtypes.finfo(aval_of(x).dtype).eps)


def _nonzero(x: Any) -> Any:
    tiny = float(dtypes.finfo(aval_of(x).dtype).tiny) / _epsilon(x)
    return _pick(lax.abs(x) < tiny, tiny, x)


def fraction(start: Any, coefficients: Callable[[Any], Any], least: Any) -> Any:
    """`1 / (start + a1 / (b1 + a2 / (b2 + ...)))` where `coefficients(i)` is `(ai, bi)`.

    Source: Lentz's method as modified by Thompson and Barnett, J. Comput. Phys. 64 (1986).
    """
    epsilon = _epsilon(start) / 2

    def step(i: Any, total: Any, c: Any, d: Any) -> Any:
        a, b = coefficients(i)
        d = 1 / _nonzero(b + a * d)
        c = _nonzero(b + a / c)
        change = c * d
        return (lax.abs(change - 1) > epsilon, total * change, c, d)

    first = 1 / _nonzero(start)
    big = 1 / _nonzero(lax.full_like(start, 0))
    return iterate(step, (first, big, first), least)[0]


# -------------------------------------------------------------------------- powers and factors


def _log_ratio(x: Any, a: Any, difference: Any) -> Any:
    """`a * log(x / a) - difference`, where `x - a` is the difference, without loss if it is small.

    Source: C. Loader, "Fast and accurate computation of binomial probabilities", 2000.
    """
    m = difference / a
    inner = _pick(lax.abs(m) < 0.4, m, 0)
    r = inner / (inner + 2)
    square = r * r
    series = lax.full_like(square, 1 / 31)
    for k in range(29, 1, -2):
        series = series * square + 1 / k
    near = a * (r * (2 * square * series - inner))
    return lax.select(lax.abs(m) < 0.4, near, a * (lax.log(x) - lax.log(a)) - difference)


def _stirling(a: Any) -> Any:
    """`lgamma(a)` less `(a - 1/2) log(a) - a + log(2 pi) / 2`; DLMF 5.11.1."""
    z = 1 / _pick(a < 8, 8, a)
    series = lax.full_like(a, -3617 / 122400)
    for c in (1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12):
        series = series * (z * z) + c
    direct = lax.lgamma(a) - (a - 0.5) * lax.log(a) + a - 0.5 * math.log(2 * math.pi)
    return lax.select(a < 8, direct, series * z)


def _gamma_weight(a: Any, x: Any) -> Any:
    """The logarithm of `x**a * exp(-x) / gamma(a)`."""
    return _log_ratio(x, a, x - a) + 0.5 * lax.log(a / (2 * math.pi)) - _stirling(a)


def _beta_weight(a: Any, b: Any, x: Any) -> Any:
    """The logarithm of `x**a * (1 - x)**b / beta(a, b)`."""
    n, y = a + b, 1 - x
    difference = x * b - y * a
    powers = _log_ratio(x * n, a, difference) + _log_ratio(y * n, b, -difference)
    scale = 0.5 * lax.log(a / n * (b / (2 * math.pi)))
    return powers + scale + _stirling(n) - _stirling(a) - _stirling(b)


def _inner(x: Any, inside: Any) -> Any:
    """The arguments where the general formulas hold, and harmless ones elsewhere."""
    return _pick(inside, x, 0.5)


# ------------------------------------------------------------------------- incomplete gamma


def _gamma_parts(a: Any, x: Any) -> tuple[Any, Any, Any]:
    """Whether the lower function is the smaller, the logarithm of a weight, and a factor.

    The weight times the factor is the lower function (a power series, DLMF 8.11.4) or the upper
    one (a continued fraction, DLMF 8.9.2).
    """
    lower = x < a + lax.min(a + 0.25, constant_like(a, 1))
    below = _pick(lower, x, 0)
    epsilon = _epsilon(a) / 4

    def step(i: Any, total: Any, term: Any) -> Any:
        term = term * (below / (a + i))
        return (term > epsilon * total, total + term, term)

    one = lax.full_like(a, 1)
    series = iterate(step, (one, one), 0)[0] / a
    above, rate = _pick(lower, 3, x), _pick(lower, 1, a)
    least = 6 * lax.sqrt(rate) + (math.log(epsilon) / 4) ** 2 / above
    upper = fraction(
        above + 1 - rate, lambda i: (i * (rate - i), above + (2 * i + 1) - rate), least
    )
    return lower, _gamma_weight(a, x), lax.select(lower, series, upper)


def _gamma_edges(a: Any, x: Any, value: Any, at_zero: float, at_infinity: float) -> Any:
    value = _pick(x == 0, at_zero, value)
    value = _pick((x == math.inf) | (a == 0), at_infinity, value)
    wrong = (x < 0) | (a < 0) | (x != x) | (a != a) | ((a == 0) & (x == 0))
    return _pick(wrong, math.nan, value)


def _gamma_inside(a: Any, x: Any) -> tuple[Any, Any]:
    inside = (a > 0) & (x > 0) & (x < math.inf) & (a < math.inf)
    return _inner(a, inside), _inner(x, inside)


def _igamma_hlo(a: Any, x: Any, *, upper: bool) -> Any:
    lower, weight, factor = _gamma_parts(*_gamma_inside(a, x))
    small = lax.exp(weight) * factor
    value = lax.select(lax.bitwise_not(lower) if upper else lower, small, 1 - small)
    value = _pick((a == math.inf) & (x < math.inf), float(upper), value)
    return _gamma_edges(a, x, value, float(upper), float(not upper))


def _gamma_slopes(a: Any, x: Any) -> tuple[Any, Any]:
    """The derivative of the lower function by `a` is `exp` of the first times the second."""

    def parts(a: Any) -> Any:
        lower, weight, factor = _gamma_parts(a, x)
        lowers.append(lower)
        return weight, factor

    lowers: list[Any] = []
    one = lax.full_like(a, 1)
    (weight, factor), (by_weight, by_factor) = jvp(parts, [a], [one])
    slope = factor * by_weight + by_factor
    return weight, lax.select(lowers[0], slope, -slope)


def _igamma_grad_a_hlo(a: Any, x: Any) -> Any:
    weight, slope = _gamma_slopes(*_gamma_inside(a, x))
    return _gamma_edges(a, x, lax.exp(weight) * slope, 0.0, 0.0)


def _random_gamma_grad_hlo(a: Any, x: Any) -> Any:
    near, far = _gamma_inside(a, x)
    return _gamma_edges(a, x, -far * _gamma_slopes(near, far)[1], 0.0, 0.0)


def _gamma_density(a: Any, x: Any) -> Any:
    """The derivative of the lower function by `x`."""
    a, x = _spread(a, x)
    inside = x > 0
    safe = _pick(inside, x, 1)
    density = lax.exp(_gamma_weight(a, safe) - lax.log(safe))
    return lax.select(inside, density, lax.pow(lax.full_like(a, 0), a - 1))


def _slope(function: Callable[..., Any]) -> Callable[..., Any]:
    """The derivative by the first argument, by differences of the fourth order."""

    def rule(a: Any, *rest: Any) -> Any:
        h = 2e-4 * a.astype(np.float64)
        near, far = (function(a + k * h, *rest) - function(a - k * h, *rest) for k in (1, 2))
        return (8 * near - far) / (12 * h)

    return rule


_igamma_slope = _slope(by_scipy("gammainc"))


def _random_gamma_slope(a: Any, x: Any) -> Any:
    gammaln, a, x = by_scipy("gammaln"), *(v.astype(np.float64) for v in (a, x))
    return -_igamma_slope(a, x) / np.exp((a - 1) * np.log(x) - x - gammaln(a))


_no_second = functools.partial(no_derivative, kind="second derivative")


def _by_log(t: Any, density: Any, log: Any) -> Any:
    return strong_mul(t, density * log)


def _primitive(name: str, *, numpy: Any, hlo: Any, partials: Sequence[Any]) -> Primitive:
    kinds = [floating] * len(partials)
    return n_ary(name, kinds, numpy=numpy, hlo=_wide(hlo), partials=partials)


def igamma(a: ArrayLike, x: ArrayLike) -> Any:
    """Element-wise regularised lower incomplete gamma function.

    NaN where `a` or `x` is negative. Its derivatives by `a` and by `x` are there.

    Example:
        >>> from jib import lax
        >>> round(float(lax.igamma(1.0, 2.0)), 4)
        0.8647
    """
    return igamma_p.bind(a, x)


igamma_p = _primitive(
    "igamma",
    numpy=by_scipy("gammainc"),
    hlo=functools.partial(_igamma_hlo, upper=False),
    partials=(
        lambda t, a, x: strong_mul(t, igamma_grad_a(a, x)),
        lambda t, a, x: strong_mul(t, _gamma_density(a, x)),
    ),
)


def igammac(a: ArrayLike, x: ArrayLike) -> Any:
    """Element-wise regularised upper incomplete gamma function, accurate where it is small."""
    return igammac_p.bind(a, x)


igammac_p = _primitive(
    "igammac",
    numpy=by_scipy("gammaincc"),
    hlo=functools.partial(_igamma_hlo, upper=True),
    partials=(
        lambda t, a, x: strong_mul(t, -igamma_grad_a(a, x)),
        lambda t, a, x: strong_mul(t, -_gamma_density(a, x)),
    ),
)


def igamma_grad_a(a: ArrayLike, x: ArrayLike) -> Any:
    """Element-wise derivative of `igamma` by `a`."""
    return igamma_grad_a_p.bind(a, x)


igamma_grad_a_p = _primitive(
    "igamma_grad_a",
    numpy=_igamma_slope,
    hlo=_igamma_grad_a_hlo,
    partials=(
        _no_second("igamma", "a"),
        lambda t, a, x: _by_log(t, _gamma_density(a, x), lax.log(x) - lax.digamma(a)),
    ),
)


def random_gamma_grad(a: ArrayLike, x: ArrayLike) -> Any:
    """How a number `x` of the gamma distribution moves with the parameter `a`.

    Source: Figurnov, Mohamed, Mnih, "Implicit reparameterization gradients", 2018.
    """
    return random_gamma_grad_p.bind(a, x)


random_gamma_grad_p = _primitive(
    "random_gamma_grad",
    numpy=_random_gamma_slope,
    hlo=_random_gamma_grad_hlo,
    partials=[no_derivative("random_gamma_grad", operand) for operand in "ax"],
)

# -------------------------------------------------------------------------- incomplete beta


def _beta_value(a: Any, b: Any, x: Any) -> Any:
    """A continued fraction (the even part of DLMF 8.17.22), from the end that it converges at."""
    direct = x < (a + 1) / (a + b + 2)
    weight = lax.exp(_beta_weight(a, b, x))
    a, b = lax.select(direct, a, b), lax.select(direct, b, a)
    y = lax.select(direct, 1 - x, x)
    x = lax.select(direct, x, 1 - x)
    below = y * a - x * b + 1

    def coefficients(m: Any) -> Any:
        even = m * (b - m) * x / (a + 2 * m - 1)
        up = even * (a + m - 1) * (a + b + m - 1) * x / (a + 2 * m - 1)
        return up, m + even + (a + m) * (below + m * (1 + y)) / (a + 2 * m + 1)

    least = 6 * lax.sqrt(lax.min(a, b)) + 12
    tail = weight * fraction(a * below / (a + 1), coefficients, least)
    return lax.select(direct, tail, 1 - tail)


def _beta_inside(a: Any, b: Any, x: Any) -> list[Any]:
    inside = (a > 0) & (b > 0) & (a < math.inf) & (b < math.inf) & (x > 0) & (x < 1)
    return [_inner(v, inside) for v in (a, b, x)]


def _beta_wrong(a: Any, b: Any, x: Any) -> Any:
    outside = (a < 0) | (b < 0) | (x < 0) | (x > 1) | (a != a) | (b != b) | (x != x)
    return outside | ((a == 0) & (b == 0)) | ((a == math.inf) & (b == math.inf))


def _betainc_hlo(a: Any, b: Any, x: Any) -> Any:
    # At these parameters the distribution is a point: all mass is at 0, or at 1.
    at_zero, at_one = (a == 0) | (b == math.inf), (b == 0) | (a == math.inf)
    value = _beta_value(*_beta_inside(a, b, x))
    value = _pick((x == 0) | at_one, 0, value)
    value = _pick((x == 1) | at_zero, 1, value)
    value = _pick(at_zero & (x == 0), 0, value)
    return _pick(_beta_wrong(a, b, x) | (at_zero & at_one), math.nan, value)


def _betainc_grad_a_hlo(a: Any, b: Any, x: Any) -> Any:
    near, other, place = _beta_inside(a, b, x)
    one = lax.full_like(near, 1)
    slope = jvp(lambda a: [_beta_value(a, other, place)], [near], [one])[1][0]
    slope = _pick((x == 0) | (x == 1), 0, slope)
    return _pick(_beta_wrong(a, b, x), math.nan, slope)


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    """The derivative by `x`."""
    a, b, x = _spread(a, b, x)
    inside = (x > 0) & (x < 1)
    safe = _pick(inside, x, 0.5)
    density = lax.exp(_beta_weight(a, b, safe) - lax.log(safe) - lax.log1p(-safe))
    zero = lax.full_like(x, 0)
    edge = lax.select(x < 0.5, b * lax.pow(zero, a - 1), a * lax.pow(zero, b - 1))
    return lax.select(inside, density, edge)


def _grad_by_x(t: Any, a: Any, b: Any, x: Any) -> Any:
    log = lax.log(x) - lax.digamma(a) + lax.digamma(a + b)
    return _by_log(t, _beta_density(a, b, x), log)


def betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike) -> Any:
    """Element-wise regularised incomplete beta function.

    NaN where a parameter is negative or `x` is outside [0, 1]. There are derivatives by all
    arguments.

    Example:
        >>> from jib import lax
        >>> round(float(lax.betainc(2.0, 3.0, 0.5)), 4)
        0.6875
    """
    return regularized_incomplete_beta_p.bind(a, b, x)


regularized_incomplete_beta_p = _primitive(
    "regularized_incomplete_beta",
    numpy=by_scipy("betainc"),
    hlo=_betainc_hlo,
    partials=(
        lambda t, a, b, x: strong_mul(t, betainc_grad_a_p.bind(a, b, x)),
        lambda t, a, b, x: strong_mul(t, -betainc_grad_a_p.bind(b, a, 1 - x)),
        lambda t, a, b, x: strong_mul(t, _beta_density(a, b, x)),
    ),
)

betainc_grad_a_p = _primitive(
    "betainc_grad_a",
    numpy=_slope(by_scipy("betainc")),
    hlo=_betainc_grad_a_hlo,
    partials=(*(_no_second("betainc", operand) for operand in "ab"), _grad_by_x),
)
