"""The commands, from a table to a folder that can be deployed and a page that shows it."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from harbor_fleet import export as export_module
from harbor_fleet.cli import app
from harbor_fleet.data import load_panel
from harbor_fleet.export import sha256
from harbor_fleet.nightly import Refused
from harbor_fleet.predictor import load_weights

SMALL = ("--epochs", 2, "--hidden", 4, "--set", 'evaluate.models=["weekday median"]')
COMMANDS = ["generate", "check", "train", "evaluate", "forecast", "export", "nightly", "report"]


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The whole tour of a made-up fleet, with few epochs."""
    folder = tmp_path_factory.mktemp("tour")
    table, output = folder / "fleet.csv", folder / "out" / "deep"
    assert run("generate", table, "--depots", 1, "--days", 200).exit_code == 0
    return run("--data", table, "--output", output, *SMALL), table, output


def test_the_tour_writes_everything(finished):
    result, _, output = finished
    assert result.exit_code == 0, result.output
    assert {path.name for path in output.iterdir()} == {
        "evaluation.json",
        "forecast.csv",
        "history.csv",
        "hold_out.csv",
        "hold_out.png",
        "latency.json",
        "manifest.json",
        "predictor.py",
        "report.html",
        "training.json",
        "weights.npz",
    }
    assert (output / "hold_out.png").read_bytes().startswith(b"\x89PNG")
    assert len((output / "hold_out.csv").read_text().splitlines()) == 1 + 3 * 30
    forecast = (output / "forecast.csv").read_text().splitlines()
    assert len(forecast) == 1 + 3 * 7 and forecast[1].startswith("Bergen 01,2024-01-05,")
    weights = load_weights(str(output / "weights.npz"))
    assert weights["parameters"]["0"]["second"]["state"].shape == (4, 12)


def test_the_tour_speaks_to_people(finished):
    shown = finished[0].output
    assert shown.lstrip().startswith("The data")
    for word in (
        "3 in Bergen, Oslo, Tromsø",
        "200, 2023-06-19 to 2024-01-04",
        "weekday median",
        "MASE",
        "The GRU by city",
        "The coming week: 2024-01-05 to 2024-01-11",
        "(within 1e-05)",
        "(p99)",
        "report.html",
    ):
        assert word in flat(shown), word


def test_the_manifest_tells_what_was_exported(finished):
    _, table, output = finished
    manifest = json.loads((output / "manifest.json").read_text())
    assert manifest["data"] == {
        "first": "2023-06-19",
        "last": "2024-01-04",
        "depots": 3,
        "covariates": [],
    }
    assert manifest["files"] == {name: sha256(output / name) for name in export_module.FILES}
    assert manifest["verified"]["largest_relative_difference"] <= 1e-5
    assert manifest["source"] == str(table) and manifest["versions"]["numpy"] == np.__version__
    taken = json.loads((output / "latency.json").read_text())
    assert 0 < taken["one depot"]["p50"] <= taken["one depot"]["p99"]


def test_the_deployed_files_print_the_forecast_again(finished):
    _, _, output = finished
    command = [sys.executable, "predictor.py", "weights.npz", "history.csv"]
    ran = subprocess.run(command, cwd=output, capture_output=True, text=True, check=True)
    alone = [float(line.rsplit(",", 1)[1]) for line in ran.stdout.splitlines()[1:]]
    told = [
        float(line.split(",")[2]) for line in (output / "forecast.csv").read_text().splitlines()[1:]
    ]
    np.testing.assert_allclose(alone, told, rtol=1e-6)


def test_an_export_that_differs_is_refused(finished, tmp_path, monkeypatch):
    _, table, output = finished
    shutil.copytree(output, tmp_path / "out")
    exact = export_module.compiled_forecast
    monkeypatch.setattr(export_module, "compiled_forecast", lambda *given: 1.001 * exact(*given))
    result = run("export", "--data", table, "--output", tmp_path / "out")
    assert result.exit_code == 1 and not (tmp_path / "out" / "manifest.json").exists()
    assert "differ by 1.0e-03 (relative), and 1e-05 is allowed; nothing may be" in result.stderr


def test_forecast_and_report_again_from_the_folder(finished, tmp_path):
    _, table, output = finished
    shutil.copytree(output, tmp_path / "out")
    before = (tmp_path / "out" / "forecast.csv").read_text()
    (tmp_path / "out" / "report.html").unlink()
    again = run("forecast", "--data", table, "--output", tmp_path / "out")
    assert again.exit_code == 0 and (tmp_path / "out" / "forecast.csv").read_text() == before
    assert run("report", "--data", table, "--output", tmp_path / "out").exit_code == 0
    assert "Tromsø 01" in (tmp_path / "out" / "report.html").read_text()


def test_a_made_up_fleet_is_a_table_without_faults(tmp_path):
    table = tmp_path / "deep" / "fleet.csv"
    assert run("generate", table, "--depots", 2, "--days", 170, "--seed", 3).exit_code == 0
    panel, unused = load_panel(table)
    assert len(panel.sites) == 6 and set(panel.cities) == {"Bergen", "Oslo", "Tromsø"}
    assert unused == [] and "Thanksgiving Day" in panel.calendar.name
    result = run("check", table)
    assert result.exit_code == 0 and "nothing to say" in result.output


def test_check_tells_everything_and_ends_with_status_1(rows, write):
    rows[3][2], rows[7][1] = "-4", "soon"
    result = run("check", write(rows))
    shown = flat(result.output)
    assert result.exit_code == 1
    assert "error: row 4, column count: -4 is negative; write 0 or more" in shown
    assert "error: row 8, column date: 'soon' is not a date" in shown
    assert "2 errors, 2 warnings" in shown


def test_a_table_that_can_not_be_used_is_refused_without_a_traceback(rows, write, tmp_path):
    rows[3][2] = "-4"
    path = write(rows)
    for command in ([], ["train"], ["evaluate"], ["nightly"]):
        result = run(*command, "--data", path)
        assert result.exit_code == 1
        assert result.stderr == (
            f"error: {path}: row 4, column count: -4 is negative; "
            "write 0 or more, or leave it empty where it is missing\n"
        )
    shown = run("--debug", "train", "--data", path).stderr
    assert "Traceback (most recent call last)" in shown and "-4 is negative" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("forecast", "out/weights.npz: there is no such file; run harbor-fleet train first"),
        ("export", "out/weights.npz: there is no such file; run harbor-fleet train first"),
        ("report", "out/evaluation.json: there is no such file; run harbor-fleet evaluate first"),
        ("train --covariate tide", "the default data has no covariates; give a file with --data"),
        ("train --epochs 0", "--epochs: 0 can not be; it must be at least 1 and at most 100000"),
        ("train --config none.toml", "none.toml: can not be read (No such file or directory)"),
    ],
)
def test_what_is_missing_is_named_with_the_next_step(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments.split(), "--output", "out")
    assert (result.exit_code, result.stderr) == (1, f"error: {message}\n")


def test_weights_that_are_none(finished, tmp_path):
    (tmp_path / "weights.npz").write_bytes(b"PK")
    result = run("forecast", "--data", finished[1], "--model", tmp_path)
    assert result.exit_code == 1 and "these are no weights" in result.stderr


def test_an_error_that_nobody_expected_is_one_line(monkeypatch):
    monkeypatch.setattr("harbor_fleet._commands.shared.load_chicago", lambda: 1 / 0)
    result = run("train")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: ZeroDivisionError: division by zero\n"
        "this was not expected; --debug before the command shows where\n"
    )


def test_a_model_that_is_not_published_is_status_3(rows, write, monkeypatch):
    def refuses(*given):
        raise Refused("the new model is not published: it is worse")

    monkeypatch.setattr("harbor_fleet._commands.nightly.run_nightly", refuses)
    result = run("nightly", "--data", write(rows))
    assert result.exit_code == 3
    assert result.stderr == "error: the new model is not published: it is worse\n"


def test_the_effective_settings_are_printed_as_a_file(tmp_path):
    (tmp_path / "harbor.toml").write_text("[train]\nhidden = 8\n")
    shown = run("train", "--config", tmp_path / "harbor.toml", "--epochs", 7, "--print-config")
    assert shown.exit_code == 0
    assert "epochs = 7  #" in shown.output and "hidden = 8  #" in shown.output


def test_a_command_that_is_not_there_is_status_2():
    assert run("tran").exit_code == 2 and run("train", "--epoch", "3").exit_code == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command):
    shown = flat(run(command, "--help").output)
    assert f"harbor-fleet {command}" in shown and "Example" in shown


def test_the_first_help_names_every_command():
    shown = run("--help").output
    for word in (*COMMANDS, "--data", "--epochs", "--window", "naive", "Status"):
        assert word in shown
