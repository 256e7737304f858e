"""Checkpoints of arrays on eight devices."""

import json
import subprocess
import sys

import numpy as np
import pytest

import jib
from jib import ckpt
from jib.ckpt import _reading, _writing

VALUES = np.arange(16 * 24, dtype=np.float32).reshape(16, 24)
SPECS = [jib.P("x", "y"), jib.P(("x", "y")), jib.P(None, "y"), jib.P("y", "x"), jib.P()]


def placed(spec, values=VALUES):
    mesh = jib.make_mesh((2, 4), ("x", "y"))
    return jib.device_put(values, jib.NamedSharding(mesh, spec))


@pytest.mark.parametrize("spec", SPECS)
def test_saved_once_and_restored_to_any_other(tmp_path, spec):
    ckpt.save(tmp_path / "c", {"w": placed(spec)})
    assert (tmp_path / "c" / "data-0.bin").stat().st_size == VALUES.nbytes
    assert np.array_equal(ckpt.load(tmp_path / "c")["w"], VALUES)
    for other in SPECS:
        like = placed(other, VALUES * 0)
        back = ckpt.load(tmp_path / "c", {"w": like})["w"]
        assert back.sharding == like.sharding and np.array_equal(back, VALUES)
        struct = jib.ShapeDtypeStruct(VALUES.shape, VALUES.dtype, sharding=like.sharding)
        assert np.array_equal(ckpt.load(tmp_path / "c", {"w": struct})["w"], VALUES)
    one = ckpt.load(tmp_path / "c", sharding=jib.devices()[3])["w"]
    assert one.devices() == {jib.devices()[3]} and np.array_equal(one, VALUES)


def test_keys_and_narrow_types(tmp_path):
    mesh = jib.make_mesh((8,), ("x",))
    rows = jib.NamedSharding(mesh, jib.P("x"))
    keys = jib.random.split(jib.random.key(0), 8)
    tree = {"h": jib.device_put(np.ones((8, 2), "bfloat16"), rows), "k": keys}
    ckpt.save(tmp_path / "c", tree)
    like = {"h": tree["h"], "k": jib.ShapeDtypeStruct((8,), keys.dtype, sharding=rows)}
    back = ckpt.load(tmp_path / "c", like)
    assert back["h"].sharding == rows and back["k"].sharding.num_devices == 8
    data = jib.random.key_data
    assert np.array_equal(data(back["k"]), data(keys))


def test_only_what_a_shard_needs_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_writing, "CHUNK_BYTES", 24 * 4)
    ckpt.save(tmp_path / "c", {"w": VALUES})
    opened = _reading.open_checkpoint(tmp_path / "c")
    read = []
    fill = _reading._fill
    monkeypatch.setattr(_reading, "_fill", lambda *a: (read.append(a[2].chunk.length), fill(*a))[1])
    (rows,) = _reading.read_boxes(opened, [(opened.leaves[0], ((4, 6), (0, 24)))])
    assert np.array_equal(rows, VALUES[4:6]) and sum(read) == 2 * 24 * 4


def test_a_sharded_save_in_the_background(tmp_path):
    x = placed(SPECS[0])
    with ckpt.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "c", {"w": x})
        x.delete()
    assert np.array_equal(ckpt.load(tmp_path / "c")["w"], VALUES)


def test_between_eight_devices_and_one(tmp_path):
    program = (
        "import sys, json, numpy as np, jib\nfrom jib import ckpt\n"
        "assert jib.device_count() == 1\n"
        "like = {'w': jib.numpy.zeros((16, 24))}\n"
        "w = ckpt.load(sys.argv[1] + '/eight', like)['w']\n"
        "ckpt.save(sys.argv[1] + '/one', {'w': w * 2})\nprint(json.dumps(w.tolist()))\n"
    )
    ckpt.save(tmp_path / "eight", {"w": placed(SPECS[0])})
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env={"JIB_NUM_CPU_DEVICES": "1", "JIB_PLATFORMS": "cpu", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert np.array_equal(json.loads(done.stdout), VALUES)
    like = placed(SPECS[1])
    back = ckpt.load(tmp_path / "one", {"w": like})["w"]
    assert back.sharding == like.sharding and np.array_equal(back, VALUES * 2)
