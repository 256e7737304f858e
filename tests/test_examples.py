"""Every example runs, with small settings, and arrives at what it promises."""

import importlib.util
import os
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


def test_image_classifier_learns():
    assert load("image_classifier").main(epochs=3, count=1024) > 0.8


def test_language_model_writes_as_it_was_trained():
    loss, apart = load("language_model").main(steps=60, length=24)
    assert loss < 1.5
    assert apart < 1e-3


def test_variational_autoencoder_lowers_the_bound():
    before, after, pictures = load("variational_autoencoder").main(steps=150)
    assert after < 0.5 * before
    assert np.ptp(pictures.mean(1)) > 0.2  # the codes mean something


def test_sequence_to_sequence_answers():
    assert load("sequence_to_sequence").main(steps=250) > 0.5


def test_meta_learning_finds_a_better_start():
    before, after = load("meta_learning").main(steps=150, tasks=8)
    assert after < 0.6 * before


def test_data_parallel_equals_one_device():
    code = (
        "from tests.test_examples import load; "
        "alone, together, spec = load('data_parallel').main(steps=5, rows=64); "
        "assert tuple(spec) == (None, 'model'), spec; "
        "assert max(abs(a - b) for a, b in zip(alone, together, strict=True)) < 1e-4"
    )
    settings = os.environ | {"JIB_NUM_CPU_DEVICES": "8"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "{'data': 4, 'model': 2}" in done.stdout


def test_resuming_gives_the_same_bits():
    example = load("resuming")
    through, resumed = example.main(steps=30, every=8)
    assert through.step == resumed.step == 30
    leaves = example.jib.tree.leaves
    for one, other in zip(leaves(through.params), leaves(resumed.params), strict=True):
        np.testing.assert_array_equal(one, other)


def test_fine_tuning_is_worth_it():
    found = load("fine_tuning").main(steps=150)
    assert found["from nothing"] + 0.05 < found["head alone"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_every_example_explains_its_options_and_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 200
    done = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"python examples/{path.name}" in " ".join(done.stdout.split())


def test_every_example_is_tested():
    text = (ROOT / "tests" / "test_examples.py").read_text(encoding="utf-8")
    assert not [
        p.stem for p in FOLDER.glob("*.py") if f"load('{p.stem}')" not in text.replace('"', "'")
    ]
