"""Which anchor shapes are the best one for any box: against a comparison of every box with every shape."""

from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit.boxes import wh_iou
from anchoraudit.rules import anc005_unused_shape
from anchoraudit.rules.anc005_unused_shape import are_used

SIDE = st.one_of(st.sampled_from([1.0, 2.0, 4.0, 8.0]), st.floats(1e-3, 1e5))
SHAPES = st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=12)


@settings(deadline=None)
@given(SHAPES, st.lists(st.tuples(SIDE, SIDE), max_size=40), st.integers(1, 9))
def test_are_used_is_what_the_best_shapes_of_all_boxes_are(shapes, sizes, block):
    shapes, sizes = np.array(shapes), np.array(sizes, dtype=np.float64).reshape(-1, 2)
    best = np.argmax(wh_iou(sizes, shapes), axis=1)
    with mock.patch.object(anc005_unused_shape, "BLOCK", block):
        assert np.flatnonzero(are_used(sizes, shapes)).tolist() == sorted({*best.tolist()})


def test_the_first_of_equal_shapes_is_used():
    sizes, shapes = np.array([[4.0, 4.0]]), np.array([[1.0, 1.0], [4.0, 4.0], [4.0, 4.0]])
    assert are_used(sizes, shapes).tolist() == [False, True, False]
    assert are_used(sizes[:0], shapes).tolist() == [False, False, False]
