"""`fit`, `Model` and the table of models."""

import subprocess
import sys

import numpy as np
import pytest

from harbor_fleet.evaluation import OWN_MODELS, evaluate, network_hold_out, table_text
from harbor_fleet.forecaster import Model, compiled_forecast, fit, interval_margins
from harbor_fleet.panel import Panel, between, known_days, with_coming_week
from harbor_fleet.training import Settings

SMALL = Settings(epochs=6, hidden=4, seed=1, learning_rate=0.01, members=2)


@pytest.fixture(scope="module")
def fitted(fleet) -> tuple[Panel, Model]:
    """A model of two small networks, fitted on made-up counts."""
    panel = between(fleet, 0, 200)
    return panel, fit(panel, SMALL)


def test_a_forecast_has_the_shape_of_the_week_and_lies_in_its_interval(fitted):
    panel, model = fitted
    point, low, high = model.forecast(panel)
    assert point.shape == (3, 7) and (low >= 0).all() and (low < high).all()
    assert ((low <= point) & (point <= high)).mean() > 0.9
    short = model.forecast(panel, horizon=2)
    np.testing.assert_array_equal(short[0], point[:, :2])


def test_numpy_equals_the_compiled_network(fitted):
    panel, model = fitted
    ahead = with_coming_week(panel)
    np.testing.assert_allclose(compiled_forecast(model, ahead), model.forecast(panel)[0], rtol=1e-6)


def test_a_saved_model_forecasts_the_same_in_a_process_without_jib(fitted, tmp_path):
    panel, model = fitted
    model.save(tmp_path / "weights.npz")
    again = Model.load(tmp_path / "weights.npz")
    for left, right in zip(again.forecast(panel), model.forecast(panel), strict=True):
        np.testing.assert_array_equal(left, right)
    program = (
        "import sys; from harbor_fleet import predictor; predictor.load_weights(sys.argv[1]); "
        "print('jib' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "weights.npz")]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "False\n"


def test_a_model_refuses_what_it_was_not_fitted_on(fitted):
    panel, model = fitted
    other = panel._replace(sites=("Alpha", "Beta, east", "Delta"))
    with pytest.raises(ValueError, match="the history's sites are Alpha, Beta, east, Delta"):
        model.forecast(other)
    with pytest.raises(ValueError, match=r"^horizon is 8; it must be 1 to 7 days$"):
        model.forecast(panel, horizon=8)


def test_a_short_panel_is_refused(panel):
    with pytest.raises(ValueError, match="the panel has 100 days, and a fit needs 105"):
        fit(between(panel, 0, 100), SMALL)


def test_margins_hold_four_fifths_of_new_residuals():
    generator = np.random.default_rng(0)
    spread = np.array([0.05, 0.1, 0.4])[:, None, None] * np.linspace(1.0, 1.5, 7)
    low, high = interval_margins(spread * generator.normal(size=(3, 400, 7)))
    new = spread * generator.normal(size=(3, 4000, 7))
    held = (low[:, None] <= new) & (new <= high[:, None])
    np.testing.assert_allclose(held.mean(axis=1), 0.8, atol=0.04)
    assert 0.78 < held.mean() < 0.82


def test_margins_of_a_depot_without_residuals_are_the_fleets():
    residuals = np.random.default_rng(0).normal(size=(4, 12, 7))
    residuals[3] = np.nan
    low, high = interval_margins(residuals)
    usual = interval_margins(residuals[:3])
    np.testing.assert_allclose([low[3], high[3]], np.mean(usual, axis=1), rtol=0.1)


def test_the_table_scores_every_model_overall_and_by_city(fleet):
    panel = fleet._replace(cities=("Oslo", "Bergen", "Oslo"))
    found = evaluate(panel, SMALL._replace(members=1, epochs=2), OWN_MODELS)
    labels = [(row.model, row.city) for row in found.rows]
    assert labels == [(name, city) for name in OWN_MODELS for city in ("", "Bergen", "Oslo")]
    assert all(values.shape == (3, 30) for values in found.forecasts.values())
    assert found.rows[0].covered is None and 0 <= found.rows[6].covered <= 100
    lines = table_text(found.rows).splitlines()
    assert len(lines) == 10 and len(set(map(len, lines))) == 1


def test_the_hold_out_is_five_forecasts_made_in_turn(fitted, fleet):
    _, model = fitted
    panel = between(fleet, 0, known_days(fleet))
    whole = network_hold_out(model.weights, panel)
    assert {part.shape for part in whole} == {(3, 30)}
    origin = len(panel.dates) - 30 + 7
    week = model.forecast(panel._replace(counts=np.where(
        np.arange(len(panel.dates)) < origin, panel.counts, np.nan)))  # fmt: skip
    np.testing.assert_array_equal(whole[0][:, 7:14], week[0])
