"""Published models: each whole or absent, one of them current; and one run at a time."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["Journal", "LockError", "current", "locked", "prune", "publish", "published"]

POINTER = "current"
UNFINISHED = ".new-"


class LockError(RuntimeError):
    """Another run is under way; the message says which."""


@contextlib.contextmanager
def locked(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Holds the lock of `path`; `say` hears of one that a dead process left behind.

    The kernel lets go of the lock when its process dies, so that none can be stale; the file only
    tells who holds it. Raises `LockError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise LockError(
                f"{path}: {holder} is at work; wait for it, or end it: a later run resumes its work"
            ) from error
        file.seek(0)
        left = file.read().strip()
        if left:
            say(f"{left} ended without finishing; its lock is taken over and its work resumed")
        file.truncate(0)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        file.write(f"process {os.getpid()}, started {started}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def published(folder: Path) -> list[str]:
    """The names of the models in `folder`, oldest first."""
    if not folder.exists():
        return []
    found = [
        place
        for place in folder.iterdir()
        if place.is_dir() and not place.is_symlink() and (place / "manifest.json").exists()
    ]
    found = [place for place in found if not place.name.startswith(".")]
    return [place.name for place in sorted(found, key=lambda place: (_serial(place), place.name))]


def _serial(place: Path) -> int:
    return int(json.loads((place / "manifest.json").read_text(encoding="utf-8"))["serial"])


def current(folder: Path) -> Path | None:
    """The folder of the current model, or None where none was published."""
    pointer = folder / POINTER
    return folder / os.readlink(pointer) if pointer.is_symlink() else None


def publish(folder: Path, name: str, write: Callable[[Path], None]) -> Path:
    """Makes `folder/name` of what `write(temporary)` writes, and points `current` at it.

    Everything is on disk before either can be seen: a reader of `current/` finds the old model or
    the new one, never a part. What an earlier run left unfinished is removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(UNFINISHED + "*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()
    place = folder / name
    if not place.exists():
        temporary = folder / (UNFINISHED + name)
        temporary.mkdir()
        write(temporary)
        for path in sorted(temporary.iterdir()):
            _to_disk(path)
        _to_disk(temporary)
        temporary.rename(place)
        _to_disk(folder)
    pointer = folder / (UNFINISHED + POINTER)
    pointer.symlink_to(name)
    pointer.replace(folder / POINTER)
    _to_disk(folder)
    return place


def prune(folder: Path, keep: int) -> list[str]:
    """Removes all but the last `keep` models, never the current one; returns the removed names."""
    now = current(folder)
    names = [name for name in published(folder) if now is None or name != now.name]
    old = names[: max(len(names) - (keep - 1), 0)]
    for name in old:
        gone = folder / (UNFINISHED + name)  # renamed first: a half-removed model has no name
        (folder / name).rename(gone)
        shutil.rmtree(gone)
    return old


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Journal:
    """A file of JSON lines, one for each stage of each run."""

    def __init__(self, path: Path, run: str) -> None:
        self.path, self.run = path, run

    def write(self, stage: str, seconds: float, **details: Any) -> None:
        """Adds the line of a stage that is over."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "run": self.run,
            "stage": stage,
            "seconds": round(seconds, 2),
            **details,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
