"""Warnings that name the user's line, not the library's."""

import warnings

from jib.errors._spans import user_frame

__all__ = ["warn_user"]


def warn_user(message: str) -> None:
    """A RuntimeWarning at the innermost line of the user's code."""
    frame = user_frame()
    file, line = ("<jib>", 1) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
    warnings.warn_explicit(message, RuntimeWarning, file, line)
