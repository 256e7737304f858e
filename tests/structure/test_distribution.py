"""What is locked and what is shipped."""

import re
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tests.structure.source import ROOT

LOCK = (ROOT / "requirements.lock").read_text()
PROJECTS = ["pyproject.toml", "apps/harbor_fleet/pyproject.toml"]


def normalized(requirement):
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


def test_the_lock_names_no_address():
    assert not re.search(r"://|^\s*-|file:| @ ", re.sub(r"--hash=sha256:\w+", "", LOCK), re.M)


def test_every_locked_version_is_exact_and_has_a_hash():
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry, re.S), entry


@pytest.mark.parametrize("project", PROJECTS)
def test_the_lock_covers_every_dependency(project):
    table = tomllib.loads((ROOT / project).read_text())["project"]
    wanted = [*table["dependencies"], *table.get("optional-dependencies", {}).get("dev", [])]
    locked = {line.split("==")[0] for line in LOCK.splitlines() if "==" in line}
    assert {normalized(name) for name in wanted} - {"jib"} <= locked


@pytest.mark.slow
def test_the_wheel_holds_the_library_and_nothing_else(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert "jib/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"jib", "jib-0.1.0.dist-info"}
