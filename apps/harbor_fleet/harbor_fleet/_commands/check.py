"""`harbor-fleet check`."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from harbor_fleet._commands.shared import (
    ConfigOption,
    CovariateOption,
    SetOption,
    WindowOption,
    configured,
    console,
    guarded,
)
from harbor_fleet._commands.tables import show_data, show_findings
from harbor_fleet.data import inspect
from harbor_fleet.fleet import recent

__all__ = ["check"]


@guarded
def check(
    file: Annotated[Path, typer.Argument(help="A `.csv`, `.csv.gz` or `.parquet` of counts.")],
    covariate: CovariateOption = None,
    window: WindowOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
) -> None:
    """Says all that is wrong with a table, by row and column, and how to put it right.

    Errors stop every other command; warnings and notes tell what is made of the data. Nothing is
    left out silently. Status 1 when there are errors.

    Example: `harbor-fleet check counts.csv --covariate temperature`
    """
    data = configured(config, sets, file, covariate, window=window).data
    found = inspect(file, data.covariates, data.window)
    shown = console()
    if found.panel is not None:
        show_data(shown, recent(found.panel, data.window), str(file))
    show_findings(shown, found.findings)
    if found.unused:
        shown.print(f"note: columns not used: {', '.join(found.unused)}", markup=False)
    levels = Counter(finding.level for finding in found.findings)
    counted = [f"{levels[level]} {level}{'s' * (levels[level] != 1)}" for level in levels]
    shown.print(f"{file}: {', '.join(counted) or 'nothing to say'}", markup=False, highlight=False)
    if found.errors():
        raise typer.Exit(1)
