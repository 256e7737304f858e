"""Modules that load when they are first used, so that `import jib` stays quick."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["DeferredModule"]


class DeferredModule:
    """Stands for a module; the first attribute that is asked for imports it.

    Example:
        >>> from jib._deferred import DeferredModule
        >>> DeferredModule("math").floor(2.5)
        2
    """

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(importlib.import_module(self._name), attribute)
        self.__dict__[attribute] = found  # from now on no call stands in between
        return found
