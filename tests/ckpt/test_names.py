"""The names of Orbax, and safetensors."""

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import ckpt
from jib.ckpt import v1

TREE = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "n": 3, "t": "text"}


@pytest.mark.parametrize(
    "make",
    [
        ckpt.PyTreeCheckpointer,
        ckpt.StandardCheckpointer,
        lambda: ckpt.Checkpointer(ckpt.StandardCheckpointHandler()),
        lambda: ckpt.AsyncCheckpointer(ckpt.PyTreeCheckpointHandler(use_ocdbt=False)),
    ],
)
def test_checkpointers(tmp_path, make):
    with make() as checkpointer:
        checkpointer.save(tmp_path / "c", TREE, custom_metadata={"by": "me"})
        back = checkpointer.restore(tmp_path / "c")
        described = checkpointer.metadata(tmp_path / "c")
        assert back["w"].tolist() == TREE["w"].tolist() and back["n"] == 3
        with pytest.raises(ValueError, match="is a checkpoint already"):
            checkpointer.save(tmp_path / "c", TREE)
        checkpointer.save(tmp_path / "c", {"w": 1}, force=True)
        assert checkpointer.restore(tmp_path / "c") == {"w": 1}
        with pytest.raises(FileNotFoundError):
            checkpointer.restore(tmp_path / "absent")
    assert described.custom_metadata == {"by": "me"}
    assert described.item_metadata["w"].dtype == np.float32
    assert described.item_metadata.tree["n"].dtype == np.int64
    shapes = jib.tree.map(lambda leaf: getattr(leaf, "shape", None), described.item_metadata)
    assert shapes["w"] == (2, 3)


def test_restoring_by_arguments(tmp_path):
    checkpointer = ckpt.PyTreeCheckpointer()
    checkpointer.save(tmp_path / "c", args=ckpt.args.PyTreeSave(TREE))
    place = jib.sharding.SingleDeviceSharding(jib.devices()[0])
    how = {
        "w": ckpt.ArrayRestoreArgs(sharding=place, dtype=jnp.bfloat16),
        "n": ckpt.RestoreArgs(restore_type=float),
        "t": ckpt.RestoreArgs(),
    }
    back = checkpointer.restore(tmp_path / "c", restore_args=how)
    assert back["w"].dtype == jnp.bfloat16 and back["w"].sharding == place
    assert type(back["n"]) is float and back["t"] == "text"
    part = checkpointer.restore(
        tmp_path / "c", args=ckpt.args.PyTreeRestore({"n": 0}, partial_restore=True)
    )
    assert part == {"n": 3}
    wide = {"w": ckpt.ArrayRestoreArgs(shape=(3, 2), strict=False)}
    args = ckpt.args.PyTreeRestore(restore_args=wide, partial_restore=True)
    assert checkpointer.restore(tmp_path / "c", args=args)["w"].tolist() == [[0, 1], [3, 4], [0, 0]]
    with pytest.raises(ckpt.CheckpointMismatchError):
        wrong = {"w": ckpt.ArrayRestoreArgs(shape=(3, 2))}
        args = ckpt.args.PyTreeRestore(restore_args=wrong, partial_restore=True)
        checkpointer.restore(tmp_path / "c", args=args)
    with pytest.raises(ValueError, match="not transformed"):
        checkpointer.restore(tmp_path / "c", transforms={"a": 1})


def test_arguments_of_a_restore_are_made_of_a_target(tmp_path):
    checkpointer = ckpt.PyTreeCheckpointer()
    tree = {"w": jnp.ones(2), "n": np.ones(2), "s": 1, "t": "x", "k": jib.random.key(0)}
    checkpointer.save(tmp_path / "c", tree)
    for target in (tree, jib.eval_shape(lambda: {"w": jnp.ones(2)}) | {"k": tree["k"]}):
        args = ckpt.checkpoint_utils.construct_restore_args(target)
        how = ckpt.args.PyTreeRestore(target, restore_args=args, partial_restore=True)
        back = checkpointer.restore(tmp_path / "c", args=how)
        assert back["w"].tolist() == [1, 1] and back["k"].dtype == tree["k"].dtype
    described = checkpointer.metadata(tmp_path / "c").item_metadata.tree
    place = jib.sharding.SingleDeviceSharding(jib.devices()[0])
    args = ckpt.checkpoint_utils.construct_restore_args(described)
    assert args["s"].restore_type is int and args["t"].restore_type is str
    args = ckpt.checkpoint_utils.construct_restore_args(described, place)
    assert args["w"].sharding == place


def test_wrong_arguments():
    with pytest.raises(TypeError, match="one of jib's handlers"):
        ckpt.Checkpointer(object())
    with pytest.raises(TypeError, match="unexpected keyword argument 'use_ocdb'"):
        ckpt.PyTreeCheckpointHandler(use_ocdb=True)
    with pytest.raises(TypeError, match=r"one of jib\.ckpt\.args"):
        ckpt.PyTreeCheckpointer().save("c", args={"w": 1})
    with pytest.raises(ValueError, match="the target tree itself"):
        ckpt.StandardCheckpointer().restore("c", ckpt.args.StandardRestore())


def test_v1(tmp_path):
    v1.save(tmp_path / "a", TREE, custom_metadata={"x": 1})
    assert v1.load(tmp_path / "a", TREE)["w"].tolist() == TREE["w"].tolist()
    assert v1.load_pytree(tmp_path / "a")["n"] == 3
    with pytest.raises(ckpt.CheckpointExistsError):
        v1.save_pytree(tmp_path / "a", TREE)
    v1.save_checkpointables(tmp_path / "a", {"p": TREE, "q": 1}, overwrite=True)
    assert v1.load_checkpointables(tmp_path / "a")["q"] == 1
    assert v1.load_checkpointables(tmp_path / "a", {"p": TREE})["p"]["t"] == "text"
    assert v1.metadata(tmp_path / "a").item_metadata.p["w"].shape == (2, 3)
    assert v1.load(tmp_path / "a", checkpointable_name="q") == 1
    with v1.Context(checkpoint_layout="auto"):
        v1.save(tmp_path / "w.safetensors", {"w": TREE["w"]})
        assert v1.load_checkpointables(tmp_path / "w.safetensors")["state"]["w"].shape == (2, 3)
    with pytest.raises(TypeError, match="unexpected"):
        v1.Context(layout="auto")


def test_v1_runs(tmp_path):
    keep = ckpt.checkpoint_managers.LatestN(1)
    with v1.training.Checkpointer(tmp_path, preservation_policy=keep) as run:
        assert run.latest is None
        for step in range(3):
            assert run.save(step, TREE, metrics={"loss": step})
        assert [c.step for c in run.checkpoints] == [2]
        assert run.latest.metrics == {"loss": 2}
        assert run.save_checkpointables(2, {"state": 5}, overwrite=True)
        assert run.load() == 5 and run.load_checkpointables(2) == {"state": 5}


def test_safetensors_both_ways(tmp_path):
    file = tmp_path / "m.safetensors"
    kinds = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
    kinds += ["complex64", "uint64"]
    tree = {"plain": {kind: np.ones((2, 3), kind) for kind in kinds}}
    tree["odd"] = {
        "bf16": np.asarray(jnp.full((2,), 1.5, jnp.bfloat16)),
        "e4m3": np.asarray(jnp.ones((2,), jnp.float8_e4m3fn)),
        "e5m2": np.asarray(jnp.ones((2,), jnp.float8_e5m2)),
        "empty": np.zeros((0, 2), np.float32),
        "zero_d": np.float32(3),
    }
    ckpt.save_safetensors(file, tree, {"format": "pt"})
    back = ckpt.load_safetensors(file)
    for group in tree:
        for name, value in tree[group].items():
            assert back[group][name].dtype == value.dtype and back[group][name].shape == value.shape
            assert back[group][name].tobytes() == value.tobytes()
    assert "plain.bool" in ckpt.load_safetensors(file, nested=False)
    assert ckpt.safetensors_metadata(file) == {"format": "pt"}
    with pytest.raises(ckpt.CheckpointMissingError, match="is a file"):
        ckpt.load(file)


def test_safetensors_of_the_library(tmp_path):
    """Files that the `safetensors` package writes and reads."""
    library = pytest.importorskip("safetensors.numpy")
    library.save_file({"a.b": np.ones((2, 2)), "a": np.zeros(3)}, tmp_path / "x.safetensors")
    assert set(ckpt.load_safetensors(tmp_path / "x.safetensors")) == {"a.b", "a"}
    ckpt.save_safetensors(tmp_path / "y.safetensors", {"a": {"b": np.ones(2)}, "c": np.arange(3)})
    assert library.load_file(tmp_path / "y.safetensors")["c"].tolist() == [0, 1, 2]


def test_damaged_and_wrong_safetensors(tmp_path):
    file = tmp_path / "m.safetensors"
    for bad in (
        {"a": "text"},
        {"a": jib.random.key(0)},
        {"a": {"b": np.ones(1)}, "a.b": np.ones(1)},
    ):
        with pytest.raises(ckpt.UnsavableLeafError):
            ckpt.save_safetensors(file, bad)
    with pytest.raises(ckpt.CheckpointMissingError):
        ckpt.load_safetensors(file)
    ckpt.save_safetensors(file, {"a": np.ones(4)})
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ckpt.CheckpointDamagedError, match="no whole safetensors file"):
        ckpt.load_safetensors(file)
