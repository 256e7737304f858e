"""Minimization of functions: `minimize`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jib import lax, numpy as jnp
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.transforms.grad import value_and_grad
from jib.typing import Array

__all__ = ["OptimizeResults", "minimize"]


class OptimizeResults(NamedTuple):
    """What `minimize` found.

    Args:
        x: the last point.
        success: whether the gradient is small enough there.
        status: 0 for success, 1 if `maxiter` was reached, 3 if no step goes further down.
        fun: the value there.
        jac: the gradient there.
        hess_inv: an estimate of the inverse of the Hessian there.
        nfev, njev: how often the function and its gradient were computed.
        nit: the number of steps.
    """

    x: Array
    success: bool | Array
    status: int | Array
    fun: Array
    jac: Array
    hess_inv: Array | None
    nfev: int | Array
    njev: int | Array
    nit: int | Array


def minimize(
    fun: Callable[..., Any], x0: Array, args: tuple = (), *, method: str, tol: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> OptimizeResults:  # fmt: skip
    """A local minimum of a function of several numbers, by BFGS with a line search.

    The whole search is one compiled loop, so it works under `jit` and `vmap`. The steps satisfy the
    strong Wolfe conditions (Nocedal and Wright, "Numerical Optimization", 2006, chapters 3 and 6).

    Args:
        fun: `fun(x, *args)` returns one number; `jib.grad` must be able to differentiate it.
        x0: where to start, floating numbers of shape `(n,)`.
        args: more arguments of `fun`.
        method: "BFGS".
        tol: the size of the gradient that is small enough; the same as the option `gtol`.
        options: `gtol` (1e-5), `norm` (the order of the norm of the gradient, infinity), `maxiter`
            (200 for each number of `x0`), `line_search_maxiter` (10).

    Raises:
        ArgumentTypeError: if `args` is not a tuple.
        ArgumentValueError: if `x0` has not one axis, or a method or an option is not known.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.scipy.optimize import minimize
        >>> found = minimize(lambda x: jnp.sum((x - 2.0) ** 2), jnp.zeros(2), method="BFGS")
        >>> found.x.tolist(), bool(found.success)
        ([2.0, 2.0], True)
    """
    if not isinstance(args, tuple):
        raise ArgumentTypeError(f"`args` must be a tuple, but is {args!r}", help="args=(a,)")
    if not isinstance(method, str) or method.lower() != "bfgs":
        raise ArgumentValueError(
            f"`minimize` has the method 'BFGS', not {method!r}", help='method="BFGS"'
        )
    x0 = jnp.asarray(x0)
    if x0.ndim != 1:
        raise ArgumentValueError(
            f"`minimize` starts from numbers along one axis, but `x0` is {x0.aval}",
            help="jib.flatten_util.ravel_pytree(x0)",
        )
    gtol = 1e-5 if tol is None else tol
    known = {"gtol": gtol, "norm": jnp.inf, "maxiter": None, "line_search_maxiter": 10}
    unknown = sorted(set(options or ()) - set(known))
    if unknown:
        raise ArgumentValueError(
            f"`minimize` has no option {unknown[0]!r}", help="its options are " + ", ".join(known)
        )
    return _bfgs(value_and_grad(lambda x: fun(x, *args)), x0, **{**known, **(options or {})})


def _bfgs(
    slope: Callable[[Any], Any], x0: Array, gtol: float, norm: Any, maxiter: int | None,
    line_search_maxiter: int,
) -> OptimizeResults:  # fmt: skip
    most = 200 * x0.size if maxiter is None else maxiter
    small = lambda g: jnp.linalg.norm(g, ord=norm) < gtol  # noqa: E731

    def unfinished(state: OptimizeResults) -> Any:
        return ~state.success & (state.status == 0) & (state.nit < most)

    def step(state: OptimizeResults) -> OptimizeResults:
        x, g, inverse = state.x, state.jac, state.hess_inv
        direction = -(inverse @ g)
        down = jnp.vdot(direction, g)
        first = jnp.where(state.nit == 0, jnp.minimum(1.0, lax.rsqrt(-down)), 1.0)
        size, f, new, tries = _line_search(
            slope, x, direction, (state.fun, g, down), first, line_search_maxiter
        )
        s, y = size * direction, new - g
        stuck = ~(size > 0)
        return OptimizeResults(
            x + s, small(new), jnp.where(stuck, 3, 0), f, new, _updated(inverse, s, y),
            state.nfev + tries, state.njev + tries, state.nit + 1,
        )  # fmt: skip

    f0, g0 = slope(x0)
    zero = jnp.zeros((), int)
    start = OptimizeResults(
        x0, small(g0), zero, f0, g0, jnp.eye(x0.size, dtype=x0.dtype), zero + 1, zero + 1, zero
    )
    end = lax.while_loop(unfinished, step, start)
    status = jnp.where(end.success, 0, jnp.where(end.status == 0, 1, end.status))
    return end._replace(status=status)


def _updated(inverse: Any, s: Any, y: Any) -> Any:
    """The inverse of the Hessian, corrected so that it maps `y` to `s`."""
    along = jnp.vdot(s, y)
    curved = along > 0
    rho = jnp.where(curved, 1 / jnp.where(curved, along, 1), 0)
    side = jnp.eye(s.size, dtype=s.dtype) - rho * jnp.outer(s, y)
    return jnp.where(curved, side @ inverse @ side.T + rho * jnp.outer(s, s), inverse)


def _line_search(
    slope: Callable[[Any], Any], x: Any, direction: Any, start: tuple, first: Any, most: int
) -> tuple[Any, Any, Any, Any]:
    """The size of a step, the value and the gradient there, and the number of tries.

    `low` is the best step so far, 0 at first, and `high` bounds the search from the other side;
    until it is found, steps double. The size is 0 if there is no way down.
    """
    value, gradient, down = start
    enough, flat = 1e-4, 0.9

    def unfinished(state: tuple) -> Any:
        tries, _, done, *_ = state
        return ~done & (tries < most)

    def attempt(state: tuple) -> tuple:
        tries, a, _, low, f_low, g_low, high, f_high = state
        f, g = slope(x + a * direction)
        along = jnp.vdot(direction, g)
        worse = ~(f <= value + enough * a * down) | ((f >= f_low) & (low > 0))
        done = ~worse & (abs(along) <= -flat * down)
        # Past the minimum the old best bounds the search from the other side.
        turned = along * (high - low) >= 0
        high, f_high = (
            jnp.where(worse, new, jnp.where(turned, old, same))
            for new, old, same in ((a, low, high), (f, f_low, f_high))
        )
        low, f_low, g_low = (
            jnp.where(worse, old, new) for new, old in ((a, low), (f, f_low), (g, g_low))
        )
        width = high - low
        tilt = jnp.vdot(direction, g_low)
        part = -0.5 * tilt * width / (f_high - f_low - tilt * width)
        part = jnp.where((part > 0.1) & (part < 0.9), part, 0.5)
        a = jnp.where(jnp.isfinite(high), low + part * width, 2 * a)
        return tries + 1, a, done, low, f_low, g_low, high, f_high

    zero = jnp.zeros_like(value)
    bounds = (zero, value, gradient, zero + jnp.inf, value)
    state = (jnp.zeros((), int), zero + first, zero > 0, *bounds)
    tries, _, _, low, f_low, g_low, _, _ = lax.while_loop(unfinished, attempt, state)
    return low, f_low, g_low, tries
