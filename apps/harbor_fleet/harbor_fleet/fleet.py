"""The whole fleet's week: the model's depots, and those that it can not speak for."""

from typing import NamedTuple

import numpy as np

from harbor_fleet.checks import Depot, depot_states
from harbor_fleet.forecaster import Model
from harbor_fleet.panel import HOLD_OUT, Panel, between, known_days, weekdays
from harbor_fleet.predictor import HORIZON

__all__ = ["Outlook", "narrowed", "outlook", "recent", "selected", "states_and_fitted"]

WEEKS = 8  # before the end, from which the week of new depots is taken
COVERED = 1.2816  # deviations from the middle that hold 80 % of a normal distribution
USUAL_SPREAD = 0.3  # log units by which a new depot's days vary, before it has shown its own
PRIOR_DAYS = 7.0  # days of its own after which a new depot's spread counts half


class Outlook(NamedTuple):
    """The week after the last count: `dates` `(7,)`; the expected counts and the ends of their
    80 % intervals, each `(N, 7)` and NaN where nothing can be said; and a note for each depot.
    """

    sites: tuple[str, ...]
    dates: np.ndarray
    point: np.ndarray
    low: np.ndarray
    high: np.ndarray
    notes: tuple[str, ...]


def recent(panel: Panel, window: int) -> Panel:
    """The last `window` days with counts, and the announced week after them."""
    known = known_days(panel)
    return between(panel, known - window, known + HORIZON)


def selected(panel: Panel, sites: tuple[str, ...]) -> Panel:
    """The rows of `sites`, in that order."""
    row_of = {site: row for row, site in enumerate(panel.sites)}
    rows = [row_of[site] for site in sites]
    name, kind, extra = (part[rows] for part in panel.calendar[1:])
    return panel._replace(
        sites=tuple(sites),
        counts=panel.counts[rows],
        calendar=panel.calendar._replace(name=name, kind=kind, covariates=extra),
        cities=tuple(panel.cities[row] for row in rows) if panel.cities else (),
    )


def states_and_fitted(panel: Panel, window: int) -> tuple[list[Depot], Panel]:
    """The state of every depot, and the panel of those with enough counts to fit on."""
    states = depot_states(panel, window)
    known = known_days(panel)
    fitted = panel.counts[:, max(known - window, 0) : known - HOLD_OUT]
    observed = np.isfinite(fitted).sum(axis=1)
    enough = [
        depot.site
        for depot, days in zip(states, observed, strict=True)
        if depot.state != "new" and days
    ]
    return states, selected(panel, tuple(enough))


def narrowed(model: Model, sites: tuple[str, ...]) -> Model:
    """`model` for some of the depots it was fitted on."""
    weights = model.weights
    fitted = [str(site) for site in weights["sites"]]
    rows = [fitted.index(site) for site in sites]
    members = {
        name: one | {"embedding": one["embedding"][rows]}
        for name, one in weights["parameters"].items()
    }
    scales = weights["scales"] | {"surprise": weights["scales"]["surprise"][rows]}
    return Model(
        weights
        | {
            "sites": np.array(sites),
            "parameters": members,
            "scales": scales,
            "margins": weights["margins"][:, rows],
        }
    )


def outlook(model: Model, panel: Panel, window: int) -> Outlook:
    """The week after the last count of `panel`, for every depot of it.

    Closed depots are expected to stay closed. Depots that `model` was not fitted on get the usual
    week of the others at their own level, or nothing where they have no count yet.
    """
    panel = recent(panel, window)
    states = depot_states(panel, window)
    fitted = {str(site) for site in model.weights["sites"]}
    inside = tuple(site for site in panel.sites if site in fitted)
    known = known_days(panel)
    dates = panel.dates[0] + np.arange(known, known + HORIZON)
    ends = np.full((3, len(panel.sites), HORIZON), np.nan)
    rows = [row for row, site in enumerate(panel.sites) if site in fitted]
    if inside:
        ends[:, rows] = narrowed(model, inside).forecast(selected(panel, inside))
    notes = []
    for row, depot in enumerate(states):
        note = depot.note()
        if depot.state == "closed":
            ends[:, row] = 0.0
        elif depot.site not in fitted:
            ends[:, row] = _newcomer(panel, row, dates)
            empty = not np.isfinite(panel.counts[row]).any()
            note = note or "not among the depots of the model: forecast from the others' week"
            note = "no counts yet: no forecast" if empty else note
        notes.append(note)
    absent = sorted(fitted - set(panel.sites))
    if absent:
        notes[0] = "; ".join(
            filter(None, [notes[0], f"the data have no rows for {', '.join(absent)}"])
        )
    point, low, high = ends
    return Outlook(panel.sites, dates, point, low, high, tuple(notes))


def _newcomer(panel: Panel, row: int, dates: np.ndarray) -> np.ndarray:
    """Point, low and high `(3, 7)` of a depot with few counts: its level and the fleet's week."""
    known = known_days(panel)
    logs = np.log1p(panel.counts[:, :known])
    week = _fleet_week(logs, panel.calendar.weekday[:known])
    own = logs[row] - week[panel.calendar.weekday[:known]]
    own = own[np.isfinite(own)]
    if not own.size:
        return np.full((3, len(dates)), np.nan)
    level = np.median(own)
    spread = np.median(np.abs(own - level)) * 1.4826
    share = own.size / (own.size + PRIOR_DAYS)
    width = COVERED * (share * spread + (1 - share) * USUAL_SPREAD) * (1 + 1 / own.size) ** 0.5
    middle = level + week[weekdays(dates)]
    return np.maximum(np.expm1(middle + np.array([[0.0], [-width], [width]])), 0.0)


def _fleet_week(logs: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """By how much each weekday differs from a depot's usual day, in log units, `(7,)`."""
    logs, weekday = logs[:, -7 * WEEKS :], weekday[-7 * WEEKS :]
    usual = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan
                      for row in logs])  # fmt: skip
    moved = logs - usual[:, None]
    week = np.zeros(7)
    for day in range(7):
        values = moved[:, weekday == day]
        values = values[np.isfinite(values)]
        week[day] = np.median(values) if values.size else 0.0
    return week
