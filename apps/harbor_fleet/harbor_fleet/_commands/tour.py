"""The command without a name: all of it, on the default data."""

import time

from harbor_fleet._commands.evaluate import run_evaluation
from harbor_fleet._commands.export import run_export
from harbor_fleet._commands.forecast import run_forecast
from harbor_fleet._commands.report import run_report
from harbor_fleet._commands.shared import console, guarded, loaded
from harbor_fleet._commands.tables import show_data, show_findings
from harbor_fleet._commands.train import run_training
from harbor_fleet.config import Config

__all__ = ["tour"]


@guarded
def tour(settings: Config) -> None:
    """Check, evaluate, train, forecast, export, report."""
    shown, started = console(), time.perf_counter()
    given = loaded(settings)
    show_data(shown, given.panel, given.source)
    show_findings(shown, given.findings, whole=False)
    shown.rule("how good: fitted without the last 30 days, beside other models", align="left")
    run_evaluation(shown, settings, given)
    shown.rule("the model: fitted to all days", align="left")
    model = run_training(shown, settings, given)
    shown.rule("the forecast", align="left")
    run_forecast(shown, settings, given, model, whole=False)
    shown.rule("what is deployed", align="left")
    run_export(shown, settings, given, model)
    run_report(shown, settings, given)
    seconds = time.perf_counter() - started
    shown.print(f"Done in {seconds:.0f} s; results are in {settings.output.folder}/", markup=False)
