"""A checkpoint is whole or absent, whatever happens while it is written."""

import errno
import os
import pathlib
import random
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from jib import ckpt
from jib.ckpt import _storage
from tests.ckpt.crashing_writer import tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITER = ROOT / "tests" / "ckpt" / "crashing_writer.py"


def start(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **options,
    )


def killed_at_a_random_moment(folder, mode, kills, chance):
    """Kill a writer again and again; after each, what there is must be of one generation."""
    seen = 0
    for _ in range(kills):
        writer = start(WRITER, folder, mode)
        printed = writer.stdout.readline()  # the first save is done
        assert printed, writer.stderr.read()
        time.sleep(chance.random() * 0.15)
        writer.kill()
        # Not `communicate`: it does not see lines that `readline` has read ahead.
        written = [int(line) for line in (printed + writer.stdout.read()).split()]
        writer.communicate()
        found = latest(folder, mode)
        assert {int(x) for leaf in found.values() for x in np.unique(leaf)} == {found["n"]}
        assert len(found) == 101
        # Renamed may be more than was reported; in the background it may be fewer.
        assert written[-1] - (mode == "manager") * 2 <= found["n"] <= written[-1] + 1
        assert found["n"] >= seen or mode == "overwrite"
        seen = found["n"]


def latest(folder, mode):
    if mode == "overwrite":
        return ckpt.load(folder)
    return ckpt.CheckpointManager(folder).restore(None)


@pytest.mark.parametrize("mode", ["overwrite", "manager"])
def test_killed_writers(tmp_path, mode):
    killed_at_a_random_moment(tmp_path / "c", mode, 3, random.Random(0))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["overwrite", "manager"])
def test_many_killed_writers(tmp_path, mode):
    killed_at_a_random_moment(tmp_path / "c", mode, 50, random.Random(1))


DYING = """
    import os, sys, warnings
    import numpy as np
    from jib import ckpt
    from jib.ckpt import _storage
    from tests.ckpt.crashing_writer import tree

    def dying(call):
        def instead(*arguments, **options):
            global left
            left -= 1
            if left < 0:
                os._exit(9)
            return call(*arguments, **options)
        return instead

    def save_and_die():
        for name in ("pwrite", "fsync", "rename", "mkdir"):
            setattr(os, name, dying(getattr(os, name)))
        _storage.shutil.rmtree = dying(_storage.shutil.rmtree)
        ckpt.save(folder, tree(2), force=True)
        os._exit(0)

    warnings.simplefilter("ignore", ckpt.CheckpointWarning)
    if sys.argv[2] == "no exchange":
        _storage._exchange = lambda *_: False
    seen, status, first = [], 9, 0
    while status:
        folder = f"{sys.argv[1]}/{first}/c"
        ckpt.save(folder, tree(1))
        left, first = first, first + 1
        child = os.fork() or save_and_die()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, 9), status
        found = ckpt.load(folder)
        assert {int(x) for leaf in found.values() for x in np.unique(leaf)} == {found["n"]}
        seen.append(found["n"])
        ckpt.save(folder, tree(3), force=True)  # whoever comes next cleans up
        assert os.listdir(os.path.dirname(folder)) == ["c"]
        assert ckpt.load(folder)["n"] == 3
    assert seen == sorted(seen) and set(seen) == {1, 2} and len(seen) > 8, seen
"""


@pytest.mark.parametrize("way", ["exchange", "no exchange"])
def test_each_step_of_an_overwrite_may_be_the_last(tmp_path, way):
    """Die right before each system call that changes the disk: old or new, never a mix."""
    done = start("-c", textwrap.dedent(DYING), tmp_path, way)
    _, error = done.communicate(timeout=120)
    assert done.returncode == 0, error


def test_a_folder_is_cleaned_by_its_owner_only(tmp_path):
    other = start("-c", "import time; time.sleep(60)")
    host = os.uname().nodename.replace("-", "_")
    names = {
        f".c.jib-tmp-{host}-{other.pid}-00": True,  # of a living process
        f".c.jib-tmp-elsewhere-{other.pid}-00": True,  # of another machine
        ".c.unknown": True,
        f".c.jib-tmp-{host}-{os.getpid()}-00": False,  # ours, of an earlier life
    }
    dead = start("-c", "")
    dead.communicate()
    names[f".c.jib-tmp-{host}-{dead.pid}-00"] = False
    for name in names:
        (tmp_path / name).mkdir()
    ckpt.save(tmp_path / "c", 1)
    other.kill()
    other.communicate()
    assert {name: (tmp_path / name).exists() for name in names} == names


def test_a_folder_that_is_locked_is_not_stale(tmp_path):
    host = os.uname().nodename.replace("-", "_")
    folder = tmp_path / f".c.jib-tmp-{host}-{os.getpid()}-00"
    folder.mkdir()
    held = _storage._lock(folder)
    ckpt.save(tmp_path / "c", 1)
    assert folder.exists()
    os.close(held)
    ckpt.save(tmp_path / "c", 2, force=True)
    assert not folder.exists()


@pytest.mark.parametrize("call", ["pwrite", "fsync", "mkdir", "rename"])
def test_a_full_disk_leaves_the_old_one_and_no_debris(tmp_path, monkeypatch, call):
    ckpt.save(tmp_path / "c", tree(1))

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "rename":
        monkeypatch.setattr(_storage, "_exchange", lambda *_: False)
    monkeypatch.setattr(f"jib.ckpt._storage.os.{call}", full)
    with pytest.raises(ckpt.CheckpointWriteError, match=r"no space left on device .* MB are free"):
        ckpt.save(tmp_path / "c", tree(2), force=True)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["c"]
    assert ckpt.load(tmp_path / "c")["n"] == 1


def test_a_write_that_is_cut_short_goes_on(tmp_path, monkeypatch):
    whole = os.pwrite
    monkeypatch.setattr(
        "jib.ckpt._storage.os.pwrite", lambda fd, data, at: whole(fd, data[:1000], at)
    )
    ckpt.save(tmp_path / "c", tree(1))
    assert ckpt.load(tmp_path / "c")["n"] == 1


def test_a_limit_on_the_size_of_files(tmp_path):
    """The system itself refuses to write, in the middle of a file."""
    program = textwrap.dedent(
        """
        import os, resource, signal, sys
        import numpy as np
        from jib import ckpt
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        manager = ckpt.CheckpointManager(sys.argv[1])
        manager.save(1, args=ckpt.args.StandardSave(np.ones(10)))
        manager.save(2, args=ckpt.args.StandardSave(np.ones(100_000)))
        try:
            while True:
                manager.save(3, args=ckpt.args.StandardSave(np.ones(10)))
        except ckpt.CheckpointWriteError as error:
            print(error.code, "step.../2" if "/2" in error.message else error.message)
        print(sorted(os.listdir(sys.argv[1])), manager.latest_step())
        print(manager.restore(None).sum())
        """
    )
    done = start("-c", program, tmp_path / "run")
    out, error = done.communicate(timeout=120)
    assert done.returncode == 0, error
    assert out == "J745 step.../2\n['1'] 1\n10.0\n"


@pytest.mark.parametrize("place", ["file", "folder", "file/below"])
def test_other_things_are_not_replaced(tmp_path, place):
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "precious").write_text("precious")
    with pytest.raises((ckpt.CheckpointExistsError, ckpt.CheckpointWriteError)):
        ckpt.save(tmp_path / place, 1, force=True)
    assert (tmp_path / "file").read_text() == "precious"
    assert (tmp_path / "folder" / "precious").exists()


def test_an_empty_folder_is_filled(tmp_path):
    ckpt.save(tmp_path, 1)
    assert ckpt.load(tmp_path) == 1


def test_two_writers_of_one_name(tmp_path):
    """The second one fails; what the first wrote stays."""
    one, two = (_storage.LocalFolder(tmp_path / "c").writer(False) for _ in range(2))
    ready = [ckpt._writing.prepare(i, copy=False) for i in (1, 2)]
    with one, pytest.raises(ckpt.CheckpointExistsError), two:
        one.commit("checkpoint.json", ckpt._format.encode(ready[0].contents))
        two.commit("checkpoint.json", ckpt._format.encode(ready[1].contents))
    assert ckpt.load(tmp_path / "c") == 1
    assert os.listdir(tmp_path) == ["c"]


def test_permission_denied(tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("jib.ckpt._storage.Path.mkdir", denied)
    with pytest.raises(ckpt.CheckpointWriteError, match="permission denied") as caught:
        ckpt.save(tmp_path / "new" / "c", 1)
    assert caught.value.help == [f"chmod u+wx {tmp_path}"]
