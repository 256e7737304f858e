"""Checkpoints that earlier versions wrote load forever: `tests/golden/ckpt/v1`, format 1.

The files are never written again; a new version of the format gets a folder of its own.
"""

from pathlib import Path

import numpy as np
import pytest

from jib import ckpt
from tests.ckpt.samples import mixed, same

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "ckpt"


@pytest.mark.parametrize("version", ["v1"])
def test_every_kind_of_leaf(version):
    path = GOLDEN / version / "mixed"
    assert same(ckpt.load(path, mixed()), mixed())
    assert ckpt.PyTreeCheckpointer().metadata(path).custom_metadata == {"by": "the first release"}
    ckpt.verify(path)


@pytest.mark.parametrize("version", ["v1"])
def test_chunks_and_files(version):
    whole = np.arange(300, dtype=np.int32).reshape(3, 10, 10)
    assert np.array_equal(ckpt.load(GOLDEN / version / "chunks")["w"], whole)
    assert len(list((GOLDEN / version / "chunks").iterdir())) == 3


@pytest.mark.parametrize("version", ["v1"])
def test_a_run(version):
    options = ckpt.CheckpointManagerOptions(read_only=True)
    manager = ckpt.CheckpointManager(GOLDEN / version / "run", options=options)
    assert manager.latest_step() == 7 and manager.metrics(7) == {"loss": 1.5}
    back = manager.restore(7)
    assert back.params["w"].tolist() == [1, 1] and back.config == {"lr": 0.5}
