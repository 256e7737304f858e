"""What a deployment needs, checked against the compiled model before it is called done."""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import jib
from harbor_fleet import predictor
from harbor_fleet.fleet import narrowed
from harbor_fleet.forecaster import Model, compiled_forecast
from harbor_fleet.panel import Panel, known_days, with_coming_week, write_history

__all__ = ["AGREEMENT", "FILES", "ExportError", "Latency", "export", "latency", "sha256"]

AGREEMENT = 1e-5  # the largest relative difference allowed between the two predictors
FORMAT = 1  # of manifest.json
FILES = ("weights.npz", "history.csv", "predictor.py")
ROUNDS = 40  # forecasts timed


class ExportError(ValueError):
    """What was exported does not forecast what the model does."""


class Latency(NamedTuple):
    """Milliseconds that a forecast takes, half of the time and at most 99 times in 100."""

    p50: float
    p99: float


def export(model: Model, panel: Panel, folder: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Writes `weights.npz`, `history.csv`, `predictor.py` and `manifest.json` to `folder`; returns
    the manifest, to which `about` is added.

    The predictor is run as a program of its own, and its forecasts compared with the compiled
    network's. Raises `ExportError` where they differ, and leaves no manifest then.
    """
    ahead = with_coming_week(panel)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    model.save(folder / "weights.npz")
    write_history(ahead, folder / "history.csv")
    shutil.copyfile(predictor.__file__, folder / "predictor.py")
    alone = _run_alone(folder, ahead)
    compiled = compiled_forecast(model, ahead)
    difference = float(np.max(np.abs(alone - compiled) / np.maximum(np.abs(compiled), 1.0)))
    if not difference <= AGREEMENT:
        raise ExportError(
            f"{folder}: predictor.py and the compiled model differ by {difference:.1e} (relative), "
            f"and {AGREEMENT:.0e} is allowed; nothing may be deployed from there"
        )
    known = known_days(panel)
    manifest = {
        "format": FORMAT,
        "versions": {
            "harbor_fleet": version("harbor-fleet"),
            "jib": jib.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "data": {
            "first": str(panel.dates[0]),
            "last": str(panel.dates[known - 1]),
            "depots": len(panel.sites),
            "covariates": list(panel.covariates),
        },
        "forecast": {
            "first": str(ahead.dates[known]),
            "days": predictor.HORIZON,
            "interval": "80 %",
        },
        "verified": {"largest_relative_difference": difference, "allowed": AGREEMENT},
        "files": {name: sha256(folder / name) for name in FILES},
        **about,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return manifest


def sha256(path: Path) -> str:
    """The checksum of a file, as `sha256sum` prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run_alone(folder: Path, ahead: Panel) -> np.ndarray:
    """What `predictor.py` prints when it is run there, `(N, 7)`."""
    command = [sys.executable, "predictor.py", "weights.npz", "history.csv"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = ran.stderr.strip().splitlines()[-1:] or ["it says nothing"]
        raise ExportError(f"{folder}/predictor.py ends with status {ran.returncode}: {said[0]}")
    lines = ran.stdout.splitlines()[1:]
    values = np.array([float(line.rsplit(",", 1)[1]) for line in lines])
    return values.reshape(len(ahead.sites), -1)


def latency(model: Model, panel: Panel, rounds: int = ROUNDS) -> dict[str, Latency]:
    """How long NumPy takes for one depot and for all of them, data and weights being in memory."""
    ahead, origin = with_coming_week(panel), known_days(panel)
    name, kind, extra = (part[:1] for part in ahead.calendar[1:])
    calendar = ahead.calendar._replace(name=name, kind=kind, covariates=extra)
    one = narrowed(model, panel.sites[:1]).weights
    return {
        "one depot": _timed(one, ahead.counts[:1], calendar, origin, rounds),
        f"all {len(panel.sites)} depots": _timed(
            model.weights, ahead.counts, ahead.calendar, origin, rounds
        ),
    }


def _timed(
    weights: dict, counts: np.ndarray, calendar: predictor.Calendar, origin: int, rounds: int
) -> Latency:
    predictor.forecast(weights, counts, calendar, origin)
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        predictor.forecast(weights, counts, calendar, origin)
        taken.append(1e3 * (time.perf_counter() - started))
    return Latency(*(round(float(value), 2) for value in np.percentile(taken, [50, 99])))
