"""Numbered checkpoints in a folder."""

import numpy as np
import pytest

import jib.numpy as jnp
from jib import optim
from jib.serialization import to_bytes
from jib.training import TrainState, checkpoints
from jib.training.checkpoints import restore_checkpoint, save_checkpoint


def state(fill):
    params = {"dense": {"kernel": jnp.full((2, 3), fill)}}
    return TrainState.create(apply_fn=None, params=params, tx=optim.adam(1e-3))


def test_the_last_step_comes_back(tmp_path):
    for step in (9, 10):
        save_checkpoint(tmp_path, state(float(step)).replace(step=step), step, keep=2)
    back = restore_checkpoint(tmp_path, state(0.0))
    assert back.step == 10 and back.params["dense"]["kernel"].tolist() == [[10.0] * 3] * 2
    assert back.opt_state[0].hyper["b1"].dtype == np.float64
    assert float(restore_checkpoint(tmp_path, state(0.0), step=9).step) == 9
    assert restore_checkpoint(tmp_path / "checkpoint_9", state(0.0)).step == 9
    plain = restore_checkpoint(tmp_path, None)
    assert type(plain["params"]["dense"]["kernel"]) is np.ndarray
    assert checkpoints.latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint_10")


def test_old_steps_are_deleted_but_for_those_far_apart(tmp_path):
    for step in range(1, 12):
        save_checkpoint(tmp_path, {"x": jnp.ones(1)}, step, keep=2, keep_every_n_steps=4)
    assert checkpoints.available_steps(tmp_path) == [1, 5, 9, 10, 11]


def test_a_step_that_is_there_is_kept_unless_told_otherwise(tmp_path):
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, {"x": jnp.ones(1)}, step, keep=3)
    with pytest.raises(ValueError, match="holds checkpoint_3, so step 2 is not new"):
        save_checkpoint(tmp_path, {"x": jnp.zeros(1)}, 2)
    save_checkpoint(tmp_path, {"x": jnp.zeros(1)}, 2, keep=3, overwrite=True)
    assert checkpoints.available_steps(tmp_path) == [1, 2]
    assert restore_checkpoint(tmp_path, None)["x"].tolist() == [0.0]
    with pytest.raises(ValueError, match="keep=0 would delete the step"):
        save_checkpoint(tmp_path, {}, 9, keep=0)


def test_a_file_that_flax_wrote(tmp_path):
    (tmp_path / "checkpoint_7").write_bytes(to_bytes(state(7.0)))
    assert restore_checkpoint(tmp_path, state(0.0)).params["dense"]["kernel"][0, 0] == 7.0


def test_nothing_saved_and_no_such_step(tmp_path):
    target = {"x": 1}
    assert restore_checkpoint(tmp_path / "none", target) is target
    assert checkpoints.latest_checkpoint(tmp_path) is None
    save_checkpoint(tmp_path, target, 1)
    with pytest.raises(ValueError, match=r"has no step 4; it has \[1.0\]"):
        restore_checkpoint(tmp_path, target, step=4)


def test_what_does_not_fit_says_where(tmp_path):
    save_checkpoint(tmp_path, state(1.0), 1)
    other = TrainState.create(apply_fn=None, params={"w": jnp.ones(1)}, tx=optim.adam(1e-3))
    with pytest.raises(ValueError, match=r"at \./params: the saved state of a dict has no `w`"):
        restore_checkpoint(tmp_path, other)


def test_numbers_order_names():
    names = ["file_2.0", "file_-0.2", "file_0.1", "file_10", "file_9"]
    assert checkpoints.natural_sort(names) == [
        "file_-0.2", "file_0.1", "file_2.0", "file_9", "file_10",
    ]  # fmt: skip
