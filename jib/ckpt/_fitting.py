"""What a caller wants of each leaf, and the table of what a checkpoint has instead."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import numpy as np

from jib.backend.buffers import ArrayImpl
from jib.ckpt._errors import UnsavableLeafError
from jib.ckpt._format import Leaf, path_text, type_text, value_class
from jib.core.keys import KeyArray, KeyDType
from jib.dtypes import issubdtype

__all__: list[str] = []


@dataclass(frozen=True)
class Target:
    """How a leaf is wanted.

    `kind` is "any" (as saved), "numpy", "scalar" (of NumPy), "array" (on devices), "python" or
    "skip". A shape or dtype of None is that of the checkpoint; `checked` says that another dtype in
    the checkpoint is an error, and otherwise it is cast. `fit` is a shape to cut or fill up to.
    """

    kind: str
    shape: tuple[int, ...] | None = None
    dtype: Any = None
    sharding: Any = None
    python: type | None = None
    checked: bool = True
    fit: tuple[int, ...] | None = None

    def __str__(self) -> str:
        if self.python is not None:
            return self.python.__name__
        if self.dtype is None:
            return "anything"
        return type_text(self.dtype, self.shape or ())


def target_of(path: tuple[str, ...], x: Any, cast: bool) -> Target:
    """What a leaf of `like` asks for."""
    if x is ...:
        return Target("skip")
    if isinstance(x, ArrayImpl | KeyArray):
        base: Any = getattr(x, "_base", x)
        here = base.sharding if base.committed or base.sharding.num_devices > 1 else None
        return Target("array", tuple(x.shape), x.dtype, here, checked=not cast)
    if isinstance(x, np.generic):
        return Target("scalar", (), x.dtype, checked=not cast)
    if isinstance(x, np.ndarray):
        return Target("numpy", x.shape, x.dtype.newbyteorder("="), checked=not cast)
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        sharding = getattr(x, "sharding", None)
        return Target("array", tuple(x.shape), x.dtype, sharding, checked=not cast)
    kind = value_class(x)
    if kind is None:
        raise UnsavableLeafError(
            f"the leaf {path_text(path)!r} of `like` is {x!r:.60} of type {type(x).__name__}, "
            "which says neither a shape and a dtype nor a plain type",
            help="like = jib.eval_shape(init, key)",
        )
    return Target("python", (), python=kind, checked=not cast)


def cast_value(value: Any, kind: type | None) -> Any:
    """A plain value as the class that is wanted."""
    return value if kind is None or type(value) is kind else kind(value)


_KINDS = {bool: np.bool_, int: np.integer, float: np.floating, complex: np.complexfloating}
_NUMBERS = tuple(_KINDS)


def _same_kind(python: Any, dtype: Any) -> bool:
    """Whether a number of Python and one in an array stand for each other, as a step count does:
    it starts as 0 and comes out of a compiled step as int32.
    """
    return issubdtype(dtype, _KINDS[python])


def _problem(leaf: Leaf, target: Target) -> str | None:
    """What is wrong with a saved leaf, or None. "dtype" is what `cast=True` cures."""
    if target.kind in ("any", "skip") or (target.dtype is None and target.python is None):
        return _shape_problem(leaf, target)
    saved_key, wanted_key = isinstance(leaf.dtype, KeyDType), isinstance(target.dtype, KeyDType)
    if saved_key or wanted_key:
        return _shape_problem(leaf, target) if leaf.dtype == target.dtype else "kind"
    if leaf.is_array and target.python is None:
        return _shape_problem(leaf, target) or _dtype_problem(leaf.dtype != target.dtype, target)
    if leaf.is_array:
        if leaf.shape or target.python not in _NUMBERS:
            return "shape" if target.python in _NUMBERS else "kind"
        return _dtype_problem(not _same_kind(target.python, leaf.dtype), target)
    if target.python is not None:
        if type(leaf.value) is target.python:
            return None
        numbers = target.python in _NUMBERS and type(leaf.value) in _NUMBERS
        return _dtype_problem(True, target) if numbers else "kind"
    if type(leaf.value) not in _NUMBERS:
        return "kind"
    differs = not _same_kind(type(leaf.value), target.dtype)
    return _shape_problem(leaf, target) or _dtype_problem(differs, target)


def _shape_problem(leaf: Leaf, target: Target) -> str | None:
    return "shape" if target.shape not in (None, leaf.shape) else None


def _dtype_problem(differs: bool, target: Target) -> str | None:
    return "dtype" if differs and target.checked else None


def differences(
    saved: dict[tuple[str, ...], Leaf],
    paths: list[tuple[str, ...]],
    targets: list[Target],
    partial: bool,
) -> tuple[str, str, bool] | None:
    """A sentence, a table, and whether casting is the cure; None where all fits."""
    wanted = dict(zip(paths, targets, strict=True))
    missing = [path for path in paths if path not in saved and wanted[path].kind != "skip"]
    extra = [] if partial else [path for path in saved if path not in wanted]
    rows = [("leaf", "in the checkpoint", "asked for", "")]
    problems = []
    for path, target in wanted.items():
        problem = _problem(saved[path], target) if path in saved else None
        if problem is not None:
            problems.append(problem)
            rows.append((path_text(path), str(saved[path]), str(target), f"{problem} differs"))
    names = {path_text(path): path for path in extra}
    for path in missing:
        near = difflib.get_close_matches(path_text(path), names, 1, 0.6)
        hint = f"missing; there is `{near[0]}`" if near else "missing"
        rows.append((path_text(path), "-", str(wanted[path]), hint))
    rows += [(path_text(path), str(saved[path]), "-", "extra") for path in extra]
    if len(rows) == 1:
        return None
    counts = [
        (len(problems), "leaf differs", "leaves differ"),
        (len(missing), "is missing", "are missing"),
        (len(extra), "is extra", "are extra"),
    ]
    sentence = ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)
    return (
        sentence,
        _table(rows),
        bool(problems) and {*problems} == {"dtype"} and len(rows) == (len(problems) + 1),
    )


def _table(rows: list[tuple[str, ...]], most: int = 30) -> str:
    shown = rows[: most + 1]
    widths = [max(len(row[i]) for row in shown) for i in range(3)]
    lines = [
        "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]]).rstrip()
        for row in shown
    ]
    more = len(rows) - len(shown)
    return "\n  ".join(["leaf by leaf", *lines] + ([f"... and {more} more"] if more else []))
