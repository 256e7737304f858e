"""Derivatives of samples: central differences, and forwards against backwards."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jib import settings
from jib.core.tracing import aval_of
from jib.core.zeros import float0, tangent_aval
from jib.transforms.linear import jvp, vjp
from tests.harness.oracles import Joined, assert_close
from tests.harness.samples import Flat, Row, Sample, array

__all__ = ["check_derivatives"]


def check_derivatives(row: Row) -> None:
    """First and second derivatives, forwards and backwards, against central differences.

    In 64 bits: with a step of 1e-4 the differences are good to some eight digits.
    """
    chosen = [s for s in row.samples if s.order and _is_differentiable(s)]
    if not chosen:
        return
    with settings.enable_x64(True):
        joined = Joined([_derivative_call(s, row.function) for s in chosen])
        here = joined()
        there = joined([_moved(s, s.step) for s in chosen])
        back = joined([_moved(s, -s.step) for s in chosen])
    for s, now, plus, minus in zip(chosen, here, there, back, strict=True):
        found = _Derivatives(s, now)
        for kind, first in (("jvp", 0), ("jvp of jvp", 1))[: s.order]:
            pairs = zip(
                found.part(now, first),
                found.part(plus, first),
                found.part(minus, first),
                found.part(now, first + 1),
                strict=True,
            )
            for _, ahead, behind, tangent in pairs:
                if tangent.dtype.kind not in "fc":
                    continue
                numeric = (ahead - behind) / (2 * s.step)
                size = np.max(np.abs(numeric), initial=1.0)
                assert_close(tangent, numeric.astype(tangent.dtype), f"{kind} of {row}({s})",
                             max(s.rtol, 1e-5), max(s.atol, 1e-6) * size)  # fmt: skip
        found.check_transposes(f"{row}({s})", max(s.rtol, 1e-6))


def _is_differentiable(s: Sample) -> bool:
    inexact = [x for x in s.operands if x.dtype.name in ("float32", "complex64")]
    return bool(inexact) and all(x.size for x in inexact)


def _wide(x: np.ndarray) -> np.ndarray:
    return x.astype({"float32": "float64", "complex64": "complex128"}.get(x.dtype.name, x.dtype))


def _directions(s: Sample) -> list[np.ndarray]:
    """A direction for each operand that has one, in the order of the operands."""
    found = []
    for i, x in enumerate(map(_wide, s.operands)):
        if x.dtype.kind in "fc":
            found.append(np.asarray(array((i + 1, *x.shape), x.dtype, -1, 1)[i]))
    return found


def _moved(s: Sample, step: float) -> list[np.ndarray]:
    """The operands, moved along the directions."""
    directions = iter(_directions(s))
    return [
        np.asarray(x + step * next(directions)) if x.dtype.kind in "fc" else x
        for x in map(_wide, s.operands)
    ]


def _split(s: Sample, function: Callable[..., Any]) -> Callable[..., Any]:
    """The call as a function of its inexact operands alone, with the others and inexact results."""
    flat = s.call(function)
    moving = [x.dtype.kind in "fc" for x in map(_wide, s.operands)]

    def split(operands: Sequence[Any]) -> tuple[Flat, list[Any]]:
        still = [x for x, m in zip(operands, moving, strict=True) if not m]

        def smooth(*inexact: Any) -> list[Any]:
            rest, fixed = iter(inexact), iter(still)
            outs = flat(*(next(rest) if m else next(fixed) for m in moving))
            return [x for x in outs if tangent_aval(aval_of(x)).dtype != float0]

        return smooth, [x for x, m in zip(operands, moving, strict=True) if m]

    return split


def _derivative_call(s: Sample, function: Callable[..., Any]) -> tuple[Flat, list[np.ndarray]]:
    """Results, then tangents, second tangents, and cotangents: what `_Derivatives` reads."""
    split = _split(s, function)
    directions = _directions(s)

    def derivatives(*operands: Any) -> list[Any]:
        smooth, primals = split(operands)
        outs, tangents = jvp(smooth, primals, directions)
        cts = _cotangents(outs)
        forward = lambda *xs: jvp(smooth, xs, directions)[1]
        backward = lambda *xs: vjp(smooth, *xs)[1](cts)
        found = [*outs, *tangents]
        if s.order > 1:
            found += jvp(forward, primals, directions)[1]
        if s.backwards:
            found += backward(*primals)
        if s.backwards and s.order > 1:
            found += vjp(forward, *primals)[1](cts)
            found += vjp(backward, *primals)[1](tuple(directions))
        return found

    return derivatives, [_wide(x) for x in s.operands]


def _cotangents(outs: Sequence[Any]) -> list[np.ndarray]:
    return [np.asarray(array((i + 2, *x.shape), x.dtype, -1, 1)[-1]) for i, x in enumerate(outs)]


class _Derivatives:
    """The results of `_derivative_call`, by name."""

    def __init__(self, s: Sample, values: Sequence[Any]) -> None:
        self.order = s.order
        self.directions = _directions(s)
        width = len(self.directions)
        backward = width * (1 if s.order == 1 else 3) * s.backwards
        self.count = (len(values) - backward) // (s.order + 1)
        self.values = [np.asarray(x) for x in values]
        rest = self.values[self.count * (s.order + 1) :]
        self.gradients = [rest[i : i + width] for i in range(0, backward, width or 1)]

    def part(self, values: Sequence[Any], order: int) -> list[np.ndarray]:
        """The derivatives of one order, forwards (order 0: the results)."""
        return [np.asarray(x) for x in values[self.count * order : self.count * (order + 1)]]

    def check_transposes(self, message: str, rtol: float) -> None:
        """`<ct, J t> == <J^T ct, t>`, for the first derivative and for both ways to the second."""
        cts = _cotangents(self.part(self.values, 0))
        names = ("vjp", "vjp of jvp", "vjp of vjp")
        for name, order, cotangents in zip(names, (1, 2, 2), self.gradients, strict=False):
            tangents = self.part(self.values, order)
            forwards = _inner(cts, tangents)
            backwards = _inner(cotangents, self.directions)
            scale = _inner(map(np.abs, cts), map(np.abs, tangents)) + 1
            assert abs(forwards - backwards) < rtol * scale, (
                f"{name} of {message}: {backwards} is not {forwards}"
            )


def _inner(xs: Any, ys: Any) -> float:
    return sum(float(np.sum(x * y).real) for x, y in zip(xs, ys, strict=True))
