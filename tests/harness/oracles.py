"""What must hold of every primitive, checked on samples: one compiled program for each row."""

import difflib
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from jib.core.checking import check_jaxpr
from jib.core.jaxpr import ClosedJaxpr, sub_jaxprs
from jib.core.zeros import float0
from jib.passes.reference import evaluate_jaxpr_numpy
from jib.transforms.jit import jit
from jib.transforms.vmap import vmap
from tests.harness.samples import Flat, Row

__all__ = [
    "Joined",
    "assert_close",
    "check_batching",
    "check_errors",
    "check_forward",
    "check_lowering",
    "reference",
    "trace",
]

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "lowering"

# Relative and absolute tolerance of a result, by dtype.
_TOLERANCES = {
    "bfloat16": (2e-2, 1e-2),
    "float16": (2e-3, 1e-3),
    "float32": (2e-5, 2e-6),
    "complex64": (5e-5, 5e-6),
    "float64": (1e-11, 1e-12),
    "complex128": (1e-11, 1e-12),
}


def assert_close(
    actual: Any, expected: Any, message: str, rtol: float = 0.0, atol: float = 0.0
) -> None:
    """Both have one dtype and shape, and equal numbers as far as the dtype (or `rtol`) allows."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype, f"{message}: {actual.dtype} is not {expected.dtype}"
    assert actual.shape == expected.shape, f"{message}: {actual.shape} is not {expected.shape}"
    if actual.dtype == float0 or not actual.size:
        return
    own = _TOLERANCES.get(actual.dtype.name, (0.0, 0.0))
    rtol, atol = max(rtol, own[0]), max(atol, own[1])
    wide = np.complex128 if actual.dtype.kind == "c" else np.float64
    if actual.dtype.kind in "biu":
        np.testing.assert_array_equal(actual, expected, err_msg=message)
        return
    np.testing.assert_allclose(
        actual.astype(wide), expected.astype(wide), rtol, atol, err_msg=message
    )


def trace(function: Flat, operands: Sequence[Any]) -> ClosedJaxpr:
    """The program of a call, found well-typed."""
    program = jit(function).trace(*operands).jaxpr
    check_jaxpr(program.jaxpr)
    return program


def reference(program: ClosedJaxpr, operands: Sequence[Any]) -> list[np.ndarray]:
    """The results of a program by the NumPy rules alone."""
    values = [
        np.asarray(x).astype(a.dtype) for x, a in zip(operands, program.in_avals, strict=True)
    ]
    return evaluate_jaxpr_numpy(program.jaxpr, program.consts, values)


def primitives_of(program: Any) -> set[str]:
    """The names of all primitives in a program, nested programs included."""
    found = set()
    for eqn in program.eqns:
        found.add(eqn.primitive.name)
        found.update(*(primitives_of(inner) for inner in sub_jaxprs(eqn.params)))
    return found


class Joined:
    """Several flat calls as one function, so that they cost one compilation."""

    def __init__(self, calls: Sequence[tuple[Flat, Sequence[Any]]]) -> None:
        self.calls = calls
        self.traces = 0
        self.counts: list[int] = []
        self.run = jit(self._function)

    def _function(self, *operands: Any) -> list[Any]:
        self.traces += 1
        rest = iter(operands)
        outs = [f(*(next(rest) for _ in given)) for f, given in self.calls]
        self.counts = [len(o) for o in outs]
        return [x for out in outs for x in out]

    def __call__(self, operands: Sequence[Sequence[Any]] | None = None) -> list[list[Any]]:
        """The results of each call, at the given operands or at its own."""
        given = [list(own) for _, own in self.calls] if operands is None else operands
        rest = iter(self.run(*(x for xs in given for x in xs)))
        return [[next(rest) for _ in range(count)] for count in self.counts]


# ------------------------------------------------------------------------------------ forward


def check_forward(row: Row) -> None:
    """Eager = compiled = NumPy, on every sample; a second call neither traces nor differs."""
    calls = [(s.call(row.function), s.operands) for s in row.samples]
    joined = Joined(calls)
    compiled = joined()
    again = joined()
    assert joined.traces == 1, f"{row}: the second call traced anew"
    seen = set()
    for s, (function, operands), outs, repeated in zip(
        row.samples, calls, compiled, again, strict=True
    ):
        program = trace(function, operands)
        seen |= primitives_of(program)
        expected = reference(program, operands)
        eager = function(*operands)
        for out, second, now, wanted in zip(outs, repeated, eager, expected, strict=True):
            assert_close(out, wanted, f"{row}({s}) compiled, against NumPy", s.rtol, s.atol)
            assert_close(now, wanted, f"{row}({s}) eager, against NumPy", s.rtol, s.atol)
            assert np.asarray(out).tobytes() == np.asarray(second).tobytes(), f"{row}({s}) repeated"
    assert not row.visible or row.name in seen, f"no sample of {row} reaches the primitive"


def check_errors(row: Row) -> None:
    """Wrong calls raise what the row says, with exactly the sentence it says."""
    for wrong in row.errors:
        try:
            row.function(*wrong.args, **wrong.params)
        except wrong.exception as error:
            sentence = getattr(error, "message", str(error))
            assert sentence == wrong.message, f"{row}: {sentence!r}"
        else:
            raise AssertionError(f"{row}{wrong.args} raised nothing, not {wrong.exception}")


# ----------------------------------------------------------------------------------- batching


def check_batching(row: Row) -> None:
    """`vmap` = a loop, with batch axes first, last, absent, and mixed."""
    calls, wanted = [], []
    for i, s in enumerate(s for s in row.samples if s.operands):
        function = s.call(row.function)
        # All patterns for the first sample, and then in turn: two for each.
        patterns = _patterns(len(s.operands))
        turn = [patterns[i % len(patterns)], patterns[(2 * i + 1) % len(patterns)]]
        for axes in turn if i else patterns:
            pairs = [(x, np.flip(x)) for x in s.operands]
            given = [
                x[0] if a is None else np.stack(x, a) for x, a in zip(pairs, axes, strict=True)
            ]
            calls.append((vmap(function, tuple(axes)), given))
            wanted.append((s, function, axes, pairs))
    if not calls:
        return
    joined = Joined(calls)
    for outs, (mapped, given), (s, function, axes, pairs) in zip(
        joined(), calls, wanted, strict=True
    ):
        message = f"vmap of {row}({s}) over {axes}"
        program = trace(function, s.operands)
        members = [
            reference(
                program, [x[0] if a is None else x[i] for x, a in zip(pairs, axes, strict=True)]
            )
            for i in range(2)
        ]
        by_numpy = reference(trace(mapped, given), given)
        for out, numpy, *each in zip(outs, by_numpy, *members, strict=True):
            assert_close(out, np.stack(each), message, s.rtol, s.atol)
            assert_close(numpy, np.stack(each), f"{message}, by NumPy", s.rtol, s.atol)


def _patterns(count: int) -> list[list[int | None]]:
    whole: list[list[int | None]] = [[0] * count, [-1] * count]
    if count == 1:
        return whole
    alternating = [(0, None), (None, -1), (-1, 0)]
    return whole + [[pair[i % 2] for i in range(count)] for pair in alternating]


# ----------------------------------------------------------------------------------- lowering


def check_lowering(row: Row) -> None:
    """The StableHLO of the first sample is what it was; JIB_UPDATE_GOLDEN=1 writes it anew."""
    s = row.samples[0]
    function = s.call(row.function)
    function.__name__ = row.name
    text = jit(function).lower(*s.operands).as_text().rstrip() + "\n"
    path = GOLDEN / f"{row.name}.mlir"
    if os.environ.get("JIB_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    before = path.read_text(encoding="utf-8")
    changes = difflib.unified_diff(before.splitlines(), text.splitlines(), "golden", "now", n=2)
    assert text == before, f"{row} is lowered to something new:\n" + "\n".join(changes)
