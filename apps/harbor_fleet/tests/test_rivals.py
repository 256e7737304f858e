"""Comparisons with other packages: run where these are, and named where they are not."""

import sys

import numpy as np
import pytest

from harbor_fleet.baselines import weekday_median
from harbor_fleet.evaluation import model_hold_out
from harbor_fleet.panel import between
from harbor_fleet.rivals import MissingRival


@pytest.mark.parametrize(("model", "package"), [("LightGBM", "lightgbm"), ("Prophet", "prophet")])
def test_a_missing_package_is_named_with_its_cure(model, package, panel, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    expected = (
        f"the comparison with {package} needs a package that is not installed; "
        r'pip install "harbor-fleet\[baselines\]"'
    )
    with pytest.raises(MissingRival, match=f"^{expected}$"):
        model_hold_out(model, panel)


def test_lightgbm_forecasts_the_hold_out_without_looking_ahead(panel):
    pytest.importorskip("lightgbm")
    panel = between(panel, 0, 230)
    expected = model_hold_out("LightGBM", panel)
    assert expected.shape == (3, 30) and np.isfinite(expected).all()
    changed = panel.counts.copy()
    changed[:, 214:] = 3.0
    other = model_hold_out("LightGBM", panel._replace(counts=changed))
    np.testing.assert_array_equal(other[:, :14], expected[:, :14])
    assert (other[:, 21:] != expected[:, 21:]).any()


def test_weekday_median_takes_the_middle_and_falls_back():
    counts = np.arange(70.0)[None].copy()
    assert weekday_median(counts, 63, 65).tolist() == [[31.5, 32.5]]
    counts[0, 7::7] = np.nan
    assert weekday_median(counts, 63, 64)[0, 0] == np.nanmedian(counts[:, :63])
