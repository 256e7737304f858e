"""Checkpointers: one checkpoint in one folder, now or in the background."""

from __future__ import annotations

from typing import Any

from jib.ckpt import _storage, _writing, args as kinds
from jib.ckpt._background import Background
from jib.ckpt._front import DEFAULT
from jib.ckpt._handlers import CheckpointHandler, PyTreeCheckpointHandler, StandardCheckpointHandler
from jib.ckpt._reading import open_checkpoint
from jib.ckpt.metadata import StepMetadata, metadata_of
from jib.ckpt.options import AsyncOptions, accept
from jib.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["AsyncCheckpointer", "Checkpointer", "PyTreeCheckpointer", "StandardCheckpointer"]


def prepared(args: Any, *, copy: bool, metadata: Any = None, metrics: Any = None) -> Any:
    """What arguments say to save, on the host."""
    if not isinstance(args, kinds.CheckpointArgs):
        raise ArgumentTypeError(
            f"`args` says what to save, as one of jib.ckpt.args; got {type(args).__name__}",
            help="args=jib.ckpt.args.StandardSave(tree)",
        )
    items = None
    if isinstance(args, kinds.Composite):
        items = [name for name in args if args[name] is not None]
    metadata = metadata if metadata is not None else getattr(args, "custom_metadata", None)
    return _writing.prepare(
        args.saved(), copy=copy, items=items, metadata=metadata, metrics=metrics
    )


class Checkpointer:
    """Saves and restores checkpoints, each in a folder of its own.

    Args:
        handler: what is saved: `PyTreeCheckpointHandler()`, `StandardCheckpointHandler()`, ...

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp() + "/one"
        >>> with jib.ckpt.Checkpointer(jib.ckpt.PyTreeCheckpointHandler()) as checkpointer:
        ...     checkpointer.save(folder, {"w": jnp.ones(2)})
        ...     checkpointer.restore(folder)
        {'w': array([1., 1.], dtype=float32)}
    """

    def __init__(self, handler: Any, **options: Any) -> None:
        accept(options, type(self).__name__)
        if not isinstance(handler, CheckpointHandler):
            raise ArgumentTypeError(
                f"a checkpointer needs one of jib's handlers, not {type(handler).__name__}",
                help="jib.ckpt.Checkpointer(jib.ckpt.PyTreeCheckpointHandler())",
            )
        self._handler = handler

    @property
    def handler(self) -> Any:
        """The handler."""
        return self._handler

    def save(
        self,
        directory: Any,
        *args: Any,
        force: bool = False,
        custom_metadata: Any = None,
        save_context: Any = None,
        **kwargs: Any,
    ) -> None:
        """Write a checkpoint: of a tree, or of what `args=` says.

        Raises:
            CheckpointExistsError: there is something at `directory`, and `force` is not given.
            CheckpointWriteError: the disk is full, or writing is not permitted.
        """
        what = self._handler.save_arguments(args, kwargs)
        self._write(directory, what, force, custom_metadata)

    def _write(self, directory: Any, what: Any, force: bool, metadata: Any) -> None:
        ready = prepared(what, copy=False, metadata=metadata)
        _writing.write(ready, _storage.place(directory), force)

    def restore(self, directory: Any, *args: Any, **kwargs: Any) -> Any:
        """Read a checkpoint, as a target tree or as `args=` says; without either, as NumPy arrays.

        Raises:
            CheckpointDamagedError: some byte is not what was written.
            CheckpointMismatchError: the tree differs from the target.
            CheckpointMissingError: there is no checkpoint.
        """
        how = self._handler.restore_arguments(args, kwargs)
        opened = open_checkpoint(directory)
        if opened.items == [DEFAULT] and not isinstance(how, kinds.Composite):
            opened = opened.item(DEFAULT)
        return how.restored(opened)

    def metadata(self, directory: Any) -> StepMetadata:
        """What a checkpoint holds, without its arrays."""
        return metadata_of(open_checkpoint(directory), DEFAULT)

    def close(self) -> None:
        """Finish."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


class PyTreeCheckpointer(Checkpointer):
    """Saves and restores trees; the options of storage have no effect here."""

    def __init__(
        self,
        primary_host: int | None = 0,
        use_ocdbt: bool = True,
        use_zarr3: bool = False,
        use_compression: bool = True,
    ) -> None:
        super().__init__(PyTreeCheckpointHandler())


class AsyncCheckpointer(Checkpointer):
    """As Checkpointer; `save` copies to the host, returns, and writes in the background.

    After `save` returns, the arrays may be donated or changed. What fails in the background is
    raised by the next `save`, `restore`, `wait_until_finished`, `check_for_errors` or `close`, and
    if there is none, is printed at exit, and the program's exit status is not zero.
    """

    def __init__(
        self,
        handler: Any,
        timeout_secs: int | None = None,
        *,
        async_options: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(handler, **options)
        chosen = async_options or AsyncOptions()
        self._background = Background(timeout_secs or chosen.timeout_secs)
        self._done = chosen.post_finalization_callback

    def _write(self, directory: Any, what: Any, force: bool, metadata: Any) -> None:
        self._background.wait()
        folder = _storage.place(directory)
        folder.writer(force).check()
        ready = prepared(what, copy=True, metadata=metadata)

        def work() -> None:
            _writing.write(ready, folder, force)
            if self._done is not None:
                self._done()

        self._background.start(f"the save of {str(folder)!r}", work)

    def restore(self, directory: Any, *args: Any, **kwargs: Any) -> Any:
        """As `Checkpointer.restore`, after what is being written."""
        self._background.wait()
        return super().restore(directory, *args, **kwargs)

    def metadata(self, directory: Any) -> StepMetadata:
        """As `Checkpointer.metadata`, after what is being written."""
        self._background.wait()
        return super().metadata(directory)

    def wait_until_finished(self) -> None:
        """Wait for what is being written, and raise what failed."""
        self._background.wait()

    def check_for_errors(self) -> None:
        """Raise what failed, without waiting."""
        self._background.check()

    def close(self) -> None:
        """Wait for what is being written, and raise what failed."""
        self._background.wait()


class StandardCheckpointer(AsyncCheckpointer):
    """Saves trees in the background, and restores them as another tree is.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp() + "/one"
        >>> with jib.ckpt.StandardCheckpointer() as checkpointer:
        ...     checkpointer.save(folder, {"w": jnp.ones(2)})
        ...     checkpointer.restore(folder, {"w": jnp.zeros(2)})
        {'w': Array([1., 1.], dtype=float32)}
    """

    def __init__(self, *, async_options: Any = None, **kwargs: Any) -> None:
        super().__init__(StandardCheckpointHandler(), async_options=async_options, **kwargs)

    def save(  # type: ignore[override]
        self,
        directory: Any,
        state: Any,
        *,
        save_args: Any = None,
        force: bool = False,
        custom_metadata: Any = None,
    ) -> None:
        """Copy a tree to the host, and write it in the background."""
        self._write(directory, kinds.StandardSave(state, save_args), force, custom_metadata)

    def restore(  # type: ignore[override]
        self, directory: Any, target: Any = None, *, strict: bool = True
    ) -> Any:
        """Read a tree as `target` is; without it, as NumPy arrays."""
        if isinstance(target, kinds.CheckpointArgs):
            raise ArgumentValueError(
                "`restore` of a StandardCheckpointer takes the target tree itself",
                help="checkpointer.restore(path, target)",
            )
        return super().restore(directory, args=kinds.StandardRestore(target, strict))
