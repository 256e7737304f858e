"""Which trace made an object: only under that trace may it be changed."""

from __future__ import annotations

from typing import Any

from jib.core.tracing import Tracer, context
from jib.nnx._errors import TraceLevelError

__all__ = ["check_level", "is_leaked"]


def check_level(owner: Any, level: Any, name: str = "") -> None:
    """Raise unless `level` is the current trace.

    Raises:
        TraceLevelError: with the cure, which is to pass the module as an argument.
    """
    if level is context.trace:
        return
    subject = type(owner).__name__ + (f" attribute `{name}`" if name else "")
    if getattr(level, "live", True):
        raise TraceLevelError(
            f"{subject} is changed inside a function that is being transformed, but was made "
            "outside of it",
            notes=["the change would keep a value that exists only while the function is traced"],
            help=[
                "pass the module as an argument: nnx.jit(lambda model, x: model(x))(model, x)",
                "nnx.jit, nnx.grad, nnx.vmap, nnx.scan ... carry the changes of arguments out",
            ],
        )
    raise TraceLevelError(
        f"{subject} is changed after the function that made it was traced",
        help="return the module from the function: the returned one holds arrays",
    )


def is_leaked(value: Any) -> bool:
    """Whether a value is a tracer whose trace has ended."""
    return isinstance(value, Tracer) and not getattr(value._trace, "live", True)
