"""The whole fleet's week: open, closed, silent and new depots."""

import numpy as np
import pytest

from harbor_fleet.fleet import narrowed, outlook, recent, selected, states_and_fitted
from harbor_fleet.forecaster import Model
from harbor_fleet.predictor import baseline, feature_names, scaling
from harbor_fleet.results import read_outlook, write_outlook
from harbor_fleet.table import DataError

WINDOW = 300


def random_model(panel, hidden: int = 3) -> Model:
    """Weights of the right shapes, drawn at random."""
    generator = np.random.default_rng(5)

    def normal(*shape):
        return (0.1 * generator.normal(size=shape)).astype(np.float32)

    width = len(feature_names(panel.covariates)) + 4
    layers = {
        layer: {
            "input": normal(inputs, 3 * hidden),
            "state": normal(hidden, 3 * hidden),
            "bias": normal(3 * hidden),
            "candidate_bias": normal(hidden),
        }
        for layer, inputs in (("first", width), ("second", hidden))
    }
    depots = len(panel.sites)
    head = {"weight": normal(hidden), "bias": normal()}
    one = {"embedding": normal(depots, 4), **layers, "head": head}
    ends = np.stack([np.full((depots, 7), -0.2), np.full((depots, 7), 0.2)])
    return Model(
        {
            "sites": np.array(panel.sites),
            "covariates": np.array(panel.covariates, dtype=str),
            "scales": scaling(baseline(panel.counts, panel.calendar), panel.calendar)._asdict(),
            "parameters": {"0": one},
            "margins": ends,
        }
    )


def test_a_part_of_the_model_forecasts_the_same(panel):
    model = random_model(panel)
    some = ("Gamma", "Alpha")
    calm = panel._replace(calendar=panel.calendar._replace(kind=0 * panel.calendar.kind))
    whole = model.forecast(calm)[0]
    part = narrowed(model, some).forecast(selected(calm, some))[0]
    np.testing.assert_allclose(part, whole[[2, 0]], rtol=1e-6)


def test_every_depot_has_a_week_and_a_word(panel, tmp_path):
    panel.counts[0, -20:] = 0.0
    panel.counts[2, :-10] = np.nan
    states, fitted = states_and_fitted(recent(panel, WINDOW), WINDOW)
    assert [depot.state for depot in states] == ["closed", "open", "new"]
    assert fitted.sites == ("Alpha", "Beta, east")
    week = outlook(random_model(fitted), panel, WINDOW)
    assert week.sites == panel.sites and str(week.dates[0]) == "2023-10-28"
    assert (week.point[0] == 0).all() and (week.high[0] == 0).all()
    assert (week.low[1] < week.point[1]).all() and (week.point[1] < week.high[1]).all()
    usual = np.nanmedian(panel.counts[2])
    assert (np.abs(week.point[2] / usual - 1) < 0.7).all() and (week.low[2] < week.point[2]).all()
    assert week.notes == (
        "only zeros since 2023-10-08: forecast as closed",
        "",
        "few counts, the first on 2023-10-18: forecast from the other depots' week",
    )
    write_outlook(week, tmp_path / "forecast.csv")
    again = read_outlook(tmp_path / "forecast.csv")
    assert again.sites == week.sites and again.notes == week.notes
    np.testing.assert_allclose(again.high, week.high, rtol=1e-8)


def test_a_depot_without_any_count_has_no_forecast(panel):
    panel.counts[2] = np.nan
    fitted = selected(panel, ("Alpha", "Beta, east"))
    week = outlook(random_model(fitted), panel, WINDOW)
    assert np.isnan(week.point[2]).all() and week.notes[2] == "no counts yet: no forecast"


def test_a_silent_depot_is_forecast_and_named(panel):
    panel.counts[1, -20:] = np.nan
    week = outlook(random_model(panel), panel, WINDOW)
    assert np.isfinite(week.point).all()
    assert week.notes[1] == "no count since 2023-10-08: forecast as if it is open"


def test_depots_that_the_data_lost_are_named(panel):
    model = random_model(panel)
    week = outlook(model, selected(panel, ("Alpha", "Beta, east")), WINDOW)
    assert week.notes[0] == "the data have no rows for Gamma" and np.isfinite(week.point).all()


def test_a_depot_unknown_to_the_model(panel):
    model = random_model(selected(panel, ("Alpha", "Beta, east")))
    week = outlook(model, panel, WINDOW)
    assert week.notes[2].startswith("not among the depots of the model")
    usual = panel.counts[2, -56:].reshape(8, 7).mean(axis=0)
    assert (np.abs(week.point[2] / usual - 1) < 0.5).all()


def test_a_forecast_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="run harbor-fleet forecast first"):
        read_outlook(tmp_path / "forecast.csv")
