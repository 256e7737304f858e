"""The features and the NumPy predictor: nothing looks ahead, and it runs alone."""

import ast
import shutil
import subprocess
import sys

import numpy as np
import pytest

from harbor_fleet import predictor
from harbor_fleet.panel import between, known_days, with_coming_week, write_history
from harbor_fleet.predictor import Calendar, baseline, feature_names, features, scaling

ORIGIN = 240


def random_weights(panel, hidden: int = 5) -> dict:
    """Weights of the right shapes, drawn at random."""
    generator = np.random.default_rng(11)
    width = len(feature_names(panel.covariates)) + 4

    def normal(*shape):
        return (0.3 * generator.normal(size=shape)).astype(np.float32)

    layers = {
        layer: {
            "input": normal(inputs, 3 * hidden),
            "state": normal(hidden, 3 * hidden),
            "bias": normal(3 * hidden),
            "candidate_bias": normal(hidden),
        }
        for layer, inputs in (("first", width), ("second", hidden))
    }
    head = {"weight": normal(hidden), "bias": normal()}
    scales = scaling(baseline(panel.counts, panel.calendar), panel.calendar)
    return {
        "sites": np.array(panel.sites),
        "covariates": np.array(panel.covariates),
        "scales": scales._asdict(),
        "margins": np.sort(normal(2, len(panel.sites), 7), axis=0),
        "parameters": {"0": {"embedding": normal(len(panel.sites), 4), **layers, "head": head}},
    }


def inputs(panel, origin: int = ORIGIN):
    base = baseline(panel.counts, panel.calendar)
    return features(base, panel.calendar, scaling(base, panel.calendar), origin)


def test_features_have_names(panel):
    names = feature_names(panel.covariates)
    made = inputs(panel)
    assert made.shape == (3, 300, len(names)) and made.dtype == np.float32
    day = names.index("sunday")
    assert (made[0, :, day] == (panel.calendar.weekday == 6)).all()
    assert np.flatnonzero(made[0, :, names.index("holiday")]).tolist() == [50, 150, 250, 280]
    assert np.flatnonzero(made[0, :, names.index("after_named_day")])[0] == 51
    assert made[0, ORIGIN + 2, names.index("step_3")] == 1


@pytest.mark.parametrize("origin", range(ORIGIN, ORIGIN + 7))
def test_a_week_of_features_does_not_see_its_own_counts(origin, panel):
    base = baseline(panel.counts, panel.calendar)
    changed = panel.counts.copy()
    changed[:, origin:] = 10 * changed[:, origin:] + 5
    other = baseline(changed, panel.calendar)
    scales = scaling(base, panel.calendar)
    week = slice(origin, origin + 7)
    np.testing.assert_array_equal(base.level[:, week], other.level[:, week])
    before = features(base, panel.calendar, scales, origin)
    after = features(other, panel.calendar, scales, origin)
    np.testing.assert_array_equal(before[:, : origin + 7], after[:, : origin + 7])
    assert (before[:, origin + 7 :] != after[:, origin + 7 :]).any()


def test_surprises_are_those_of_the_week_before_the_origin(panel):
    base = baseline(panel.counts, panel.calendar)
    scales = scaling(base, panel.calendar)
    made = features(base, panel.calendar, scales, ORIGIN)
    week = base.surprise[:, ORIGIN - 7 : ORIGIN] / scales.surprise[:, None]
    for day in range(ORIGIN, ORIGIN + 7):
        np.testing.assert_allclose(made[:, day, :7], np.clip(week, -3, 3), rtol=1e-6)


def ordinary_days(days: int, depots: int = 1) -> Calendar:
    shape = depots, days
    name, kind = np.full(shape, "", object), np.zeros(shape, int)
    return Calendar(np.arange(days) % 7, name, kind, np.zeros((*shape, 0)))


def test_the_base_is_the_level_of_four_weeks_and_the_profile_of_twelve():
    days, odd = 140, 3
    logs = np.full((1, days), 5.0)
    logs[0, odd::7] += 0.21
    logs[0, 105 + odd :: 7] -= 0.07  # the last weeks' odd day is smaller
    base = baseline(np.expm1(logs), ordinary_days(days))
    day = 133 + odd
    profile = (8 * 0.21 + 4 * 0.14) / 12 * 6 / 7
    expected = 5.0 + 0.14 / 7 + profile
    assert base.level[0, day] == pytest.approx(expected, abs=1e-6)
    assert base.older[0, day] == pytest.approx((0.21 - 0.14) * 6 / 7, abs=0.01)
    assert base.level[0, 14] == pytest.approx(5.0) and base.older[0, 14] == 0.0


def test_effects_of_a_name_are_drawn_together_where_days_are_noisy():
    days, depots = 120, 40
    generator = np.random.default_rng(0)
    for noise, near in ((0.001, 0.03), (0.2, 0.01)):
        logs = 5.0 + noise * generator.normal(size=(depots, days))
        true = -0.4 + 0.1 * generator.normal(size=depots) * (noise < 0.01)
        logs[:, [60, 95]] += true[:, None]
        calendar = ordinary_days(days, depots)
        calendar.name[:, [60, 95]], calendar.kind[:, [60, 95]] = "Regatta", predictor.SPECIAL
        effect = baseline(np.expm1(logs), calendar).effect[:, 95]
        seen = logs[:, 60] - 5.0
        if noise < 0.01:  # what each depot saw is believed
            np.testing.assert_allclose(effect, seen, atol=near)
        else:  # what each saw is mostly noise
            assert effect.std() < 0.5 * seen.std()


def flat_year(named: dict[int, float]) -> tuple[np.ndarray, Calendar]:
    """120 days of log count 5, except `named` days, which differ by the given amount."""
    logs = np.full((1, 120), 5.0)
    name, kind = np.full((1, 120), "", object), np.zeros((1, 120), int)
    for day, effect in named.items():
        logs[0, day] += effect
        name[0, day], kind[0, day] = "Regatta", predictor.SPECIAL
    return np.expm1(logs), Calendar(np.arange(120) % 7, name, kind, np.zeros((1, 120, 0)))


def test_a_named_day_carries_its_last_effect_and_leaves_the_base_alone():
    counts, calendar = flat_year({50: -0.4, 85: -0.4})
    base = baseline(counts, calendar)
    assert base.effect[0, 85] == pytest.approx(-0.4)
    assert base.level[0, 57] == pytest.approx(5.0)
    assert base.usable[0, 85] and not base.usable[0, 50]
    assert base.surprise[0, 50] == 0.0


def test_a_named_day_within_the_week_before_is_not_used():
    base = baseline(*flat_year({50: -0.4, 55: -0.4}))
    assert base.effect[0, 55] == 0.0 and not base.usable[0, 55]


def test_a_named_day_on_another_weekday_carries_its_level():
    counts, calendar = flat_year({50: -0.4, 87: -0.4})
    weekend = calendar.weekday == calendar.weekday[87]
    weekend[87] = False
    counts[0, weekend] = np.expm1(4.6)  # day 87 falls on a quiet weekday, already at the level
    base = baseline(counts, calendar)
    week = (6 * 5.0 + 4.6) / 7
    assert base.level[0, 87] == pytest.approx(week + (4.6 - week), abs=1e-6)
    assert base.effect[0, 87] == pytest.approx(0.0, abs=1e-6)


def test_one_closure_moves_the_base_by_a_bounded_amount():
    counts, calendar = flat_year({})
    counts[0, 60] = 0.0
    base = baseline(counts, calendar)
    assert 5.0 - predictor.LARGEST_MOVE / 4 < base.level[0, 67] < 5.0


def test_missing_days_are_not_learnt_from_and_do_not_spread(panel):
    base = baseline(panel.counts, panel.calendar)
    assert not base.usable[1, 100:104].any() and base.usable[0, 100:104].all()
    assert np.isfinite(base.level).all() and np.isfinite(inputs(panel)).all()


def test_forecast_does_not_look_ahead(panel):
    weights = random_weights(panel)
    expected = predictor.forecast(weights, panel.counts, panel.calendar, ORIGIN)
    changed = panel.counts.copy()
    changed[:, ORIGIN:] = np.nan
    actual = predictor.forecast(weights, changed, panel.calendar, ORIGIN)
    np.testing.assert_array_equal(actual, expected)
    point, low, high = expected
    assert point.shape == (3, 7) and (low < high).all()
    assert predictor.forecast(weights, panel.counts, panel.calendar, 298)[0].shape == (3, 2)


def test_a_history_that_is_too_short(panel):
    short = between(panel, 0, 65)
    with pytest.raises(ValueError, match=r"^60 days of history are too few; 63 are needed$"):
        predictor.forecast(random_weights(panel), short.counts, short.calendar, 60)


def test_it_needs_numpy_alone():
    with open(predictor.__file__, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"csv", "numpy", "sys", "typing"}


def test_it_runs_alone_and_forecasts_the_coming_week(panel, tmp_path):
    weights = random_weights(panel)
    predictor.save_weights(str(tmp_path / "weights.npz"), weights)
    ahead = with_coming_week(panel)
    write_history(ahead, tmp_path / "history.csv")
    shutil.copyfile(predictor.__file__, tmp_path / "predictor.py")
    command = [sys.executable, "predictor.py", "weights.npz", "history.csv"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert lines[0] == "site,date,low,high,forecast"
    assert lines[8].startswith('"Beta, east",2023-10-28,')
    printed = np.array([line.rsplit(",", 3)[1:] for line in lines[1:]], float).reshape(3, 7, 3)
    expected = predictor.forecast(weights, ahead.counts, ahead.calendar, known_days(ahead))
    low, high, point = np.moveaxis(printed, 2, 0)
    np.testing.assert_allclose([point, low, high], expected, rtol=1e-5)


def test_run_alone_it_says_what_is_wrong(panel, tmp_path):
    predictor.save_weights(str(tmp_path / "weights.npz"), random_weights(panel))
    history = tmp_path / "history.csv"
    history.write_text("site,date,count,tide\nAlpha,2023-01-01,4,0\n")
    command = [sys.executable, predictor.__file__, str(tmp_path / "weights.npz"), str(history)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    message = f"error: {history} has no rows for site 'Beta, east', which the weights know\n"
    assert (ran.returncode, ran.stderr) == (1, message)
