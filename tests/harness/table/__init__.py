"""The table of primitives: one module of rows for each file of `jib/lax` (and of transforms)."""

import importlib
import pathlib

from tests.harness.samples import Row

__all__ = ["ROWS"]

_HERE = pathlib.Path(__file__).parent
_MODULES = sorted(p.stem for p in _HERE.glob("[a-z]*.py"))

#: Every row, in the order of the files.
ROWS: list[Row] = [
    row for name in _MODULES for row in importlib.import_module(f"{__name__}.{name}").ROWS
]
