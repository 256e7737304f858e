"""`jib.cache`: what one process compiles, the next one reads from disk."""

import json
import os
import subprocess
import sys

import pytest

import jib.cache

PROGRAM = """
import json
import jib, jib.cache, jib.numpy as jnp
value = float(jib.jit(lambda x: jnp.sin(x) * {factor})(2.0))
if {clear}:
    jib.cache.clear()
found = jib.cache.stats()
print(json.dumps([value, found._asdict(), str(jib.cache.directory())]))
"""


@pytest.fixture
def run(tmp_path):
    def call(factor=3, clear=False, **environment):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(factor=factor, clear=clear)],
            env={
                **os.environ,
                "JIB_COMPILATION_CACHE_DIR": str(tmp_path / "programs"),
                **environment,
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


def test_two_processes(run, tmp_path):
    value, first, directory = run()
    assert directory == first["directory"] == str(tmp_path / "programs")
    assert (first["hits"], first["writes"]) == (0, first["misses"])
    assert first["writes"] >= 1
    assert first["bytes"] > 0
    again, second, _ = run()
    assert again == value
    assert (second["hits"], second["misses"], second["writes"]) == (first["writes"], 0, 0)
    assert second["seconds_saved"] > 0
    other, third, _ = run(factor=4)
    assert other == pytest.approx(value * 4 / 3)
    assert third["misses"] == third["writes"] == 1


def test_clearing(run):
    _, found, _ = run(clear=True)
    assert found["writes"] >= 1
    assert found["bytes"] == 0
    assert run()[1]["hits"] == 0


def test_switched_off(run, tmp_path):
    _, found, _ = run(JIB_COMPILATION_CACHE="0")
    assert (found["hits"], found["writes"], found["bytes"]) == (0, 0, 0)
    assert not list(tmp_path.rglob("*.jibx"))


def test_in_this_process():
    found = jib.cache.stats()
    assert found.directory == jib.cache.directory()
    assert min(found.hits, found.misses, found.writes, found.rejected, found.bytes) >= 0
