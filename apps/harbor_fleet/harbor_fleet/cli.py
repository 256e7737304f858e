"""The command line: `harbor-fleet COMMAND`, and the whole tour without one."""

from typing import Annotated

import typer

from harbor_fleet._commands.check import check
from harbor_fleet._commands.evaluate import evaluate
from harbor_fleet._commands.export import export
from harbor_fleet._commands.forecast import forecast
from harbor_fleet._commands.generate import generate
from harbor_fleet._commands.nightly import nightly
from harbor_fleet._commands.report import report
from harbor_fleet._commands.shared import (
    ConfigOption,
    CovariateOption,
    DataOption,
    EpochsOption,
    HiddenOption,
    OutputOption,
    SeedOption,
    SeedsOption,
    SetOption,
    WindowOption,
    configured,
    guarded,
    state,
)
from harbor_fleet._commands.tour import tour
from harbor_fleet._commands.train import train

__all__ = ["app", "main"]

app = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
@guarded
def main(
    context: typer.Context,
    data: DataOption = None,
    covariate: CovariateOption = None,
    output: OutputOption = None,
    window: WindowOption = None,
    epochs: EpochsOption = None,
    hidden: HiddenOption = None,
    seed: SeedOption = None,
    seeds: SeedsOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
) -> None:
    """Forecasts daily demand a week ahead, for every depot at once.

    Without a command, all of it: the data are checked, a two-layer GRU is fitted on all but the
    last 30 days and scored beside *seasonal naive* (the same weekday last week) and other models,
    then fitted to all days; the coming week is forecast, the model is exported, and `report.html`
    shows it all.

    Try `python -m harbor_fleet` first; then `python -m harbor_fleet --data counts.csv`.

    Status: 0 fine; 1 the data, the settings or a file can not be used; 2 the command line is
    wrong; 3 the new model was not published.
    """
    state.debug = debug
    if context.invoked_subcommand is None:
        tour(
            configured(
                config,
                sets,
                data,
                covariate,
                output,
                window=window,
                epochs=epochs,
                hidden=hidden,
                seed=seed,
                seeds=seeds,
            )
        )


for command in (generate, check, train, evaluate, forecast, export, nightly, report):
    app.command()(command)
