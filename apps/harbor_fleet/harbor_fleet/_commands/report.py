"""`harbor-fleet report`."""

from pathlib import Path

from rich.console import Console

from harbor_fleet._commands.shared import (
    ConfigOption,
    CovariateOption,
    DataOption,
    Loaded,
    OutputOption,
    SetOption,
    WindowOption,
    configured,
    console,
    guarded,
    loaded,
)
from harbor_fleet.config import Config
from harbor_fleet.report import report_page
from harbor_fleet.results import read_evaluation, read_outlook

__all__ = ["report", "run_report"]


@guarded
def report(
    data: DataOption = None,
    covariate: CovariateOption = None,
    output: OutputOption = None,
    window: WindowOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
) -> None:
    """Writes `report.html`, one page that needs no network, from what `evaluate` and `forecast`
    left in the output folder.

    Example: `harbor-fleet report --data counts.csv`, then open `forecast/report.html`
    """
    settings = configured(config, sets, data, covariate, output, window=window)
    run_report(console(), settings, loaded(settings))


def run_report(shown: Console, settings: Config, given: Loaded) -> None:
    """Writes the page to the output folder."""
    folder = Path(settings.output.folder)
    found, sites, dates = read_evaluation(folder)
    week = read_outlook(folder / "forecast.csv")
    page = report_page(given.panel, given.findings, given.source, found, sites, dates, week)
    (folder / "report.html").write_text(page, encoding="utf-8")
    size = len(page.encode()) / 1e3
    shown.print(
        f"{folder / 'report.html'}: one page, {size:.0f} kB, for any browser", highlight=False
    )
