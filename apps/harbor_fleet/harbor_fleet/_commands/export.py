"""`harbor-fleet export`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harbor_fleet._commands.forecast import load_model
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
from harbor_fleet.data import DataError
from harbor_fleet.export import export as export_model, latency
from harbor_fleet.fleet import narrowed, selected
from harbor_fleet.forecaster import Model

__all__ = ["export", "run_export"]


@guarded
def export(
    data: DataOption = None,
    covariate: CovariateOption = None,
    output: OutputOption = None,
    window: WindowOption = None,
    model: Annotated[
        Path | None, typer.Option(help="Weights, or a published folder; default: the output's.")
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
) -> None:
    """Writes what a deployment needs: weights, history, and a predictor of NumPy alone.

    The predictor is run as a program of its own and its forecasts are compared with the compiled
    network's; they must agree to 1e-5. `manifest.json` has versions, checksums and the span of
    the data; `latency.json` has the time that a forecast takes.

    Example: `harbor-fleet export --data counts.csv`, then in the output folder
    `python predictor.py weights.npz history.csv`
    """
    settings = configured(config, sets, data, covariate, output, window=window)
    run_export(console(), settings, loaded(settings), load_model(settings, model))


def run_export(shown: Console, settings: Config, given: Loaded, model: Model) -> None:
    """Exports to the output folder, and says how near and how fast the predictor is."""
    folder = Path(settings.output.folder)
    fitted = {str(site) for site in model.weights["sites"]}
    sites = tuple(site for site in given.panel.sites if site in fitted)
    if not sites:
        raise DataError(f"{given.source}: has none of the model's depots; train on it first")
    panel, model = selected(given.panel, sites), narrowed(model, sites)
    manifest = export_model(model, panel, folder, {"source": given.source})
    found = manifest["verified"]
    shown.print(
        f"predictor.py, run alone with NumPy, forecasts {manifest['forecast']['first']} and the "
        f"six days after: largest relative difference to the compiled model "
        f"{found['largest_relative_difference']:.1e} (within {found['allowed']:.0e})",
        highlight=False,
    )
    taken = latency(model, panel)
    text = json.dumps({name: one._asdict() for name, one in taken.items()}, indent=2) + "\n"
    (folder / "latency.json").write_text(text, encoding="utf-8")
    for name, one in taken.items():
        shown.print(
            f"a forecast for {name}: {one.p50:.1f} ms (p50), {one.p99:.1f} ms (p99)",
            highlight=False,
        )
