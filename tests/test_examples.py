"""Every example runs, with small settings, and arrives at what it promises."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from tests.structure.source import ROOT

FOLDER = ROOT / "examples"


def load(name):
    """The module of an example, which is a script and no package."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_linear_regression_agrees_with_itself_and_with_numpy():
    example = load("linear_regression")
    found = example.main(rows=100, steps=150)
    features, answers, _ = map(np.asarray, example.make_data(example.jib.random.key(0), 100))
    design = np.concatenate([features, np.ones((100, 1))], axis=1)
    wanted = np.linalg.lstsq(design, answers, rcond=None)[0]
    for values in found.values():
        np.testing.assert_allclose(values, wanted, atol=1e-3)


def test_mlp_learns():
    example = load("mlp")
    points, labels = example.two_moons(1000, seed=2)
    line = np.linalg.lstsq(np.c_[points, np.ones(1000)], 2 * labels - 1, rcond=None)[0]
    best_line = np.mean((np.c_[points, np.ones(1000)] @ line > 0) == (labels > 0.5))
    accuracy = example.main(epochs=25, width=16)
    assert accuracy > 0.95 > best_line


def test_per_example_gradients():
    found, plain, clipped = load("per_example_gradients").main(count=200, wrong=5, steps=60)
    assert found >= 4
    assert plain > 0.9
    assert clipped > 0.9


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_every_example_explains_its_options_and_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 200
    done = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"python examples/{path.name}" in " ".join(done.stdout.split())


def test_every_example_is_tested():
    text = (ROOT / "tests" / "test_examples.py").read_text(encoding="utf-8")
    assert not [p.stem for p in FOLDER.glob("*.py") if f'load("{p.stem}")' not in text]
