"""These tests need eight devices: `tests/sharding/test_eight_devices.py` starts them."""

import os

import numpy as np
import pytest

if os.environ.get("JIB_NUM_CPU_DEVICES") != "8":
    collect_ignore_glob = ["*"]


@pytest.fixture
def close():
    def check(got, wanted, tolerance=2e-5):
        np.testing.assert_allclose(
            np.asarray(got), np.asarray(wanted), rtol=tolerance, atol=tolerance
        )

    return check
