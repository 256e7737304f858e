"""Rows of the table of primitives: a function, calls that must work, and calls that must not."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jib.tree_util import tree_leaves

__all__ = ["ErrorSample", "Row", "Sample", "array", "sample"]

Flat = Callable[..., list[Any]]


@dataclass(frozen=True)
class Sample:
    """One call.

    `args` are NumPy arrays, which are the operands, and anything else, which is passed as it is
    (axes, shapes, Python scalars). `order` is how often the call is differentiated in the tests,
    `step` the step of the differences, which may be large for linear functions, and `backwards` is
    False where there is no derivative backwards. `rtol` and `atol` are the tolerances where those
    of the dtype are too strict.
    """

    args: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)
    order: int = 2
    step: float = 1e-4
    rtol: float = 0.0
    atol: float = 0.0
    backwards: bool = True

    @property
    def operands(self) -> list[np.ndarray]:
        """The arguments that are arrays."""
        return [x for x in self.args if isinstance(x, np.ndarray)]

    def call(self, function: Callable[..., Any]) -> Flat:
        """`function` of the operands alone, with a flat list of results."""
        fixed = {i: x for i, x in enumerate(self.args) if not isinstance(x, np.ndarray)}

        def flat(*operands: Any) -> list[Any]:
            rest = iter(operands)
            args = [fixed[i] if i in fixed else next(rest) for i in range(len(self.args))]
            return tree_leaves(function(*args, **self.params))

        return flat

    def __str__(self) -> str:
        shown = [
            f"{x.dtype.name}{list(x.shape)}" if isinstance(x, np.ndarray) else repr(x)
            for x in self.args
        ]
        return ", ".join([*shown, *(f"{k}={v}" for k, v in self.params.items())])


def sample(
    *args: Any,
    order: int = 2,
    step: float = 1e-4,
    rtol: float = 0.0,
    atol: float = 0.0,
    backwards: bool = True,
    **params: Any,
) -> Sample:
    """A sample, written as the call it stands for."""
    return Sample(args, params, order, step, rtol, atol, backwards)


@dataclass(frozen=True)
class ErrorSample:
    """A call that must raise `exception`, and the sentence that it must say."""

    args: tuple[Any, ...]
    exception: type[Exception]
    message: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """What the tests know of one primitive.

    `name` is the primitive's; `function` the public one that binds it. `visible` says that the
    traced program of a sample holds the primitive (one that speaks of a mapped axis does not show,
    once the axis is mapped). `batched` is whether `vmap` is tried. `unchecked` is why there is no
    wrong call to try.
    """

    name: str
    function: Callable[..., Any]
    samples: Sequence[Sample]
    errors: Sequence[ErrorSample] = ()
    unchecked: str = ""
    visible: bool = True
    batched: bool = True

    def __str__(self) -> str:
        return self.name


def array(
    shape: Sequence[int], dtype: Any = "float32", low: float = -2.0, high: float = 2.0
) -> np.ndarray:
    """Numbers between `low` and `high`, always the same for the same arguments.

    For complex numbers the bounds are those of both parts; for booleans they do not matter.
    """
    dtype = np.dtype(dtype)
    seed = zlib.crc32(repr((tuple(shape), dtype.name, low, high)).encode())
    source = np.random.default_rng(seed)
    if dtype.kind == "b":
        return source.random(shape) < 0.5
    if dtype.kind in "iu":
        least = max(low, 0) if dtype.kind == "u" else low
        return np.asarray(source.integers(int(least), int(high), shape, endpoint=True), dtype)
    numbers = source.uniform(low, high, shape)
    if dtype.kind == "c":
        numbers = numbers + 1j * source.uniform(low, high, shape)
    return np.asarray(numbers).astype(dtype)
