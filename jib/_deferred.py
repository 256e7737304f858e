"""Modules that load when they are first used, so that `import jib` stays quick."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["DeferredModule"]


class DeferredModule:
    """Stands for a module; the first attribute that is asked for imports it.

    Of several modules, the first one that has the attribute gives it: later ones, which may be slow
    to load, are imported only when those before lack something.

    Example:
        >>> from jib._deferred import DeferredModule
        >>> DeferredModule("math").floor(2.5)
        2
    """

    def __init__(self, *names: str) -> None:
        self.__dict__["_names"] = names

    def __getattr__(self, attribute: str) -> Any:
        *early, last = self._names
        for name in early:
            module = importlib.import_module(name)
            if hasattr(module, attribute):
                break
        else:
            module = importlib.import_module(last)
        found = getattr(module, attribute)
        self.__dict__[attribute] = found  # from now on no call stands in between
        return found
