"""Literate tests of messages: prose, a program, the exact output, and whether the cure works.

A document holds pairs of fenced blocks: a program (` ```python `) and what it says (` ```text `).
The program stands in a file `example.py` and must raise one of jib's errors. After the program's
fence there may be one more word:

    python paste   each rewriting that the error offers is applied to the program; what comes out
                   must run, and its `result` must equal its `expected`, or that of the unchanged
                   program under `jib.disable_jit()`

With the environment variable JIB_UPDATE_DIAGNOSTICS=1 the text blocks are rewritten instead.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import linecache
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import jib
from jib.errors import JibError

__all__ = ["Case", "check", "read", "rewrite", "said_by"]

FILE = "example.py"
_PAIR = re.compile(
    r"^```python(?P<mode>[ a-z]*)\n(?P<program>.*?)^```\n"
    r"(?P<between>(?:(?!^```).)*?)^```text\n(?P<output>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Case:
    """One program of a document, with the output it should give."""

    name: str
    program: str
    output: str
    paste: bool


def read(path: Path) -> list[Case]:
    """The cases of a document, each named by the nearest heading above it."""
    text = path.read_text("utf-8")
    cases = []
    for match in _PAIR.finditer(text):
        headings = re.findall(r"^#+ (.+)$", text[: match.start()], re.MULTILINE)
        name = headings[-1] if headings else path.stem
        mode = match["mode"].strip()
        assert mode in ("", "paste"), f"{path}: unknown word after ```python: {mode!r}"
        cases.append(Case(name, match["program"], match["output"], mode == "paste"))
    assert cases, f"{path} holds no pair of a program and its output"
    return cases


def run(program: str) -> dict[str, Any]:
    """Run a program as the file `example.py`; return its names."""
    lines = program.splitlines(keepends=True)
    linecache.cache[FILE] = (len(program), None, lines, FILE)
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(program, FILE, "exec"), names)
    return names


def failure(program: str) -> JibError:
    """The error that a program raises."""
    try:
        run(program)
    except JibError as error:
        str(error)  # read the source while `example.py` is this program
        return error
    raise AssertionError(f"the program raises no error of jib:\n{program}")


def said_by(error: JibError) -> str:
    """An error as Python prints it, without the module's name."""
    return f"{type(error).__qualname__}: {error}\n"


def check(case: Case) -> None:
    """Compare the output, and run the pasted cure."""
    error = failure(case.program)
    assert said_by(error) == case.output
    if not case.paste:
        return
    assert error.report.fixes, "the error offers no cure that can be pasted"
    assert len(error.help) >= len(error.report.fixes), "a cure is not shown"
    for fix in error.report.fixes:
        _paste(fix.apply(case.program), case.program)


def _paste(fixed: str, program: str) -> None:
    """Run a program with a cure; it must give its `expected`, or what plain Python gives."""
    names = run(fixed)
    actual, expected = names["result"], names.get("expected")
    if expected is None:
        with jib.disable_jit():
            expected = run(program)["result"]
    assert np.shape(actual) == np.shape(expected), fixed
    np.testing.assert_allclose(actual, expected, rtol=1e-6, err_msg=fixed)


def rewrite(path: Path) -> None:
    """Replace each text block of a document by what its program says now."""

    def updated(match: re.Match[str]) -> str:
        try:
            said = said_by(failure(match["program"]))
        except Exception:  # a program without a message keeps its text: the test shows why
            return match[0]
        start, end = match.start("output") - match.start(), match.end("output") - match.start()
        return match[0][:start] + said + match[0][end:]

    path.write_text(_PAIR.sub(updated, path.read_text("utf-8")), "utf-8")
