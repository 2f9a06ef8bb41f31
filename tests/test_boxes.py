"""Boxes and overlaps: small literal arrays with literal answers."""

import numpy as np

from anchoraudit import boxes as box_math


def boxes(*rows):
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def test_clip_keeps_what_is_inside_and_moves_the_rest_to_the_edge():
    given = boxes([-3, 2, 5, 12], [1, 1, 4, 4], [20, -9, 30, -1])
    clipped = box_math.clip_boxes(given, np.array([10.0, 10, 10]), np.array([8.0, 8, 8]))
    assert clipped.tolist() == [[0, 2, 5, 8], [1, 1, 4, 4], [10, 0, 10, 0]]


def test_clip_leaves_nan():
    assert np.isnan(box_math.clip_boxes(boxes([np.nan, 0, 1, 1]), 10.0, 10.0)[0, 0])


def test_has_area():
    given = boxes([0, 0, 1, 1], [0, 0, 0, 1], [2, 0, 1, 1], [np.nan, 0, 1, 1])
    assert box_math.has_area(given).tolist() == [True, False, False, False]


def test_iou_literal_matrix():
    others = boxes([0, 0, 10, 10], [5, 5, 15, 15], [10, 0, 20, 10], [0, 0, 20, 20], [2, 2, 4, 4])
    assert box_math.iou_with_each(boxes([0, 0, 10, 10])[0], others).tolist() == [1, 25 / 175, 0, 0.25, 0.04]


def test_iou_with_nan_is_nan_and_with_an_inverted_box_never_positive():
    others = boxes([0, 0, 10, 10])
    assert np.isnan(box_math.iou_with_each(boxes([np.nan, 0, 1, 1])[0], others)[0])
    assert box_math.iou_with_each(boxes([5, 5, 2, 2])[0], others)[0] == 0


def test_wh_iou_literal():
    sizes, shapes = np.array([[10.0, 20.0], [5.0, 5.0]]), np.array([[10.0, 10.0], [20.0, 20.0]])
    assert box_math.wh_iou(sizes, shapes).tolist() == [[0.5, 0.5], [0.25, 0.0625]]
