"""The scores, against sums done by hand."""

import numpy as np
import pytest

from harbor_fleet.baselines import seasonal_naive
from harbor_fleet.metrics import score

HISTORY = np.array([[10.0] * 7 + [12.0] * 7])  # repeating last week errs by 2


def test_scores_by_hand():
    actual = np.array([[10.0, 20.0, 0.0, np.nan, 1.0]])
    predicted = np.array([[11.0, 16.0, 3.0, 99.0, 2.0]])
    scores = score(actual, predicted, HISTORY)
    assert scores.mape == pytest.approx(100 * (0.1 + 0.2 + 1.0) / 3)
    assert scores.mape10 == pytest.approx(100 * (0.1 + 0.2) / 2)  # 1 is under a tenth of 11
    assert scores.wape == pytest.approx(100 * (1 + 4 + 3 + 1) / 31)
    assert scores.mase == pytest.approx((1 + 4 + 3 + 1) / 4 / 2)
    assert scores.closures == 1


def test_a_perfect_forecast_scores_zero():
    actual = np.array([[10.0, 20.0]])
    assert score(actual, actual, HISTORY) == (0.0, 0.0, 0.0, 0.0, 0)


def test_missing_history_is_left_out():
    history = HISTORY.copy()
    history[0, 3] = np.nan
    assert score(np.array([[10.0]]), np.array([[14.0]]), history).mase == pytest.approx(2.0)


def test_a_depot_that_never_changed_has_no_mase():
    history = np.vstack([HISTORY, np.full_like(HISTORY, 5.0)])
    actual, predicted = np.array([[10.0], [5.0]]), np.array([[14.0], [9.0]])
    assert score(actual, predicted, history).mase == pytest.approx(2.0)


def test_seasonal_naive_repeats_last_week():
    counts = np.arange(28.0)[None]
    assert seasonal_naive(counts, 20, 27).tolist() == [list(np.arange(13.0, 20.0))]


def test_seasonal_naive_falls_back_on_the_week_before_and_then_the_median():
    counts = np.arange(14.0)[None].copy()
    counts[0, 8] = np.nan  # the week before has 1
    counts[0, [2, 9]] = np.nan  # never seen
    expected = [[7.0, 1.0, np.median([0, 1, 3, 4, 5, 6, 7, 10, 11, 12, 13]), 10.0]]
    assert seasonal_naive(counts, 14, 18).tolist() == expected


def test_seasonal_naive_does_not_look_ahead():
    counts = np.arange(28.0)[None]
    ahead = counts.copy()
    ahead[0, 20:] = np.nan
    np.testing.assert_array_equal(seasonal_naive(counts, 20, 27), seasonal_naive(ahead, 20, 27))
