"""A fit that was killed ends with the weights of one that was not."""

from functools import cache

import numpy as np
import pytest

import jib
from harbor_fleet import forecaster
from harbor_fleet.forecaster import fit
from harbor_fleet.panel import between
from harbor_fleet.resuming import fingerprint, fit_resumably
from harbor_fleet.training import Settings, training_step

SMALL = Settings(epochs=6, hidden=4, members=2)


class Killed(Exception):
    pass


def kill_after(epochs: int):
    def progress(share: float, loss: float) -> None:
        nonlocal epochs
        epochs -= 1
        if epochs == 0:
            raise Killed

    return progress


def test_a_killed_fit_ends_with_the_same_weights(fleet, tmp_path, monkeypatch):
    """Once in the fit that decides how long to train, once in the second network."""
    monkeypatch.setattr(forecaster, "training_step", cache(training_step))  # compiled once
    panel = between(fleet, 0, 200)
    expected = fit(panel, SMALL)
    for epochs in (2, 13):
        with pytest.raises(Killed):
            fit_resumably(panel, SMALL, tmp_path, kill_after(epochs), every=2)
    model, resumed = fit_resumably(panel, SMALL, tmp_path, every=2)
    assert resumed == 2 + 6 + 4
    left, right = (jib.tree.leaves(one.weights) for one in (model, expected))
    assert len(left) == len(right) > 20
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_fingerprint_follows_data_and_settings(panel):
    mark = fingerprint(panel, SMALL)
    assert mark == fingerprint(panel._replace(counts=panel.counts.copy()), SMALL)
    assert mark != fingerprint(panel, SMALL._replace(seed=1))
    panel.counts[0, 0] += 1
    assert mark != fingerprint(panel, SMALL)
