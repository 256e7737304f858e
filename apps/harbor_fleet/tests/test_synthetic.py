"""The made-up fleet answers to its formula."""

import numpy as np

from harbor_fleet.predictor import HOLIDAY
from harbor_fleet.synthetic import synthetic_fleet


def test_a_seed_decides_everything():
    first, again, other = (synthetic_fleet(seed, 3, 200).counts for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_fleet_is_three_cities_of_forty_for_eighteen_months():
    panel = synthetic_fleet()
    assert panel.counts.shape == (120, 548) and len(set(panel.sites)) == 120
    assert str(panel.dates[0]) == "2023-06-19" and str(panel.dates[-1]) == "2024-12-17"
    assert [panel.cities.count(city) for city in dict.fromkeys(panel.cities)] == [40, 40, 40]
    assert (panel.counts >= 0).all() and (panel.counts == np.round(panel.counts)).all()


def test_weekdays_holidays_and_the_season_have_their_sizes():
    panel = synthetic_fleet(seed=3)
    logs = np.log(panel.counts + 0.5)
    weekday = panel.calendar.weekday
    friday, sunday = (np.median(logs[:, weekday == day]) for day in (4, 6))
    assert 0.35 < friday - sunday < 0.7
    names = panel.calendar.name[0]
    rush = logs[:, names == "Black Friday"].mean() - np.median(logs[:, weekday == 4])
    assert 0.4 < rush < 0.9
    holidays = logs[:, panel.calendar.kind[0] == HOLIDAY].mean()
    assert holidays < np.median(logs) - 0.1
