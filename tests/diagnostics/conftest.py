"""Collect the documents of this folder as tests, one for each program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.diagnostics import runner


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Every `.md` file here is a document of cases."""
    if file_path.suffix == ".md" and file_path.parent == Path(__file__).parent:
        return Document.from_parent(parent, path=file_path)
    return None


class Document(pytest.File):
    """A document; collecting it rewrites its outputs when that is asked for."""

    def collect(self) -> Iterator[pytest.Item]:
        if os.environ.get("JIB_UPDATE_DIAGNOSTICS") == "1":
            runner.rewrite(self.path)
        for case in runner.read(self.path):
            yield Program.from_parent(self, name=case.name, case=case)


class Program(pytest.Item):
    """One program, its output and its cure."""

    def __init__(self, *, case: runner.Case, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.case = case

    def runtest(self) -> None:
        runner.check(self.case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        if excinfo.errisinstance(AssertionError):
            return f"{excinfo.value}\n(JIB_UPDATE_DIAGNOSTICS=1 rewrites the outputs)"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.path.name}: {self.name}"
