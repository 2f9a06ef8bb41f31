"""Boxes and sizes: small literal arrays with literal answers."""

import numpy as np
import pytest

from anchoraudit import geometry


def boxes(*rows):
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def test_clip_keeps_what_is_inside_and_moves_the_rest_to_the_edge():
    given = boxes([-3, 2, 5, 12], [1, 1, 4, 4], [20, -9, 30, -1])
    clipped = geometry.clip_boxes(given, np.array([10.0, 10, 10]), np.array([8.0, 8, 8]))
    assert clipped.tolist() == [[0, 2, 5, 8], [1, 1, 4, 4], [10, 0, 10, 0]]


def test_clip_leaves_nan():
    assert np.isnan(geometry.clip_boxes(boxes([np.nan, 0, 1, 1]), 10.0, 10.0)[0, 0])


def test_has_area():
    given = boxes([0, 0, 1, 1], [0, 0, 0, 1], [2, 0, 1, 1], [np.nan, 0, 1, 1])
    assert geometry.has_area(given).tolist() == [True, False, False, False]


def test_scale_boxes_scales_each_axis_by_its_own_ratio():
    size = (np.array([100.0]), np.array([50.0]))
    scaled = geometry.scale_boxes(boxes([10, 10, 20, 30]), size, (np.array([200.0]), np.array([25.0])))
    assert scaled.tolist() == [[20, 5, 40, 15]]


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((640, 480), 640, (640, 480)),
        ((427, 640), 320, (214, 320)),
        ((1000, 1), 640, (640, 1)),
        ((3, 2), 6, (6, 4)),
    ],
)
def test_longest_side_keeps_the_aspect_and_rounds_half_up(size, side, expected):
    w, h = geometry.longest_side_size(np.array([float(size[0])]), np.array([float(size[1])]), side)
    assert (w[0], h[0]) == expected


def test_iou_literal_matrix():
    others = boxes([0, 0, 10, 10], [5, 5, 15, 15], [10, 0, 20, 10], [0, 0, 20, 20], [2, 2, 4, 4])
    assert geometry.iou_with_each(boxes([0, 0, 10, 10])[0], others).tolist() == [1, 25 / 175, 0, 0.25, 0.04]


def test_iou_with_nan_is_nan_and_with_an_inverted_box_never_positive():
    others = boxes([0, 0, 10, 10])
    assert np.isnan(geometry.iou_with_each(boxes([np.nan, 0, 1, 1])[0], others)[0])
    assert geometry.iou_with_each(boxes([5, 5, 2, 2])[0], others)[0] == 0


def test_wh_iou_literal():
    sizes, shapes = np.array([[10.0, 20.0], [5.0, 5.0]]), np.array([[10.0, 10.0], [20.0, 20.0]])
    assert geometry.wh_iou(sizes, shapes).tolist() == [[0.5, 0.5], [0.25, 0.0625]]
