"""The checkpoints of a run, in the second interface of Orbax."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

from jib.ckpt import args as kinds
from jib.ckpt._manager import CheckpointManager, CheckpointManagerOptions
from jib.ckpt.v1._calls import STATE
from jib.ckpt.v1._context import current

__all__ = ["Checkpointer"]


class Checkpointer:
    """As `jib.ckpt.CheckpointManager`, for trees by name; saves in the foreground.

    Example:
        >>> import tempfile
        >>> from jib.ckpt import v1
        >>> with v1.training.Checkpointer(tempfile.mkdtemp()) as run:
        ...     saved = run.save(1, {"w": np.ones(2)})
        ...     print(run.latest.step, run.load(1))
        1 {'w': array([1., 1.])}
    """

    def __init__(
        self,
        directory: Any,
        *,
        context: Any = None,
        save_decision_policy: Any = None,
        preservation_policy: Any = None,
        step_name_format: Any = None,
        custom_metadata: Any = None,
        cleanup_tmp_directories: bool = False,
        lightweight_initialize: bool = False,
        logger: Any = None,
    ) -> None:
        options = CheckpointManagerOptions(
            save_decision_policy=save_decision_policy,
            preservation_policy=preservation_policy,
            step_name_format=step_name_format,
            lightweight_initialize=lightweight_initialize,
            enable_async_checkpointing=False,
            async_options=getattr(context or current(), "async_options", None),
        )
        self._manager = CheckpointManager(directory, options=options, metadata=custom_metadata)

    @property
    def directory(self) -> Any:
        """The folder."""
        return self._manager.directory

    @property
    def latest(self) -> Any:
        """The newest checkpoint, with its `step` and `metrics`, or None."""
        step = self._manager.latest_step()
        return None if step is None else self._about(step)

    @property
    def checkpoints(self) -> list[Any]:
        """All checkpoints, with their `step` and `metrics`."""
        return [self._about(step) for step in self._manager.all_steps()]

    def _about(self, step: int) -> Any:
        return types.SimpleNamespace(step=step, metrics=self._manager.metrics(step))

    def save(self, step: int, state: Any, **options: Any) -> bool:
        """Save one tree if it is time to; returns whether it is saved."""
        return self.save_checkpointables(step, {STATE: state}, **options)

    def save_checkpointables(
        self,
        step: int,
        checkpointables: Mapping[str, Any],
        *,
        force: bool = False,
        overwrite: bool = False,
        metrics: Any = None,
        custom_metadata: Any = None,
    ) -> bool:
        """Save several named trees if it is time to; returns whether they are saved."""
        if overwrite and step in self._manager.all_steps():
            self._manager.delete(step)
        items = {name: kinds.StandardSave(item) for name, item in checkpointables.items()}
        return self._manager.save(
            step,
            args=kinds.Composite(**items),
            metrics=metrics,
            force=force or overwrite,
            custom_metadata=custom_metadata,
        )

    def load(self, step: int | None = None, abstract_state: Any = None) -> Any:
        """Read one tree as `abstract_state` is; without a step, of the newest that is whole."""
        return self.load_checkpointables(step, {STATE: abstract_state})[STATE]

    def load_checkpointables(
        self, step: int | None = None, abstract_checkpointables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Read several named trees, each as its target is; a target of None gives NumPy arrays."""
        wanted = abstract_checkpointables or {}
        args = kinds.Composite(**{k: kinds.StandardRestore(x) for k, x in wanted.items()})
        return dict(self._manager.restore(step, args=args).items())

    def close(self) -> None:
        """Finish."""
        self._manager.close()

    def __enter__(self) -> Checkpointer:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
