"""A small made-up fleet, as a table and as a panel."""

from datetime import date as Date, timedelta

import numpy as np
import pytest

from harbor_fleet.panel import Panel, weekdays
from harbor_fleet.predictor import HOLIDAY, Calendar

START, DAYS = Date(2023, 1, 1), 200


@pytest.fixture
def rows() -> list[list[str]]:
    """The cells of a table of two depots and 200 days, header first, sorted by depot."""
    generator = np.random.default_rng(7)
    table = [["site", "date", "count"]]
    for site, size in (("north", 300), ("south", 80)):
        for day in range(DAYS):
            when = START + timedelta(days=day)
            mean = size * (0.6 if when.weekday() == 6 else 1.0)
            table.append([site, when.isoformat(), str(generator.poisson(mean))])
    return table


@pytest.fixture
def write(tmp_path):
    """Writes rows as a csv and returns its path."""

    def written(rows: list[list[str]], name: str = "counts.csv"):
        path = tmp_path / name
        path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
        return path

    return written


@pytest.fixture
def panel() -> Panel:
    """What `made_up_panel` gives, for each test anew."""
    return made_up_panel()


@pytest.fixture(scope="module")
def fleet() -> Panel:
    """What `made_up_panel` gives, shared by the tests of a module, which must not change it."""
    return made_up_panel()


def made_up_panel() -> Panel:
    """Three depots and 300 days with weekdays, a yearly holiday, and one covariate."""
    generator = np.random.default_rng(3)
    dates = np.datetime64("2023-01-01") + np.arange(300)
    weekday = weekdays(dates)
    shape = (3, len(dates))
    covariate = generator.normal(size=(*shape, 1))
    profile = np.where(weekday == 6, -0.5, 0.0)
    logs = np.array([[6.0], [5.0], [4.0]]) + profile + 0.4 * covariate[..., 0]
    counts = generator.poisson(np.exp(logs)).astype(float)
    name, kind = np.full(shape, "", dtype=object), np.zeros(shape, int)
    for day in (50, 150, 250, 280):
        name[:, day], kind[:, day] = "Harbor Day", HOLIDAY
        counts[:, day] //= 2
    counts[1, 100:104] = np.nan
    sites = ("Alpha", "Beta, east", "Gamma")
    return Panel(sites, dates, counts, Calendar(weekday, name, kind, covariate), ("tide",))
