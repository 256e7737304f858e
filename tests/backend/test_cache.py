"""The disk cache: hits, damage, concurrency, bounds and the off switch."""

import json
from pathlib import Path

import pytest

COMPILE = """
import json
from jib import cache
executable = compile.compile_module(PROGRAM, devices=[client.default_device()])
x = transfer.device_put(__import__("numpy").zeros(4, "float32"))
[[out]] = executable.execute_sharded([x]).disassemble_into_single_device_arrays()
assert (transfer.device_get(out) == 0).all()
print(json.dumps(cache.stats()._asdict()))
"""


def stats_of(output: str) -> dict:
    return json.loads(output.splitlines()[-1])


def test_second_process_hits(run):
    first = stats_of(run(COMPILE)[0])
    assert (first["hits"], first["misses"], first["writes"]) == (0, 1, 1)
    assert first["bytes"] > 1000
    second = stats_of(run(COMPILE)[0])
    assert (second["hits"], second["misses"], second["writes"]) == (1, 0, 0)
    assert second["seconds_saved"] > 0


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign"])
def test_damaged_entry_is_replaced_with_one_warning(run, tmp_path: Path, damage: str):
    run(COMPILE)
    (entry,) = (tmp_path / "cache").glob("*.jibx")
    whole = entry.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    entry.write_bytes(
        {"flip": flipped, "cut": whole[:middle], "empty": b"", "foreign": b"x" * 500}[damage]
    )
    output, errors = run(COMPILE)
    found = stats_of(output)
    assert (found["hits"], found["rejected"], found["writes"]) == (0, 1, 1)
    assert errors.count("damaged entry") == 1
    assert stats_of(run(COMPILE)[0])["hits"] == 1


def test_payload_that_xla_refuses_is_recompiled(run):
    run(COMPILE)
    poison = """
    import os
    from jib.backend import cache as disk
    (name,) = os.listdir(disk.directory())
    disk.store(name.removesuffix(".jibx"), lambda: b"not an executable", 1.0)
    """
    run(poison)
    found = stats_of(run(COMPILE)[0])
    assert (found["rejected"], found["writes"]) == (1, 1)


def test_concurrent_writers_leave_one_whole_entry(run, spawn, tmp_path: Path):
    processes = [spawn(COMPILE) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert len(list((tmp_path / "cache").glob("*.jibx"))) == 1
    assert not list((tmp_path / "cache").glob("*.tmp"))
    assert stats_of(run(COMPILE)[0])["hits"] == 1


def test_size_bound_drops_the_entries_used_longest_ago(run):
    code = """
    import os, time
    from jib.backend import cache as disk
    for i in range(40):
        disk.store(f"{i + 128:064x}", lambda: bytes(1000), 0.1)
        os.utime(os.path.join(disk.directory(), f"{i + 128:064x}.jibx"), (i, i))
    names = sorted(os.listdir(disk.directory()))
    print(disk.stats().bytes, names[-1].lstrip("0"), len(names))
    """
    output, _ = run(code, JIB_COMPILATION_CACHE_MAX_SIZE="10000")
    size, newest, count = output.split()
    assert int(size) <= 10000 * 9 // 8
    assert newest.startswith(f"{39 + 128:x}")
    assert 5 <= int(count) <= 10


def test_entry_above_the_bound_is_not_written(run):
    found = stats_of(run(COMPILE, JIB_COMPILATION_CACHE_MAX_SIZE="100")[0])
    assert (found["writes"], found["bytes"]) == (0, 0)


def test_off_switch(run, tmp_path: Path):
    found = stats_of(run(COMPILE, JIB_COMPILATION_CACHE="0")[0])
    assert (found["hits"], found["misses"], found["writes"]) == (0, 0, 0)
    assert not (tmp_path / "cache").exists()


def test_unusable_folder_costs_one_warning(run, tmp_path: Path):
    (tmp_path / "file").write_text("")
    twice = COMPILE + "compile.clear_memory_cache()\n" + COMPILE
    output, errors = run(twice, JIB_COMPILATION_CACHE_DIR=str(tmp_path / "file"))
    assert errors.count("RuntimeWarning") == 1
    assert "cannot be made" in errors
    assert stats_of(output)["writes"] == 0


def test_folder_that_everyone_may_write_to_is_not_used(run, tmp_path: Path):
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    output, errors = run(COMPILE, JIB_COMPILATION_CACHE_DIR=str(folder))
    assert errors.count("writable by everyone") == 1
    assert stats_of(output)["bytes"] == 0


def test_full_disk_costs_one_warning(run):
    code = """
    import errno
    from jib.backend import cache as disk
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "no space left on device")
    disk._tempfile.mkstemp = full
    """
    output, errors = run(code + COMPILE.replace("\n", "\n    "))
    assert errors.count("no space left on device") == 1
    assert stats_of(output)["writes"] == 0


def test_default_folder_is_the_users_cache(run, tmp_path: Path):
    code = "from jib import cache\nprint(cache.directory())"
    output, _ = run(code, JIB_COMPILATION_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path))
    assert output.strip() == str(tmp_path / "jib")


def test_clear_removes_every_entry(run):
    output, _ = run(COMPILE + "print(cache.clear(), cache.stats().bytes)\n")
    assert output.splitlines()[-1] == "1 0"
