"""Fits that can be killed at any moment: run again, they end with the same weights, bit for bit."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import jib
import jib.numpy as jnp
from harbor_fleet.forecaster import Model, fit
from harbor_fleet.panel import Panel
from harbor_fleet.training import Fitted, Settings, TrainingData, train, training_step
from jib.ckpt import CheckpointManager, CheckpointManagerOptions, args

__all__ = ["ResumableTrainer", "fingerprint", "fit_resumably"]

EVERY = 10  # epochs between two checkpoints


def fingerprint(panel: Panel, settings: Settings) -> str:
    """Sixteen characters that change with the data, the settings or the version of jib."""
    found = hashlib.sha256(repr((jib.__version__, tuple(settings))).encode())
    names = (panel.sites, panel.covariates, panel.calendar.name.tolist())
    found.update(repr(names).encode())
    for part in (panel.dates.astype(np.int64), panel.counts, *panel.calendar[2:]):
        found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()[:16]


def fit_resumably(
    panel: Panel,
    settings: Settings,
    folder: Path,
    progress: Callable[[float, float], None] | None = None,
    every: int = EVERY,
) -> tuple[Model, int]:
    """`fit` with checkpoints in `folder`; also says how many epochs an earlier run had done.

    Checkpoints of other data or settings are removed, and all of them once the fit is done and
    the caller has taken the model: `shutil.rmtree(folder)`.
    """
    place = folder / fingerprint(panel, settings)
    if folder.exists():
        for other in folder.iterdir():
            if other != place and other.is_dir():
                shutil.rmtree(other)
    trainer = ResumableTrainer(place, every)
    return fit(panel, settings, progress, trainer), trainer.resumed


class ResumableTrainer:
    """Stands in for `train` in `fit`: each of its fits leaves checkpoints in a folder of its own.

    A checkpoint holds the whole state after its last epoch, and the loss of every step and the
    parameters after every epoch since the checkpoint before. What an earlier run did is answered
    from these; drawing crops and keys is repeated, since it costs nothing.
    """

    def __init__(self, folder: Path, every: int = EVERY) -> None:
        self.folder, self.every = folder, every
        self.fits, self.resumed = 0, 0

    def __call__(
        self,
        data: TrainingData,
        settings: Settings,
        days: int | None = None,
        step: Callable | None = None,
    ) -> Iterator[Fitted]:
        """What `train` yields, from disk as far as an earlier run came."""
        place = self.folder / f"fit-{self.fits}"
        self.fits += 1
        options = CheckpointManagerOptions(enable_async_checkpointing=False)
        with CheckpointManager(place, options=options) as manager:
            memory = _Memory(step or training_step(settings), _blocks(manager))
            self.resumed += memory.epochs
            new: list[dict] = []
            for epoch, fitted in enumerate(train(data, settings, days, memory.step), 1):
                losses = memory.end_of_epoch()
                if epoch > memory.epochs:
                    new.append({"parameters": fitted.parameters, "losses": losses})
                    if epoch % self.every == 0:
                        state = jib.tree.leaves(memory.state)
                        kept = {"state": state, "epochs": new}
                        manager.save(epoch, args=args.StandardSave(kept))
                        new = []
                yield fitted


def _blocks(manager: CheckpointManager) -> list[dict]:
    """The checkpoints that follow one another from the first epoch on, as NumPy arrays."""
    latest, found, done = manager.latest_step(), [], 0
    for step in manager.all_steps():
        if latest is None or step > latest:
            break
        block = manager.restore(step, args=args.StandardRestore())
        done += len(block["epochs"])
        if done != step:  # one is gone: what comes after it can not be used
            break
        found.append(block)
    return found


class _Memory:
    """A training step that first answers what `blocks` remember."""

    def __init__(self, step: Callable, blocks: list[dict]) -> None:
        self._step = step
        self._epochs = [epoch for block in blocks for epoch in block["epochs"]]
        self._last = blocks[-1]["state"] if blocks else []
        self._losses: list[Any] = []
        self._epoch = 0
        self.epochs = len(self._epochs)
        self.state: Any = None

    def step(self, state: Any, data: TrainingData, crops: Any, key: jib.Array) -> tuple[Any, Any]:
        """The next state and the loss, remembered or computed."""
        if self._epoch >= self.epochs:
            self.state, loss = self._step(state, data, crops, key)
            self._losses.append(loss)
            return self.state, loss
        past = self._epochs[self._epoch]
        loss = past["losses"][len(self._losses)]
        self._losses.append(loss)
        if self._epoch == self.epochs - 1 and len(self._losses) == len(past["losses"]):
            _, structure = jib.tree.flatten(state)
            return structure.unflatten([jnp.asarray(leaf, leaf.dtype) for leaf in self._last]), loss
        return state.replace(params=past["parameters"]), loss

    def end_of_epoch(self) -> np.ndarray:
        """The losses of the epoch's steps; the next one begins."""
        losses, self._losses = np.array([float(loss) for loss in self._losses], np.float32), []
        self._epoch += 1
        return losses
