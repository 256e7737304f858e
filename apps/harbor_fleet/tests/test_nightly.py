"""The nightly run: published whole, never worse, resumed after it is killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from harbor_fleet import publishing
from harbor_fleet.config import Config, Nightly, Train
from harbor_fleet.fleet import narrowed
from harbor_fleet.forecaster import Model
from harbor_fleet.nightly import Comparison, Refused, compare, nightly
from harbor_fleet.panel import between
from harbor_fleet.publishing import LockError, current, locked, prune, publish, published

ARGUMENTS = "--epochs 6 --hidden 4 --set train.checkpoint_every=1 --set nightly.beat_naive=false"
TRAIN = Train(epochs=6, hidden=4, checkpoint_every=1)
FILES = {
    "forecast.csv",
    "history.csv",
    "judged.npz",
    "manifest.json",
    "predictor.py",
    "weights.npz",
}


def config(folder, **options) -> Config:
    return Config(train=TRAIN, nightly=Nightly(published=str(folder), beat_naive=False, **options))


@pytest.fixture(scope="module")
def counts(fleet):
    """The fleet's first 200 days, without its covariate."""
    panel = between(fleet, 0, 200)
    calendar = panel.calendar._replace(covariates=np.zeros((3, 200, 0)))
    return panel._replace(calendar=calendar, covariates=())


@pytest.fixture(scope="module")
def first(counts, tmp_path_factory):
    """A folder with one published model."""
    folder = tmp_path_factory.mktemp("published")
    nightly(counts, config(folder), lambda text: None)
    return folder


def contents(place) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir()}


def test_a_published_model_is_whole(first):
    place = current(first)
    assert {path.name for path in place.iterdir()} == FILES
    assert not (first / ".work").exists() and (first / "nightly.lock").read_text() == ""
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["data"]["last"] == "2023-07-19" and manifest["judged"]["until"] == "2023-06-19"
    assert manifest["judged"]["published"] is None and manifest["serial"] == 1
    lines = [json.loads(line) for line in (first / "nightly.jsonl").read_text().splitlines()]
    assert [line["stage"] for line in lines] == ["judge", "compare", "train", "publish"]
    assert all(line["status"] == "done" and line["run"] == place.name for line in lines)


def test_the_same_night_again_changes_nothing(first, counts):
    before, said = contents(current(first)), []
    assert nightly(counts, config(first), said.append) == current(first)
    assert said == [f"{current(first).name} is already published from these data and settings"]
    assert contents(current(first)) == before


def test_killed_anywhere_it_ends_with_the_same_files(first, counts, tmp_path):
    """The first run is killed in its second fit, and the second run goes on from there."""
    table, folder = tmp_path / "counts.csv", tmp_path / "published"
    rows = [
        f'"{site}",{date},{"" if np.isnan(count) else int(count)},{int(kind)},{name},'
        for site, *days in zip(counts.sites, counts.counts, *counts.calendar[1:3], strict=True)
        for date, count, name, kind in zip(counts.dates, *days, strict=True)
    ]
    header = "site,date,count,holiday,holiday_name,special"
    table.write_text("\n".join([header, *rows]) + "\n")
    command = [sys.executable, "-m", "harbor_fleet", "nightly", "--data", str(table)]
    command += ["--to", str(folder), *ARGUMENTS.split()]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not list((folder / ".work").glob("train/*/fit-1/2")):
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert current(folder) is None and "process" in (folder / "nightly.lock").read_text()
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "its lock is taken over and its work resumed" in ran.stdout
    assert "judge: an earlier run had finished it" in ran.stdout
    assert "epochs were done by an earlier run" in ran.stdout
    assert contents(current(folder)) == contents(current(first))
    assert current(folder).name == current(first).name


def test_a_worse_model_is_refused_with_its_reason():
    found = Comparison("wape", 8.5, 8.0, 14.0, 30, 3)
    assert found.refusal(Nightly()) == (
        "its WAPE over the last 30 days of 3 depots is 8.50 %, the published model's is 8.00 %, "
        "and at most 8.16 % is allowed (nightly.tolerance is 2 %)"
    )
    assert found.refusal(Nightly(tolerance=7.0)) == ""
    naive = Comparison("mase", 1.2, None, 1.1, 30, 3)
    assert naive.refusal(Nightly()) == (
        "its MASE over the last 30 days of 3 depots is 1.20, and repeating last week has 1.10 "
        "(nightly.beat_naive is true)"
    )
    assert naive.refusal(Nightly(beat_naive=False)) == ""


def test_a_refused_model_leaves_what_is_published(first, counts, tmp_path, monkeypatch):
    first = shutil.copytree(first, tmp_path / "published", symlinks=True)
    before, chosen = current(first), config(first)
    monkeypatch.setattr(Comparison, "refusal", lambda self, settings: "it is worse")
    other = replace(chosen, train=replace(TRAIN, seed=5))
    with pytest.raises(Refused, match=f"it is worse; {before.name} stays published"):
        nightly(counts, other, lambda text: None)
    assert current(first) == before and published(first) == [before.name]
    line = json.loads((first / "nightly.jsonl").read_text().splitlines()[-1])
    assert (line["stage"], line["status"]) == ("compare", "refused")
    assert "it is worse" in line["reason"]
    said = []
    place = nightly(counts, other, said.append, accept=True)
    assert "judge: an earlier run had finished it" in said
    assert "accepted all the same: it is worse" in said
    assert current(first) == place and published(first) == [before.name, place.name]


def test_models_are_compared_on_days_that_neither_saw(first, counts):
    judged = Model.load(current(first) / "judged.npz")
    found = compare(judged, counts, Nightly(), current(first))
    assert found.new == found.published and (found.days, found.depots) == (30, 3)
    fewer = counts._replace(
        sites=("Alpha", "Gamma"),
        counts=counts.counts[[0, 2]],
        calendar=counts.calendar._replace(
            name=counts.calendar.name[[0, 2]],
            kind=counts.calendar.kind[[0, 2]],
            covariates=np.zeros((2, 200, 0)),
        ),
    )
    found = compare(narrowed(judged, fewer.sites), fewer, Nightly(), current(first))
    assert found.depots == 2
    earlier = between(counts, 0, 175)
    with pytest.raises(Refused, match="too few are left to compare on; --accept publishes it"):
        compare(judged, earlier, Nightly(), current(first))
    other = counts._replace(covariates=("tide",))
    with pytest.raises(Refused, match="other covariates than the published model"):
        compare(judged, other, Nightly(), current(first))


def written(serial):
    def write(place):
        (place / "manifest.json").write_text(json.dumps({"serial": serial}))

    return write


def test_the_last_models_are_kept_and_the_current_one_always(tmp_path):
    for serial, name in enumerate(("c", "a", "b", "d"), 1):
        publish(tmp_path, name, written(serial))
    assert published(tmp_path) == ["c", "a", "b", "d"] and current(tmp_path).name == "d"
    assert prune(tmp_path, 2) == ["c", "a"] and published(tmp_path) == ["b", "d"]
    publish(tmp_path, "b", written(9))  # it is there: only the pointer moves
    assert current(tmp_path).name == "b" and prune(tmp_path, 1) == ["d"]


def test_a_publication_that_fails_shows_nothing(tmp_path):
    publish(tmp_path, "a", written(1))

    def fails(place):
        (place / "weights.npz").write_bytes(b"half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        publish(tmp_path, "b", fails)
    assert published(tmp_path) == ["a"] and current(tmp_path).name == "a"
    publish(tmp_path, "b", written(2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "current"]


def test_two_runs_at_once_are_one(tmp_path):
    path, said = tmp_path / "nightly.lock", []
    with (
        locked(path, said.append),
        pytest.raises(LockError, match=rf"process {os.getpid()}, started .* is at work; wait"),
        locked(path, said.append),
    ):
        pass
    assert said == [] and path.read_text() == ""
    path.write_text("process 999999999, started yesterday")
    with locked(path, said.append):
        assert f"process {os.getpid()}" in path.read_text()
    assert said == [
        "process 999999999, started yesterday ended without finishing; its lock is taken over and "
        "its work resumed"
    ]


def test_the_journal_is_lines_of_json(tmp_path):
    journal = publishing.Journal(tmp_path / "deep" / "nightly.jsonl", "night")
    journal.write("check", 1.234, found=2)
    line = json.loads((tmp_path / "deep" / "nightly.jsonl").read_text())
    assert (line["run"], line["stage"], line["seconds"], line["found"]) == (
        "night",
        "check",
        1.23,
        2,
    )
