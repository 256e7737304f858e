"""The checkpoints of a run."""

import datetime
import errno
import os
import signal
import time

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import ckpt
from jib.ckpt import _preemption, checkpoint_managers as policies

Options = ckpt.CheckpointManagerOptions


def run(folder, steps, metrics=None, **options):
    with ckpt.CheckpointManager(folder, options=Options(**options)) as manager:
        for step in range(steps):
            known = None if metrics is None else {"loss": metrics[step]}
            manager.save(step, args=ckpt.args.StandardSave({"n": np.full(3, step)}), metrics=known)
        manager.wait_until_finished()
        return manager.all_steps()


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6]),
        ({"max_to_keep": 2}, [5, 6]),
        ({"save_interval_steps": 3}, [0, 3, 6]),
        ({"save_interval_steps": 5, "save_on_steps": {1}}, [0, 1, 5]),
        ({"max_to_keep": 1, "keep_period": 3}, [0, 3, 6]),
        ({"should_save_fn": lambda step, last: step % 4 == 1}, [1, 5]),
        ({"save_decision_policy": policies.FixedIntervalPolicy(4)}, [0, 4]),
        ({"save_decision_policy": policies.SpecificStepsPolicy([2, 3])}, [2, 3]),
        ({"preservation_policy": policies.EveryNSteps(2, max_to_keep=2)}, [4, 6]),
        ({"preservation_policy": policies.CustomSteps([1, 6])}, [1, 6]),
        ({"max_to_keep": 1, "keep_time_interval": datetime.timedelta(hours=1)}, [0, 6]),
        ({"max_to_keep": 2, "step_prefix": "ck", "step_format_fixed_length": 4}, [5, 6]),
        ({"read_only": True}, []),
    ],
)
def test_what_is_saved_and_kept(tmp_path, options, steps, background):
    assert run(tmp_path, 7, enable_async_checkpointing=background, **options) == steps
    again = ckpt.CheckpointManager(tmp_path, options=Options(**options))
    assert again.all_steps(read=True) == steps
    if steps:
        assert again.latest_step() == steps[-1]
        assert again.restore(None)["n"].tolist() == [steps[-1]] * 3
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
    if "step_prefix" in options:
        assert sorted(os.listdir(tmp_path)) == ["ck_0005", "ck_0006"]


@pytest.mark.parametrize(("mode", "kept", "best"), [("min", [1, 4], 4), ("max", [0, 2], 2)])
def test_the_best_are_kept(tmp_path, mode, kept, best):
    losses = [5.0, 2.0, np.float32(9), 4.0, jnp.asarray(1.0)]
    options = {"best_fn": lambda m: m["loss"], "best_mode": mode, "max_to_keep": 2}
    assert run(tmp_path, 5, losses, **options) == kept
    again = ckpt.CheckpointManager(tmp_path, options=Options(**options))
    assert again.best_step() == best
    assert again.metrics(best) == {"loss": float(losses[best])}
    assert again.metadata(best).metrics == {"loss": float(losses[best])}
    assert again.metrics(77) is None


INFOS = [
    policies.PolicyCheckpointInfo(
        step, datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=step), {"m": -step}
    )
    for step in (1, 4, 5, 9, 10, 12)
]


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        (policies.PreserveAll(), [1, 4, 5, 9, 10, 12]),
        (policies.LatestN(), [1, 4, 5, 9, 10, 12]),
        (policies.LatestN(0), []),
        (policies.EveryNSeconds(4), [1, 5, 9]),
        (policies.EveryNSteps(4, exact_interval=False), [1, 5, 9]),
        (policies.EveryNStepsClosest(5), [1, 5, 10, 12]),
        (policies.LatestDuration(datetime.timedelta(seconds=3)), [9, 10, 12]),
        (policies.BestN(get_metric_fn=lambda m: m["m"], n=2), [1, 4]),
        (policies.BestN(get_metric_fn=lambda m: m["m"], n=2, reverse=True), [10, 12]),
        (policies.AnyPreservationPolicy([policies.LatestN(1), policies.CustomSteps([4])]), [4, 12]),
    ],
)
def test_policies_of_keeping(policy, kept):
    answers = policy.should_preserve(INFOS, context=policies.PreservationContext())
    assert [i.step for i, keep in zip(INFOS, answers, strict=True) if keep] == kept
    assert isinstance(policy, policies.PreservationPolicy)


def test_policies_of_saving():
    def asks(policy, previous=(), busy=False, preempted=False):
        context = policies.DecisionContext(is_saving_in_progress=busy, reached_preemption=preempted)
        return policy.should_save(INFOS[3], list(previous), context=context)

    continuous = policies.ContinuousCheckpointingPolicy(minimum_interval_secs=4)
    assert asks(continuous) and asks(continuous, INFOS[:3]) and not asks(continuous, busy=True)
    assert not asks(policies.ContinuousCheckpointingPolicy(minimum_interval_secs=5), INFOS[:3])
    assert asks(policies.PreemptionCheckpointingPolicy(), preempted=True)
    assert not asks(policies.PreemptionCheckpointingPolicy())
    assert asks(policies.InitialSavePolicy()) and not asks(policies.InitialSavePolicy(), INFOS)
    assert asks(policies.AnySavePolicy([continuous, policies.InitialSavePolicy()]))
    with pytest.raises(ValueError, match="positive interval_steps"):
        policies.EveryNSteps(0)


def damage(folder, name="data-0.bin"):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)


def test_a_damaged_newest_step_is_passed_over_loudly(tmp_path):
    run(tmp_path, 4)
    damage(tmp_path / "3")
    damage(tmp_path / "2", "checkpoint.json")
    with pytest.warns(ckpt.CheckpointWarning, match=r"\[J741\] step 2 in .* is passed over"):
        manager = ckpt.CheckpointManager(tmp_path)
    assert manager.all_steps() == [0, 1, 3]
    with pytest.raises(ckpt.CheckpointDamagedError):
        manager.restore(3)
    with pytest.warns(
        ckpt.CheckpointWarning, match=r"\[J741\] step 3 in .*'default/n' \(int64\[3\]\)"
    ):
        assert manager.latest_step() == 1
    assert manager.restore(None)["n"].tolist() == [1, 1, 1]
    for step in (2, 3):  # the run goes on from step 1, and comes to the damaged ones again
        assert manager.save(step, args=ckpt.args.StandardSave({"n": np.full(3, -step)}))
    manager.close()
    assert ckpt.CheckpointManager(tmp_path).restore(None)["n"].tolist() == [-3, -3, -3]


def test_nothing_is_read_through_when_that_is_not_wanted(tmp_path):
    run(tmp_path, 2)
    damage(tmp_path / "1")
    manager = ckpt.CheckpointManager(tmp_path, options=Options(lightweight_initialize=True))
    assert manager.latest_step() == 1


def test_a_failed_save_is_raised_by_the_next_step(tmp_path, monkeypatch):
    manager = ckpt.CheckpointManager(tmp_path, options=Options(save_interval_steps=10))
    manager.save(0, args=ckpt.args.StandardSave({"w": np.ones(2)}))
    manager.wait_until_finished()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("jib.ckpt._storage.os.pwrite", full)
    manager.save(10, args=ckpt.args.StandardSave({"w": np.ones(2)}))
    while manager.is_saving_in_progress():
        time.sleep(0.001)
    monkeypatch.undo()
    with pytest.raises(ckpt.CheckpointWriteError, match="10' was not written: no space left"):
        manager.save(11, args=ckpt.args.StandardSave({"w": np.ones(2)}))  # no step to save at
    assert manager.all_steps() == [0] and manager.latest_step() == 0
    assert sorted(os.listdir(tmp_path)) == ["0"]
    assert manager.save(12, args=ckpt.args.StandardSave({"w": np.ones(2)}), force=True)
    manager.close()
    assert ckpt.load(tmp_path / "12")["w"].tolist() == [1, 1]


def test_several_items_are_one_checkpoint(tmp_path):
    kinds = ckpt.args
    params = {"w": jnp.ones(2, jnp.bfloat16)}
    with ckpt.CheckpointManager(tmp_path, item_names=("params", "config")) as manager:
        items = kinds.Composite(
            params=kinds.PyTreeSave(params),
            config=kinds.JsonSave({"lr": np.float32(0.5), "sizes": (1, 2), "none": None}),
            key=kinds.JaxRandomKeySave(jib.random.key(3)),
            state=kinds.NumpyRandomKeySave(np.random.RandomState(0).get_state()),
            w=kinds.ArraySave(jnp.ones(3)),
        )
        assert manager.save(1, args=items, custom_metadata={"a": 1})
        back = manager.restore(
            1,
            args=kinds.Composite(
                params=kinds.StandardRestore(params),
                config=kinds.JsonRestore(),
                key=kinds.JaxRandomKeyRestore(),
                state=kinds.NumpyRandomKeyRestore(),
                w=None,
            ),
        )
        assert back.params["w"].dtype == jnp.bfloat16
        assert back.config == {"lr": 0.5, "sizes": [1, 2], "none": None}
        assert jib.random.key_data(back.key).tolist() == [0, 3]
        assert back["state"][1].tolist() == np.random.RandomState(0).get_state()[1].tolist()
        assert isinstance(back.w, np.ndarray)
        assert set(manager.restore(1)) == {"params", "config", "key", "state", "w"}
        described = manager.item_metadata(1)
        assert described.params["w"].shape == (2,)
        assert manager.metadata(1).custom_metadata == {"a": 1}
        with pytest.raises(ckpt.CheckpointMissingError, match="no item 'x'; its items are params"):
            manager.restore(1, args=kinds.Composite(x=None))
        with pytest.raises(ValueError, match="so `args` names them"):
            manager.restore(1, args=kinds.StandardRestore())
    assert sorted(os.listdir(tmp_path / "1")) == ["checkpoint.json", "data-0.bin"]


def test_the_old_way_of_items(tmp_path):
    tree = {"w": jnp.ones(2)}
    single = ckpt.CheckpointManager(tmp_path / "a", ckpt.PyTreeCheckpointer())
    single.save(0, tree, save_kwargs={"save_args": {"w": ckpt.SaveArgs(dtype=np.float16)}})
    assert single.restore(0)["w"].dtype == np.float16
    args = ckpt.checkpoint_utils.construct_restore_args(tree)
    back = single.restore(0, items=tree, restore_kwargs={"restore_args": args})
    assert isinstance(back["w"], jib.Array) and back["w"].dtype == np.float32
    assert single.restore(0, directory=tmp_path / "a")["w"].dtype == np.float16
    several = ckpt.CheckpointManager(
        tmp_path / "b",
        {"p": ckpt.PyTreeCheckpointer(), "j": ckpt.Checkpointer(ckpt.JsonCheckpointHandler())},
    )
    several.save(0, {"p": tree, "j": [1, 2]})
    assert several.restore(0)["j"] == [1, 2]
    assert several.restore(0, {"p": tree}).p["w"].dtype == np.float32
    with pytest.raises(ValueError, match="by name"):
        several.save(1, ckpt.args.StandardSave(tree))


def test_steps_that_are_there_or_not(tmp_path):
    manager = ckpt.CheckpointManager(tmp_path)
    assert manager.latest_step() is None and manager.best_step() is None
    with pytest.raises(FileNotFoundError, match="there are steps: none"):
        manager.restore(None)
    manager.save(3, args=ckpt.args.StandardSave(1))
    assert not manager.should_save(3) and not manager.should_save(2)
    assert manager.save(2, args=ckpt.args.StandardSave(1)) is False
    with pytest.raises(ckpt.CheckpointExistsError):
        manager.save(3, args=ckpt.args.StandardSave(1), force=True)
    manager.delete(3)
    with pytest.raises(FileNotFoundError, match="no checkpoint of step 3"):
        manager.delete(3)
    assert os.listdir(tmp_path) == []


def test_what_is_not_kept_can_be_moved(tmp_path):
    run(tmp_path, 3, max_to_keep=1, todelete_subdir="old")
    assert sorted(os.listdir(tmp_path / "old")) == ["0", "1"]


def test_other_folders_are_left_alone(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "12x").mkdir()
    assert run(tmp_path, 2, max_to_keep=1) == [1]
    assert sorted(os.listdir(tmp_path)) == ["1", "12x", "logs"]


def test_a_run_in_a_store(tmp_path):
    assert run("memory://manager", 4, max_to_keep=2) == [2, 3]
    assert ckpt.CheckpointManager("memory://manager").restore(None)["n"].tolist() == [3, 3, 3]


def test_sigterm_is_noticed_where_that_is_asked_for(tmp_path, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    policy = policies.AnySavePolicy([policies.PreemptionCheckpointingPolicy()])
    manager = ckpt.CheckpointManager(tmp_path, options=Options(save_decision_policy=policy))
    try:
        assert not manager.should_save(5)
        os.kill(os.getpid(), signal.SIGTERM)
        assert manager.reached_preemption(5) and manager.should_save(5)
        assert signal.getsignal(signal.SIGTERM) == before  # the second one ends the program
    finally:
        signal.signal(signal.SIGTERM, before)
        _preemption._notice.clear()
        _preemption._watching.clear()


def test_options_that_make_no_sense():
    with pytest.raises(ValueError, match="'min' or 'max'"):
        Options(best_mode="least")
    with pytest.raises(ValueError, match="negative"):
        Options(max_to_keep=-1)


@pytest.mark.parametrize("background", [True, False])
def test_a_metric_that_is_missing_fails_at_once(tmp_path, background):
    options = Options(best_fn=lambda m: m["acc"], enable_async_checkpointing=background)
    with ckpt.CheckpointManager(tmp_path, options=options) as manager:
        tree = ckpt.args.StandardSave({"n": np.ones(2)})
        with pytest.raises(KeyError, match="acc"):
            manager.save(0, args=tree, metrics={"loss": 1.0})
        assert manager.all_steps() == []
        assert manager.save(0, args=tree, metrics={"acc": 1.0})


def test_targets_made_of_leaves(tmp_path):
    tree = {"w": jnp.ones((2, 3)), "key": jib.random.key(0), "step": 3, "np": np.zeros(2)}
    target = jib.tree.map(ckpt.utils.to_shape_dtype_struct, tree)
    assert target["w"] == jib.ShapeDtypeStruct((2, 3), "float32", sharding=tree["w"].sharding)
    assert target["step"] == 3 and target["np"].shape == (2,)
    assert type(ckpt.utils.to_shape_dtype_struct(3, scalar_dtype=float)) is float
    ckpt.save(tmp_path / "a", tree)
    back = ckpt.load(tmp_path / "a", like=target)
    assert (back["w"] == 1).all() and back["key"].dtype == tree["key"].dtype and back["step"] == 3
