"""`harbor-fleet forecast`."""

from pathlib import Path
from typing import Annotated

import typer
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
from harbor_fleet._commands.tables import show_outlook
from harbor_fleet.config import Config
from harbor_fleet.data import DataError
from harbor_fleet.fleet import Outlook, outlook
from harbor_fleet.forecaster import Model
from harbor_fleet.results import write_outlook

__all__ = ["forecast", "load_model", "run_forecast"]


@guarded
def forecast(
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
    """Forecasts the seven days after the last count, for every depot, and writes `forecast.csv`.

    Missing days are bridged; a depot of only zeros at the end is expected to stay closed; one
    that is too new for the model gets the others' week at its own level. Each says so.

    Example: `harbor-fleet forecast --data counts.csv --model published/current`
    """
    settings = configured(config, sets, data, covariate, output, window=window)
    given = loaded(settings)
    run_forecast(console(), settings, given, load_model(settings, model), whole=True)


def load_model(settings: Config, place: Path | None) -> Model:
    """The weights at `place`, or those of the output folder. Raises `DataError`."""
    path = place or Path(settings.output.folder)
    path = path / "weights.npz" if path.is_dir() or not path.suffix else path
    if not path.exists():
        raise DataError(f"{path}: there is no such file; run harbor-fleet train first")
    try:
        model = Model.load(path)
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: these are no weights ({error}); train again") from error
    found = tuple(str(name) for name in model.weights["covariates"])
    if found != settings.data.covariates:
        options = " ".join(f"--covariate {name}" for name in found) or "no --covariate"
        raise DataError(f"{path}: was fitted with other covariates; give {options}")
    return model


def run_forecast(
    shown: Console, settings: Config, given: Loaded, model: Model, whole: bool
) -> Outlook:
    """The table of the coming week, and `forecast.csv` in the output folder."""
    folder = Path(settings.output.folder)
    folder.mkdir(parents=True, exist_ok=True)
    week = outlook(model, given.panel, settings.data.window)
    write_outlook(week, folder / "forecast.csv")
    show_outlook(shown, week, whole)
    shown.print(f"{folder / 'forecast.csv'}: {len(week.sites)} depots, 7 days", highlight=False)
    return week
