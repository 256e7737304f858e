"""What goes into a checkpoint comes out of it."""

import os
import subprocess
import sys

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import ckpt
from jib.ckpt import _writing
from jib.ckpt.__main__ import main as command
from tests.ckpt.samples import Moments, State, mixed, same

HALF = jnp.bfloat16


def test_every_kind_of_leaf(tmp_path):
    tree = mixed()
    ckpt.save(tmp_path / "c", tree)
    back = ckpt.load(tmp_path / "c", tree)
    assert same(back, tree)
    assert isinstance(back["moments"], Moments)
    assert isinstance(back["state"], State)
    assert isinstance(back["float32"], jib.Array)
    assert isinstance(back["float64"], np.ndarray)
    assert type(back["scalar"]) is np.float32
    assert np.array_equal(jib.random.bits(back["key"]), jib.random.bits(jib.random.key(3)))


def test_without_like_all_is_numpy_in_plain_containers(tmp_path):
    ckpt.save(tmp_path / "c", mixed())
    back = ckpt.load(tmp_path / "c")
    assert not any(isinstance(x, jib.Array) for x in jib.tree.leaves(back))
    assert back["moments"].keys() == {"mu", "nu", "count"}
    assert back["state"] == {"params": {"w": pytest.approx([1, 1])}, "step": 4}
    assert back["empty"]["list"] == [] and back["empty"]["dict"] == {}
    assert back["nothing"] is None
    assert back["texts"] == ("x", "é\ud800", b"\x00q")
    assert back["numbers"][:4] == [1, -(2**70), 2.5, float("inf")]
    assert back["key"].tolist() == [0, 3]
    assert back["float64"].flags.writeable


@pytest.mark.parametrize("tree", [5, None, "x", [], np.arange(3), {1: {2: 0.5}}, (1, [2, (3,)])])
def test_trees_of_any_form(tmp_path, tree):
    ckpt.save(tmp_path / "c", tree)
    assert same(ckpt.load(tmp_path / "c"), tree)
    assert same(ckpt.load(tmp_path / "c", tree), tree)


def test_no_device_is_touched(tmp_path):
    """Reading starts no backend, also in a process that could not start one."""
    ckpt.save(tmp_path / "c", {"w": jnp.ones((2, 2))})
    program = (
        "import sys\nfrom jib import ckpt\nfrom jib.backend import client\n"
        "def fail(*_): raise SystemExit('a backend was started')\n"
        "client.client = client.default_device = fail\n"
        "print(ckpt.load(sys.argv[1])['w'].tolist())\nckpt.describe(sys.argv[1])\n"
        "assert 'tensorstore' not in sys.modules\n"
    )
    import_path = {**os.environ, "JIB_PLATFORMS": "no_such_platform"}
    import_path["JAX_PLATFORMS"] = "no_such_platform"
    assert run(program, str(tmp_path / "c"), import_path).startswith("[[1.0, 1.0], [1.0, 1.0]]")


def run(program, argument, environment=None):
    done = subprocess.run(
        [sys.executable, "-c", program, argument],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_large_arrays_are_cut_into_chunks_and_files(tmp_path, monkeypatch):
    monkeypatch.setattr(_writing, "CHUNK_BYTES", 1000)
    monkeypatch.setattr(_writing, "FILE_BYTES", 5000)
    tree = {
        "a": np.arange(5000, dtype=np.int32).reshape(5, 20, 50),
        "b": np.arange(700, dtype=np.int64),
        "c": np.arange(2400, dtype=np.uint8).reshape(1, 1, 2400),
    }
    ckpt.save(tmp_path / "c", tree)
    assert len(os.listdir(tmp_path / "c")) == 7
    assert same(ckpt.load(tmp_path / "c"), tree)


@pytest.mark.parametrize("shape", [(), (7,), (5, 20, 50), (3, 1, 999), (2000, 1), (1, 1, 1, 1001)])
def test_boxes_cover_an_array_once(monkeypatch, shape):
    monkeypatch.setattr(_writing, "CHUNK_BYTES", 1000)
    whole = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    flat, seen = whole.reshape(-1), np.zeros(shape, int)
    for start, box, first, length in _writing.boxes(shape, 4):
        place = tuple(slice(a, a + n) for a, n in zip(start, box, strict=True))
        seen[place] += 1
        assert np.array_equal(whole[place].reshape(-1), flat[first // 4 : (first + length) // 4])
        assert length <= 1000 or box[:-1] == (1,) * (len(box) - 1)
    assert (seen == 1).all()


def test_dtypes_are_cast_only_when_asked(tmp_path):
    ckpt.save(tmp_path / "c", {"w": jnp.ones(2), "n": 3})
    like = {"w": jib.ShapeDtypeStruct((2,), HALF), "n": 0.0}
    with pytest.raises(ckpt.CheckpointMismatchError) as caught:
        ckpt.load(tmp_path / "c", like)
    assert "w     float32[2]         bfloat16[2]  dtype differs" in str(caught.value)
    assert "cast=True" in caught.value.help[0]
    back = ckpt.load(tmp_path / "c", like, cast=True)
    assert back["w"].dtype == HALF
    assert type(back["n"]) is float


def test_a_table_names_each_leaf(tmp_path):
    ckpt.save(tmp_path / "c", {"dense": {"kernel": np.ones((2, 3)), "bias": np.ones(3)}, "k": 1})
    like = {"dense": {"kernels": np.ones((2, 3)), "bias": np.ones(4)}, "k": "text"}
    with pytest.raises(ckpt.CheckpointMismatchError) as caught:
        ckpt.load(tmp_path / "c", like, cast=True)
    text = str(caught.value)
    assert "2 leaves differ, 1 is missing, 1 is extra" in text
    for row in (
        "dense/bias     float64[3]         float64[4]    shape differs",
        "k              int                str           kind differs",
        "dense/kernels  -                  float64[2,3]  missing; there is `dense/kernel`",
        "dense/kernel   float64[2,3]       -             extra",
    ):
        assert row in text
    assert not caught.value.help


def test_a_sharding_puts_arrays_on_devices(tmp_path):
    tree = {"w": np.ones((2, 2)), "k": jib.random.key(1), "n": 1}
    ckpt.save(tmp_path / "c", tree)
    device = jib.devices()[0]
    back = ckpt.load(tmp_path / "c", sharding=device)
    assert back["w"].devices() == {device} and back["w"].dtype == np.float64
    assert back["k"].dtype == tree["k"].dtype and back["n"] == 1
    mesh = jib.make_mesh((1,), ("x",))
    named = jib.NamedSharding(mesh, jib.P("x"))
    back = ckpt.load(tmp_path / "c", {**tree, "k": jib.random.key(0)}, sharding=named)
    assert back["w"].sharding == named


def test_placeholders_are_left_out(tmp_path):
    ckpt.save(tmp_path / "c", {"a": np.ones(2), "b": np.ones(2)})
    back = ckpt.load(tmp_path / "c", {"a": ckpt.PLACEHOLDER, "b": np.zeros(2)})
    assert back["a"] is ckpt.PLACEHOLDER and back["b"].tolist() == [1, 1]


@pytest.mark.parametrize(
    "leaf",
    [object(), np.array([object()]), np.zeros(2, [("a", "i4")]), jib.ShapeDtypeStruct((), "f4")],
)
def test_what_cannot_be_saved_is_named(tmp_path, leaf):
    with pytest.raises(ckpt.UnsavableLeafError, match="'a/0'"):
        ckpt.save(tmp_path / "c", {"a": [leaf]})
    assert os.listdir(tmp_path) == []


def test_a_traced_value_cannot_be_saved(tmp_path):
    with pytest.raises(ckpt.UnsavableLeafError):
        jib.jit(lambda x: ckpt.save(tmp_path / "c", x))(jnp.ones(2))


def test_a_key_of_a_dictionary_must_be_text_or_a_number(tmp_path):
    with pytest.raises(ckpt.UnsavableLeafError, match="keys in a checkpoint"):
        ckpt.save(tmp_path / "c", {(1, 2): 3})


@pytest.mark.parametrize("scheme", ["memory://round_trip", "file://"])
def test_stores_that_tensorstore_reaches(tmp_path, scheme):
    url = scheme if "memory" in scheme else f"file://{tmp_path}/c"
    tree = {"w": np.arange(5.0), "n": 1}
    ckpt.save(url, tree, force=True)
    assert same(ckpt.load(url), tree)
    with pytest.raises(ckpt.CheckpointExistsError):
        ckpt.save(url, tree)
    ckpt.save(url, {"v": np.arange(3.0)}, force=True)
    assert same(ckpt.load(url), {"v": np.arange(3.0)})
    if scheme == "file://":
        assert len(os.listdir(tmp_path / "c")) == 2
        (data,) = (tmp_path / "c").glob("data*")
        data.write_bytes(data.read_bytes()[:-1])
        with pytest.raises(ckpt.CheckpointDamagedError, match="shorter"):
            ckpt.load(url)


def test_a_thousand_small_leaves_share_a_file(tmp_path):
    tree = {f"l{i}": {"w": np.full((4, 4), i, np.float32)} for i in range(1000)}
    ckpt.save(tmp_path / "c", tree)
    assert sorted(os.listdir(tmp_path / "c")) == ["checkpoint.json", "data-0.bin"]
    assert same(ckpt.load(tmp_path / "c"), tree)


def test_describe_lists_the_leaves(tmp_path, capsys):
    ckpt.save(tmp_path / "c", {"dense": {"kernel": np.ones((2, 3))}, "n": 7}, metadata={"by": "me"})
    ckpt.describe(tmp_path / "c")
    shown = capsys.readouterr().out
    assert "dense/kernel" in shown and "float64[2,3]" in shown and "48" in shown
    assert "2 leaves, 48 bytes in 1 files" in shown and "{'by': 'me'}" in shown


def test_the_command_lists_and_verifies(tmp_path, capsys):
    for step in (1, 2):
        ckpt.save(tmp_path / str(step), {"w": np.ones(3)})
    assert command([str(tmp_path / "1")]) == 0
    assert "1: whole" in capsys.readouterr().out
    data = tmp_path / "2" / "data-0.bin"
    data.write_bytes(b"\x01" + data.read_bytes()[1:])
    assert command([str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "1: whole" in shown.out and "2: J741" in shown.err
    assert command([str(tmp_path / "2"), "--quick"]) == 0
    assert command([str(tmp_path / "absent")]) == 1


@pytest.mark.parametrize("value", [True, 7, 2.5, 1 + 2j])
def test_a_number_and_an_array_of_its_kind_stand_for_each_other(tmp_path, value):
    array = jnp.asarray(value)
    for i, (saved, like) in enumerate([(array, type(value)()), (value, jnp.zeros_like(array))]):
        jib.ckpt.save(tmp_path / str(i), {"step": saved})
        back = jib.ckpt.load(tmp_path / str(i), {"step": like})["step"]
        assert back == value and isinstance(back, type(like))
        other = 1.5 if isinstance(value, int) else 1
        with pytest.raises(jib.ckpt.CheckpointMismatchError, match="1 leaf differs"):
            jib.ckpt.load(tmp_path / str(i), {"step": other})
