"""`harbor-fleet train`."""

import json
import shutil
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harbor_fleet._commands.shared import (
    ConfigOption,
    CovariateOption,
    DataOption,
    EpochsOption,
    HiddenOption,
    Loaded,
    OutputOption,
    SeedOption,
    SeedsOption,
    SetOption,
    WindowOption,
    configured,
    console,
    guarded,
    loaded,
    progress_bar,
)
from harbor_fleet._commands.tables import show_data, show_findings
from harbor_fleet.config import Config
from harbor_fleet.forecaster import Model
from harbor_fleet.panel import between, known_days
from harbor_fleet.resuming import fit_resumably

__all__ = ["run_training", "train"]


@guarded
def train(
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
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print the settings as TOML and end.")
    ] = False,
) -> None:
    """Fits the network to all days and writes `weights.npz`.

    A run that is killed goes on where it was when the same command is given again, and ends with
    the same weights, bit for bit.

    Example: `harbor-fleet train --data counts.csv --seeds 3`
    """
    settings = configured(
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
    if print_config:
        typer.echo(settings.toml())
        return
    shown, given = console(), loaded(settings)
    show_data(shown, given.panel, given.source)
    show_findings(shown, given.findings, whole=False)
    run_training(shown, settings, given)
    shown.print("next: harbor-fleet forecast", style="dim")


def run_training(shown: Console, settings: Config, given: Loaded) -> Model:
    """Fits, with checkpoints, and writes `weights.npz` and `training.json`."""
    started, folder = time.perf_counter(), Path(settings.output.folder)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints = folder / "checkpoints"
    panel = between(given.fitted, 0, known_days(given.fitted))
    with progress_bar(shown) as advance:
        model, epochs = fit_resumably(
            panel,
            settings.train.settings(),
            checkpoints,
            lambda share, loss: advance("training", share, loss),
            settings.train.checkpoint_every,
        )
    if epochs:
        shown.print(f"resumed: {epochs} epochs were done by an earlier run", highlight=False)
    unfinished = folder / "weights.new.npz"
    model.save(unfinished)
    unfinished.replace(folder / "weights.npz")
    about = {"settings": settings.train.settings()._asdict(), "until": str(panel.dates[-1])}
    (folder / "training.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(checkpoints, ignore_errors=True)
    seconds = time.perf_counter() - started
    shown.print(f"{folder / 'weights.npz'}: fitted in {seconds:.0f} s", highlight=False)
    return model
