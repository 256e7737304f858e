"""`harbor-fleet generate`."""

import csv
from pathlib import Path
from typing import Annotated

import typer

from harbor_fleet._commands.shared import console, guarded
from harbor_fleet.panel import MINIMUM_DAYS, Panel
from harbor_fleet.predictor import HOLIDAY, SPECIAL
from harbor_fleet.synthetic import DAYS, synthetic_fleet

__all__ = ["generate"]


@guarded
def generate(
    to: Annotated[Path, typer.Argument(help="The csv to write.")] = Path("fleet.csv"),
    depots: Annotated[int, typer.Option(min=1, help="Depots in each of three cities.")] = 40,
    days: Annotated[int, typer.Option(min=MINIMUM_DAYS, help="Days of history.")] = DAYS,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same fleet.")] = 0,
) -> None:
    """Writes the counts of a made-up fleet, to try everything on.

    Example: `harbor-fleet generate fleet.csv --depots 4`, then
    `harbor-fleet check fleet.csv`.
    """
    panel = synthetic_fleet(seed, depots, days)
    to.parent.mkdir(parents=True, exist_ok=True)
    _write(panel, to)
    console().print(
        f"{to}: {len(panel.sites)} depots in {len(set(panel.cities))} cities, {days} days, "
        f"{panel.dates[0]} to {panel.dates[-1]}\nnext: harbor-fleet check {to}",
        markup=False,
        highlight=False,
    )


def _write(panel: Panel, path: Path) -> None:
    """Writes `panel` as a table with every column that can be read."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["city", "site", "date", "count", "holiday", "holiday_name", "special"])
        for row, site in enumerate(panel.sites):
            for day, date in enumerate(panel.dates):
                kind, label = panel.calendar.kind[row, day], panel.calendar.name[row, day]
                names = (label if kind == HOLIDAY else "", label if kind == SPECIAL else "")
                count = f"{panel.counts[row, day]:.0f}"
                writer.writerow(
                    [panel.cities[row], site, date, count, int(kind == HOLIDAY), *names]
                )
