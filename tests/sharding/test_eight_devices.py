"""Runs `tests/sharding8` in a process that has eight CPU devices."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_eight_devices_equal_one():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/sharding8"],
        cwd=ROOT,
        env={**os.environ, "JIB_NUM_CPU_DEVICES": "8", "PYTEST_XDIST_WORKER": ""},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
