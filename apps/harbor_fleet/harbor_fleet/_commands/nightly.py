"""`harbor-fleet nightly`."""

from pathlib import Path
from typing import Annotated

import typer

from harbor_fleet._commands.shared import (
    ConfigOption,
    CovariateOption,
    DataOption,
    EpochsOption,
    HiddenOption,
    SeedOption,
    SeedsOption,
    SetOption,
    WindowOption,
    configured,
    console,
    fail,
    guarded,
    loaded,
    progress_bar,
)
from harbor_fleet.nightly import Refused, nightly as run_nightly

__all__ = ["nightly"]


@guarded
def nightly(
    data: DataOption = None,
    covariate: CovariateOption = None,
    to: Annotated[
        Path | None, typer.Option(help="The folder of published models; default: published.")
    ] = None,
    window: WindowOption = None,
    epochs: EpochsOption = None,
    hidden: HiddenOption = None,
    seed: SeedOption = None,
    seeds: SeedsOption = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publish even if the model is worse.")
    ] = False,
    config: ConfigOption = None,
    sets: SetOption = None,
) -> None:
    """Retrains, compares with the published model on the same recent days, and publishes.

    A model that is worse by more than `nightly.tolerance` per cent is not published: status 3.
    A run that was killed is resumed by the next one. Readers of `published/current/` find the old
    model or the new one, whole. `nightly.jsonl` there has a line for each stage.

    Example, for cron: `harbor-fleet nightly --config harbor.toml`
    """
    chosen = [*(sets or []), *([f'nightly.published="{to}"'] if to else [])]
    settings = configured(
        config,
        chosen,
        data,
        covariate,
        window=window,
        epochs=epochs,
        hidden=hidden,
        seed=seed,
        seeds=seeds,
    )
    shown, given = console(), loaded(settings)

    def say(text: str) -> None:
        shown.print(text, markup=False, highlight=False, soft_wrap=True)

    errors = sum(finding.level == "warning" for finding in given.findings)
    say(f"{given.source}: {len(given.panel.sites)} depots, {errors} warnings")
    try:
        with progress_bar(shown) as advance:
            run_nightly(given.panel, settings, say, advance, accept)
    except Refused as error:
        fail(str(error), 3, error)
