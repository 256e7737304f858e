"""Settings for the calls inside a `with` block."""

from __future__ import annotations

import contextvars
from typing import Any

from jib.ckpt.options import accept
from jib.ckpt.v1.options import AsyncOptions, CheckpointLayout

__all__ = ["Context"]

_current: contextvars.ContextVar[Any] = contextvars.ContextVar("context", default=None)


class Context:
    """Settings for loading and saving inside `with Context(...):`.

    `checkpoint_layout` and `async_options` have an effect; the others are accepted.

    Example:
        >>> import tempfile
        >>> from jib.ckpt import v1
        >>> file = tempfile.mkdtemp() + "/model.safetensors"
        >>> jib.ckpt.save_safetensors(file, {"w": np.ones(2)})
        >>> with v1.Context(checkpoint_layout=v1.options.CheckpointLayout.SAFETENSORS):
        ...     v1.load(file)
        {'w': array([1., 1.])}
    """

    def __init__(
        self,
        context: Context | None = None,
        *,
        async_options: Any = None,
        checkpoint_layout: CheckpointLayout | str | None = None,
        **options: Any,
    ) -> None:
        accept(options, "Context")
        given = context or current()
        self.async_options = async_options or getattr(given, "async_options", AsyncOptions())
        layout = checkpoint_layout or getattr(given, "checkpoint_layout", CheckpointLayout.ORBAX)
        self.checkpoint_layout = CheckpointLayout(layout)

    def __enter__(self) -> Context:
        self._token = _current.set(self)
        return self

    def __exit__(self, *exception: Any) -> None:
        _current.reset(self._token)


def current() -> Any:
    """The innermost context, or None."""
    return _current.get()
