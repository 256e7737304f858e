"""The disk cache of compiled programs: on by default, bounded, and never trusted blindly.

An entry is a header (magic, format, compile seconds, length, SHA-256) and the executable. Writers
write a file of their own and rename it, so readers and other writers see whole entries only.
Loading an executable runs code, so a folder that everyone may write to is not used.
"""

import os
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from jib import settings
from jib._deferred import DeferredModule
from jib.backend._warn import warn_user

__all__ = ["CacheStats", "clear", "directory", "load", "stats", "store"]

_hashing: Any = DeferredModule("hashlib")
_tempfile: Any = DeferredModule("tempfile")
_MAGIC = b"JIBX"
_FORMAT = 1
_HEADER = struct.Struct("<4sHxxdQ32s")
_SUFFIX = ".jibx"
_STALE_SECONDS = 3600.0


class CacheStats(NamedTuple):
    """What the disk cache did for this process, and what it holds.

    `seconds_saved` is the compile time of the entries that were loaded, less their load time;
    `bytes` is the size of all entries on disk.
    """

    hits: int
    misses: int
    rejected: int
    writes: int
    seconds_saved: float
    bytes: int
    directory: str


_lock = threading.Lock()
_counts = {"hits": 0, "misses": 0, "rejected": 0, "writes": 0}
_seconds_saved = 0.0
_bytes_since_sweep = 0
_warned: set[str] = set()
_usable: dict[str, bool] = {}


def directory() -> str:
    """The folder of the cache: `JIB_COMPILATION_CACHE_DIR`, or one in the user's cache folder.

    Example:
        >>> import jib.cache
        >>> jib.cache.directory() == jib.cache.stats().directory
        True
    """
    chosen = settings.compilation_cache_dir.value
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    if os.environ.get("XDG_CACHE_HOME"):
        base = os.environ["XDG_CACHE_HOME"]
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    elif os.name == "nt":
        base = os.environ.get("LOCALAPPDATA", os.path.expanduser("~/AppData/Local"))
    else:
        base = os.path.expanduser("~/.cache")
    return os.path.join(base, "jib")


def stats() -> CacheStats:
    """Hits, misses, rejected (damaged) entries, writes, seconds saved, bytes and directory.

    Example:
        >>> import jib.cache
        >>> jib.cache.stats().hits >= 0
        True
    """
    size = sum(entry_size for _, entry_size, _ in _entries(directory()))
    with _lock:
        return CacheStats(
            **_counts, seconds_saved=_seconds_saved, bytes=size, directory=directory()
        )


def clear() -> int:
    """Delete every entry on disk, and return how many there were."""
    removed = 0
    for path, _, _ in _entries(directory()):
        removed += _remove(path)
    return removed


def load(key: str, deserialize: Callable[[bytes], Any]) -> Any | None:
    """The executable stored under `key`, or None; a damaged entry is removed with one warning."""
    global _seconds_saved
    folder = directory()
    if not _is_usable(folder):
        return None
    path = os.path.join(folder, key + _SUFFIX)
    start = time.perf_counter()
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        _count("misses")
        return None
    except OSError as error:
        _warn_once(folder, f"cannot be read ({error.strerror or error})")
        _count("misses")
        return None
    try:
        seconds, payload = _unpack(data)
        executable = deserialize(payload)
    except Exception as error:  # XLA raises several kinds for a payload that it does not take
        _reject(path, error)
        return None
    _touch(path)
    _count("hits")
    with _lock:
        _seconds_saved += max(0.0, seconds - (time.perf_counter() - start))
    return executable


def store(key: str, serialize: Callable[[], bytes], seconds: float) -> None:
    """Keep an executable that took `seconds` to compile; a failure costs one warning at most."""
    folder = directory()
    if not _is_usable(folder):
        return
    try:
        payload = serialize()
    except Exception as error:  # some backends cannot serialise some programs
        _warn_once("serialise", f"does not hold a program that cannot be serialised ({error})")
        return
    limit = _limit()
    if len(payload) + _HEADER.size > limit:
        return
    digest = _hashing.sha256(payload).digest()
    header = _HEADER.pack(_MAGIC, _FORMAT, seconds, len(payload), digest)
    try:
        _write_whole(folder, os.path.join(folder, key + _SUFFIX), header + payload)
    except OSError as error:
        _usable[folder] = False
        _warn_once(folder, f"cannot be written ({error.strerror or error})")
        return
    _count("writes")
    _sweep_when_due(folder, key, len(payload), limit)


def _limit() -> int:
    size = settings.compilation_cache_max_size.value
    return size if size >= 0 else sys.maxsize


def _count(name: str) -> None:
    with _lock:
        _counts[name] += 1


def _warn_once(subject: str, problem: str) -> None:
    if subject in _warned:
        return
    _warned.add(subject)
    warn_user(
        f"the disk cache of compiled programs at {directory()} {problem}; programs are compiled "
        "as usual\n"
        "help: JIB_COMPILATION_CACHE_DIR=/a/folder/you/own, or JIB_COMPILATION_CACHE=0"
    )


def _is_usable(folder: str) -> bool:
    known = _usable.get(folder)
    if known is None:
        known = _usable[folder] = _prepare(folder)
    return known


def _prepare(folder: str) -> bool:
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        mode = os.stat(folder).st_mode
    except OSError as error:
        _warn_once(folder, f"cannot be made ({error.strerror or error})")
        return False
    if os.name == "posix" and mode & stat.S_IWOTH:
        _warn_once(folder, "is writable by everyone, and loading a program runs its code")
        return False
    return True


def _unpack(data: bytes) -> tuple[float, bytes]:
    if len(data) < _HEADER.size:
        raise ValueError("it is cut short")
    magic, version, seconds, length, digest = _HEADER.unpack_from(data)
    payload = data[_HEADER.size :]
    if magic != _MAGIC or version != _FORMAT:
        raise ValueError("it is of another format")
    if len(payload) != length or _hashing.sha256(payload).digest() != digest:
        raise ValueError("its checksum does not match")
    return seconds, payload


def _reject(path: str, error: Exception) -> None:
    _count("rejected")
    _remove(path)
    reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
    _warn_once("damaged", f"held a damaged entry, now removed ({reason})")


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def _touch(path: str) -> None:
    """Mark an entry as used now; on a read-only disk the order of eviction does not matter."""
    try:
        os.utime(path)
    except OSError:
        return


def _write_whole(folder: str, path: str, data: bytes) -> None:
    handle, temporary = _tempfile.mkstemp(suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def _entries(folder: str, suffix: str = _SUFFIX) -> list[tuple[str, int, float]]:
    found = []
    try:
        with os.scandir(folder) as listing:
            for item in listing:
                if item.name.endswith(suffix):
                    try:
                        info = item.stat(follow_symlinks=False)
                    except FileNotFoundError:  # another process removed it meanwhile
                        continue
                    found.append((item.path, info.st_size, info.st_mtime))
    except OSError:
        return []
    return found


def _sweep_when_due(folder: str, key: str, size: int, limit: int) -> None:
    """Sweep on one write in 32, chosen by the key, or after an eighth of the limit is written."""
    global _bytes_since_sweep
    with _lock:
        _bytes_since_sweep += size
        due = int(key[:2], 16) < 8 or _bytes_since_sweep > limit // 8
        if due:
            _bytes_since_sweep = 0
    if due:
        _sweep(folder, limit)


def _sweep(folder: str, limit: int) -> None:
    """Remove the entries used longest ago until a tenth of the limit is free again."""
    entries = _entries(folder)
    total = sum(size for _, size, _ in entries)
    if total > limit:
        for path, size, _ in sorted(entries, key=lambda entry: entry[2]):
            if total <= limit * 0.9:
                break
            _remove(path)
            total -= size
    oldest = time.time() - _STALE_SECONDS
    for path, _, modified in _entries(folder, ".tmp"):
        if modified < oldest:  # left behind by a process that was killed
            _remove(path)
