"""The table of daily counts as arrays: one row for each depot, one column for each day."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harbor_fleet.predictor import HOLIDAY, HORIZON, SPECIAL, Calendar

__all__ = [
    "HOLD_OUT",
    "MINIMUM_DAYS",
    "WINDOW",
    "Panel",
    "between",
    "known_days",
    "origins",
    "weekdays",
    "with_coming_week",
    "write_history",
]

WINDOW = 548  # days of history used: 18 months
HOLD_OUT = 30  # the last days, kept from the fit
MINIMUM_DAYS = 160  # hold-out, four weeks for the base, one crop, and a month to choose crops from


class Panel(NamedTuple):
    """Daily counts of `N` depots over the same `T` days.

    `counts` is float `(N, T)`, NaN where missing; `dates` is datetime64[D] `(T,)`. `cities` has
    the city of each depot, or is empty where the table has none.
    """

    sites: tuple[str, ...]
    dates: np.ndarray
    counts: np.ndarray
    calendar: Calendar
    covariates: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()


def weekdays(dates: np.ndarray) -> np.ndarray:
    """Day of the week of datetime64[D] `dates`; Monday is 0."""
    return (dates.astype(np.int64) + 3) % 7


def known_days(panel: Panel) -> int:
    """How many days lead up to the last count of any depot; days after that are only announced."""
    return int(np.flatnonzero(np.isfinite(panel.counts).any(axis=0))[-1]) + 1


def between(panel: Panel, start: int, stop: int) -> Panel:
    """Days `start` up to `stop` of `panel`."""
    days = slice(max(start, 0), stop)
    _, name, kind, extra = panel.calendar
    dates = panel.dates[days]
    calendar = Calendar(weekdays(dates), name[:, days], kind[:, days], extra[:, days])
    return panel._replace(dates=dates, counts=panel.counts[:, days], calendar=calendar)


def with_coming_week(panel: Panel) -> Panel:
    """`panel` up to `HORIZON` days after its last count.

    Days that `panel` does not announce are ordinary ones, with last week's covariates.
    """
    known = known_days(panel)
    panel = between(panel, 0, known + HORIZON)
    absent = known + HORIZON - len(panel.dates)
    if not absent:
        return panel
    _, name, kind, extra = panel.calendar
    edge = ((0, 0), (0, absent))
    last_week = extra[:, len(panel.dates) - HORIZON :][:, :absent]
    dates = panel.dates[0] + np.arange(known + HORIZON)
    calendar = Calendar(
        weekdays(dates),
        np.pad(name, edge, constant_values=""),
        np.pad(kind, edge),
        np.concatenate([extra, last_week], axis=1),
    )
    counts = np.pad(panel.counts, edge, constant_values=np.nan)
    return panel._replace(dates=dates, counts=counts, calendar=calendar)


def origins(days: int) -> list[int]:
    """The days of the hold-out from which a week is forecast: its 1st, 8th, 15th, 22nd, 29th.

    >>> origins(548)
    [518, 525, 532, 539, 546]
    """
    return list(range(days - HOLD_OUT, days, HORIZON))


def write_history(panel: Panel, path: Path) -> None:
    """Writes `panel` as the csv that `predictor.py` reads."""
    _, name, kind, extra = panel.calendar
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        columns = ["site", "date", "count", "holiday", "holiday_name", "special"]
        writer.writerow([*columns, *panel.covariates])
        for row, site in enumerate(panel.sites):
            for day, date in enumerate(panel.dates):
                count, label = panel.counts[row, day], name[row, day]
                holiday, special = kind[row, day] == HOLIDAY, kind[row, day] == SPECIAL
                writer.writerow(
                    [
                        *(site, date, "" if np.isnan(count) else f"{count:.10g}"),
                        *(int(holiday), label if holiday else "", label if special else ""),
                        *(f"{value:.10g}" for value in extra[row, day]),
                    ]
                )
