"""`fit` and `Model`: from a panel of counts to forecasts with 80 % intervals."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harbor_fleet import predictor
from harbor_fleet.model import deployed_parameters, network_parameters
from harbor_fleet.panel import Panel, known_days, with_coming_week
from harbor_fleet.predictor import CROP, HORIZON, LAGS, LOG_UNIT, gru_network
from harbor_fleet.training import (
    Fitted,
    Settings,
    TrainingData,
    run_network,
    train,
    training_data,
    training_step,
)

__all__ = ["Model", "compiled_forecast", "fit", "interval_margins"]

INNER_WEEKS = 12  # before the end of the history, on which stopping and intervals are chosen
INNER_SHARE = 3  # the fit that leaves those weeks out takes a third of the epochs
CHECKS = 10  # how often that fit is compared with the days it leaves out
WORTH_STOPPING = 0.98  # an earlier check must be this much better for the fits to end there
FLEET_WEIGHT = 14.0  # days that the fleet's usual error counts for beside a depot's own
COVERED = 0.8  # share of days that intervals are meant to hold


class Model(NamedTuple):
    """A fitted forecaster: `weights` are what `predictor.py` deploys, plain NumPy throughout.

    Loading and forecasting need no compiler and start none.
    """

    weights: dict

    def forecast(
        self, history: Panel, horizon: int = HORIZON
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The expected counts of the next `horizon` days (at most 7), and the lower and the upper
        ends of their 80 % intervals, each `(N, horizon)`.

        `history` has counts up to some day; the days after it, where `history` has them, tell
        which are named days. Raises `ValueError` for other depots, covariates or horizons.
        """
        self._check(history, horizon)
        ahead = with_coming_week(history)
        origin = known_days(history)
        parts = predictor.forecast(self.weights, ahead.counts, ahead.calendar, origin)
        point, low, high = (part[:, :horizon] for part in parts)
        return point, low, high

    def _check(self, history: Panel, horizon: int) -> None:
        if not 1 <= horizon <= HORIZON:
            raise ValueError(f"horizon is {horizon}; it must be 1 to {HORIZON} days")
        for what, given in (("sites", history.sites), ("covariates", history.covariates)):
            fitted = tuple(str(name) for name in self.weights[what])
            if tuple(given) != fitted:
                raise ValueError(
                    f"the history's {what} are {_shortened(given)}, and the model was fitted on "
                    f"{_shortened(fitted)}; they must be the same, in the same order"
                )

    def save(self, path: str | Path) -> None:
        """Writes `weights.npz`."""
        predictor.save_weights(str(path), self.weights)

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Reads what `save` wrote."""
        return cls(predictor.load_weights(str(path)))


def compiled_forecast(model: Model, ahead: Panel) -> np.ndarray:
    """The expected counts `(N, 7)` of the week after the last count of `ahead`, by the compiled
    network in place of NumPy's: what is deployed is compared with it.
    """
    weights, origin = model.weights, known_days(ahead)
    base = predictor.baseline(ahead.counts, ahead.calendar)
    scales = predictor.Scaling(**weights["scales"])
    inputs = predictor.features(base, ahead.calendar, scales, origin)
    start, stop, steps = predictor.origin_window(origin, len(ahead.dates))
    members = weights["parameters"].values()
    outputs = [
        np.asarray(run_network(network_parameters(one), inputs[:, start:stop]), np.float64)
        for one in members
    ]
    residual = np.mean(outputs, axis=0)[:, -steps:]
    return np.maximum(np.expm1(base.level[:, stop - steps : stop] + LOG_UNIT * residual), 0.0)


def _shortened(names: tuple[str, ...]) -> str:
    """A few of `names`."""
    shown = ", ".join(names[:3]) or "none"
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def fit(
    panel: Panel,
    settings: Settings | None = None,
    progress: Callable[[float, float], None] | None = None,
    trainer: Callable[..., Iterator[Fitted]] = train,
) -> Model:
    """Fits the network to all counts of `panel`.

    A short fit first leaves the last twelve weeks out: how long to train, and how wide intervals
    must be, is chosen on what it says of them. Then the network is fitted on all days, once for
    each of `settings.members`. `progress` is called after every epoch with the share done and the
    loss. `trainer` stands in for `train` in each of these fits, in turn. Raises `ValueError` where
    the panel has too few days.
    """
    settings = settings or Settings()
    base = predictor.baseline(panel.counts, panel.calendar)
    scales = predictor.scaling(base, panel.calendar)
    data = training_data(base, panel.calendar, scales)
    weeks = _inner_weeks(len(panel.dates))
    step = training_step(settings)
    short = settings._replace(epochs=-(-settings.epochs // INNER_SHARE))
    total = short.epochs + settings.members * settings.epochs
    report = progress or (lambda share, loss: None)

    run = partial(trainer, step=step)
    share, residuals = _inner_fit(data, short, weeks, run, lambda e, loss: report(e / total, loss))
    epochs, done, members = max(1, round(share * settings.epochs)), short.epochs, {}
    for member in range(settings.members):
        one = settings._replace(seed=settings.seed + 1000 * member)
        for epoch, fitted in enumerate(run(data, one), 1):
            report((done + epoch) / total, fitted.loss)
            if epoch == epochs:
                break
        members[str(member)] = deployed_parameters(fitted.parameters)
        done += settings.epochs
    report(1.0, fitted.loss)
    return Model(
        {
            "sites": np.array(panel.sites),
            "covariates": np.array(panel.covariates, dtype=str),
            "scales": scales._asdict(),
            "parameters": members,
            "margins": interval_margins(LOG_UNIT * residuals),
        }
    )


def _inner_weeks(days: int) -> int:
    """How many weeks can be left out of a first fit on `days` days."""
    weeks = min(INNER_WEEKS, (days - CROP - max(LAGS)) // 7)
    if weeks < 1:
        needed = CROP + max(LAGS) + 7
        raise ValueError(f"the panel has {days} days, and a fit needs {needed}; add older days")
    return weeks


def _inner_fit(
    data: TrainingData,
    settings: Settings,
    weeks: int,
    run: Callable[..., Iterator[Fitted]],
    report: Callable[[int, float], None],
) -> tuple[float, np.ndarray]:
    """The share of the epochs after which the fit is best on the last `weeks` weeks, which it does
    not see, and its residuals then, `(N, weeks, 7)` in units of `LOG_UNIT`.
    """
    days = data.targets.shape[1] - HORIZON * weeks
    every = max(1, settings.epochs // CHECKS)
    checks: list[tuple[float, np.ndarray]] = []
    for epoch, fitted in enumerate(run(data, settings, days), 1):
        report(epoch, fitted.loss)
        if epoch % every == 0 or epoch == settings.epochs:
            residuals = _weekly_residuals(data, deployed_parameters(fitted.parameters), weeks)
            checks.append((float(np.nanmean(np.abs(residuals))), residuals))
    errors = [error for error, _ in checks]
    best = int(np.argmin(errors))
    best = best if errors[best] < WORTH_STOPPING * errors[-1] else len(checks) - 1
    return min(1.0, (best + 1) * every / settings.epochs), checks[best][1]


def _weekly_residuals(data: TrainingData, parameters: dict, weeks: int) -> np.ndarray:
    """Seen minus forecast in each of the last `weeks` weeks, each from its own first day; NaN on
    days that can not be learnt from.
    """
    found = []
    for stop in range(data.targets.shape[1] - HORIZON * (weeks - 1), data.targets.shape[1] + 1, 7):
        window = slice(stop - CROP, stop)
        inputs = data.inputs[stop % HORIZON, :, window]
        expected = gru_network(parameters, inputs)[:, -HORIZON:]
        seen = data.weights[:, stop - HORIZON : stop] > 0
        found.append(np.where(seen, data.targets[:, stop - HORIZON : stop] - expected, np.nan))
    return np.stack(found, axis=1)


def interval_margins(residuals: np.ndarray) -> np.ndarray:
    """What is added to the logarithm of a forecast for the ends of its interval, `(2, N, 7)`.

    `residuals` `(N, W, 7)` are those of weeks that the network did not see, NaN where missing.
    They are divided by the depot's mean size, which a depot with few days takes from the fleet;
    their quantiles for each day ahead, over all depots, are the margins.
    Source: split conformal prediction, Lei et al. 2018, doi:10.1080/01621459.2017.1307116.
    """
    size = np.abs(residuals)
    usual = float(np.nanmean(size)) if np.isfinite(size).any() else 0.0
    count = np.isfinite(size).sum(axis=(1, 2))
    total = np.nansum(np.minimum(size, 5 * usual), axis=(1, 2))
    scale = np.maximum((total + FLEET_WEIGHT * usual) / (count + FLEET_WEIGHT), 1e-6)
    relative = residuals / scale[:, None, None]
    ends = np.zeros((2, residuals.shape[2]))
    for ahead in range(residuals.shape[2]):
        values = relative[:, :, ahead]
        values = values[np.isfinite(values)]
        if values.size:
            level = min(1.0, COVERED * (values.size + 1) / values.size)
            ends[:, ahead] = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return scale[None, :, None] * ends[:, None, :]
