"""One page that shows it all, offline: depots, forecasts, errors, models, and the data."""

import html
import json
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from harbor_fleet.evaluation import NETWORK, Evaluation, Row
from harbor_fleet.fleet import Outlook
from harbor_fleet.panel import HOLD_OUT, Panel, known_days
from harbor_fleet.table import Finding

__all__ = ["report_page"]

PAGE = Path(__file__).parent / "_page"
NAIVE = "seasonal naive"
SHOWN_DAYS = 77  # of history: 11 weeks
WHOLE_ENOUGH = 0.95  # share of depots that must have a count for a day's sum to be shown


def report_page(
    panel: Panel,
    findings: list[Finding],
    source: str,
    found: Evaluation,
    sites: tuple[str, ...],
    dates: np.ndarray,
    week: Outlook,
) -> str:
    """The text of `report.html`: style, script and data are all inside, and nothing is fetched.

    `found` was made of the depots `sites` on the days `dates`.
    """
    known = known_days(panel)
    content = _content(panel, found, sites, dates, week)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    heads = [("site", "Depot"), ("city", "City"), ("tomorrow", "Next day"), ("week", "Week"),
             ("wape", "WAPE"), ("naive", "WAPE, last week"), ("note", "Note")]  # fmt: skip
    overall = {row.model: row for row in found.rows if not row.city}
    return Template((PAGE / "report.html").read_text(encoding="utf-8")).substitute(
        title="Harbor Fleet: the coming week",
        style=(PAGE / "report.css").read_text(encoding="utf-8"),
        script=(PAGE / "report.js").read_text(encoding="utf-8"),
        data=text.replace("<", "\\u003c"),
        source=html.escape(source),
        depots=len(panel.sites),
        last=panel.dates[known - 1],
        week_first=week.dates[0],
        week_last=week.dates[-1],
        held=HOLD_OUT,
        held_first=dates[0],
        held_last=dates[-1],
        tiles=_tiles(panel, week, overall),
        models=_score_table("model", [(row.model, row) for row in overall.values()]),
        cities=_cities(found),
        findings=_findings(findings),
        heads="".join(
            f'<th scope="col" data-by="{key}"><button type="button">{label}</button></th>'
            for key, label in heads
            if key != "city" or panel.cities
        ),
    )


def _content(
    panel: Panel, found: Evaluation, sites: tuple[str, ...], dates: np.ndarray, week: Outlook
) -> dict[str, Any]:
    """What the script draws: days count from `first`; `held` and `known` are days of that count."""
    known = known_days(panel)
    start = max(known - SHOWN_DAYS, 0)
    held = int((dates[0] - panel.dates[start]).astype(int))
    row_of = {site: row for row, site in enumerate(sites)}
    depots = [_all_together(panel, found, week, start, known)]
    for row, site in enumerate(panel.sites):
        judged = row_of.get(site)
        one = {
            "site": site,
            "city": panel.cities[row] if panel.cities else "",
            "note": week.notes[row],
            "seen": _numbers(panel.counts[row, start:known]),
            "week": {
                "point": _numbers(week.point[row]),
                "low": _numbers(week.low[row]),
                "high": _numbers(week.high[row]),
            },
            "held": {},
            "wape": None,
            "naiveWape": None,
        }
        if judged is not None and found.interval is not None:
            actual = panel.counts[row, known - HOLD_OUT : known]
            expected, naive = found.forecasts[NETWORK][judged], found.forecasts[NAIVE][judged]
            low, high = found.interval[:, judged]
            held_parts = {"point": expected, "low": low, "high": high, "naive": naive}
            one["held"] = {name: _numbers(part) for name, part in held_parts.items()}
            one["wape"], one["naiveWape"] = _wape(actual, expected), _wape(actual, naive)
        depots.append(one)
    return {
        "first": str(panel.dates[start]),
        "days": known - start + len(week.dates),
        "known": known - start,
        "held": held,
        "cities": bool(panel.cities),
        "named": _named_days(panel, start),
        "depots": depots,
    }


def _all_together(
    panel: Panel, found: Evaluation, week: Outlook, start: int, known: int
) -> dict[str, Any]:
    """The sums over depots, without intervals: those of single depots do not add up."""
    counts = panel.counts[:, start:known]
    enough = np.isfinite(counts).mean(axis=0) >= WHOLE_ENOUGH
    held = {"point": found.forecasts[NETWORK], "naive": found.forecasts[NAIVE]}
    return {
        "site": "All depots",
        "city": "",
        "note": "",
        "seen": _numbers(np.where(enough, np.nansum(counts, axis=0), np.nan)),
        "week": {"point": _numbers(np.nansum(week.point, axis=0))},
        "held": {name: _numbers(part.sum(axis=0)) for name, part in held.items()},
        "wape": None,
        "naiveWape": None,
    }


def _numbers(values: np.ndarray) -> list[float | None]:
    """More digits than a person reads; None is missing."""
    return [None if np.isnan(value) else float(f"{value:.7g}") for value in values.tolist()]


def _named_days(panel: Panel, start: int) -> dict[int, str]:
    """The name that most depots give to each named day."""
    found = {}
    for day in np.flatnonzero((panel.calendar.kind > 0).any(axis=0)):
        labels = panel.calendar.name[:, day]
        labels = labels[labels != ""].tolist()
        if day >= start and labels:
            found[int(day) - start] = max(set(labels), key=labels.count)
    return found


def _wape(actual: np.ndarray, expected: np.ndarray) -> float | None:
    seen = np.isfinite(actual)
    total = float(actual[seen].sum())
    error = float(np.abs(actual - expected)[seen].sum())
    return round(100 * error / total, 2) if total else None


def _tiles(panel: Panel, week: Outlook, overall: dict[str, Row]) -> str:
    total = np.nansum(week.point)
    before = panel.counts[:, known_days(panel) - 7 : known_days(panel)]
    whole = np.isfinite(before).mean() >= WHOLE_ENOUGH and np.nansum(before) > 0
    change = 100 * (total / np.nansum(before) - 1) if whole else np.nan
    moved = "" if np.isnan(change) else f", {change:+.1f} % on the week before"
    network, naive = overall[NETWORK], overall[NAIVE]
    better = 100 * (1 - network.scores.wape / naive.scores.wape)
    tiles = [
        (f"{total:,.0f}", f"expected in the week{moved}"),
        (f"{network.scores.wape:.1f} %", "of the counts: the error of the last 30 days (WAPE)"),
        (f"{better:.0f} %", f"less than repeating last week ({naive.scores.wape:.1f} %)"),
        (f"{network.covered:.0f} %", "of those days were inside their 80 % interval"),
    ]
    return "".join(f"<div><b>{value}</b><span>{label}</span></div>" for value, label in tiles)


def _score_table(first: str, rows: list[tuple[str, Row]]) -> str:
    """Scores as a table; the best WAPE stands out."""
    heads = ("WAPE", "MAPE", "MAPE, open days", "MASE", "80 % holds", "CPU s")
    best = min(row.scores.wape for _, row in rows)
    most = max(row.scores.wape for _, row in rows)
    lines = []
    for label, row in rows:
        mape, open_days, wape, mase, _ = row.scores
        covered = "" if row.covered is None else f"{row.covered:.0f} %"
        meter = f'<span class="meter"><i style="width:{100 * wape / most:.0f}%"></i></span>'
        cells = (
            *(f"{wape:.1f} %{meter}", f"{mape:.1f} %", f"{open_days:.1f} %", f"{mase:.2f}"),
            *(covered, f"{row.seconds:.1f}"),
        )
        joined = "".join(f"<td>{cell}</td>" for cell in cells)
        kind = ' class="best"' if wape == best else ""
        lines.append(f"<tr{kind}><td>{html.escape(label)}</td>{joined}</tr>")
    named = "".join(f'<th scope="col">{head}</th>' for head in (first.capitalize(), *heads))
    return f"<table><thead><tr>{named}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _cities(found: Evaluation) -> str:
    rows = [(row.city, row) for row in found.rows if row.city and row.model == NETWORK]
    if not rows:
        return ""
    return f'<h3>The {NETWORK} by city</h3><div class="scroll">{_score_table("city", rows)}</div>'


def _findings(findings: list[Finding]) -> str:
    if not findings:
        return "<p>Nothing stands out.</p>"
    kinds = {"note": "note-level"}
    lines = [
        f'<li class="{kinds.get(finding.level, finding.level)}"><b>{finding.level}</b> '
        f"{html.escape(str(finding))}</li>"
        for finding in findings
    ]
    return f'<ul class="findings">{"".join(lines)}</ul>'
