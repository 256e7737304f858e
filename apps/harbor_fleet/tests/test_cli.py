"""The command, from a table to a folder that can be deployed."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from harbor_fleet.cli import app
from harbor_fleet.predictor import load_weights


def run(*arguments: str):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def finished(rows, write, tmp_path):
    """A whole run on the made-up fleet, with few epochs."""
    output = tmp_path / "out" / "deep"
    table = write(rows)
    return run("--data", table, "--epochs", 2, "--hidden", 4, "--output", output), output


def test_a_run_writes_everything(finished):
    result, output = finished
    assert result.exit_code == 0, result.output
    assert {path.name for path in output.iterdir()} == {
        "forecast.csv",
        "history.csv",
        "hold_out.csv",
        "hold_out.png",
        "predictor.py",
        "weights.npz",
    }
    assert (output / "hold_out.png").read_bytes().startswith(b"\x89PNG")
    assert len((output / "hold_out.csv").read_text().splitlines()) == 1 + 2 * 30
    forecast = (output / "forecast.csv").read_text().splitlines()
    assert len(forecast) == 1 + 2 * 7 and forecast[1].startswith("north,2023-07-20,")
    weights = load_weights(str(output / "weights.npz"))
    assert weights["parameters"]["second"]["state"].shape == (4, 12)
    shown = " ".join(result.output.split())
    assert "2 depots, the last 200 of 200 days: 2023-01-01 to 2023-07-19, 0.0 % missing" in shown
    assert "seasonal naive" in shown and "GRU" in shown and "MASE" in shown
    assert "(within 1e-05)" in shown


def test_the_deployed_files_print_the_forecast_again(finished):
    _, output = finished
    command = [sys.executable, "predictor.py", "weights.npz", "history.csv"]
    ran = subprocess.run(command, cwd=output, capture_output=True, text=True, check=True)
    assert ran.stdout == (output / "forecast.csv").read_text()


def test_columns_not_used_are_named(rows, write, tmp_path):
    rows[0].append("tide")
    for row in rows[1:]:
        row.append("1")
    options = ("--data", write(rows), "--epochs", 1, "--hidden", 2, "--output", tmp_path / "out")
    assert "Columns not used: tide" in run(*options).output
    used = run(*options, "--covariate", "tide")
    assert used.exit_code == 0 and "Columns not used" not in used.output


def test_a_table_that_can_not_be_used_is_refused_without_a_traceback(rows, write, tmp_path):
    rows[3][2] = "-4"
    path = write(rows)
    result = run("--data", path, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: {path}: row 4, column count: -4 is negative; "
        "write 0 or more, or leave it empty where it is missing\n"
    )
    assert not (tmp_path / "out").exists()


def test_the_default_data_has_no_covariates():
    result = run("--covariate", "tide")
    assert result.exit_code == 1
    assert result.stderr == ("error: the default data has no covariates; give a file with --data\n")


def test_help_teaches():
    shown = run("--help").output
    for word in ("--data", "--epochs", "--hidden", "--seed", "--output", "--window", "naive"):
        assert word in shown
