"""The hold-out: rolling forecasts of up to a week from five origins, none looking ahead."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from harbor_fleet.baselines import seasonal_naive, weekday_median
from harbor_fleet.forecaster import Model, fit
from harbor_fleet.metrics import Scores, coverage, score
from harbor_fleet.panel import HOLD_OUT, Panel, between, known_days, origins
from harbor_fleet.predictor import HORIZON, forecast
from harbor_fleet.rivals import lightgbm_hold_out, prophet_hold_out, tune_prophet
from harbor_fleet.training import Settings

__all__ = [
    "EVERY_MODEL",
    "OWN_MODELS",
    "Evaluation",
    "Row",
    "evaluate",
    "model_hold_out",
    "network_hold_out",
    "table_text",
    "weekly",
]

NETWORK = "GRU"
OWN_MODELS = ("seasonal naive", "weekday median", NETWORK)
EVERY_MODEL = (*OWN_MODELS, "LightGBM", "Prophet", "Prophet, tuned")


class Row(NamedTuple):
    """One line of the table. `city` is empty for all depots together; `seconds` of processor time
    are those of fit and forecasts, and `covered` is the share of days, in per cent, that 80 %
    intervals held, None where a model gives none.
    """

    model: str
    city: str
    scores: Scores
    covered: float | None
    seconds: float


class Evaluation(NamedTuple):
    """Rows for every model, overall and by city; each model's forecasts `(N, 30)`; the ends of
    the network's intervals, `(2, N, 30)`, and the network, if it was among them.
    """

    rows: list[Row]
    forecasts: dict[str, np.ndarray]
    interval: np.ndarray | None
    model: Model | None


def weekly(panel: Panel, method: Callable[[np.ndarray, int, int], np.ndarray]) -> np.ndarray:
    """The forecasts of the hold-out, `(N, 30)`, by `method(counts, origin, stop)`, which is given
    the counts before `origin` only.
    """
    days = len(panel.dates)
    weeks = [
        method(panel.counts[:, :origin], origin, min(origin + HORIZON, days))
        for origin in origins(days)
    ]
    return np.concatenate(weeks, axis=1)


def network_hold_out(weights: dict, panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The network's forecasts of the hold-out and the ends of their intervals, each `(N, 30)`."""
    weeks = [
        forecast(weights, panel.counts, panel.calendar, origin)
        for origin in origins(len(panel.dates))
    ]
    point, low, high = (np.concatenate(parts, axis=1) for parts in zip(*weeks, strict=True))
    return point, low, high


def model_hold_out(name: str, panel: Panel) -> np.ndarray:
    """The forecasts of the hold-out by one of `EVERY_MODEL` other than the network, `(N, 30)`.

    Raises `MissingRival` where a package is not installed.
    """
    fitted = len(panel.dates) - HOLD_OUT
    methods: dict[str, Callable[[], np.ndarray]] = {
        "seasonal naive": lambda: weekly(panel, seasonal_naive),
        "weekday median": lambda: weekly(panel, weekday_median),
        "LightGBM": lambda: lightgbm_hold_out(panel),
        "Prophet": lambda: prophet_hold_out(panel),
        "Prophet, tuned": lambda: prophet_hold_out(panel, tune_prophet(panel, fitted)),
    }
    return methods[name]()


def evaluate(
    panel: Panel,
    settings: Settings | None = None,
    models: tuple[str, ...] = OWN_MODELS,
    progress: Callable[[float, float], None] | None = None,
) -> Evaluation:
    """Fits on all but the last 30 days of `panel`, forecasts those from five origins a week apart,
    and scores every one of `models`, from `EVERY_MODEL`, side by side.
    """
    panel = between(panel, 0, known_days(panel))
    days = len(panel.dates) - HOLD_OUT
    rows, forecasts, interval, model = [], {}, None, None
    for name in models:
        started, ends = time.process_time(), None
        if name == NETWORK:
            model = fit(between(panel, 0, days), settings, progress)
            forecasts[name], *both = network_hold_out(model.weights, panel)
            interval = ends = np.stack(both)
        else:
            forecasts[name] = model_hold_out(name, panel)
        seconds = time.process_time() - started
        rows += _rows(name, panel, forecasts[name], ends, seconds)
    return Evaluation(rows, forecasts, interval, model)


def _rows(
    name: str, panel: Panel, expected: np.ndarray, ends: np.ndarray | None, seconds: float
) -> list[Row]:
    """The line for all depots, then one for each city where there are several."""
    days = len(panel.dates) - HOLD_OUT
    groups = {"": np.ones(len(panel.sites), dtype=bool)}
    if len(set(panel.cities)) > 1:
        groups |= {city: np.array(panel.cities) == city for city in sorted(set(panel.cities))}
    rows = []
    for city, inside in groups.items():
        history, actual = panel.counts[inside, :days], panel.counts[inside, days:]
        covered = None if ends is None else coverage(actual, *ends[:, inside])
        rows.append(Row(name, city, score(actual, expected[inside], history), covered, seconds))
    return rows


def table_text(rows: list[Row]) -> str:
    """The rows as aligned text."""
    heads = ["model", "city", "MAPE", "MAPE10", "WAPE", "MASE", "80 % holds", "CPU s"]
    cells = [heads]
    for model, city, scores, covered, seconds in rows:
        percents = [f"{value:.2f}" for value in (scores.mape, scores.mape10, scores.wape)]
        held = "" if covered is None else f"{covered:.1f}"
        numbers = [*percents, f"{scores.mase:.2f}", held, f"{seconds:.1f}"]
        cells.append([model, city or "all", *numbers])
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = []
    for row in cells:
        names = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        lines.append("  ".join([*names, *numbers]))
    return "\n".join(lines)
