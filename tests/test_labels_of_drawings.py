"""Labels in a drawing stand over no box and over no other label, however dense the boxes are."""

import numpy as np
import pytest

from anchoraudit.report.labels import lay_out


def overlap(a, b):
    return a[0] < b[2] - 1e-9 and b[0] < a[2] - 1e-9 and a[1] < b[3] - 1e-9 and b[1] < a[3] - 1e-9


def test_a_lone_box_has_its_label_above_it():
    found = lay_out([(10, 40, 60, 90)], [(30, 12)], (100, 100))
    assert (found.labels[0].at, found.labels[0].leader) == ((10, 26), None)
    assert (found.left, found.right, found.height) == (0, 0, 100)


def test_a_box_over_the_whole_drawing_has_it_in_a_margin_with_a_line():
    found = lay_out([(0, 0, 100, 100)], [(30, 12)], (100, 100))
    (label,) = found.labels
    assert found.left + found.right == 42 and label.leader is not None
    x1, y1, x2, y2 = label.leader
    assert (y1, y2) == (50, 50) and abs(x1 - x2) == 6


def test_without_boxes_nothing_is_added():
    found = lay_out([], [], (100, 80))
    assert (found.labels, found.left, found.right, found.height) == ((), 0, 0, 80)


@pytest.mark.parametrize("number", [2, 26, 150])
def test_no_label_covers_a_box_or_another_label(number):
    dice = np.random.default_rng(number)
    corner = dice.uniform(0, 500, (number, 2))
    boxes = [tuple(row) for row in np.hstack([corner, corner + dice.uniform(2, 140, (number, 2))]).tolist()]
    sizes = [(float(width), 20.0) for width in dice.integers(30, 160, number)]
    found = lay_out(boxes, sizes, (640, 640))
    moved = [(x1 + found.left, y1, x2 + found.left, y2) for x1, y1, x2, y2 in boxes]
    places = [
        (*one.at, one.at[0] + size[0], one.at[1] + size[1])
        for one, size in zip(found.labels, sizes, strict=True)
    ]
    width = found.left + 640 + found.right
    for i, place in enumerate(places):
        assert place[0] >= 0 and place[1] >= 0 and place[2] <= width and place[3] <= max(found.height, 640)
        assert not any(overlap(place, box) for box in moved)
        assert not any(overlap(place, other) for other in places[:i])
    for box, one in zip(moved, found.labels, strict=True):
        if one.leader is not None:  # it ends on the box's edge
            assert one.leader[2] in (box[0], box[2]) and box[1] <= one.leader[3] <= box[3]
