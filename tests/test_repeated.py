"""Keys that occur more than once, and equal boxes of a group: against plain definitions."""

from collections import Counter
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit.dataset import repeated
from anchoraudit.dataset.repeated import may_repeat, not_single, repeats

KEYS = st.lists(st.integers(-5, 5) | st.integers(-(2**62), 2**62), max_size=40)
NUMBER = st.sampled_from([0.0, -0.0, 1.0, 2.0, np.nan, np.inf])


@given(KEYS, st.sampled_from([1, 3]), st.sampled_from([1, 2, 30]))
def test_not_single_is_what_a_counter_says(keys, rounds, places):
    counted = Counter(keys)
    with mock.patch.multiple(repeated, _ROUNDS=rounds, _PLACES=places):
        found = not_single(np.array(keys, dtype=np.int64))
        near = may_repeat(np.array(keys, dtype=np.int64))
    wanted = [row for row, key in enumerate(keys) if counted[key] > 1]
    assert found.tolist() == wanted
    assert set(wanted) <= set(near.tolist())
    assert near.tolist() == sorted(set(near.tolist()))


def test_few_rows_without_equals_are_left():
    keys = np.random.default_rng(0).integers(0, 2**40, 200_000)
    assert len(may_repeat(keys)) < 2_000
    assert len(may_repeat(np.arange(200_000))) < 2_000


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), NUMBER, NUMBER, NUMBER, NUMBER), max_size=30))
def test_repeats_is_the_first_equal_box_of_the_group(rows):
    group, boxes = np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1:] for row in rows])
    wanted = [next((one for one in range(row) if rows[one] == rows[row]), -1) for row in range(len(rows))]
    # As Python compares tuples, the same NaN object would equal itself.
    wanted = [-1 if np.isnan(rows[row][1:]).any() else first for row, first in enumerate(wanted)]
    assert repeats(group, boxes.reshape(-1, 4)).tolist() == wanted
