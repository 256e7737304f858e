"""Metrics: averages over a stream of batches, kept in variables."""

from __future__ import annotations

from typing import Any

from jib import errors, numpy as jnp, struct
from jib.nnx._graphs import split
from jib.nnx._pytrees import Pytree
from jib.nnx._variables import Variable
from jib.typing import Array

__all__ = [
    "Accuracy", "Average", "Metric", "MetricState", "MultiMetric", "Statistics", "Welford",
]  # fmt: skip


class MetricState(Variable):
    """What a metric has gathered."""

    __slots__ = ()


class Metric(Pytree):
    """The base of metrics: `update(**batch)`, `compute()`, `reset()`."""

    def reset(self) -> None:
        """Forget all batches."""
        raise _unwritten(self, "reset")

    def update(self, **kwargs: Any) -> None:
        """Take in a batch."""
        raise _unwritten(self, "update")

    def compute(self) -> Any:
        """The value over all batches since the last `reset`."""
        raise _unwritten(self, "compute")

    def split(self, *filters: Any) -> Any:
        """See `nnx.split`."""
        return split(self, *filters)


def _unwritten(metric: Metric, name: str) -> Exception:
    return errors.ArgumentTypeError(
        f"{type(metric).__name__} has no method `{name}` of its own, which every metric needs",
        help=f"def {name}(self, ...): ...   in the class {type(metric).__name__}",
    )


def _argument(metric: Any, given: dict[str, Any]) -> Any:
    name = metric.argname
    if name not in given:
        raise errors.ArgumentTypeError(
            f"{type(metric).__name__} averages `{name}`, but `update` was given "
            f"{', '.join(f'`{k}`' for k in given) or 'nothing'}",
            help=f"metric.update({name}=batch)",
        )
    return given[name]


class Average(Metric):
    """The mean of all values.

    Example:
        >>> from jib import nnx
        >>> metric = nnx.metrics.Average()
        >>> metric.update(values=jnp.array([1, 2, 3, 4]))
        >>> metric.update(values=jnp.array([3, 2, 1, 0]))
        >>> metric.compute()
        Array(2., dtype=float32)
    """

    def __init__(self, argname: str = "values") -> None:
        self.argname = argname
        self.total = MetricState(jnp.array(0, jnp.float32))
        self.count = MetricState(jnp.array(0, jnp.int32))

    def reset(self) -> None:
        """Forget all batches."""
        self.total[...] = jnp.array(0, jnp.float32)
        self.count[...] = jnp.array(0, jnp.int32)

    def update(self, mask: Any = None, **kwargs: Any) -> None:
        """Take in a batch; with a mask, only the values where it holds."""
        values = jnp.asarray(_argument(self, kwargs))
        mask = None if mask is None else jnp.broadcast_to(jnp.asarray(mask), values.shape)
        if mask is not None:
            values = values * mask.astype(values.dtype)
        self.total[...] += values.sum()
        count = values.size if mask is None else mask.sum()
        self.count[...] += jnp.asarray(count, jnp.int32)

    def compute(self) -> Array:
        """The mean of all values; NaN where there are none."""
        return self.total[...] / self.count[...]


@struct.dataclass
class Statistics:
    """A mean, its standard error, and the standard deviation."""

    mean: Any
    standard_error_of_mean: Any
    standard_deviation: Any


class Welford(Metric):
    """Mean and variance of all values, by Welford's recurrence (Technometrics 4, 1962).

    Example:
        >>> from jib import nnx
        >>> metric = nnx.metrics.Welford()
        >>> metric.update(values=jnp.array([1.0, 2.0, 3.0, 4.0]))
        >>> metric.compute().mean
        Array(2.5, dtype=float32)
    """

    def __init__(self, argname: str = "values") -> None:
        self.argname = argname
        self.count = MetricState(jnp.array(0, jnp.int32))
        self.mean = MetricState(jnp.array(0, jnp.float32))
        self.m2 = MetricState(jnp.array(0, jnp.float32))

    def reset(self) -> None:
        """Forget all batches."""
        self.count[...] = jnp.array(0, jnp.int32)
        self.mean[...] = jnp.array(0, jnp.float32)
        self.m2[...] = jnp.array(0, jnp.float32)

    def update(self, **kwargs: Any) -> None:
        """Take in a batch."""
        values = jnp.asarray(_argument(self, kwargs))
        count, before = values.size, self.count[...]
        self.count[...] += count
        delta = values.mean() - self.mean[...]
        self.mean[...] += delta * count / self.count[...]
        spread = values.var() * count + delta * delta * count * before / self.count[...]
        self.m2[...] += spread

    def compute(self) -> Statistics:
        """The statistics of all values."""
        deviation = (self.m2[...] / self.count[...]) ** 0.5
        return Statistics(
            mean=self.mean[...],
            standard_error_of_mean=deviation / self.count[...] ** 0.5,
            standard_deviation=deviation,
        )


class Accuracy(Average):
    """The share of right predictions.

    Args:
        threshold: for two classes, the logit from which on a prediction is positive; without it
            the class of the largest logit is compared with an integer label.

    Example:
        >>> from jib import nnx
        >>> metric = nnx.metrics.Accuracy()
        >>> metric.update(logits=jnp.array([[1.0, 2.0], [3.0, 0.0]]), labels=jnp.array([1, 1]))
        >>> metric.compute()
        Array(0.5, dtype=float32)
    """

    def __init__(self, threshold: float | None = None, *args: Any, **kwargs: Any) -> None:
        if threshold is not None and not isinstance(threshold, float):
            raise errors.ArgumentTypeError(
                f"the threshold of an Accuracy is a float or None, not {threshold!r}",
                help="nnx.metrics.Accuracy(threshold=0.5)",
            )
        self.threshold = threshold
        super().__init__(*args, **kwargs)

    def update(  # type: ignore[override]
        self, *, logits: Any, labels: Any, mask: Any = None, **_: Any
    ) -> None:
        """Take in a batch of logits and integer labels."""
        logits, labels = jnp.asarray(logits), jnp.asarray(labels)
        classes = 0 if self.threshold is not None else 1
        if logits.ndim != labels.ndim + classes:
            raise errors.ShapeError(
                f"{'one logit' if not classes else 'a row of logits'} for each label is needed: "
                f"logits have shape {logits.shape}, labels {labels.shape}",
                help="nnx.metrics.Accuracy(threshold=0.5)   is for one logit for each label",
            )
        if not jnp.issubdtype(labels.dtype, jnp.integer):
            raise errors.DTypeError(
                f"labels are integers, not {labels.dtype}", help="labels.astype(int)"
            )
        if self.threshold is not None:
            right = (logits >= self.threshold) == (labels > 0)
        else:
            right = logits.argmax(-1) == labels
        super().update(mask, **{self.argname: right.astype(jnp.float32)})


class MultiMetric(Metric):
    """Several metrics, updated together.

    Example:
        >>> from jib import nnx
        >>> metrics = nnx.MultiMetric(loss=nnx.metrics.Average("loss"))
        >>> metrics.update(loss=jnp.array([1.0, 3.0]))
        >>> metrics.compute()
        {'loss': Array(2., dtype=float32)}
    """

    def __init__(self, **metrics: Any) -> None:
        for name in ("reset", "update", "compute", "split"):
            if name in metrics:
                raise errors.ArgumentValueError(
                    f"`{name}` is a method of MultiMetric, so no metric can have that name",
                    help=f"nnx.MultiMetric({name}_metric=...)",
                )
        self._metric_names = tuple(metrics)
        for name, metric in metrics.items():
            setattr(self, name, metric)

    def reset(self) -> None:
        """Forget all batches."""
        for name in self._metric_names:
            getattr(self, name).reset()

    def update(self, **updates: Any) -> None:
        """Take in a batch; `mask` is one for all metrics, or a dict by name."""
        mask = updates.pop("mask", None)
        for name in self._metric_names:
            own = mask.get(name) if isinstance(mask, dict) else mask
            given = updates if own is None else {**updates, "mask": own}
            getattr(self, name).update(**given)

    def compute(self) -> dict[str, Any]:
        """The value of each metric, by name."""
        return {name: getattr(self, name).compute() for name in self._metric_names}
