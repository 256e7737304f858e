"""Saves in the background: what is saved is what was there, and no failure is lost."""

import errno
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import ckpt
from jib.ckpt import _background


@pytest.fixture
def gate(monkeypatch):
    """Holds every write until it is opened."""
    event, write = threading.Event(), os.pwrite

    def held(*arguments):
        assert event.wait(30)
        return write(*arguments)

    monkeypatch.setattr("jib.ckpt._storage.os.pwrite", held)
    yield event
    event.set()


@pytest.fixture
def full_disk(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("jib.ckpt._storage.os.pwrite", full)


def test_arrays_may_be_donated_or_changed_after_save(tmp_path, gate):
    x, n = jnp.arange(1000.0), np.arange(1000.0)
    key = jib.random.key(1)
    with ckpt.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "c", {"x": x, "n": n, "k": key})
        n[:] = -1
        jib.jit(lambda x: x * 0 - 1, donate_argnums=0)(x).block_until_ready()
        assert not (tmp_path / "c").exists()
        gate.set()
        back = checkpointer.restore(tmp_path / "c")
    assert back["x"].tolist() == back["n"].tolist() == list(range(1000))


def test_one_save_at_a_time(tmp_path, gate):
    checkpointer = ckpt.StandardCheckpointer()
    checkpointer.save(tmp_path / "1", 1)
    threading.Timer(0.05, gate.set).start()
    checkpointer.save(tmp_path / "2", 2)  # waits
    assert ckpt.load(tmp_path / "1") == 1
    checkpointer.wait_until_finished()
    assert ckpt.load(tmp_path / "2") == 2


def looks():
    return {
        "save": lambda c, path: c.save(path / "other", 1),
        "wait": lambda c, path: c.wait_until_finished(),
        "close": lambda c, path: c.close(),
        "restore": lambda c, path: c.restore(path / "c"),
    }


@pytest.mark.parametrize("look", looks())
def test_a_failure_is_raised_once_by_what_comes_next(tmp_path, full_disk, look):
    checkpointer = ckpt.AsyncCheckpointer(ckpt.PyTreeCheckpointHandler())
    checkpointer.save(tmp_path / "c", {"w": np.ones(2)})
    with pytest.raises(ckpt.CheckpointWriteError, match="no space left") as caught:
        looks()[look](checkpointer, tmp_path)
    assert caught.value.span.short_file.endswith("test_background.py")
    checkpointer.wait_until_finished()
    assert os.listdir(tmp_path) == []
    assert not _background._untold


def test_any_other_failure_is_raised_too(tmp_path):
    def fail():
        raise KeyError("odd")

    options = ckpt.AsyncOptions(post_finalization_callback=fail)
    checkpointer = ckpt.StandardCheckpointer(async_options=options)
    checkpointer.save(tmp_path / "c", 1)
    with pytest.raises(ckpt.CheckpointWriteError, match="odd"):
        checkpointer.wait_until_finished()


def test_a_save_that_hangs(tmp_path, gate):
    checkpointer = ckpt.AsyncCheckpointer(ckpt.StandardCheckpointHandler(), timeout_secs=0.01)
    checkpointer.save(tmp_path / "c", 1)
    with pytest.raises(ckpt.CheckpointWriteError, match="not finished after"):
        checkpointer.wait_until_finished()
    gate.set()


def ended(program, folder):
    program = "import os, time\nimport numpy as np\nfrom jib import ckpt\n" + textwrap.dedent(
        program
    )
    return subprocess.run(
        [sys.executable, "-c", program.replace("FOLDER", repr(str(folder)))],
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_interpreter_finishes_a_save_before_it_exits(tmp_path):
    done = ended(
        """
        write = os.pwrite
        os.pwrite = lambda *a: (time.sleep(0.02), write(*a))[1]
        tree = {f"l{i}": np.ones(300_000) for i in range(10)}
        ckpt.StandardCheckpointer().save(FOLDER, tree)
        """,
        tmp_path / "c",
    )
    assert done.returncode == 0 and done.stderr == ""
    assert len(ckpt.load(tmp_path / "c")) == 10


def test_a_failure_that_nobody_asks_for_fails_the_program(tmp_path):
    done = ended(
        """
        import atexit
        def full(*_): raise OSError(28, "No space left on device")
        os.pwrite = full
        atexit.register(lambda: print("others clean up"))
        ckpt.StandardCheckpointer().save(FOLDER, {"w": np.ones(2)})
        """,
        tmp_path / "c",
    )
    assert done.returncode not in (0, 1)
    assert "a save in the background failed: CheckpointWriteError[J745]" in done.stderr
    assert "no space left on device" in done.stderr
    assert done.stdout == "others clean up\n"
    assert os.listdir(tmp_path) == []
