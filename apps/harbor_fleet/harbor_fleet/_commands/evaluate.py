"""`harbor-fleet evaluate`."""

import importlib.util
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
from harbor_fleet._commands.tables import show_data, show_evaluation
from harbor_fleet.config import AUTOMATIC, Config
from harbor_fleet.evaluation import EVERY_MODEL, NETWORK, Evaluation, evaluate as evaluate_panel
from harbor_fleet.panel import between, known_days
from harbor_fleet.plots import plot_hold_out
from harbor_fleet.results import write_evaluation

__all__ = ["evaluate", "run_evaluation"]

PACKAGES = {"LightGBM": "lightgbm", "Prophet": "prophet", "Prophet, tuned": "prophet"}


@guarded
def evaluate(
    data: DataOption = None,
    covariate: CovariateOption = None,
    output: OutputOption = None,
    window: WindowOption = None,
    epochs: EpochsOption = None,
    hidden: HiddenOption = None,
    seed: SeedOption = None,
    seeds: SeedsOption = None,
    model: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(EVERY_MODEL)}; may be repeated.")
    ] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
) -> None:
    """Fits on all but the last 30 days and scores the forecasts of these, beside other models.

    The 30 days are forecast from five origins a week apart, as a planner would have. Other models
    are those whose packages are installed; `--model` names some.

    Example: `harbor-fleet evaluate --data counts.csv --model GRU --model "seasonal naive"`
    """
    settings = configured(
        config,
        [*(sets or []), *([f"evaluate.models={model}"] if model else [])],
        data,
        covariate,
        output,
        window=window,
        epochs=epochs,
        hidden=hidden,
        seed=seed,
        seeds=seeds,
    )
    shown, given = console(), loaded(settings)
    show_data(shown, given.panel, given.source)
    run_evaluation(shown, settings, given)


def run_evaluation(shown: Console, settings: Config, given: Loaded) -> Evaluation:
    """The table, and `evaluation.json`, `hold_out.csv` and `hold_out.png` in the output folder."""
    folder = Path(settings.output.folder)
    folder.mkdir(parents=True, exist_ok=True)
    panel = between(given.fitted, 0, known_days(given.fitted))
    found = Evaluation([], {}, None, None)
    with progress_bar(shown) as advance:
        for name in _models(settings.evaluate.models):
            advance(name, 0.0, float("nan"))
            one = evaluate_panel(
                panel,
                settings.train.settings(),
                (name,),
                lambda share, loss, name=name: advance(name, share, loss),
            )
            advance(name, 1.0, float("nan"))
            found = Evaluation(
                found.rows + one.rows,
                found.forecasts | one.forecasts,
                found.interval if one.interval is None else one.interval,
                found.model or one.model,
            )
    show_evaluation(shown, found)
    write_evaluation(found, panel, folder)
    naive = found.forecasts["seasonal naive"]
    plot_hold_out(panel, found.forecasts[NETWORK], naive, folder / "hold_out.png")
    return found


def _models(named: tuple[str, ...]) -> tuple[str, ...]:
    """The models to run, always with the network and what it must beat."""
    installed = [
        name
        for name in EVERY_MODEL
        if name not in PACKAGES or importlib.util.find_spec(PACKAGES[name]) is not None
    ]
    chosen = {NETWORK, "seasonal naive", *named}
    if AUTOMATIC in named:
        chosen |= set(installed)
    return tuple(name for name in EVERY_MODEL if name in chosen)
