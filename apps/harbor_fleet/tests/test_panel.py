"""Cutting, extending and writing a panel."""

import numpy as np

from harbor_fleet.data import load_panel
from harbor_fleet.panel import between, known_days, origins, with_coming_week, write_history


def test_origins_are_a_week_apart():
    assert origins(548) == [518, 525, 532, 539, 546]


def test_days_without_counts_at_the_end_are_announced_only(panel):
    counts = panel.counts.copy()
    counts[:, 295:] = np.nan
    announced = panel._replace(counts=counts)
    assert known_days(announced) == 295
    ahead = with_coming_week(announced)
    assert len(ahead.dates) == 302
    np.testing.assert_array_equal(ahead.calendar.covariates[:, 295:300], panel.calendar[3][:, 295:])
    np.testing.assert_array_equal(
        ahead.calendar.covariates[:, 300:], panel.calendar.covariates[:, 293:295]
    )
    assert (ahead.calendar.kind[:, 300:] == 0).all() and (ahead.calendar.name[:, 300:] == "").all()


def test_between_cuts_everything(panel):
    part = between(panel, 10, 60)
    assert part.counts.shape == (3, 50) and str(part.dates[0]) == "2023-01-11"
    assert part.calendar.name[0, 40] == "Harbor Day"
    assert part.calendar.weekday[0] == panel.calendar.weekday[10]


def test_history_reads_back_as_written(panel, tmp_path):
    write_history(panel, tmp_path / "history.csv")
    again, unused = load_panel(tmp_path / "history.csv", ("tide",))
    assert again.sites == panel.sites and unused == []
    np.testing.assert_array_equal(again.counts, panel.counts)
    np.testing.assert_array_equal(again.calendar.name, panel.calendar.name)
    np.testing.assert_array_equal(again.calendar.kind, panel.calendar.kind)
    np.testing.assert_allclose(again.calendar.covariates, panel.calendar.covariates, rtol=1e-9)
