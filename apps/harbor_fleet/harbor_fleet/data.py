"""From a table of daily counts to a panel, with every cell checked on entry."""

import math
import re
from collections import Counter
from datetime import date as Date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harbor_fleet.checks import check_panel, fewest_counts
from harbor_fleet.panel import MINIMUM_DAYS, WINDOW, Panel, known_days, weekdays
from harbor_fleet.predictor import Calendar, named_day
from harbor_fleet.table import ERROR, NOTE, WARNING, DataError, Finding, Table, read_table

__all__ = ["DataError", "Inspection", "inspect", "load_panel", "usable"]

REQUIRED = ("site", "date", "count")
OPTIONAL = ("city", "holiday", "holiday_name", "special")
FARTHEST = 366  # days after the last count that a table may announce
ISO = re.compile(r"\d{4}-\d\d-\d\d")
MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(:00(\.0+)?)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
ZONE = re.compile(r".*\d\d:\d\d.*(Z|[+-]\d\d:?\d\d| ?UTC)$", re.IGNORECASE)
YEAR_MONTH_DAY = "write year-month-day, such as 2024-03-31"


class Inspection(NamedTuple):
    """What a table holds: the panel, None where there is an error; all findings, errors first; and
    the columns that were not used.
    """

    panel: Panel | None
    findings: list[Finding]
    unused: list[str]

    def errors(self) -> list[Finding]:
        """The findings that stop."""
        return [finding for finding in self.findings if finding.level == ERROR]


def load_panel(
    path: str | Path, covariates: tuple[str, ...] = (), window: int = WINDOW
) -> tuple[Panel, list[str]]:
    """Reads a csv, csv.gz or parquet of `site,date,count`; also returns the columns not used.

    `city` is optional, as are `holiday` (0 or 1), `holiday_name` and `special`, and any numeric
    columns named in `covariates`: all these must be known for coming days too. An empty count is
    missing, and so is a day without a row. All days are returned; the last `window` of them must
    hold enough counts of every depot to fit on.

    Raises `DataError` for anything that can not be used; `inspect` tells all at once.
    """
    found = inspect(path, covariates, window)
    panel = usable(path, found)
    few = fewest_counts(panel, window)
    if few:
        raise DataError(f"{path}: {few[0][1]}; take the site out")
    return panel, found.unused


def usable(path: str | Path, found: Inspection) -> Panel:
    """The panel of `found`; raises its first error as a `DataError`."""
    errors = found.errors()
    if found.panel is None or errors:
        first = errors[0]
        text = str(first)
        joint = ": " if first.place else " "
        more = len(errors) - 1
        kinds = "1 more kind of error" if more == 1 else f"{more} more kinds of errors"
        tail = f"\n{kinds}: harbor-fleet check {path}" if more else ""
        raise DataError(f"{path}{joint}{text}{tail}")
    return found.panel


def inspect(
    path: str | Path,
    covariates: tuple[str, ...] = (),
    window: int = WINDOW,
    today: Date | None = None,
) -> Inspection:
    """Reads as much of `path` as can be read and says everything about it.

    Raises `DataError` only where it is no table.
    """
    table = read_table(Path(path))
    unused = [c for c in table.columns if c not in (*REQUIRED, *OPTIONAL, *covariates)]
    panel = None
    if _columns_stand(table, covariates):
        panel = _panel(table, covariates, today or Date.today())
    if panel is not None:
        table.findings += _length_findings(panel) or check_panel(panel, window)
    order = {ERROR: 0, WARNING: 1, NOTE: 2}
    findings = sorted(table.findings, key=lambda finding: order[finding.level])
    stopped = any(finding.level == ERROR for finding in findings)
    return Inspection(None if stopped else panel, findings, unused)


def _columns_stand(table: Table, covariates: tuple[str, ...]) -> bool:
    for name in (*REQUIRED, *covariates):
        place = f"row 1, column {name}"
        if name not in table.columns:
            found = f"is missing; the columns found are {', '.join(table.columns)}"
            table.add(ERROR, place, found, "")
            return False
        if name in covariates and name in (*REQUIRED, *OPTIONAL):
            table.add(ERROR, place, "is not a covariate", f"leave out --covariate {name}")
            return False
    return True


def _panel(table: Table, covariates: tuple[str, ...], today: Date) -> Panel | None:
    """The panel, or None where a cell can not be used."""
    sites, days = _sites_and_dates(table)
    counts = [_count(table, index) for index in range(len(table.rows))]
    city_of = _cities(table, sites)
    first_row = _first_rows(table, sites, days, counts)
    if not first_row:
        return None
    _check_order(table, sites, days)
    _check_future(table, days, counts, today)
    names = tuple(sorted({site for site, _ in first_row}))
    _check_spans(table, names, first_row, bool(covariates))
    flags = _flags(table, days, covariates)
    if any(finding.level == ERROR for finding in table.findings):
        return None
    panel = _fill_panel(names, covariates, first_row, counts, flags)
    return panel._replace(cities=tuple(city_of[name] for name in names) if city_of else ())


def _sites_and_dates(table: Table) -> tuple[list[str], list[Date | None]]:
    """Sites, and days; None where the cell is no day, which is a finding."""
    parsed: dict[str, Date | None] = {}
    styles: Counter[str] = Counter()
    for index, (site, text) in enumerate(
        zip(table.columns["site"], table.columns["date"], strict=True)
    ):
        if not site:
            table.flaw("empty", index, "site", "is empty", "write the depot's name")
        if text not in parsed:
            parsed[text] = _day(text)
        styles[re.sub(r"\d", "9", text)] += bool(text)
        if parsed[text] is None:
            _say_date(table, index, text)
        elif text != str(parsed[text]):
            said = f"{text!r} has a time, midnight, which was left out"
            table.flaw("midnight", index, "date", said, "write the day alone", WARNING)
    styles = +styles
    if len(styles) > 1:
        forms = ", ".join(f"{style!r} ({count})" for style, count in styles.most_common(4))
        table.add(WARNING, "column date", f"mixes {len(styles)} forms: {forms}", YEAR_MONTH_DAY)
    return table.columns["site"], [parsed[text] for text in table.columns["date"]]


def _day(text: str) -> Date | None:
    midnight = MIDNIGHT.fullmatch(text)
    text = midnight[1] if midnight else text
    if not ISO.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        return None


def _say_date(table: Table, index: int, text: str) -> None:
    if not text:
        table.flaw("empty", index, "date", "is empty", YEAR_MONTH_DAY)
    elif ZONE.fullmatch(text):
        cure = "write the depot's own local day alone, since a zone can move a count by a day"
        table.flaw("zone", index, "date", f"{text!r} has a time zone", cure)
    elif MOMENT.fullmatch(text):
        cure = "add up the counts of each day and write the day alone"
        table.flaw("moment", index, "date", f"{text!r} is a moment, not a day", cure)
    else:
        table.flaw("form", index, "date", f"{text!r} is not a date", YEAR_MONTH_DAY)


def _number(text: str) -> float | None:
    """A finite number, or None. `float` alone would let through '1_000', 'nan' and 'inf'."""
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _count(table: Table, index: int) -> float:
    text = table.columns["count"][index]
    if not text:
        return math.nan
    value = _number(text)
    if value is None:
        cure = "write digits, or leave it empty where it is missing"
        table.flaw("word", index, "count", f"{text!r} is not a number", cure)
        return math.nan
    if value < 0:
        cure = "write 0 or more, or leave it empty where it is missing"
        table.flaw("negative", index, "count", f"{text} is negative", cure)
        return math.nan
    return value


def _cities(table: Table, sites: list[str]) -> dict[str, str]:
    """The city of each site, or nothing where the table has no cities."""
    first: dict[str, int] = {}
    cities = table.columns.get("city", [])
    for index, city in enumerate(cities):
        earlier = first.setdefault(sites[index], index)
        if city != cities[earlier]:
            problem = (
                f"site {sites[index]!r} is in {city!r} here and in {cities[earlier]!r} "
                f"in row {table.rows[earlier]}"
            )
            table.flaw("city", index, "city", problem, "give each depot a name of its own")
    return {site: cities[index] for site, index in first.items()}


def _first_rows(
    table: Table, sites: list[str], days: list[Date | None], counts: list[float]
) -> dict[tuple[str, Date], int]:
    """The row of every site and date; no pair may stand twice."""
    first: dict[tuple[str, Date], int] = {}
    for index, (site, day) in enumerate(zip(sites, days, strict=True)):
        if not site or day is None:
            continue
        earlier = first.setdefault((site, day), index)
        if earlier != index:
            problem = f"site {site!r} already has {day} in row {table.rows[earlier]}"
            same = counts[earlier] == counts[index]
            problem += ", with the same count" if same else ""
            kind = "repeated" if same else "contradicted"
            table.flaw(kind, index, "date", problem, "keep one of the two rows")
    return first


def _check_order(table: Table, sites: list[str], days: list[Date | None]) -> None:
    last: dict[str, Date] = {}
    for index, (site, day) in enumerate(zip(sites, days, strict=True)):
        if day is None:
            continue
        if day < last.get(site, day):
            problem = f"site {site!r} goes back to {day}; the rows were sorted on reading"
            table.flaw("order", index, "date", problem, "", WARNING)
        last[site] = day


def _check_future(table: Table, days: list[Date | None], counts: list[float], today: Date) -> None:
    """Counts of days that have not been yet, and days announced too far ahead."""
    counted = [day for day, count in zip(days, counts, strict=True) if day and count == count]
    last = max(counted, default=None)
    for index, (day, count) in enumerate(zip(days, counts, strict=True)):
        if day is None:
            continue
        if count == count and day > today:
            problem = f"{day} is after today, {today}, and has a count"
            table.flaw("future", index, "date", problem, "check the year", WARNING)
        if last and (day - last).days > FARTHEST:
            problem = f"{day} is {(day - last).days} days after the last count, of {last}"
            cure = f"check the year; at most {FARTHEST} coming days may be announced"
            table.flaw("far", index, "date", problem, cure)


def _check_spans(
    table: Table,
    names: tuple[str, ...],
    first_row: dict[tuple[str, Date], int],
    with_covariates: bool,
) -> None:
    """Days without a row: missing counts, or, where covariates must be known, an error."""
    level = ERROR if with_covariates else WARNING
    spans: dict[str, list[Date]] = {name: [] for name in names}
    for site, day in first_row:
        spans[site].append(day)
    last = max(day for _, day in first_row)
    for site, days in spans.items():
        days.sort()
        absent = (days[-1] - days[0]).days + 1 - len(days)
        if absent:
            missing = next(
                one + timedelta(days=1)
                for one, other in pairwise(days)
                if other - one != timedelta(days=1)
            )
            index = first_row[site, missing - timedelta(days=1)]
            problem = f"site {site!r} has no row for {missing}"
            problem += f" and {absent - 1} other days" if absent > 1 else ""
            cure = f"add it with an empty count: {_empty_row(table, site, missing)}"
            said = "" if with_covariates else "; days without a row are missing counts"
            table.add(level, f"row {table.rows[index]}, column date", problem + said, cure)
        if days[-1] != last:
            problem = f"site {site!r} ends on {days[-1]} and others on {last}"
            cure = "add its last days with empty counts, or take the site out"
            place = f"row {table.rows[first_row[site, days[-1]]]}, column date"
            table.add(level, place, problem, cure)


def _empty_row(table: Table, site: str, day: Date) -> str:
    known = {"site": f'"{site}"' if "," in site else site, "date": day.isoformat()}
    return ",".join(known.get(name, "") for name in table.columns)


class _Flags(NamedTuple):
    """By row: the name, the kind, and the covariates of its day."""

    names: list[str]
    kinds: list[int]
    covariates: list[list[float]]


def _flags(table: Table, days: list[Date | None], covariates: tuple[str, ...]) -> _Flags:
    blank = [""] * len(table.rows)
    columns = [table.columns.get(column, blank) for column in OPTIONAL[1:]]
    found = _Flags([], [], [])
    for index in range(len(days)):
        holiday, holiday_name, special = (column[index] for column in columns)
        if holiday not in ("", "0", "1"):
            table.flaw("flag", index, "holiday", f"{holiday!r} is not 0 or 1", "write 0 or 1")
        name, kind = named_day(holiday, holiday_name, special)
        found.names.append(name)
        found.kinds.append(kind)
        values = []
        for covariate in covariates:
            text = table.columns[covariate][index]
            value = _number(text)
            if value is None:
                problem = f"{text!r} is not a number" if text else "is empty"
                table.flaw("word", index, covariate, problem, "write a number for every day")
            values.append(value or 0.0)
        found.covariates.append(values)
    return found


def _fill_panel(
    names: tuple[str, ...],
    covariates: tuple[str, ...],
    first_row: dict[tuple[str, Date], int],
    counted: list[float],
    flags: _Flags,
) -> Panel:
    """The arrays. A day without a row has the name that the day has at most other depots."""
    start = min(day for _, day in first_row)
    length = (max(day for _, day in first_row) - start).days + 1
    shape = len(names), length
    counts, kind = np.full(shape, np.nan), np.zeros(shape, int)
    name, extra = np.full(shape, "", dtype=object), np.zeros((*shape, len(covariates)))
    present = np.zeros(shape, dtype=bool)
    place = {site: row for row, site in enumerate(names)}
    for (site, day), index in first_row.items():
        cell = place[site], (day - start).days
        counts[cell], present[cell] = counted[index], True
        name[cell], kind[cell] = flags.names[index], flags.kinds[index]
        extra[cell] = flags.covariates[index]
    for column in np.flatnonzero(~present.all(axis=0) & (kind > 0).any(axis=0)):
        rows = present[:, column]
        seen = Counter(zip(name[rows, column], kind[rows, column].tolist(), strict=True))
        (label, usual), times = seen.most_common(1)[0]
        if 2 * times > rows.sum():
            name[~rows, column], kind[~rows, column] = label, usual
    dates = np.datetime64(start, "D") + np.arange(length)
    return Panel(names, dates, counts, Calendar(weekdays(dates), name, kind, extra), covariates)


def _length_findings(panel: Panel) -> list[Finding]:
    """What makes the panel too short to fit on."""
    if not np.isfinite(panel.counts).any():
        return [Finding(ERROR, "column count", "is empty in every row", "write the counts")]
    known = known_days(panel)
    if known >= MINIMUM_DAYS:
        return []
    span = f"{panel.dates[0]} to {panel.dates[known - 1]} is {known} days"
    needed = f"{span}, and {MINIMUM_DAYS} are needed"
    return [Finding(ERROR, "column date", needed, "add older rows")]
