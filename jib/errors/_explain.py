"""The long form of an error code, offline."""

from __future__ import annotations

from typing import Any

from jib._deferred import DeferredModule
from jib.errors._base import CODES

__all__ = ["explain"]

_resources: Any = DeferredModule("importlib.resources")


def explain(code: str) -> str:
    """The long text for `code` (`"J101"`, in any case).

    Raises:
      KeyError: for a code that does not exist; the message lists the codes.

    >>> print(explain("j110").splitlines()[0])
    # J110: an array is changed in place
    """
    code = code.upper()
    if code not in CODES:
        raise KeyError(f"no error has the code {code}; there are {', '.join(sorted(CODES))}")
    return _resources.files("jib.errors").joinpath("texts", f"{code}.md").read_text("utf-8")
