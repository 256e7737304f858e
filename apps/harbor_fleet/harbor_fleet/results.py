"""The files of an output folder that a later command reads again."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from harbor_fleet.evaluation import NETWORK, Evaluation, Row
from harbor_fleet.fleet import Outlook
from harbor_fleet.metrics import Scores
from harbor_fleet.panel import HOLD_OUT, Panel
from harbor_fleet.table import DataError

__all__ = ["read_evaluation", "read_outlook", "write_evaluation", "write_outlook"]


def write_evaluation(found: Evaluation, panel: Panel, folder: Path) -> None:
    """Writes `evaluation.json`, for `read_evaluation`, and `hold_out.csv`, for people."""
    dates, actual = panel.dates[-HOLD_OUT:], panel.counts[:, -HOLD_OUT:]
    kept = {
        "sites": list(panel.sites),
        "dates": [str(date) for date in dates],
        "rows": [
            {"model": row.model, "city": row.city, **row.scores._asdict()}
            | {"covered": row.covered, "seconds": round(row.seconds, 2)}
            for row in found.rows
        ],
        "forecasts": {name: _rounded(values) for name, values in found.forecasts.items()},
        "interval": None if found.interval is None else [_rounded(end) for end in found.interval],
    }
    text = json.dumps(kept, ensure_ascii=False) + "\n"
    (folder / "evaluation.json").write_text(text, encoding="utf-8")
    columns = {"actual": actual, **found.forecasts}
    if found.interval is not None:
        columns |= {f"{NETWORK} low": found.interval[0], f"{NETWORK} high": found.interval[1]}
    _write_days(folder / "hold_out.csv", panel.sites, dates, columns)


def read_evaluation(folder: Path) -> tuple[Evaluation, tuple[str, ...], np.ndarray]:
    """What `write_evaluation` wrote, with its sites and dates. Raises `DataError` without it."""
    kept = _read_json(folder / "evaluation.json", "harbor-fleet evaluate")
    rows = []
    for row in kept["rows"]:
        scores = Scores(*(row[name] for name in Scores._fields))
        rows.append(Row(row["model"], row["city"], scores, row["covered"], row["seconds"]))
    forecasts = {name: np.array(values) for name, values in kept["forecasts"].items()}
    interval = None if kept["interval"] is None else np.array(kept["interval"])
    found = Evaluation(rows, forecasts, interval, None)
    return found, tuple(kept["sites"]), np.array(kept["dates"], dtype="datetime64[D]")


def write_outlook(week: Outlook, path: Path) -> None:
    """Writes `site,date,forecast,low,high,note`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["site", "date", "forecast", "low", "high", "note"])
        for row, site in enumerate(week.sites):
            for day, date in enumerate(week.dates):
                cells = (part[row, day] for part in (week.point, week.low, week.high))
                writer.writerow([site, date, *(_cell(value) for value in cells), week.notes[row]])


def read_outlook(path: Path) -> Outlook:
    """What `write_outlook` wrote. Raises `DataError` without it."""
    if not path.exists():
        raise DataError(f"{path}: there is no such file; run harbor-fleet forecast first")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sites = tuple(dict.fromkeys(row["site"] for row in rows))
    dates = np.array(list(dict.fromkeys(row["date"] for row in rows)), dtype="datetime64[D]")
    point, low, high = (
        np.array([float(row[name] or "nan") for row in rows]).reshape(len(sites), len(dates))
        for name in ("forecast", "low", "high")
    )
    notes = tuple(row["note"] for row in rows[:: len(dates)])
    return Outlook(sites, dates, point, low, high, notes)


def _read_json(path: Path, command: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file; run {command} first") from error
    except ValueError as error:
        raise DataError(f"{path}: is not whole ({error}); run {command} again") from error


def _rounded(values: np.ndarray) -> list[list[float]]:
    return [[float(f"{value:.7g}") for value in row] for row in values]


def _cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.9g}"


def _write_days(
    path: Path, sites: tuple[str, ...], dates: np.ndarray, columns: dict[str, np.ndarray]
) -> None:
    """Writes `site,date` and one column for each `(N, T)` array; NaN is left empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["site", "date", *columns])
        for row, site in enumerate(sites):
            for day, date in enumerate(dates):
                cells = (_cell(column[row, day]) for column in columns.values())
                writer.writerow([site, date, *cells])
