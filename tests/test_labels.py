"""The label policy: which boxes reach the encoder, and why the others do not."""

import numpy as np
import pytest

from anchoraudit import Chosen, audit
from anchoraudit.dataset import labels
from anchoraudit.dataset.fates import DROPPED, KEPT, MOVED, RAISED
from anchoraudit.dataset.outside import far_outside
from tests.test_causes import dataset_of

NAN = float("nan")


def reasons(dataset, **policy):
    prepared = labels.prepare(dataset, **policy)
    return [labels.REASONS[code] for code in prepared.reason.tolist()]


def test_each_reason():
    dataset = dataset_of(
        (10, 10, 20, 20),
        (10, 10, 20, 20),
        (NAN, NAN, NAN, NAN),
        (NAN, 0, 5, 5),
        (float("inf"), 0, float("inf"), 5),
        (10, 10, 10, 20),
        (20, 10, 10, 20),
        (960, 0, 970, 10),
        (-10, -10, 0, 0),
        (955, 700, 990, 800),
    )
    dataset.boxes.crowd[1] = True
    assert reasons(dataset) == [
        *("usable", "crowd", "no_box", "not_finite", "not_finite", "no_area", "no_area"),
        *("outside", "outside", "usable"),
    ]
    prepared = labels.prepare(dataset)
    assert labels.clipped_boxes(dataset, slice(9, 10)).tolist() == [[955, 700, 960, 720]]
    assert prepared.clipped.tolist() == [False] * 9 + [True]
    assert prepared.reasons() == {"crowd": 1, "no_box": 1, "not_finite": 2, "no_area": 2, "outside": 2}
    counts = audit(dataset, rules=Chosen(select=("BOX002", "BOX003"))).findings.counts
    assert counts == {"BOX003": 2, "BOX002": 2}


def test_difficult_objects_are_kept_unless_asked_otherwise():
    dataset = dataset_of((10, 10, 20, 20))
    dataset.boxes.difficult[0] = True
    assert reasons(dataset) == ["usable"]
    assert reasons(dataset, drop_difficult=True) == ["difficult"]


def test_unknown_size_is_never_guessed():
    dataset = dataset_of((10, 10, 20, 20), (5, 5, 5, 9), size=(NAN, NAN))
    assert reasons(dataset) == ["image_size_unknown", "no_area"]
    assert not labels.prepare(dataset).usable.any()


def test_no_boxes():
    prepared = labels.prepare(dataset_of())
    assert len(prepared.usable) == 0
    assert prepared.reasons() == {}
    assert labels.clipped_boxes(dataset_of(), slice(None)).shape == (0, 4)


def test_leaving_out_more_boxes():
    """Of two that lose a part at the edge one is left out, and no longer counts as clipped."""
    dataset = dataset_of((10, 10, 20, 20), (10, 10, 10, 20), (955, 700, 990, 800), (-5, 700, 9, 710))
    prepared = labels.prepare(dataset)
    assert prepared.clipped.tolist() == [False, False, True, True]
    found = prepared.without(np.array([2]), "model")
    assert found.usable.tolist() == [True, False, False, True]
    assert found.clipped.tolist() == [False, False, False, True]
    assert found.reasons() == {"no_area": 1, "model": 1}
    assert prepared.usable.tolist() == [True, False, True, True]


def test_what_a_loader_drops_is_dropped_whatever_else_it_is():
    dataset = dataset_of(*[(10, 10, 20, 20)] * 4, (10, 10, 10, 20))
    dataset.boxes.fate = np.array([KEPT, MOVED, DROPPED, RAISED, DROPPED], dtype=np.int8)
    dataset.boxes.crowd[1] = True  # which a loader would have dropped
    assert reasons(dataset) == ["usable", "usable", "loader", "loader", "loader"]


@pytest.mark.parametrize(
    ("box", "far"),
    [
        ((-100, 0, 50, 20), False),  # as far out as the image is wide
        ((-100.01, 0, 50, 20), True),
        ((50, 0, 200, 20), False),
        ((50, 0, 200.01, 20), True),
        ((0, -50, 20, 20), False),
        ((0, -50.01, 20, 20), True),
        ((0, 20, 20, 100.01), True),
        ((-90, 0, 10, 20), False),
        ((-60, -29, 0.5, 20), True),  # 1/121 of it along x
        ((-60, -49, 2, 20), True),  # 2/62 along x and 20/69 along y: 0.94 % inside
        ((-60, -49, 3, 20), False),  # 1.4 %
        ((-500, 0, -300, 20), False),  # all of it outside
        ((-500, 10, 50, 10), False),
        ((float("-inf"), 0, 50, 20), False),
        ((NAN, 0, 500, 20), False),
    ],
)
def test_far_outside_an_image(box, far):
    assert far_outside(dataset_of(box, size=(100, 50)), np.arange(1)).tolist() == [far]
    assert far_outside(dataset_of(box, size=(NAN, NAN)), np.arange(1)).tolist() == [False]
