"""Whatever is wrong with the files of a checkpoint is found when it is loaded."""

import os
import re
import shutil

import numpy as np
import pytest

from jib import ckpt
from jib.ckpt._format import MAGIC, digest
from tests.ckpt.samples import mixed

LOST = (ckpt.CheckpointDamagedError, ckpt.CheckpointMissingError, ckpt.CheckpointVersionError)


def flipped(path, position, bits):
    with open(path, "r+b") as file:
        file.seek(position)
        old = file.read(1)
        file.seek(position)
        file.write(bytes([old[0] ^ bits]))


def test_every_byte_of_a_small_checkpoint(tmp_path):
    """Each byte of each file, with one bit and with all bits changed."""
    folder = tmp_path / "c"
    ckpt.save(folder, {"w": np.arange(20, dtype=np.float32), "n": 3, "t": "text"})
    count = 0
    for file in sorted(folder.iterdir()):
        for position in range(file.stat().st_size):
            for bits in (1 << position % 8, 255):
                flipped(file, position, bits)
                with pytest.raises(LOST):
                    ckpt.load(folder)
                flipped(file, position, bits)
                count += 1
    assert count > 600
    ckpt.load(folder)


def test_random_bytes_of_a_larger_one(tmp_path):
    folder, chance = tmp_path / "c", np.random.default_rng(0)
    ckpt.save(folder, mixed() | {"big": chance.normal(size=(300, 300))})
    files = sorted(folder.iterdir())
    for _ in range(200):
        file = files[chance.integers(len(files))]
        position, bits = chance.integers(file.stat().st_size), 1 << int(chance.integers(8))
        flipped(file, position, bits)
        with pytest.raises(LOST):
            ckpt.load(folder)
        flipped(file, position, bits)
    ckpt.verify(folder)


def cut(file):
    os.truncate(file, file.stat().st_size - 1)


def emptied(file):
    os.truncate(file, 0)


def lengthened(file):
    with open(file, "ab") as stream:
        stream.write(b"\0")


@pytest.mark.parametrize("harm", [cut, emptied, lengthened, os.remove])
@pytest.mark.parametrize("name", ["checkpoint.json", "data-0.bin"])
def test_lengths_and_missing_files(tmp_path, harm, name):
    ckpt.save(tmp_path / "c", {"w": np.ones(4)})
    harm(tmp_path / "c" / name)
    for look in (ckpt.load, ckpt.verify, ckpt.describe):
        with pytest.raises(LOST):
            look(tmp_path / "c")


@pytest.mark.parametrize("name", ["checkpoint.json", "data-0.bin"])
def test_files_of_another_checkpoint(tmp_path, name):
    """The other one has the same leaves, so every length is right."""
    for i in (1, 2):
        ckpt.save(tmp_path / str(i), {"w": np.full(4, i)})
    shutil.copy(tmp_path / "1" / name, tmp_path / "2" / name)
    with pytest.raises(ckpt.CheckpointDamagedError):
        ckpt.load(tmp_path / "2")


def test_the_message_names_the_leaf(tmp_path):
    ckpt.save(tmp_path / "c", {"a": np.zeros(4), "dense": {"kernel": np.zeros(4)}})
    flipped(tmp_path / "c" / "data-0.bin", 40, 1)
    with pytest.raises(ckpt.CheckpointDamagedError, match="'dense/kernel' \\(float64\\[4\\]\\)"):
        ckpt.load(tmp_path / "c")


def test_a_newer_format_is_refused(tmp_path):
    ckpt.save(tmp_path / "c", 1)
    file = tmp_path / "c" / "checkpoint.json"
    body = file.read_bytes().split(b"\n", 1)[1]
    checksum = digest(f"{MAGIC} 2\n".encode() + body)
    file.write_bytes(f"{MAGIC} 2 {checksum}\n".encode() + body)
    with pytest.raises(ckpt.CheckpointVersionError, match="version 2"):
        ckpt.load(tmp_path / "c")


def test_what_is_no_checkpoint(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "orbax").mkdir()
    (tmp_path / "orbax" / "_METADATA").write_text("{}")
    ckpt.save(tmp_path / "run" / "10", 1)
    for name, text in (
        ("absent", "does not exist"),
        ("file", "is a file"),
        ("empty", "is an empty folder"),
        ("orbax", "Orbax"),
        ("run", r"load\('.*/run/10'\)"),
    ):
        with pytest.raises(ckpt.CheckpointMissingError) as caught:
            ckpt.load(tmp_path / name)
        assert re.search(text, str(caught.value))
    with pytest.raises(FileNotFoundError):
        ckpt.load(tmp_path / "absent")


def test_reading_that_is_not_permitted(tmp_path, monkeypatch):
    ckpt.save(tmp_path / "c", {"w": np.ones(2)})

    def denied(path, *_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("jib.ckpt._storage.os.open", denied)
    with pytest.raises(ckpt.CheckpointReadError, match="permission denied"):
        ckpt.load(tmp_path / "c")
