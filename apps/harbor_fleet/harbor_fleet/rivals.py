"""Prophet and LightGBM, to stand beside the network: `pip install harbor-fleet[baselines]`."""

import contextlib
import importlib
import io
import logging
from itertools import product
from types import ModuleType
from typing import NamedTuple

import numpy as np

from harbor_fleet.panel import HOLD_OUT, Panel, between, origins
from harbor_fleet.predictor import (
    HORIZON,
    LOG_UNIT,
    Baseline,
    Scaling,
    baseline,
    features,
    known_before,
    scaling,
)

__all__ = [
    "MissingRival",
    "ProphetSettings",
    "lightgbm_hold_out",
    "prophet_hold_out",
    "tune_prophet",
]

COMMAND = 'pip install "harbor-fleet[baselines]"'
TUNED_ON = 12  # depots on which Prophet's settings are chosen
ROUNDS = 300  # trees of LightGBM


class MissingRival(ImportError):
    """A package to compare with is not installed; the message gives the command that does it."""


class ProphetSettings(NamedTuple):
    """What is set on Prophet. The defaults are Prophet's own, without holidays."""

    logarithm: bool = False
    holidays: bool = False
    changepoint_prior_scale: float = 0.05
    seasonality_prior_scale: float = 10.0


def _required(name: str) -> ModuleType:
    """The package `name`, quietly imported."""
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return importlib.import_module(name)
    except ImportError as error:
        raise MissingRival(
            f"the comparison with {name} needs a package that is not installed; {COMMAND}"
        ) from error


def prophet_hold_out(panel: Panel, settings: ProphetSettings | None = None) -> np.ndarray:
    """Prophet's forecasts of the hold-out, `(N, 30)`: one model for each depot, fitted anew at
    each origin, since that is how Prophet takes in the days up to it.

    Source: Taylor and Letham 2018, doi:10.1080/00031305.2017.1380080. Raises `MissingRival`.
    """
    prophet, pandas = _required("prophet"), _required("pandas")
    logging.getLogger("cmdstanpy").disabled = True
    settings, days = settings or ProphetSettings(), len(panel.dates)
    forecasts = np.zeros((len(panel.sites), HOLD_OUT))
    for depot in range(len(panel.sites)):
        for origin in origins(days):
            stop = min(origin + HORIZON, days)
            model = prophet.Prophet(
                changepoint_prior_scale=settings.changepoint_prior_scale,
                seasonality_prior_scale=settings.seasonality_prior_scale,
                uncertainty_samples=0,
                holidays=_holiday_table(panel, depot, stop, pandas) if settings.holidays else None,
            )
            counts = panel.counts[depot, :origin]
            y = np.log1p(counts) if settings.logarithm else counts
            model.fit(pandas.DataFrame({"ds": panel.dates[:origin], "y": y}))
            expected = model.predict(pandas.DataFrame({"ds": panel.dates[origin:stop]}))["yhat"]
            start = days - HOLD_OUT
            forecasts[depot, origin - start : stop - start] = expected.to_numpy()
    return np.maximum(np.expm1(forecasts) if settings.logarithm else forecasts, 0.0)


def _holiday_table(panel: Panel, depot: int, stop: int, pandas: ModuleType):
    """The named days of a depot that were seen at least once, or None."""
    named = np.flatnonzero(panel.calendar.kind[depot, :stop])
    if not named.size:
        return None
    labels = [str(label) for label in panel.calendar.name[depot, named]]
    return pandas.DataFrame({"holiday": labels, "ds": panel.dates[named]})


def tune_prophet(panel: Panel, fitted: int) -> ProphetSettings:
    """The settings with the smallest absolute error, in the logarithm, on the last 30 of the
    first `fitted` days of `panel`, for a dozen depots; the hold-out is not looked at.
    """
    chosen = np.unique(np.linspace(0, len(panel.sites) - 1, TUNED_ON).astype(int))
    name, kind, extra = (part[chosen] for part in panel.calendar[1:])
    few = panel._replace(
        sites=tuple(panel.sites[index] for index in chosen),
        counts=panel.counts[chosen],
        calendar=panel.calendar._replace(name=name, kind=kind, covariates=extra),
        cities=(),
    )
    inner = between(few, 0, fitted)
    actual = np.log1p(inner.counts[:, -HOLD_OUT:])

    def error(settings: ProphetSettings) -> float:
        expected = np.log1p(prophet_hold_out(inner, settings))
        return float(np.nanmean(np.abs(expected - actual)))

    candidates = [
        ProphetSettings(logarithm, True, changes, seasons)
        for logarithm, changes, seasons in product((False, True), (0.05, 0.3), (1.0, 10.0))
    ]
    return min(candidates, key=error)


def lightgbm_hold_out(panel: Panel) -> np.ndarray:
    """LightGBM's forecasts of the hold-out, `(N, 30)`: one model of all depots, fitted once on
    the network's own features and residuals, the depot's number being one more feature.

    Source: Ke et al. 2017, "LightGBM: A Highly Efficient Gradient Boosting Decision Tree".
    Raises `MissingRival`.
    """
    lightgbm = _required("lightgbm")
    days = len(panel.dates)
    past = between(panel, 0, days - HOLD_OUT)
    base = baseline(past.counts, past.calendar)
    scales = scaling(base, past.calendar)
    rows, targets = [], []
    for origin in range(HORIZON):
        made = _with_depot(features(base, past.calendar, scales, origin))
        rows.append(made[base.usable])
        targets.append(base.surprise[base.usable] / LOG_UNIT)
    options = {
        "objective": "mae",
        "learning_rate": 0.05,
        "num_leaves": 31,
        "min_data_in_leaf": 200,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "num_threads": 1,
        "seed": 0,
        "verbose": -1,
    }
    table = lightgbm.Dataset(
        np.concatenate(rows), np.concatenate(targets), categorical_feature=[made.shape[-1] - 1]
    )
    model = lightgbm.train(options, table, ROUNDS)
    return np.concatenate(
        [_boosted_week(model, panel, scales, origin) for origin in origins(days)], axis=1
    )


def _with_depot(made: np.ndarray) -> np.ndarray:
    number = np.broadcast_to(np.arange(len(made))[:, None, None], (*made.shape[:2], 1))
    return np.concatenate([made, number], axis=2)


def _boosted_week(model, panel: Panel, scales: Scaling, origin: int) -> np.ndarray:
    base: Baseline = baseline(known_before(panel.counts, origin), panel.calendar)
    stop = min(origin + HORIZON, len(panel.dates))
    made = _with_depot(features(base, panel.calendar, scales, origin))
    week = made[:, origin:stop]
    residual = model.predict(week.reshape(-1, week.shape[-1])).reshape(week.shape[:2])
    return np.maximum(np.expm1(base.level[:, origin:stop] + LOG_UNIT * residual), 0.0)
