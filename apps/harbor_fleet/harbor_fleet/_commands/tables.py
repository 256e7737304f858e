"""What the commands print."""

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harbor_fleet.evaluation import NETWORK, Evaluation, Row
from harbor_fleet.fleet import Outlook
from harbor_fleet.panel import HOLD_OUT, Panel, known_days
from harbor_fleet.table import Finding

__all__ = ["show_data", "show_evaluation", "show_findings", "show_outlook"]

STYLES = {"error": "red", "warning": "yellow", "note": "dim"}
SHOWN_DEPOTS = 12
ROOMY = 96  # characters across, enough for a column of intervals


def show_data(console: Console, panel: Panel, source: str) -> None:
    """A table of what the counts are."""
    known = known_days(panel)
    counts = panel.counts[:, :known]
    table = Table(title="The data", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    cities = sorted(set(panel.cities))
    rows = [
        ("source", source),
        ("depots", f"{len(panel.sites)}" + (f" in {', '.join(cities)}" if len(cities) > 1 else "")),
        ("days", f"{known}, {panel.dates[0]} to {panel.dates[known - 1]}"),
        ("missing", f"{100 * np.isnan(counts).mean():.1f} % of the counts"),
        ("a usual day", f"{np.nansum(np.nanmedian(counts, axis=1)):,.0f} over all depots"),
        ("to forecast", f"{panel.dates[known - 1] + 1} to {panel.dates[known - 1] + 7}"),
    ]
    for name, value in rows:
        table.add_row(name, Text(value))
    console.print(table)


def show_findings(console: Console, findings: list[Finding], whole: bool = True) -> None:
    """What was found about the data; only a few where not `whole`."""
    shown = findings if whole else findings[:5]
    for finding in shown:
        text = Text(f"{finding.level}: ", style=STYLES[finding.level])
        console.print(text.append(str(finding), style="default"), soft_wrap=True)
    if len(shown) < len(findings):
        console.print(f"and {len(findings) - len(shown)} more; harbor-fleet check shows all")


def show_evaluation(console: Console, found: Evaluation) -> None:
    """The models side by side, then the cities."""
    title = f"The last {HOLD_OUT} days, up to 7 days ahead (lower is better)"
    overall = [row for row in found.rows if not row.city]
    best = min(row.scores.wape for row in overall)
    table = _score_table(title, "model")
    for row in overall:
        style = "bold green" if row.scores.wape == best else None
        table.add_row(row.model, *_cells(row), style=style)
    console.print(table)
    network = next(row for row in overall if row.model == NETWORK)
    console.print(
        f"MAPE is the mean error in % of the day's count; MAPE10 leaves out "
        f"{network.scores.closures} under a tenth of the depot's median, closures that no past "
        "count announces.\nWAPE is the summed error in % of the summed counts. MASE divides by "
        "the error of repeating last week: under 1 is better.\n"
        f"80 % intervals of the {NETWORK} held {network.covered:.0f} % of the days.",
        style="dim",
        highlight=False,
    )
    cities = [row for row in found.rows if row.city and row.model == NETWORK]
    if cities:
        table = _score_table(f"The {NETWORK} by city", "city")
        for row in cities:
            table.add_row(row.city, *_cells(row))
        console.print(table)


def _score_table(title: str, first: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for name in ("MAPE", "MAPE10", "WAPE", "MASE", "80 % holds", "CPU s"):
        table.add_column(name, justify="right")
    return table


def _cells(row: Row) -> list[str]:
    mape, open_days, wape, mase, _ = row.scores
    covered = "" if row.covered is None else f"{row.covered:.0f} %"
    percents = [f"{value:.1f} %" for value in (mape, open_days, wape)]
    return [*percents, f"{mase:.2f}", covered, f"{row.seconds:.1f}"]


def show_outlook(console: Console, week: Outlook, whole: bool = True) -> None:
    """The coming week: the total, then the depots (a few of them where not `whole`)."""
    title = f"The coming week: {week.dates[0]} to {week.dates[-1]} (expected counts)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("depot", no_wrap=True)
    widest = max(6, len(f"{np.nansum(week.point, axis=0).max():,.0f}"))
    for date in week.dates:
        day = f"{date.astype(object):%a}\n{date.astype(object):%d %b}"
        table.add_column(day, justify="right", no_wrap=True, min_width=widest)
    roomy = console.width >= ROOMY
    if roomy:
        table.add_column("a day,\n80 %", justify="right", no_wrap=True)
    order = np.argsort(-np.nan_to_num(week.point.sum(axis=1)))
    shown = order if whole else order[:SHOWN_DEPOTS]
    total = np.nansum(week.point, axis=0)
    table.add_row("all depots", *(f"{value:,.0f}" for value in total), style="bold")
    for row in shown:
        cells = ["–" if np.isnan(value) else f"{value:,.0f}" for value in week.point[row]]
        low, high = week.low[row].sum(), week.high[row].sum()
        ends = "–" if np.isnan(low) else f"{low / 7:,.0f}–{high / 7:,.0f}"
        table.add_row(Text(week.sites[row]), *cells, *([ends] if roomy else []))
    console.print(table)
    if len(shown) < len(order):
        rest = len(order) - len(shown)
        console.print(f"and {rest} smaller depots: forecast.csv has all", style="dim")
    for site, note in zip(week.sites, week.notes, strict=True):
        if note:
            console.print(Text(f"{site}: {note}", style="yellow"), soft_wrap=True)
