"""The nightly run: retrain, compare with what is published, and publish unless it is worse."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from harbor_fleet.baselines import seasonal_naive
from harbor_fleet.config import Config, Nightly
from harbor_fleet.evaluation import network_hold_out, weekly
from harbor_fleet.export import export
from harbor_fleet.fleet import narrowed, outlook, recent, selected, states_and_fitted
from harbor_fleet.forecaster import Model
from harbor_fleet.metrics import score
from harbor_fleet.panel import HOLD_OUT, Panel, between, known_days
from harbor_fleet.publishing import Journal, current, locked, prune, publish, published
from harbor_fleet.results import write_outlook
from harbor_fleet.resuming import fingerprint, fit_resumably

__all__ = ["Comparison", "Refused", "compare", "nightly"]

FEWEST_DAYS = 7  # that neither model has seen, for a comparison
Progress = Callable[[str, float, float], None]


class Refused(RuntimeError):
    """The new model is not published; the message says why."""


class Comparison(NamedTuple):
    """One metric on the same days and depots: the new model's, the published one's, and that of
    repeating last week; None where there is none. `days` and `depots` say how many were scored.
    """

    metric: str
    new: float
    published: float | None
    naive: float
    days: int
    depots: int

    def refusal(self, settings: Nightly) -> str:
        """Why the new model must not be published; empty where it may be."""
        name, unit = self.metric.upper(), "" if self.metric == "mase" else " %"
        span = f"over the last {self.days} days of {self.depots} depots"
        if self.published is not None:
            allowed = self.published * (1 + settings.tolerance / 100)
            if self.new > allowed:
                return (
                    f"its {name} {span} is {self.new:.2f}{unit}, the published model's is "
                    f"{self.published:.2f}{unit}, and at most {allowed:.2f}{unit} is allowed "
                    f"(nightly.tolerance is {settings.tolerance:g} %)"
                )
        if settings.beat_naive and self.new > self.naive:
            return (
                f"its {name} {span} is {self.new:.2f}{unit}, and repeating last week has "
                f"{self.naive:.2f}{unit} (nightly.beat_naive is true)"
            )
        return ""


def compare(new: Model, panel: Panel, settings: Nightly, place: Path | None) -> Comparison:
    """Scores `new`, which has not seen the last 30 days of `panel`, beside the model published at
    `place`, by the network that was judged at its time, which has not seen them either.

    Raises `Refused` where the two can not be compared.
    """
    sites, first = panel.sites, len(panel.dates) - HOLD_OUT
    old = None
    if place is not None:
        old, manifest = Model.load(place / "judged.npz"), _manifest(place)
        known = {str(site) for site in old.weights["sites"]}
        sites = tuple(site for site in panel.sites if site in known)
        covariates = tuple(str(name) for name in old.weights["covariates"])
        if not sites or covariates != panel.covariates:
            what = "depots" if not sites else "covariates"
            raise Refused(f"it has other {what} than the published model; --accept publishes it")
        until = np.datetime64(manifest["judged"]["until"])
        seen_from = int((until - panel.dates[0]).astype(int)) + 1
        first = max(first, seen_from)
        if len(panel.dates) - first < FEWEST_DAYS:
            raise Refused(
                f"the data end on {panel.dates[-1]}, and the published model was judged on days "
                f"from {until + 1}: too few are left to compare on; --accept publishes it"
            )
    common = selected(panel, sites)
    metric = settings.metric

    def judged(model: Model) -> float:
        expected = network_hold_out(narrowed(model, sites).weights, common)[0]
        return _scored(expected, common, first, metric)

    naive = _scored(weekly(common, seasonal_naive), common, first, metric)
    published_one = None if old is None else judged(old)
    days = len(panel.dates) - first
    return Comparison(metric, judged(new), published_one, naive, days, len(sites))


def _scored(expected: np.ndarray, panel: Panel, first: int, metric: str) -> float:
    """The metric of `expected` `(N, 30)` over the days from `first` on."""
    held = len(panel.dates) - HOLD_OUT
    days = slice(first - held, None)
    actual = panel.counts[:, held:][:, days]
    return round(
        float(getattr(score(actual, expected[:, days], panel.counts[:, :held]), metric)), 6
    )


def nightly(
    panel: Panel,
    config: Config,
    say: Callable[[str], None],
    progress: Progress | None = None,
    accept: bool = False,
) -> Path:
    """Runs all stages and returns the folder of the published model; `say` hears of each.

    A run that was killed is resumed by the next with the same data and settings, and ends with
    the same files. Raises `Refused` where the new model is not published, and `LockError` where
    another run is under way. `accept` publishes a model that is worse or can not be compared.
    """
    folder = Path(config.nightly.published)
    with locked(folder / "nightly.lock", say):
        return _Night(panel, config, say, progress or (lambda *_: None), accept).run(folder)


class _Night:
    """One run, under the lock."""

    def __init__(
        self, panel: Panel, config: Config, say: Callable, progress: Progress, accept: bool
    ) -> None:
        self.config, self.say, self.progress, self.accept = config, say, progress, accept
        self.settings = config.train.settings()
        self.panel = recent(panel, config.data.window)
        self.states, self.fitted = states_and_fitted(self.panel, config.data.window)
        self.days = known_days(self.fitted)
        mark = fingerprint(self.panel, self.settings)
        self.name = f"{self.panel.dates[known_days(self.panel) - 1]}-{mark[:8]}"
        self.journal: Journal | None = None

    def run(self, folder: Path) -> Path:
        """All stages."""
        self.journal = Journal(folder / "nightly.jsonl", self.name)
        work = folder / ".work"
        done = current(folder)
        if done is not None and done.name == self.name:
            shutil.rmtree(work, ignore_errors=True)
            self.say(f"{self.name} is already published from these data and settings")
            return done
        past = between(self.fitted, 0, self.days - HOLD_OUT)
        judged = self._fit("judge", past, work)
        comparison = self._compare(judged, done, folder)
        model = self._fit("train", between(self.fitted, 0, self.days), work)

        def write(place: Path) -> None:
            self._write(place, model, judged, comparison, folder)

        with self._stage("publish") as details:
            place = publish(folder, self.name, write)
            details["removed"] = prune(folder, self.config.nightly.keep)
            shutil.rmtree(work, ignore_errors=True)
        self.say(f"published {place}")
        return place

    @contextmanager
    def _stage(self, name: str) -> Iterator[dict[str, Any]]:
        assert self.journal is not None
        started, details = time.perf_counter(), {}
        try:
            yield details
        except Exception as error:
            status = "refused" if isinstance(error, Refused) else "failed"
            seconds = time.perf_counter() - started
            self.journal.write(name, seconds, **details, status=status, reason=str(error))
            raise
        self.journal.write(name, time.perf_counter() - started, status="done", **details)

    def _fit(self, stage: str, panel: Panel, work: Path) -> Model:
        """A model of `panel`, from the work of an earlier run as far as that came."""
        with self._stage(stage) as details:
            kept = work / f"{stage}-{fingerprint(panel, self.settings)}.npz"
            if kept.exists():
                details["resumed"] = "whole"
                self.say(f"{stage}: an earlier run had finished it")
                return Model.load(kept)
            for other in work.glob(f"{stage}-*.npz"):  # of a night that was refused
                other.unlink()
            model, epochs = fit_resumably(
                panel,
                self.settings,
                work / stage,
                lambda share, loss: self.progress(stage, share, loss),
                self.config.train.checkpoint_every,
            )
            if epochs:
                self.say(f"{stage}: {epochs} epochs were done by an earlier run")
            details["resumed"] = epochs
            unfinished = kept.with_suffix(".new.npz")
            model.save(unfinished)
            unfinished.replace(kept)
            shutil.rmtree(work / stage)
            return Model.load(kept)

    def _compare(self, judged: Model, place: Path | None, folder: Path) -> Comparison | None:
        with self._stage("compare") as details:
            panel = between(self.fitted, 0, self.days)
            try:
                found = compare(judged, panel, self.config.nightly, place)
                details |= found._asdict()
                why = found.refusal(self.config.nightly)
            except Refused as error:
                found, why = None, str(error)
            if found is not None:
                self.say(_said(found))
            if why and not self.accept:
                kept = f"{place.name} stays published" if place else "nothing is published"
                raise Refused(f"the new model is not published: {why}; {kept} in {folder}")
            if why:
                details["accepted"] = why
                self.say(f"accepted all the same: {why}")
            return found

    def _write(
        self, place: Path, model: Model, judged: Model, comparison: Comparison | None, folder: Path
    ) -> None:
        before = current(folder)
        serial = 1 + (_manifest(before)["serial"] if before is not None else 0)
        states = [depot for depot in self.states if depot.state != "open"]
        about = {
            "serial": max(serial, 1 + len(published(folder))),
            "previous": before.name if before is not None else None,
            "settings": self.settings._asdict(),
            "judged": {
                "until": str(self.fitted.dates[self.days - HOLD_OUT - 1]),
                **(comparison._asdict() if comparison is not None else {}),
            },
            "depots_not_open": {depot.site: depot.note() for depot in states},
        }
        export(model, self.fitted, place, about)
        judged.save(place / "judged.npz")
        write_outlook(outlook(model, self.panel, self.config.data.window), place / "forecast.csv")


def _said(found: Comparison) -> str:
    unit = "" if found.metric == "mase" else " %"
    numbers = [("new", found.new), ("published", found.published), ("last week", found.naive)]
    listed = ", ".join(f"{name} {value:.2f}{unit}" for name, value in numbers if value is not None)
    return (
        f"{found.metric.upper()} over the last {found.days} days of {found.depots} depots: {listed}"
    )


def _manifest(place: Path) -> dict[str, Any]:
    return json.loads((place / "manifest.json").read_text(encoding="utf-8"))
