"""Stop when a metric no longer improves."""

from __future__ import annotations

import math

from jib import struct

__all__ = ["EarlyStopping"]


class EarlyStopping(struct.PyTreeNode):
    """Counts how often a metric, smaller being better, did not improve.

    It improves when it falls by more than `min_delta` below the best so far; `should_stop` turns
    true at the `patience + 1`-th time in a row that it does not. A NaN never improves.

    Example:
        >>> from jib.training.early_stopping import EarlyStopping
        >>> stop = EarlyStopping(patience=1)
        >>> for epoch, loss in enumerate([3.0, 2.0, 2.5, 2.4, 2.3]):
        ...     stop = stop.update(loss)
        ...     if stop.should_stop:
        ...         break
        >>> epoch, stop.best_metric
        (3, 2.0)
    """

    min_delta: float = 0.0
    patience: int = 0
    best_metric: float = math.inf
    patience_count: int = 0
    should_stop: bool = False
    has_improved: bool = False

    def reset(self) -> EarlyStopping:
        """The same rule with nothing seen yet."""
        return EarlyStopping(self.min_delta, self.patience)

    def update(self, metric: float) -> EarlyStopping:
        """What is known after one more value of the metric, a number on the host."""
        first = math.isinf(self.best_metric) and not math.isnan(metric)
        if first or self.best_metric - metric > self.min_delta:
            return self.replace(best_metric=metric, patience_count=0, has_improved=True)
        return self.replace(
            patience_count=self.patience_count + 1,
            should_stop=self.should_stop or self.patience_count >= self.patience,
            has_improved=False,
        )
