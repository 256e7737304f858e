"""Where the files of a checkpoint lie: a local folder, or a store that TensorStore reaches.

A local checkpoint is written under another name beside its own, flushed to the disk, and renamed,
so it is whole or absent. A store (`gs://`, `s3://`, `file://`, `memory://`) cannot rename; there
the small file that names all the others is written last, in one step.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import functools
import os
import secrets
import shutil
import socket
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jib._deferred import DeferredModule
from jib.ckpt._errors import (
    CheckpointExistsError,
    CheckpointMissingError,
    CheckpointReadError,
    CheckpointWarning,
    CheckpointWriteError,
)

__all__ = ["LocalWriter", "RemoteFolder", "RemoteWriter"]

MANIFEST = "checkpoint.json"
_tensorstore: Any = DeferredModule("tensorstore")

#: Folders that this process writes at this moment.
_active: set[str] = set()


def warn(message: str) -> None:
    """A CheckpointWarning that points at whoever called the library."""
    warnings.warn(message, CheckpointWarning, stacklevel=4)


def place(path: Any) -> Any:
    """The folder or store that a path or URL names."""
    text = os.fspath(path)
    if "://" in text:
        return RemoteFolder(text)
    return LocalFolder(Path(os.path.abspath(text)), text)


def read_failure(path: Any, error: Exception) -> CheckpointReadError:
    """The error for a file that exists and cannot be read."""
    return CheckpointReadError(
        f"the checkpoint {str(path)!r} cannot be read: {_reason(error)}",
        help=_permission_help(path, error, "r"),
    )


def write_failure(path: Any, error: Exception) -> CheckpointWriteError:
    """The error for a checkpoint that could not be written; what was there before is whole."""
    free = ""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        with contextlib.suppress(OSError):
            free = f" ({shutil.disk_usage(_existing(path)).free / 1e6:.1f} MB are free there)"
    return CheckpointWriteError(
        f"the checkpoint {str(path)!r} was not written: {_reason(error)}{free}",
        notes=["earlier checkpoints are as they were, and nothing half-written is left"],
        help=_permission_help(path, error, "w"),
    )


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def _existing(path: Any) -> Path:
    found = Path(os.path.abspath(str(path)))
    while not found.exists() and found != found.parent:
        found = found.parent
    return found


def _permission_help(path: Any, error: Exception, mode: str) -> Sequence[str]:
    if getattr(error, "errno", None) not in (errno.EACCES, errno.EPERM):
        return ()
    return [f"chmod -R u+rX {path}" if mode == "r" else f"chmod u+wx {_existing(path)}"]


# ------------------------------------------------------------------------------ local folders


class LocalFolder:
    """The files of one checkpoint, or the checkpoints of one run, in a folder."""

    def __init__(self, path: Path, shown: str = "") -> None:
        self.path = path
        self._shown = shown or str(path)
        self._descriptors: dict[str, int] = {}

    def __truediv__(self, name: str) -> LocalFolder:
        return LocalFolder(self.path / name, os.path.join(self._shown, name))

    def __str__(self) -> str:
        return self._shown

    def is_file(self) -> bool:
        """Whether there is a file, and not a folder, of this name."""
        return self.path.is_file()

    def exists(self) -> bool:
        """Whether there is a file or folder of this name."""
        return os.path.lexists(self.path)

    def folders(self) -> list[str]:
        """The names of the folders in it."""
        try:
            with os.scandir(self.path) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise read_failure(self, error) from error

    def names(self) -> list[str]:
        """The names of all that is in it."""
        return sorted(os.listdir(self.path)) if self.path.is_dir() else []

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.path / name).is_file()

    def length_problem(self, name: str, size: int) -> str | None:
        """What is wrong with the length of a file, as "is 3 bytes shorter"."""
        try:
            extra = os.stat(self.path / name).st_size - size
        except (FileNotFoundError, NotADirectoryError):
            return "is missing"
        except OSError as error:
            raise read_failure(self, error) from error
        return f"is {abs(extra)} bytes {'longer' if extra > 0 else 'shorter'}" if extra else None

    def read(self, name: str) -> bytes | None:
        """The contents of a small file, or None where there is none."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise read_failure(self, error) from error

    def read_into(self, name: str, position: int, out: memoryview) -> int:
        """Fill `out` from a file; returns how many bytes there were."""
        done = 0
        try:
            while done < len(out):
                count = os.preadv(self._descriptors[name], [out[done:]], position + done)
                if not count:
                    break
                done += count
        except OSError as error:
            raise read_failure(self, error) from error
        return done

    @contextlib.contextmanager
    def opened(self, names: Sequence[str]) -> Iterator[None]:
        """Keeps files open for `read_into`; those that are not there are left out."""
        try:
            for name in names:
                try:
                    self._descriptors[name] = os.open(self.path / name, os.O_RDONLY)
                except OSError as error:
                    raise read_failure(self, error) from error
            yield
        finally:
            while self._descriptors:
                os.close(self._descriptors.popitem()[1])

    def recovered(self) -> LocalFolder:
        """Itself, or what a replacement that was cut short in the middle left aside."""
        if self.exists():
            return self
        for name in _siblings(self.path, "old"):
            aside = self.path.with_name(name)
            if (aside / MANIFEST).exists():
                warn(f"[J741] {str(self)!r} was being replaced; its old state is read")
                return LocalFolder(aside)
        return self

    def make(self, above: bool = False) -> None:
        """Create the folder and those above it, or only these."""
        try:
            (self.path.parent if above else self.path).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_failure(self, error) from error

    def delete(self, aside: str | None = None) -> None:
        """Remove it; at no moment is a part of it left under its name."""
        if aside is not None:
            (self.path.parent / aside).mkdir(exist_ok=True)
            os.rename(self.path, self.path.parent / aside / self.path.name)
            return
        hidden = self.path.with_name(_hidden_name(self.path.name, "tmp"))
        os.rename(self.path, hidden)
        shutil.rmtree(hidden, ignore_errors=True)

    def clean(self, names: Sequence[str] | None = None) -> None:
        """Remove what dead processes left beside the checkpoints in this folder."""
        if not self.path.is_dir():
            return
        for entry in os.listdir(self.path):
            parts = entry.split(".jib-")
            if not entry.startswith(".") or len(parts) != 2:
                continue
            if (names is None or parts[0][1:] in names) and _is_stale(self.path / entry, parts[1]):
                _restore_or_remove(self.path / entry, self.path / parts[0][1:], parts[1])

    def writer(self, force: bool) -> LocalWriter:
        """A context in which a checkpoint of this name is written."""
        return LocalWriter(self, force)


def _hidden_name(name: str, kind: str) -> str:
    host = socket.gethostname().replace("-", "_")
    return f".{name}.jib-{kind}-{host}-{os.getpid()}-{secrets.token_hex(4)}"


def _siblings(path: Path, kind: str) -> list[str]:
    prefix = f".{path.name}.jib-{kind}-"
    with contextlib.suppress(OSError):
        return sorted(name for name in os.listdir(path.parent) if name.startswith(prefix))
    return []


def _is_stale(path: Path, marks: str) -> bool:
    """Whether the process that made a folder is gone: nobody else's work is touched."""
    parts = marks.split("-")
    if len(parts) != 4 or parts[1] != socket.gethostname().replace("-", "_"):
        return False
    if str(path) in _active:
        return False
    with contextlib.suppress(ValueError, ProcessLookupError, PermissionError):
        if int(parts[2]) != os.getpid():
            os.kill(int(parts[2]), 0)
            return False
    return _lock(path, release=True) >= 0


def _lock(path: Path, release: bool = False) -> int:
    """Lock a folder while it is written; the system lets go of it when the process dies."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return -1
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return -1
    except OSError:  # a file system without locks: the process number has to do
        pass
    if release:
        os.close(descriptor)
    return descriptor


def _restore_or_remove(path: Path, target: Path, marks: str) -> None:
    if marks.startswith("old-") and not target.exists():
        with contextlib.suppress(OSError):
            os.rename(path, target)
        return
    shutil.rmtree(path, ignore_errors=True)


class LocalWriter:
    """Writes files under another name, and gives them the right one when all are on the disk."""

    label = ""

    def __init__(self, folder: LocalFolder, force: bool) -> None:
        self.folder, self.target, self.force = folder, folder.path, force
        self.temporary = self.target.with_name(_hidden_name(self.target.name, "tmp"))
        self._locked: int = -1

    def __enter__(self) -> LocalWriter:
        self.folder.make(above=True)
        LocalFolder(self.target.parent).clean([self.target.name])
        self.check()
        _active.add(str(self.temporary))
        try:
            self.temporary.mkdir()
        except OSError as error:
            _active.discard(str(self.temporary))
            raise write_failure(self.folder, error) from error
        self._locked = _lock(self.temporary)
        return self

    def check(self) -> None:
        """Raise where the name is taken and may not be replaced."""
        path = self.target
        if not os.path.lexists(path):
            return
        empty_folder = path.is_dir() and not os.listdir(path)
        if empty_folder:
            return
        if not (path / MANIFEST).exists():
            what = "is a folder of other things" if path.is_dir() else "is a file"
            raise CheckpointExistsError(
                f"{str(self.folder)!r} {what} and no checkpoint, so it is not replaced",
                help=f"jib.ckpt.save({str(self.folder) + '-1'!r}, tree)",
            )
        if not self.force:
            raise CheckpointExistsError(
                f"{str(self.folder)!r} is a checkpoint already",
                help=f"jib.ckpt.save({str(self.folder)!r}, tree, force=True)",
            )

    def write(self, name: str, size: int, batches: Any) -> None:
        """Write one file; `batches(put)` calls `put(position, data)` until all is there."""
        path = self.temporary / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            batches(functools.partial(_write_all, descriptor))
            os.fsync(descriptor)
            if os.fstat(descriptor).st_size != size:
                raise OSError(errno.EIO, f"{name} has another length than was written")
        finally:
            os.close(descriptor)

    def commit(self, name: str, data: bytes) -> None:
        """Write the last file, flush the folder, and put it in its place."""
        self.write(name, len(data), lambda put: put(0, data))
        _flush_folder(self.temporary)
        if not os.path.lexists(self.target) or not os.listdir(self.target):
            os.rename(self.temporary, self.target)
        elif not self.force:
            self.check()
        elif not _exchange(self.temporary, self.target):
            aside = self.target.with_name(_hidden_name(self.target.name, "old"))
            os.rename(self.target, aside)
            os.rename(self.temporary, self.target)
            shutil.rmtree(aside, ignore_errors=True)
        _flush_folder(self.target.parent)

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        # After a replacement, the temporary name holds what was replaced.
        shutil.rmtree(self.temporary, ignore_errors=True)
        if self._locked >= 0:
            os.close(self._locked)
        _active.discard(str(self.temporary))
        if isinstance(error, OSError) and not hasattr(error, "code"):
            raise write_failure(self.folder, error) from error


def _write_all(descriptor: int, position: int, data: Any) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, position)
        view, position = view[count:], position + count


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; False where the system cannot."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    at_working_folder, exchange = -100, 2
    return not call(at_working_folder, bytes(one), at_working_folder, bytes(other), exchange)


# -------------------------------------------------------------------------------------- stores


@functools.cache
def _context() -> Any:
    return _tensorstore.Context()


class RemoteFolder:
    """As LocalFolder, on a store that has no folders, no renaming and no locks."""

    def __init__(self, url: str) -> None:
        self.path = url.rstrip("/")

    def __str__(self) -> str:
        return self.path

    def __truediv__(self, name: str) -> RemoteFolder:
        return RemoteFolder(f"{self.path}/{name}")

    @functools.cached_property
    def _store(self) -> Any:
        return _tensorstore.KvStore.open(self.path + "/", context=_context()).result()

    def is_file(self) -> bool:
        """A store has no such thing as a file in the place of a folder."""
        return False

    def exists(self) -> bool:
        """Whether there is a checkpoint."""
        return self.has(MANIFEST)

    def names(self) -> list[str]:
        """The names of all that is in it."""
        return sorted({key.decode().split("/")[0] for key in self._store.list().result()})

    folders = names

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return bool(self._store.list(_tensorstore.KvStore.KeyRange(name, name + "\0")).result())

    def length_problem(self, name: str, size: int) -> str | None:
        """What is wrong with the length of a file, as "is 3 bytes longer"."""
        if not self.has(name):
            return "is missing"
        try:
            span = slice(max(size - 1, 0), None)
            extra = len(self._store.read(name, byte_range=span).result().value) - (size > 0)
        except ValueError:  # the range begins after the end
            return "is shorter"
        return f"is {extra} bytes longer" if extra else None

    def _read(self, name: str, **options: Any) -> bytes:
        try:
            return self._store.read(name, **options).result().value
        except Exception as error:  # each driver has errors of its own
            raise read_failure(self, error) from error

    def read(self, name: str) -> bytes | None:
        """The contents of a small file, or None where there is none."""
        try:
            found = self._store.read(name).result()
        except Exception as error:  # each driver has errors of its own
            raise read_failure(self, error) from error
        return found.value if found.state == "value" else None

    def read_into(self, name: str, position: int, out: memoryview) -> int:
        """Fill `out` from a file; returns how many bytes there were."""
        span = slice(position, position + len(out))
        data = self._read(name, byte_range=span)
        out[: len(data)] = data
        return len(data)

    def opened(self, names: Sequence[str]) -> Any:
        """Nothing is kept open."""
        return contextlib.nullcontext()

    def recovered(self) -> RemoteFolder:
        """Itself."""
        return self

    def make(self) -> None:
        """Folders are made by what is put into them."""

    def delete(self, aside: str | None = None) -> None:
        """Remove it, beginning with the file that makes it a checkpoint."""
        self._store.delete_range(_tensorstore.KvStore.KeyRange(MANIFEST, MANIFEST + "\0")).result()
        self._store.delete_range(_tensorstore.KvStore.KeyRange()).result()

    def clean(self, names: Sequence[str] | None = None) -> None:
        """Nothing can be left beside a checkpoint; a later save removes what is left in it."""

    def writer(self, force: bool) -> RemoteWriter:
        """A context in which a checkpoint of this name is written."""
        return RemoteWriter(self, force)


class RemoteWriter:
    """Writes the named files first and the one that names them last."""

    def __init__(self, folder: RemoteFolder, force: bool) -> None:
        self.folder, self.force = folder, force
        self.label = "-" + secrets.token_hex(4)  # never a name that the present one uses
        self._written: list[str] = []

    def __enter__(self) -> RemoteWriter:
        self.check()
        return self

    def check(self) -> None:
        """Raise where the name is taken and may not be replaced."""
        if not self.force and self.folder.exists():
            raise CheckpointExistsError(
                f"{self.folder.path!r} is a checkpoint already",
                help=f"jib.ckpt.save({self.folder.path!r}, tree, force=True)",
            )

    def write(self, name: str, size: int, batches: Any) -> None:
        """Write one file; `batches(put)` calls `put(position, data)` until all is there."""
        buffer = bytearray(size)

        def put(position: int, data: Any) -> None:
            buffer[position : position + len(data)] = data

        batches(put)
        self._put(name, bytes(buffer))

    def _put(self, name: str, data: bytes) -> None:
        try:
            self.folder._store.write(name, data).result()
        except Exception as error:  # each driver has errors of its own
            raise write_failure(self.folder, error) from error
        self._written.append(name)

    def commit(self, name: str, data: bytes) -> None:
        """Write the file that names the others, then remove those of the replaced checkpoint."""
        self._put(name, data)
        for other in set(self.folder.names()) - {*self._written}:
            self.folder._store.write(other, None).result()
        self._written.clear()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        for name in self._written if error is not None else ():
            self.folder._store.write(name, None).result()


def require(folder: Any) -> bytes:
    """The manifest of a checkpoint; raises a CheckpointMissingError that says what is there."""
    if folder.is_file():
        text = str(folder)
        cure = f"jib.ckpt.load_safetensors({text!r})" if text.endswith(".safetensors") else ()
        raise CheckpointMissingError(f"{text!r} is a file; a checkpoint is a folder", help=cure)
    data = folder.read(MANIFEST)
    if data is not None:
        return data
    names = folder.names()
    if not names:
        what = "is an empty folder" if folder.exists() else "does not exist"
        raise CheckpointMissingError(f"{str(folder)!r} {what}")
    steps = [name for name in names if (folder / name).has(MANIFEST)]
    if steps:
        steps.sort(key=lambda name: (len(name), name))
        raise CheckpointMissingError(
            f"{str(folder)!r} is a folder of {len(steps)} checkpoints and not one itself",
            help=f"jib.ckpt.load({str(folder / steps[-1])!r})",
        )
    note = f"it holds {', '.join(names[:4])}" + (", ..." if names[4:] else "")
    if any(name.startswith(("_METADATA", "_CHECKPOINT_METADATA")) for name in names):
        note += ": a checkpoint of Orbax, whose format jib does not read"
    raise CheckpointMissingError(
        f"{str(folder)!r} is no checkpoint: it has no file {MANIFEST!r}", notes=[note]
    )
