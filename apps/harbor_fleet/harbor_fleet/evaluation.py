"""The hold-out: rolling forecasts of up to a week from five origins, none looking ahead."""

import numpy as np

from harbor_fleet.baselines import seasonal_naive
from harbor_fleet.panel import Panel, origins
from harbor_fleet.predictor import LOG_UNIT, Scaling, baseline, features, origin_window
from harbor_fleet.training import run_network

__all__ = ["compiled_forecast", "naive_hold_out", "network_hold_out"]


def compiled_forecast(parameters: dict, panel: Panel, scales: Scaling, origin: int) -> np.ndarray:
    """Counts from day `origin` on, `(N, up to 7)`, by the compiled network."""
    known = np.where(np.arange(len(panel.dates)) < origin, panel.counts, np.nan)
    base = baseline(known, panel.calendar)
    inputs = features(base, panel.calendar, scales, origin)
    start, stop, steps = origin_window(origin, len(panel.dates))
    residual = np.asarray(run_network(parameters, inputs[:, start:stop]), np.float64)
    level = base.level[:, stop - steps : stop]
    return np.maximum(np.expm1(level + LOG_UNIT * residual[:, -steps:]), 0.0)


def network_hold_out(parameters: dict, panel: Panel, scales: Scaling) -> np.ndarray:
    """The network's forecasts of the hold-out, `(N, 30)`."""
    days = len(panel.dates)
    weeks = [compiled_forecast(parameters, panel, scales, origin) for origin in origins(days)]
    return np.concatenate(weeks, axis=1)


def naive_hold_out(panel: Panel) -> np.ndarray:
    """The seasonal naive forecasts of the hold-out, `(N, 30)`."""
    days = len(panel.dates)
    weeks = [
        seasonal_naive(panel.counts[:, :origin], origin, min(origin + 7, days))
        for origin in origins(days)
    ]
    return np.concatenate(weeks, axis=1)
