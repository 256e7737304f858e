"""Runs code in processes of its own: settings and caches are read once per process."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
from jib.backend import client, compile, devices, meshes, shardings, transfer
PROGRAM = '''module @m { func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.tanh %a : tensor<4xf32> return %0 : tensor<4xf32> } }'''
"""


@pytest.fixture
def spawn(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start Python code with environment variables given as keywords; the cache is the test's."""

    def start(code: str, **variables: str) -> subprocess.Popen[str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("JIB_")}
        path = os.pathsep.join(filter(None, [variables.pop("EXTRA_PATH", ""), str(ROOT)]))
        folder = {"JIB_COMPILATION_CACHE_DIR": str(tmp_path / "cache")}
        return subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(code)],
            env=kept | folder | {"PYTHONPATH": path} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def run(spawn: Callable[..., subprocess.Popen[str]]) -> Callable[..., tuple[str, str]]:
    """Run Python code to its end; its standard output and standard error."""

    def finish(code: str, **variables: str) -> tuple[str, str]:
        process = spawn(code, **variables)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        return output, errors

    return finish
