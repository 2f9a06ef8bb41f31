"""What `compare` tallies for itself, against what `audit` keeps for every box and image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit.advice.compare import _median


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(1, 90))
def test_median_is_numpys(values, times):
    assert _median(np.array(values * times)) == pytest.approx(np.median(values * times), abs=1e-15)


@pytest.mark.parametrize("order", ["sorted", "shuffled", "front"])
def test_median_of_many_values_in_any_order(order):
    values = np.random.default_rng(3).random(100_001) ** 3
    if order == "sorted":
        values = np.sort(values)
    if order == "front":  # every value the sample meets is an outlier
        values[:: len(values) // 1024] = 0.999
    assert _median(values) == np.median(values)


def test_no_median_of_nothing():
    assert _median(np.zeros(0)) is None
