"""Reading a table of daily counts from csv or parquet, with every cell checked on entry."""

import csv
import gzip
import math
import zlib
from datetime import date as Date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow
import pyarrow.parquet

from harbor_fleet.panel import HOLD_OUT, MINIMUM_DAYS, WINDOW, Panel, known_days, weekdays
from harbor_fleet.predictor import Calendar, named_day

__all__ = ["DataError", "load_panel"]

REQUIRED = ("site", "date", "count")
OPTIONAL = ("city", "holiday", "holiday_name", "special")
MINIMUM_OBSERVED = 56  # counts a depot needs before the hold-out: eight of each weekday
UNREADABLE = (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, pyarrow.ArrowException)


class DataError(ValueError):
    """A table that can not be used; the message names the row and the column, and the cure."""


class _Table(NamedTuple):
    """Cells as text: `columns[name][i]` stands in the file's row `rows[i]`."""

    path: Path
    columns: dict[str, list[str]]
    rows: list[int]

    def error(self, index: int, column: str, problem: str, cure: str) -> DataError:
        """The error for one cell."""
        return DataError(f"{self.path}: row {self.rows[index]}, column {column}: {problem}; {cure}")


def load_panel(
    path: str | Path, covariates: tuple[str, ...] = (), window: int = WINDOW
) -> tuple[Panel, list[str]]:
    """Reads a csv, csv.gz or parquet of `site,date,count`; also returns the columns not used.

    `city` is optional, as are `holiday` (0 or 1), `holiday_name` and `special`, and any numeric
    columns named in `covariates`: all these must be known for coming days too. An empty count is
    missing. Rows are numbered as in the file, the header being row 1 of a csv. All days are
    returned; the last `window` of them must hold enough counts to fit on.

    Raises `DataError` for anything that can not be used; no row is ever left out silently.
    """
    path = Path(path)
    table = _read_table(path)
    _check_columns(table, covariates)
    sites, days = _sites_and_dates(table)
    counts = [_count(table, index) for index in range(len(table.rows))]
    _check_cities(table, sites)
    first_row = _first_rows(table, sites, days)
    names = tuple(sorted(set(sites)))
    _check_spans(table, names, first_row)
    start, stop = min(days), max(days)
    length = (stop - start).days + 1
    panel = _fill_panel(table, names, covariates, (sites, days, counts), (start, length))
    _check_length(table, panel, window)
    unused = [c for c in table.columns if c not in (*REQUIRED, *OPTIONAL, *covariates)]
    return panel, unused


def _read_table(path: Path) -> _Table:
    if not path.exists():
        raise DataError(f"{path}: there is no such file; check the path given to --data")
    if path.is_dir():
        raise DataError(f"{path}: this is a folder; give --data a file")
    if path.name.endswith((".csv", ".csv.gz")):
        reader = _read_csv
    elif path.suffix == ".parquet":
        reader = _read_parquet
    else:
        raise DataError(f"{path}: unknown kind of file; use .csv, .csv.gz or .parquet")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; write a header and rows to it")
    try:
        table = reader(path)
    except UNREADABLE as error:
        arrow = isinstance(error, pyarrow.ArrowException)
        reason = "it is not a whole parquet file" if arrow else str(error).rstrip(".")
        raise DataError(
            f"{path}: the file can not be read to its end ({reason}); copy or download it again"
        ) from error
    if not table.rows:
        raise DataError(f"{path}: the file has a header and no rows; add rows to it")
    return table


def _read_csv(path: Path) -> _Table:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, strict=True)
        header = [name.strip() for name in next(reader, [])]
        repeated = [name for name in header if header.count(name) > 1]
        if repeated:
            raise DataError(f"{path}: row 1, column {repeated[0]}: stands twice; rename one")
        records, rows = [], []
        for record in reader:
            if not record:
                continue
            if len(record) != len(header):
                raise DataError(
                    f"{path}: row {reader.line_num}: has {len(record)} cells where the header has "
                    f"{len(header)}; put a name with a comma in double quotes"
                )
            records.append(record)
            rows.append(reader.line_num)
    cells = zip(*records, strict=True) if records else ([] for _ in header)
    columns = {
        name: [cell.strip() for cell in column] for name, column in zip(header, cells, strict=True)
    }
    return _Table(path, columns, rows)


def _read_parquet(path: Path) -> _Table:
    table = pyarrow.parquet.read_table(path)
    columns = {
        name: [_as_text(cell) for cell in table.column(name).to_pylist()]
        for name in table.column_names
    }
    return _Table(path, columns, list(range(1, table.num_rows + 1)))


def _as_text(cell: object) -> str:
    """A parquet cell as a csv would hold it."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        return cell.date().isoformat()
    if isinstance(cell, bool):
        return str(int(cell))
    return str(cell).strip()


def _check_columns(table: _Table, covariates: tuple[str, ...]) -> None:
    for name in (*REQUIRED, *covariates):
        if name not in table.columns:
            found = ", ".join(table.columns)
            raise DataError(
                f"{table.path}: row 1, column {name}: is missing; the columns found are {found}"
            )
        if name in covariates and name in (*REQUIRED, *OPTIONAL):
            raise DataError(
                f"{table.path}: row 1, column {name}: is not a covariate; "
                f"leave out --covariate {name}"
            )


def _sites_and_dates(table: _Table) -> tuple[list[str], list[Date]]:
    parsed: dict[str, Date] = {}
    for index, (site, text) in enumerate(
        zip(table.columns["site"], table.columns["date"], strict=True)
    ):
        if not site:
            raise table.error(index, "site", "is empty", "write the depot's name")
        if text not in parsed:
            try:
                parsed[text] = datetime.strptime(text, "%Y-%m-%d").date()
            except ValueError as error:
                problem = f"{text!r} is not a date" if text else "is empty"
                raise table.error(
                    index, "date", problem, "write year-month-day, such as 2024-03-31"
                ) from error
    return table.columns["site"], [parsed[text] for text in table.columns["date"]]


def _number(text: str) -> float | None:
    """A finite number, or None. `float` alone would let through '1_000', 'nan' and 'inf'."""
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _count(table: _Table, index: int) -> float:
    text = table.columns["count"][index]
    if not text:
        return math.nan
    value = _number(text)
    if value is None:
        cure = "write digits, or leave it empty where it is missing"
        raise table.error(index, "count", f"{text!r} is not a number", cure)
    if value < 0:
        cure = "write 0 or more, or leave it empty where it is missing"
        raise table.error(index, "count", f"{text} is negative", cure)
    return value


def _check_cities(table: _Table, sites: list[str]) -> None:
    first: dict[str, int] = {}
    cities = table.columns.get("city", [])
    for index, city in enumerate(cities):
        earlier = first.setdefault(sites[index], index)
        if city != cities[earlier]:
            problem = (
                f"site {sites[index]!r} is in {city!r} here and in {cities[earlier]!r} "
                f"in row {table.rows[earlier]}"
            )
            raise table.error(index, "city", problem, "give each depot a name of its own")


def _first_rows(table: _Table, sites: list[str], days: list[Date]) -> dict[tuple[str, Date], int]:
    """The row of every site and date; no pair may stand twice."""
    first: dict[tuple[str, Date], int] = {}
    for index, pair in enumerate(zip(sites, days, strict=True)):
        earlier = first.setdefault(pair, index)
        if earlier != index:
            problem = f"site {pair[0]!r} already has {pair[1]} in row {table.rows[earlier]}"
            raise table.error(index, "date", problem, "keep one of the two rows")
    return first


def _check_spans(
    table: _Table, names: tuple[str, ...], first_row: dict[tuple[str, Date], int]
) -> None:
    """Each site's dates must follow one another, to the last date of the table."""
    spans: dict[str, list[Date]] = {name: [] for name in names}
    for site, day in first_row:
        spans[site].append(day)
    last = max(max(days) for days in spans.values())
    for site, days in spans.items():
        days.sort()
        for before, after in pairwise(days):
            missing = before + timedelta(days=1)
            if after != missing:
                gone = (after - missing).days
                raise table.error(
                    first_row[site, after],
                    "date",
                    f"site {site!r} has no row for {missing}"
                    + (f" and {gone - 1} more before {after}" if gone > 1 else ""),
                    f"add it with an empty count: {_empty_row(table, site, missing)}",
                )
        if days[-1] != last:
            raise table.error(
                first_row[site, days[-1]],
                "date",
                f"site {site!r} ends on {days[-1]} and others on {last}",
                "add its last days with empty counts, or take the site out",
            )


def _empty_row(table: _Table, site: str, day: Date) -> str:
    known = {"site": f'"{site}"' if "," in site else site, "date": day.isoformat()}
    return ",".join(known.get(name, "") for name in table.columns)


def _fill_panel(
    table: _Table,
    names: tuple[str, ...],
    covariates: tuple[str, ...],
    read: tuple[list[str], list[Date], list[float]],
    span: tuple[Date, int],
) -> Panel:
    start, length = span
    shape = len(names), length
    counts, kind = np.full(shape, np.nan), np.zeros(shape, int)
    name, extra = np.full(shape, "", dtype=object), np.zeros((*shape, len(covariates)))
    place = {site: row for row, site in enumerate(names)}
    blank = [""] * len(table.rows)
    flags = [table.columns.get(column, blank) for column in OPTIONAL[1:]]
    for index, (site, day, count) in enumerate(zip(*read, strict=True)):
        cell = place[site], (day - start).days
        holiday, holiday_name, special = (column[index] for column in flags)
        if holiday not in ("", "0", "1"):
            raise table.error(index, "holiday", f"{holiday!r} is not 0 or 1", "write 0 or 1")
        counts[cell] = count
        name[cell], kind[cell] = named_day(holiday, holiday_name, special)
        for position, covariate in enumerate(covariates):
            text = table.columns[covariate][index]
            value = _number(text)
            if value is None:
                problem = f"{text!r} is not a number" if text else "is empty"
                raise table.error(index, covariate, problem, "write a number for every day")
            extra[(*cell, position)] = value
    dates = np.datetime64(start, "D") + np.arange(length)
    return Panel(names, dates, counts, Calendar(weekdays(dates), name, kind, extra), covariates)


def _check_length(table: _Table, panel: Panel, window: int) -> None:
    """Enough days with counts to fit on, for the table and for each depot."""
    if not np.isfinite(panel.counts).any():
        raise DataError(f"{table.path}: column count: is empty in every row; write the counts")
    known = known_days(panel)
    if known < MINIMUM_DAYS:
        raise DataError(
            f"{table.path}: column date: {panel.dates[0]} to {panel.dates[known - 1]} is {known} "
            f"days, and {MINIMUM_DAYS} are needed; add older rows"
        )
    fitted = panel.counts[:, max(known - window, 0) : known - HOLD_OUT]
    observed = np.isfinite(fitted).sum(axis=1)
    for site, days in zip(panel.sites, observed, strict=True):
        if days < MINIMUM_OBSERVED:
            raise DataError(
                f"{table.path}: column count: site {site!r} has {days} counts in the "
                f"{fitted.shape[1]} days before the last {HOLD_OUT}, and {MINIMUM_OBSERVED} are "
                f"needed; take the site out"
            )
