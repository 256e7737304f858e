"""Line searches: how far to go along a direction, found by evaluating the function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jib.numpy as jnp
from jib import debug, lax
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.optim._base import GradientTransformation, OptState, Params, Updates, required
from jib.optim._hyper import hyperparameters
from jib.optim._tree_paths import tree_get
from jib.optim._trees import (
    real_dtype,
    tree_add_scale,
    tree_cast_like,
    tree_conj,
    tree_scale,
    tree_vdot,
    tree_where,
    tree_zeros_like,
)
from jib.transforms.grad import grad as grad_of, value_and_grad
from jib.typing import Array, ArrayLike

__all__ = [
    "BacktrackingLinesearchInfo", "ScaleByBacktrackingLinesearchState",
    "ScaleByZoomLinesearchState", "ZoomLinesearchInfo", "scale_by_backtracking_linesearch",
    "scale_by_zoom_linesearch", "value_and_grad_from_state",
]  # fmt: skip


def _slope(grad: Updates, updates: Updates, dtype: Any) -> Array:
    """The derivative along `updates`."""
    return jnp.real(tree_vdot(tree_conj(grad), updates)).astype(dtype)


def _bind(name: str, value_fn: Callable[..., Any], extra: dict[str, Any]) -> Callable[..., Any]:
    """`value_fn` of the parameters alone; the other arguments are taken by name from `extra`."""
    known = inspect.signature(value_fn).parameters
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
    unknown = sorted(key for key in extra if key not in known)
    if unknown and not takes_all:
        raise ArgumentTypeError(
            f"`{name}` got {', '.join(map(repr, unknown))}, which `value_fn` does not take",
            help=f"value_fn takes {', '.join(known)}",
        )
    return lambda params: value_fn(params, **extra)


def _or_inf(error: Array) -> Array:
    return jnp.where(jnp.isnan(error), jnp.inf, jnp.maximum(error, 0))


def _report(failed: Array, text: str, **values: Any) -> None:
    lax.cond(failed, lambda: debug.print(text, **values), lambda: None)


# ------------------------------------------------------------------------------- backtracking


class BacktrackingLinesearchInfo(NamedTuple):
    """How many steps were tried, and by how much the decrease of the last was too small."""

    num_linesearch_steps: Any
    decrease_error: Any


class ScaleByBacktrackingLinesearchState(NamedTuple):
    """The last step size, and the value and gradient at the point that it led to."""

    learning_rate: Any
    value: Any
    grad: Any
    info: BacktrackingLinesearchInfo
    hyper: Any = ()


def scale_by_backtracking_linesearch(
    max_backtracking_steps: int,
    slope_rtol: ArrayLike = 0.0001,
    decrease_factor: ArrayLike = 0.8,
    increase_factor: ArrayLike = 1.5,
    max_learning_rate: ArrayLike = 1.0,
    atol: ArrayLike = 0.0,
    rtol: ArrayLike = 0.0,
    store_grad: bool = False,
    verbose: bool = False,
) -> GradientTransformation:
    """Shorten the step until the function decreases enough (Armijo's condition).

    `update` takes `value`, `grad` and `value_fn`, and further arguments of `value_fn` by name.
    If no step has a finite value the parameters stay where they are.
    Nocedal and Wright, "Numerical Optimization", 2006, algorithm 3.1.

    Args:
        max_backtracking_steps: how often the step is shortened.
        slope_rtol: the decrease must be this share of what the slope promises.
        decrease_factor: factor from one trial to the next.
        increase_factor: factor of the last step size in the first trial.
        max_learning_rate: the largest step size.
        atol: how much a decrease may fall short.
        rtol: the same, relative to the value.
        store_grad: keep the gradient at the new point for `value_and_grad_from_state`.
        verbose: print when no step is good enough.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> f = lambda x: jnp.sum(x**2)
        >>> optimizer = optim.chain(optim.sgd(1.0), optim.scale_by_backtracking_linesearch(15))
        >>> x = jnp.array([1.0, 2.0])
        >>> value, grad = jib.value_and_grad(f)(x)
        >>> updates, state = optimizer.update(
        ...     grad, optimizer.init(x), x, value=value, grad=grad, value_fn=f)
        >>> bool(f(x + updates) < value)
        True
    """
    name = "scale_by_backtracking_linesearch"

    def init(params: Params) -> ScaleByBacktrackingLinesearchState:
        infinite = jnp.asarray(jnp.inf, real_dtype(params))
        return ScaleByBacktrackingLinesearchState(
            learning_rate=jnp.ones_like(infinite),
            value=infinite,
            grad=tree_zeros_like(params) if store_grad else None,
            info=BacktrackingLinesearchInfo(jnp.zeros((), "int32"), infinite),
        )

    def update(
        updates: Updates, state: Any, params: Any, h: Any,
        *, value: Any, grad: Updates, value_fn: Callable[..., Any], **extra: Any,
    ) -> tuple[Updates, Any]:  # fmt: skip
        f, rate = _bind(name, value_fn, extra), state.learning_rate
        value = jnp.asarray(value).astype(rate.dtype)
        slope = _slope(grad, updates, rate.dtype)
        required(params, name)

        def unfinished(search: Any) -> Array:
            _, _, error, count = search
            return ~(error <= h.atol(rate)) & (count <= max_backtracking_steps)

        def attempt(search: Any) -> Any:
            step, _, _, count = search
            step = jnp.where(count > 0, h.decrease_factor(rate) * step, step)
            new = f(tree_add_scale(params, step, updates)).astype(rate.dtype)
            allowed = (1 + h.rtol(rate)) * value + step * h.slope_rtol(rate) * slope
            return step, new, _or_inf(new - allowed), count + 1

        first = jnp.minimum(h.increase_factor(rate) * rate, h.max_learning_rate(rate))
        start = first, value, jnp.full_like(value, jnp.inf), jnp.zeros((), "int32")
        step, new, error, count = lax.while_loop(unfinished, attempt, start)
        stuck = jnp.isinf(error)
        step, new = jnp.where(stuck, 0, step), jnp.where(stuck, value, new)
        if verbose:
            text = "backtracking found no sufficient decrease: value {v}, slope {s}, step {t}"
            _report(error > h.atol(rate), text, v=value, s=slope, t=step)
        updates = tree_scale(step, updates)
        kept = grad_of(f)(tree_add_scale(params, 1, updates)) if store_grad else None
        info = BacktrackingLinesearchInfo(count, error)
        return updates, ScaleByBacktrackingLinesearchState(step, new, kept, info)

    return hyperparameters(
        init, update, extra_args=True, slope_rtol=slope_rtol, decrease_factor=decrease_factor,
        increase_factor=increase_factor, max_learning_rate=max_learning_rate, atol=atol, rtol=rtol,
    )  # fmt: skip


# --------------------------------------------------------------------------------------- zoom


class ZoomLinesearchInfo(NamedTuple):
    """How many steps were tried, and by how much the last missed each of Wolfe's conditions."""

    num_linesearch_steps: Any
    decrease_error: Any
    curvature_error: Any


class ScaleByZoomLinesearchState(NamedTuple):
    """The last step size, and the value and gradient at the point that it led to."""

    learning_rate: Any
    value: Any
    grad: Any
    info: ZoomLinesearchInfo
    hyper: Any = ()


class _Point(NamedTuple):
    """A step size with the function's value and derivative there."""

    step: Any
    value: Any
    slope: Any


class _Search(NamedTuple):
    """Where a zoom search stands."""

    count: Any
    last: _Point
    grad: Any
    decrease_error: Any
    curvature_error: Any
    found: Any  # whether low and high enclose a good step
    done: Any
    failed: Any
    low: _Point
    high: _Point
    third: _Point  # an earlier end, for the cubic
    safe: _Point  # the best step with sufficient decrease
    safe_grad: Any


def _middle(low: _Point, high: _Point, third: _Point) -> Array:
    """A step inside the interval: a cubic's minimum, else a parabola's, else the centre."""
    a, fa, slope = low
    b, c = high.step - a, third.step - a
    rise_b, rise_c = high.value - fa - slope * b, third.value - fa - slope * c
    scale = (b * c) ** 2 * (b - c)
    p = (c**2 * rise_b - b**2 * rise_c) / scale
    q = (b**3 * rise_c - c**3 * rise_b) / scale
    cubic = a + (-q + jnp.sqrt(q * q - 3 * p * slope)) / (3 * p)
    parabola = a - slope * b**2 / (2 * rise_b)
    left, right, width = jnp.minimum(a, high.step), jnp.maximum(a, high.step), jnp.abs(b)

    def inside(x: Array, margin: float) -> Array:
        return (x > left + margin * width) & (x < right - margin * width)

    centre = 0.5 * (a + high.step)
    return jnp.where(inside(cubic, 0.2), cubic, jnp.where(inside(parabola, 0.1), parabola, centre))


def _widened(s: _Search, new: _Point, bad: Array, good: Array, reached: Array) -> dict[str, Any]:
    """What a trial says while the interval grows to the right."""
    is_high = bad | ((new.value >= s.last.value) & (s.count > 0))
    is_low = (new.slope >= 0) & ~is_high
    found = is_high | is_low | good
    low, high = tree_where(is_low, (new, s.last), (s.last, new))
    done = good | (reached & ~found)
    return {"low": low, "high": high, "third": low, "found": found, "done": done}


def _zoomed(s: _Search, new: _Point, bad: Array, good: Array) -> dict[str, Any]:
    """What a trial inside the interval says."""
    is_high = bad | (new.value >= s.low.value)
    turned = (new.slope * (s.high.step - s.low.step) >= 0) & ~is_high
    high = tree_where(is_high, new, tree_where(turned, s.low, s.high))
    low = tree_where(is_high, s.low, new)
    third = tree_where(is_high | turned, s.high, s.low)
    return {"low": low, "high": high, "third": third, "found": s.found, "done": good}


def _zoom(
    line: Callable[[Any], tuple[_Point, Any]],
    start: _Point,
    grad: Any,
    guess: Any,
    steps: int,
    h: Any,
) -> _Search:
    """Search along `line(step) -> (point, gradient)` for a step that meets Wolfe's conditions."""
    like, false = start.value, jnp.asarray(False)
    tol = h.tol(like)

    def errors(new: _Point) -> tuple[Array, Array]:
        relative = h.slope_rtol(like)
        decrease = new.value - start.value - relative * new.step * start.slope
        if hasattr(h, "approx_dec_rtol"):  # Hager and Zhang's form, which rounding cannot spoil
            by_slope = new.slope - (2 * relative - 1) * start.slope
            rise = new.value - start.value - h.approx_dec_rtol(like) * jnp.abs(start.value)
            decrease = jnp.minimum(jnp.maximum(by_slope, rise), decrease)
        curvature = jnp.abs(new.slope) - h.curv_rtol(like) * jnp.abs(start.slope)
        return _or_inf(decrease), _or_inf(curvature)

    def trial(s: _Search) -> tuple[Array, Array]:
        step, reached = jnp.where(s.count == 0, guess, h.increase_factor(like) * s.last.step), false
        if hasattr(h, "max_learning_rate"):
            most = h.max_learning_rate(like)
            step, reached = jnp.minimum(step, most), step >= most
        return jnp.where(s.found, _middle(s.low, s.high, s.third), step), reached

    def attempt(s: _Search) -> _Search:
        step, reached = trial(s)
        new, new_grad = line(step)
        decrease, curvature = errors(new)
        good = jnp.maximum(decrease, curvature) <= tol
        better = (decrease <= tol) & (~s.found | (new.value < s.safe.value))
        safe, safe_grad = tree_where(better, (new, new_grad), (s.safe, s.safe_grad))
        ends = tree_where(
            s.found, _zoomed(s, new, decrease > 0, good),
            _widened(s, new, decrease > 0, good, reached),
        )  # fmt: skip
        narrow = jnp.abs(s.high.step - s.low.step) <= h.stepsize_precision(like)
        gives_up = (s.count + 1 >= steps) | (s.found & narrow & (safe.step > 0))
        failed = gives_up & ~ends["done"]
        falls_back = failed & ((safe.step > 0) | jnp.isinf(decrease))
        last, last_grad = tree_where(falls_back, (safe, safe_grad), (new, new_grad))
        return _Search(
            count=s.count + 1, last=last, grad=last_grad, decrease_error=decrease,
            curvature_error=curvature, failed=failed, safe=safe, safe_grad=safe_grad, **ends,
        )  # fmt: skip

    infinite = jnp.full_like(like, jnp.inf)
    first = _Search(
        count=jnp.zeros((), "int32"), last=start, grad=grad, decrease_error=infinite,
        curvature_error=infinite, found=false, done=false, failed=false, low=start, high=start,
        third=start, safe=start, safe_grad=grad,
    )  # fmt: skip
    return lax.while_loop(lambda s: ~(s.done | s.failed), attempt, first)


def scale_by_zoom_linesearch(
    max_linesearch_steps: int,
    max_learning_rate: ArrayLike | None = None,
    tol: ArrayLike = 0.0,
    increase_factor: ArrayLike = 2.0,
    slope_rtol: ArrayLike = 0.0001,
    curv_rtol: ArrayLike = 0.9,
    approx_dec_rtol: ArrayLike | None = 1e-06,
    stepsize_precision: ArrayLike = 1e-05,
    initial_guess_strategy: str = "keep",
    verbose: bool = False,
) -> GradientTransformation:
    """Find a step with enough decrease that also flattens the slope (Wolfe's conditions).

    `update` takes `value`, `grad` and `value_fn`, and further arguments of `value_fn` by name.
    Nocedal and Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6.

    Args:
        max_linesearch_steps: how many steps are tried.
        max_learning_rate: the largest step size; no limit when None.
        tol: by how much the conditions may be missed.
        increase_factor: factor between trials until a good step is enclosed.
        slope_rtol: the decrease must be this share of what the slope promises.
        curv_rtol: the slope must become smaller by this factor.
        approx_dec_rtol: relative rise below which the decrease is judged by slopes alone; never
            when None.
        stepsize_precision: the length of an interval that is searched no further.
        initial_guess_strategy: "one", or "keep" for the last step size.
        verbose: print when no step meets the conditions.

    Raises:
        ArgumentValueError: the strategy is not one of these.
    """
    name = "scale_by_zoom_linesearch"
    ArgumentValueError.check(
        name, "initial_guess_strategy", initial_guess_strategy, ("keep", "one")
    )

    def init(params: Params) -> ScaleByZoomLinesearchState:
        infinite = jnp.asarray(jnp.inf, real_dtype(params))
        return ScaleByZoomLinesearchState(
            learning_rate=jnp.ones_like(infinite),
            value=infinite,
            grad=tree_zeros_like(params),
            info=ZoomLinesearchInfo(jnp.zeros((), "int32"), infinite, infinite),
        )

    def update(
        updates: Updates, state: Any, params: Any, h: Any,
        *, value: Any, grad: Updates, value_fn: Callable[..., Any], **extra: Any,
    ) -> tuple[Updates, Any]:  # fmt: skip
        required(params, name)
        rate = state.learning_rate
        value_and_gradient = value_and_grad(_bind(name, value_fn, extra))

        def line(step: Array) -> tuple[_Point, Any]:
            new, new_grad = value_and_gradient(tree_add_scale(params, step, updates))
            slope = _slope(new_grad, updates, rate.dtype)
            return _Point(step, new.astype(rate.dtype), slope), new_grad

        slope = _slope(grad, updates, rate.dtype)
        start = _Point(jnp.zeros_like(rate), jnp.asarray(value).astype(rate.dtype), slope)
        guess = rate if initial_guess_strategy == "keep" else jnp.ones_like(rate)
        end = _zoom(line, start, grad, guess, max_linesearch_steps, h)
        if verbose:
            text = "zoom found no step: value {v}, slope {s}, step {t}, errors {d} and {c}"
            _report(
                end.failed, text, v=start.value, s=slope, t=end.last.step,
                d=end.decrease_error, c=end.curvature_error,
            )  # fmt: skip
        info = ZoomLinesearchInfo(end.count, end.decrease_error, end.curvature_error)
        new_state = ScaleByZoomLinesearchState(end.last.step, end.last.value, end.grad, info)
        return tree_scale(end.last.step, updates), new_state

    optional = {"max_learning_rate": max_learning_rate, "approx_dec_rtol": approx_dec_rtol}
    return hyperparameters(
        init, update, extra_args=True, tol=tol, increase_factor=increase_factor,
        slope_rtol=slope_rtol, curv_rtol=curv_rtol, stepsize_precision=stepsize_precision,
        **{key: value for key, value in optional.items() if value is not None},
    )  # fmt: skip


def value_and_grad_from_state(value_fn: Callable[..., Any]) -> Callable[..., tuple[Any, Updates]]:
    """Like `jib.value_and_grad`, with what the line search computed last when it is there.

    Args:
        value_fn: a function of the parameters and further arguments that gives a number.

    Returns:
        A function of the same arguments and `state=`, the optimizer's state.

    Raises:
        ArgumentValueError: the state holds no value and gradient.
    """

    def value_and_gradient(
        params: Params, *fn_args: Any, state: OptState, **fn_kwargs: Any
    ) -> tuple[Any, Updates]:
        kept = tree_get(state, "value"), tree_get(state, "grad")
        if kept[0] is None or kept[1] is None:
            raise ArgumentValueError(
                "the optimizer's state holds no `value` and `grad`",
                help="scale_by_zoom_linesearch keeps them; scale_by_backtracking_linesearch "
                "does with store_grad=True",
            )

        def compute() -> Any:
            return tree_cast_like(value_and_grad(value_fn)(params, *fn_args, **fn_kwargs), kept)

        return lax.cond(jnp.isfinite(kept[0]), lambda: kept, compute)

    return value_and_gradient
