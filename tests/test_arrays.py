"""Work on long columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from anchoraudit.arrays import distinct, stable_argsort, stable_sort

HUGE = 2**63 - 1


@given(hnp.arrays(np.int64, st.integers(0, 40), elements=st.integers(-3, 3) | st.integers(-HUGE - 1, HUGE)))
def test_stable_sort_is_numpys(values):
    before = values.copy()
    ordered, order = stable_sort(values)
    assert order.tolist() == stable_argsort(values).tolist() == np.argsort(values, kind="stable").tolist()
    assert ordered.tolist() == sorted(before.tolist()) and values.tolist() == before.tolist()


@pytest.mark.parametrize("room", [-1, 0, 1])
def test_stable_argsort_where_positions_just_fit(room):
    """Four positions take two bits, so a range of 61 bits is the largest that leaves room for them."""
    high = 2 ** (61 + room) - 1
    for low in (0, -5):
        values = np.array([high + low, low, high + low, low])
        assert stable_argsort(values).tolist() == [1, 3, 0, 2]
        assert values.tolist() == [high + low, low, high + low, low]


@given(hnp.arrays(np.int64, hnp.array_shapes(max_dims=2, min_side=0), elements=st.integers(-3, 3)))
def test_distinct_is_numpys_unique(values):
    assert distinct(values).tolist() == np.unique(values).tolist()
