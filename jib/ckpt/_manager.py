"""The checkpoints of a run: when to save, which to keep, and the last one that is whole."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from jib.ckpt import _preemption, _storage, _writing, args as kinds, checkpoint_managers as policies
from jib.ckpt._arguments import document_of
from jib.ckpt._background import Background
from jib.ckpt._checkpointers import Checkpointer, prepared
from jib.ckpt._errors import CheckpointDamagedError, CheckpointMissingError
from jib.ckpt._front import DEFAULT, verify
from jib.ckpt._handlers import CheckpointHandler, PyTreeCheckpointHandler
from jib.ckpt._reading import Opened, open_checkpoint
from jib.ckpt.metadata import StepMetadata, metadata_of
from jib.ckpt.options import AsyncOptions, FileOptions, MultiprocessingOptions
from jib.errors import ArgumentValueError

__all__ = ["CheckpointManager", "CheckpointManagerOptions"]


@dataclasses.dataclass
class CheckpointManagerOptions:
    """When a CheckpointManager saves, what it keeps, and how it names steps.

    Attributes:
        save_interval_steps: save at multiples of it; also at the first step that is asked for.
        save_on_steps: further steps to save at.
        should_save_fn: a function of the step and the last saved step (or None) that decides.
        save_decision_policy: decides alone, whatever the three above say.
        max_to_keep: how many to keep: the newest, or with `best_fn` the best.
        keep_period, keep_time_interval: keep multiples of this step, or one for each interval.
        best_fn, best_mode: a number of the metrics, and whether "max" or "min" is best.
        preservation_policy: decides alone what is kept.
        step_prefix, step_format_fixed_length: `prefix_000100` in place of `100`.
        create: make the folder. read_only: change nothing.
        enable_async_checkpointing: write in the background.
        todelete_subdir: move what is not kept there, instead of deleting it.
        lightweight_initialize: do not read the newest checkpoint through before naming it.

    What dead processes left half-written is always removed; the others are accepted, and have no
    effect here.
    """

    save_interval_steps: int = 1
    max_to_keep: int | None = None
    keep_time_interval: datetime.timedelta | None = None
    keep_period: int | None = None
    best_fn: Callable[[Any], float] | None = None
    best_mode: str = "max"
    keep_checkpoints_without_metrics: bool = True
    step_prefix: str | None = None
    step_format_fixed_length: int | None = None
    step_name_format: Any = None
    create: bool = True
    cleanup_tmp_directories: bool = False
    save_on_steps: Container[int] | None = None
    single_host_load_and_broadcast: bool = False
    todelete_subdir: str | None = None
    todelete_full_path: str | None = None
    enable_background_delete: bool = False
    num_deletion_threads: int | None = None
    read_only: bool = False
    enable_async_checkpointing: bool = True
    async_options: AsyncOptions | None = None
    multiprocessing_options: Any = dataclasses.field(default_factory=MultiprocessingOptions)
    should_save_fn: Callable[[int, int | None], bool] | None = None
    file_options: Any = dataclasses.field(default_factory=FileOptions)
    atomicity_options: Any = None
    save_root_metadata: bool = True
    temporary_path_class: Any = None
    save_decision_policy: Any = None
    preservation_policy: Any = None
    prevent_write_metrics: bool = False
    enable_should_save_is_saving_in_progress_check: bool = True
    enable_per_process_directory_creation: bool = False
    lightweight_initialize: bool = False

    def __post_init__(self) -> None:
        if self.best_mode not in ("min", "max"):
            raise ArgumentValueError(
                f"best_mode is {self.best_mode!r}, but it is 'min' or 'max'",
                help="jib.ckpt.CheckpointManagerOptions(best_fn=best_fn, best_mode='min')",
            )
        if self.max_to_keep is not None and self.max_to_keep < 0:
            raise ArgumentValueError(f"max_to_keep is {self.max_to_keep}, which is negative")

    def saving(self) -> Any:
        """The policy that decides when to save."""
        if self.save_decision_policy is not None:
            return self.save_decision_policy
        found: list[Any] = [policies.PreemptionCheckpointingPolicy()]
        if self.should_save_fn is not None:
            return policies.AnySavePolicy(
                [policies.ShouldSaveFunction(self.should_save_fn), *found]
            )
        if self.save_interval_steps:
            found.append(policies.FixedIntervalPolicy(self.save_interval_steps))
        if self.save_on_steps is not None:
            found.append(policies.SpecificStepsPolicy(self.save_on_steps))
        return policies.AnySavePolicy([*found, policies.InitialSavePolicy()])

    def keeping(self) -> Any:
        """The policy that decides what is kept."""
        if self.preservation_policy is not None:
            return self.preservation_policy
        found: list[Any] = [policies.LatestN(self.max_to_keep)]
        if self.best_fn is not None:
            found = [
                policies.BestN(
                    get_metric_fn=self.best_fn,
                    reverse=self.best_mode == "min",
                    n=self.max_to_keep,
                    keep_checkpoints_without_metrics=self.keep_checkpoints_without_metrics,
                )
            ]
        if self.keep_period is not None:
            found.append(policies.EveryNSteps(self.keep_period))
        if self.keep_time_interval is not None:
            seconds = int(self.keep_time_interval.total_seconds())
            found.append(policies.EveryNSeconds(seconds))
        return policies.AnyPreservationPolicy(found)

    def name_of(self, step: int) -> str:
        """The name of the folder of a step."""
        if self.step_name_format is not None:
            return self.step_name_format.build_name(step)
        number = str(step).zfill(self.step_format_fixed_length or 0)
        return f"{self.step_prefix}_{number}" if self.step_prefix else number

    def step_of(self, name: str) -> int | None:
        """The step of a folder, or None for another folder."""
        found = re.search(r"(\d+)$", name)
        step = int(found[1]) if found else None
        return step if step is not None and self.name_of(step) == name else None


Info = policies.PolicyCheckpointInfo


class CheckpointManager:
    """The checkpoints of a run, in one folder: saves, keeps some, and finds the last whole one.

    Args:
        directory: the folder, or a URL that TensorStore knows.
        checkpointers: a Checkpointer, or a dictionary of them by item; the old way of naming items.
        options: a CheckpointManagerOptions.
        metadata: a JSON value to keep with each checkpoint.
        item_names: the items, where there are several. Without, `args.Composite` says them.
        item_handlers: a handler, or a dictionary of them by item.

    A damaged checkpoint is passed over with a CheckpointWarning that names it.

    Example:
        >>> import tempfile
        >>> options = jib.ckpt.CheckpointManagerOptions(max_to_keep=2, save_interval_steps=2)
        >>> with jib.ckpt.CheckpointManager(tempfile.mkdtemp(), options=options) as manager:
        ...     for step in range(7):
        ...         saved = manager.save(step, args=jib.ckpt.args.StandardSave({"w": jnp.ones(2)}))
        ...     manager.wait_until_finished()
        ...     print(manager.all_steps(), manager.latest_step())
        [4, 6] 6
    """

    def __init__(
        self,
        directory: Any,
        checkpointers: Any = None,
        options: CheckpointManagerOptions | None = None,
        metadata: Any = None,
        item_names: Sequence[str] | None = None,
        item_handlers: Any = None,
        logger: Any = None,
        handler_registry: Any = None,
    ) -> None:
        self._options = options or CheckpointManagerOptions()
        self._folder = _storage.place(directory)
        self._metadata = metadata
        self._handlers = _handlers_of(checkpointers, item_names, item_handlers)
        async_options = self._options.async_options or AsyncOptions()
        self._background = Background(async_options.timeout_secs)
        self._done = async_options.post_finalization_callback
        self._saving, self._keeping = self._options.saving(), self._options.keeping()
        if isinstance(
            self._options.save_decision_policy, policies.PreemptionCheckpointingPolicy
        ) or (
            any(
                isinstance(policy, policies.PreemptionCheckpointingPolicy)
                for policy in getattr(self._options.save_decision_policy, "policies", ())
            )
        ):
            _preemption.watch()
        if not self._options.read_only:
            if self._options.create:
                self._folder.make()
            self._folder.clean()
        self._whole: set[int] = set()  # read through, or written by this process
        self._damaged: set[int] = set()  # passed over, and replaced when they come again
        self._infos: dict[int, Info] = {}
        self.reload()

    @property
    def directory(self) -> Any:
        """The folder."""
        return self._folder.path

    # ------------------------------------------------------------------------------- what there is

    def reload(self) -> None:
        """Look again at what is in the folder."""
        found = {}
        for name in self._folder.folders():
            step = self._options.step_of(name)
            if step is not None:
                info = self._looked_at(step, name)
                if info is not None:
                    found[step] = info
        self._infos = dict(sorted(found.items()))

    def _looked_at(self, step: int, name: str) -> Info | None:
        try:
            contents = open_checkpoint(self._folder / name).contents
        except (CheckpointDamagedError, CheckpointMissingError) as error:
            self._skipped(step, error)
            return None
        written = datetime.datetime.fromtimestamp(contents.created, datetime.UTC)
        return Info(step, written, contents.metrics)

    def _skipped(self, step: int, error: Any) -> None:
        if isinstance(error, CheckpointDamagedError):
            self._damaged.add(step)
        _storage.warn(
            f"[{error.code}] step {step} in {str(self._folder)!r} is passed over: {error.message}"
        )

    def all_steps(self, read: bool = False) -> list[int]:
        """The steps, in order; `read` looks at the folder again."""
        if read:
            self.reload()
        return list(self._infos)

    def latest_step(self) -> int | None:
        """The newest step, or None.

        A checkpoint that another process wrote is read through first: if it is damaged, it is
        passed over with a warning, and the one before it is looked at.
        """
        return self._last_whole(sorted(self._infos))

    def best_step(self) -> int | None:
        """The best step by `best_fn` (the newest without it), read through as for `latest_step`."""
        best = self._options.best_fn
        if best is None:
            return self.latest_step()
        ranked = [step for step in self._infos if self._infos[step].metrics is not None]
        reverse = self._options.best_mode == "min"
        return self._last_whole(
            sorted(ranked, key=lambda step: best(self._infos[step].metrics), reverse=reverse)
        )

    def _last_whole(self, steps: list[int]) -> int | None:
        for step in reversed(steps):
            if self._is_whole(step):
                return step
        return None

    def _is_whole(self, step: int) -> bool:
        if step in self._whole or self._options.lightweight_initialize:
            return True
        if step not in self._infos:
            return False
        try:
            verify(self._step_folder(step))
        except (CheckpointDamagedError, CheckpointMissingError) as error:
            self._infos.pop(step)
            self._skipped(step, error)
            return False
        self._whole.add(step)
        return True

    def _step_folder(self, step: int) -> Any:
        return self._folder / self._options.name_of(step)

    def _opened(self, step: int | None, folder: Any = None) -> Opened:
        if step is not None and (folder is not None or step in self._infos):
            return open_checkpoint((folder or self._folder) / self._options.name_of(step))
        here = str(folder or self._folder)
        steps = ", ".join(map(str, self._infos)) or "none"
        what = "no checkpoint" if step is None else f"no checkpoint of step {step}"
        raise CheckpointMissingError(f"there is {what} in {here!r}; there are steps: {steps}")

    def metadata(self, step: int | None = None) -> Any:
        """What a step holds, without its arrays; without a step, what the manager was given."""
        if step is None:
            return StepMetadata(custom_metadata=self._metadata or {})
        self._background.wait()
        return metadata_of(self._opened(step), DEFAULT)

    def item_metadata(self, step: int) -> Any:
        """The leaves of a step: a TreeMetadata, or a Composite of them."""
        return self.metadata(step).item_metadata

    def metrics(self, step: int) -> Any:
        """The metrics that were saved with a step, or None."""
        return self._infos[step].metrics if step in self._infos else None

    # -------------------------------------------------------------------------------------- saving

    def reached_preemption(self, step: int) -> bool:
        """Whether SIGTERM has come. It is watched for where the policy for preemption is given."""
        return _preemption.reached()

    def is_saving_in_progress(self) -> bool:
        """Whether a save is under way in the background."""
        return self._background.busy

    def should_save(self, step: int) -> bool:
        """Whether `save` would save at this step; raises if the last save failed."""
        self.check_for_errors()
        latest = max(self._infos, default=None)
        if self._options.read_only or (latest is not None and latest >= step):
            return False
        asks = self._options.enable_should_save_is_saving_in_progress_check
        context = policies.DecisionContext(
            is_saving_in_progress=asks and self.is_saving_in_progress(),
            reached_preemption=self.reached_preemption(step),
            multiprocessing_options=self._options.multiprocessing_options,
        )
        info = Info(step, datetime.datetime.now(datetime.UTC))
        return self._saving.should_save(info, list(self._infos.values()), context=context)

    def save(
        self,
        step: int,
        items: Any = None,
        save_kwargs: Any = None,
        metrics: Any = None,
        force: bool | None = False,
        args: Any = None,
        custom_metadata: Any = None,
    ) -> bool:
        """Save a step if it is time to, or with `force`; returns whether it is saved.

        Args:
            step: the step.
            items, save_kwargs: a tree, or a dictionary of them; the old way of `args`.
            metrics: a JSON value, for `best_fn`.
            args: what to save, as one of `jib.ckpt.args`.
            custom_metadata: a JSON value to keep with it.

        Raises:
            CheckpointWriteError: this save failed, or the one before, in the background.
            CheckpointExistsError: there is a checkpoint of this step.
        """
        self.check_for_errors()
        if self._options.read_only or not (force or self.should_save(step)):
            return False
        self._background.wait()
        folder = self._step_folder(step)
        replace = step in self._damaged
        folder.writer(replace).check()
        if args is None:
            args = self._arguments(items, save_kwargs, "save")
        if not isinstance(args, kinds.Composite):
            args = kinds.Composite(**{DEFAULT: args})
        if metrics is not None and not self._options.prevent_write_metrics:
            metrics = document_of(metrics).document
            if self._options.best_fn is not None:
                self._options.best_fn(metrics)  # what fails must fail here, not after the writing
        background = self._options.enable_async_checkpointing
        metadata = self._metadata if custom_metadata is None else custom_metadata
        ready = prepared(args, copy=background, metadata=metadata, metrics=metrics)
        written = datetime.datetime.fromtimestamp(ready.contents.created, datetime.UTC)
        before = dict(self._infos)
        self._infos[step] = Info(step, written, metrics)

        def work() -> None:
            try:
                _writing.write(ready, folder, replace)
            except BaseException:
                self._infos = before
                raise
            self._whole.add(step)
            self._damaged.discard(step)
            self._remove_old()
            if self._done is not None:
                self._done()

        if background:
            self._background.start(f"the save of step {step} in {str(self._folder)!r}", work)
        else:
            work()
        return True

    def _arguments(self, items: Any, options: Any, verb: str) -> Any:
        """Arguments of the old form: a tree, or a dictionary of them, with options for each."""
        if isinstance(items, kinds.CheckpointArgs):
            raise ArgumentValueError(
                f"`{verb}` takes arguments by name", help=f"manager.{verb}(step, args=args)"
            )
        options = options or {}
        if isinstance(self._handlers, dict):
            names = items if items is not None else self._handlers
            found = {}
            for name in names:
                handler = self._handlers.get(name) or PyTreeCheckpointHandler()
                call = getattr(handler, f"{verb}_arguments")
                given = () if items is None else (items[name],)
                found[name] = call(given, dict(options.get(name) or {}))
            return kinds.Composite(**found)
        handler = self._handlers or PyTreeCheckpointHandler()
        given = () if items is None and verb == "restore" else (items,)
        return getattr(handler, f"{verb}_arguments")(given, dict(options))

    def _remove_old(self) -> None:
        infos = [self._infos[step] for step in sorted(self._infos)]
        kept = self._keeping.should_preserve(infos, context=policies.PreservationContext())
        for info, keep in zip(infos, kept, strict=True):
            if not keep:
                self._delete(info.step)

    def _delete(self, step: int) -> None:
        self._step_folder(step).delete(self._options.todelete_subdir)
        self._infos.pop(step, None)
        self._whole.discard(step)

    def delete(self, step: int) -> None:
        """Remove a step.

        Raises:
            CheckpointMissingError: there is none.
        """
        self._background.wait()
        if not self._options.read_only:
            self._opened(step)
            self._delete(step)

    # ----------------------------------------------------------------------------------- restoring

    def restore(
        self,
        step: int | None,
        items: Any = None,
        restore_kwargs: Any = None,
        directory: Any = None,
        args: Any = None,
    ) -> Any:
        """Restore a step; None is the newest that is whole.

        Args:
            step: the step, or None.
            items, restore_kwargs: a target tree, or a dictionary of them; the old way of `args`.
            directory: another folder to read from.
            args: how to restore, as one of `jib.ckpt.args`. Without, arrays are NumPy arrays.

        Returns: what was saved: one item, or a Composite of several.

        Raises:
            CheckpointDamagedError: the step that was named is damaged.
            CheckpointMissingError: there is no such step.
        """
        self._background.wait()
        if directory is not None:
            options = dataclasses.replace(self._options, read_only=True)
            other = CheckpointManager(directory, options=options)
            other._handlers = self._handlers
            return other.restore(step, items, restore_kwargs, args=args)
        if step is None:
            step = self.latest_step()
        opened = self._opened(step)
        if args is None and (items is not None or restore_kwargs):
            args = self._arguments(items, restore_kwargs, "restore")
        single = opened.items == [DEFAULT]
        if single and not isinstance(args, kinds.Composite):
            args = args or kinds.StandardRestore()
            return args.restored(opened.item(DEFAULT))
        if args is not None and not isinstance(args, kinds.Composite):
            raise ArgumentValueError(
                f"step {step} has the items {', '.join(opened.items or ())}, so `args` names them",
                help=f"args=jib.ckpt.args.Composite({(opened.items or ['state'])[0]}=args)",
            )
        return (args or kinds.Composite()).restored(opened)

    # ------------------------------------------------------------------------------------- the end

    def wait_until_finished(self) -> None:
        """Wait for the save that is under way, and raise what failed."""
        self._background.wait()

    def check_for_errors(self) -> None:
        """Raise what failed, without waiting."""
        self._background.check()

    def close(self) -> None:
        """Wait for the save that is under way, and raise what failed."""
        self._background.wait()

    def __enter__(self) -> CheckpointManager:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


def _handlers_of(checkpointers: Any, names: Any, handlers: Any) -> Any:
    """A handler, a dictionary of them by item, or None."""

    def handler(x: Any) -> CheckpointHandler:
        return x.handler if isinstance(x, Checkpointer) else x

    if isinstance(checkpointers, Mapping):
        return {name: handler(x) for name, x in checkpointers.items()}
    if checkpointers is not None:
        return handler(checkpointers)
    if isinstance(handlers, Mapping):
        return dict.fromkeys(names or ()) | dict(handlers)
    return dict.fromkeys(names) if names else handlers
