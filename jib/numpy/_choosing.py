"""The choice between arrays."""

from __future__ import annotations

from typing import Any

from jib import dtypes, lax
from jib.core.tracing import Tracer, aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, DTypeError, TracedMaskError
from jib.lax._families import kind_of
from jib.numpy._comparison import truth
from jib.numpy._derived import derived
from jib.numpy._promotion import as_operand, promote_args, promote_dtypes, promote_shapes
from jib.numpy._sorting import nonzero
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike

__all__ = ["clip", "select", "where"]


def where(
    condition: ArrayLike,
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    /,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Elements of `x` where the condition is true, of `y` elsewhere.

    With the condition alone, the indices where it is true (`nonzero`): their number depends on
    values, so inside a transform it needs `size`.

    Raises:
        ArgumentValueError: if only one of `x` and `y` is given.
        TracedMaskError: for a traced condition alone, without `size`.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.where(jnp.array([True, False]), 1.0, -1.0).tolist()
        [1.0, -1.0]
    """
    if x is None and y is None:
        condition = as_operand("where", condition)
        if size is None and isinstance(condition, Tracer) and condition.concrete is None:
            raise TracedMaskError(condition)
        return nonzero(condition, size=size, fill_value=fill_value)
    if x is None or y is None:
        raise ArgumentValueError(
            "`where` needs both `x` and `y`, or neither", help="jib.numpy.where(condition, x, y)"
        )
    if size is not None or fill_value is not None:
        raise ArgumentValueError("`size` and `fill_value` of `where` are for a condition alone")
    return _where(as_operand("where", condition), as_operand("where", x), as_operand("where", y))


@compiled
def _where(condition: Any, x: Any, y: Any) -> Any:
    x, y = promote_dtypes("where", x, y)
    return lax.select(*promote_shapes("where", truth("where", condition), x, y))


def select(condlist: Any, choicelist: Any, default: ArrayLike = 0) -> Array:
    """For each element, the choice that belongs to the first true condition.

    Example:
        >>> import jib.numpy as jnp
        >>> x = jnp.arange(4)
        >>> jnp.select([x < 1, x < 3], [x - 10, x + 10], default=0).tolist()
        [-10, 11, 12, 0]
    """
    conditions, choices = list(condlist), list(choicelist)
    if not conditions or len(conditions) != len(choices):
        raise ArgumentValueError(
            f"`select` needs as many conditions as choices, at least one: it got "
            f"{len(conditions)} and {len(choices)}"
        )
    for condition in conditions:
        if aval_of(condition).dtype != dtypes.BOOL:
            raise DTypeError.accepts("select", aval_of(condition).dtype.name, "boolean")
    return _select(conditions, [as_operand("select", choice) for choice in choices], default)


@compiled
def _select(conditions: list[Any], choices: list[Any], default: Any) -> Any:
    out, *choices = promote_dtypes("select", default, *choices)
    for condition, choice in zip(conditions[::-1], choices[::-1], strict=True):
        out = where(condition, choice, out)
    return out


@derived(numbers=True)
def clip(
    arr: ArrayLike | None = None, /, min: ArrayLike | None = None, max: ArrayLike | None = None
) -> Array:
    """The elements moved into the range from `min` to `max`; either bound may be None.

    Raises:
        DTypeError: for complex numbers.

    Example:
        >>> import jib.numpy as jnp
        >>> jnp.clip(jnp.arange(5), 1, 3).tolist()
        [1, 1, 2, 3, 3]
    """
    if arr is None:
        raise ArgumentTypeError("`clip` needs an array", help="jib.numpy.clip(x, 0, 1)")
    x: Any = arr
    for v in (x, min, max):
        if v is not None and kind_of(aval_of(v).dtype) == "c":
            raise DTypeError.accepts("clip", aval_of(v).dtype.name, "real")
    if min is not None:
        x = lax.max(*promote_args("clip", min, x))
    if max is not None:
        x = lax.min(*promote_args("clip", max, x))
    return x
