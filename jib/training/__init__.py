"""What stands around a training loop: its state, early stopping, loss scales, prefetching."""

from jib.training import (
    checkpoints as checkpoints,
    common_utils as common_utils,
    dynamic_scale as dynamic_scale,
    early_stopping as early_stopping,
    prefetch_iterator as prefetch_iterator,
    train_state as train_state,
)
from jib.training.train_state import TrainState as TrainState

__all__ = [
    "TrainState", "checkpoints", "common_utils", "dynamic_scale", "early_stopping",
    "prefetch_iterator", "train_state",
]  # fmt: skip
