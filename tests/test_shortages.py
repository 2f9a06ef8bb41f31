"""Boxes that have too few points together: literal cases, the definition against brute force, and speed."""

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

import anchoraudit
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors.spec import Detector, Loss, Match, Points, Resize
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.points import fewer
from anchoraudit.encoding.points.lattice import all_points
from anchoraudit.encoding.points.reach import shortages_in
from anchoraudit.encoding.shortages import find_shortages
from tests.rule_cases import in_splits, tree
from tests.test_voc import xml

SIDE = 96.0


def detector_of(kind, strides=(8, 16, 32), offset=0.5, **match):
    return Detector(
        name="own",
        resize=Resize(kind="none"),
        points=Points(strides=strides, offset=offset),
        match=Match(kind=kind, **match),
        loss=Loss(normaliser="batch_positives_or_one"),
    )


DETECTORS = {
    "inside": detector_of("in_box", top=10),
    "widened": detector_of("in_box", top=10, narrow_below=16, widened_to=16),
    "one level": detector_of("in_box", (8,)),
    "borrows": detector_of("in_box", offset=0, without_candidate="borrows"),
    "anywhere": detector_of("in_box", (32, 48), without_candidate="anywhere"),
    "contested": detector_of("in_box", top=13, without_candidate="contested"),
    "near": detector_of("centre_radius", radius=1.5, radius_as="square"),
    "near, coarse": detector_of("centre_radius", (32, 48), radius=1.5),
    "near or inside": detector_of("centre_radius", (16, 48), radius=2.5, or_in_box=True),
    "areas": detector_of("level_range", (8, 16), ranges=((0, 32), (32, 1e8))),
}


def place(boxes, image, side=SIDE):
    canvas = Canvases(*(np.array([side]) for _ in range(4)))
    given = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    return OnCanvas(given, np.zeros(len(given), dtype=np.int64), canvas), np.array(image, dtype=np.int64)


def both(detector, boxes, image=None, category=None, side=SIDE):
    """The shortages of each image, after both ways agreed: rows of boxes, and the number of points."""
    image = [0] * len(boxes) if image is None else image
    on_canvas, of = place(boxes, image, side)
    classes = np.zeros(len(of), dtype=np.int64) if category is None else np.array(category)
    judged = engines.compete(on_canvas, of, engines.judge(on_canvas, detector), detector, classes)
    points = all_points(side, side, detector.points)
    plain = []
    for one in np.unique(of):
        rows = np.flatnonzero(of == one)
        plain += listed(
            shortages_in(on_canvas.boxes[rows], points, judged.status[rows], detector).of_rows(rows)
        )
    fast = engines.shortages(on_canvas, of, judged, detector)
    assert sorted(listed(fast)) == sorted(plain)
    assert fast.lost_by_image(of, int(of.max()) + 1).sum() == fast.lost.sum()
    return sorted(plain)


def listed(shortages):
    members = [
        sorted(shortages.box[shortages.group == number].tolist()) for number in range(len(shortages.points))
    ]
    return list(zip(members, shortages.points.tolist(), strict=True))


class TestCases:
    """Points of stride 8 at 4, 12, 20, ...; of stride 16 at 8, 24; of stride 32 at 16, 48."""

    def test_three_boxes_and_one_point(self):
        boxes = [(1, 1, 7, 7), (2, 2, 7, 7), (3, 3, 7, 7)]
        assert both(DETECTORS["one level"], boxes) == [([0, 1, 2], 1)]

    def test_a_box_with_a_point_of_its_own_is_in_no_shortage(self):
        boxes = [(1, 1, 7, 7), (2, 2, 7, 7), (1, 1, 15, 7)]
        assert both(DETECTORS["one level"], boxes) == [([0, 1], 1)]
        assert both(DETECTORS["one level"], boxes[1:]) == []

    def test_boxes_that_share_no_point_directly(self):
        """Four boxes for the points at x 4, 12 and 20: the first and the last share none."""
        boxes = [(1, 1, 7, 7), (1, 1, 15, 7), (9, 1, 23, 7), (17, 1, 23, 7)]
        assert both(DETECTORS["one level"], boxes) == [([0, 1, 2, 3], 3)]

    def test_two_shortages_of_an_image(self):
        boxes = [(1, 1, 7, 7), (33, 33, 39, 39), (2, 2, 7, 7), (34, 34, 39, 39)]
        assert both(DETECTORS["one level"], boxes) == [([0, 2], 1), ([1, 3], 1)]
        assert both(DETECTORS["one level"], boxes, [0, 0, 1, 1]) == []

    def test_an_equal_box_that_never_wins_is_not_counted_again(self):
        box = (1, 1, 7, 7)
        assert both(DETECTORS["inside"], [box, box]) == []  # the second is shadowed
        assert both(DETECTORS["one level"], [box, box], category=[0, 1]) == [([0, 1], 1)]

    def test_levels_count_together(self):
        boxes = [(3, 3, 9 + 0.1 * i, 9) for i in range(4)]
        assert both(DETECTORS["one level"], boxes) == [([0, 1, 2, 3], 1)]
        assert both(DETECTORS["inside"], boxes) == [([0, 1, 2, 3], 2)]

    def test_where_boxes_take_points_of_others_the_image_counts(self):
        boxes = [(1, 1, 10, 10), (2, 2, 10, 10), (3, 3, 10, 10)]
        apart = (40, 40, 49, 49)
        lends = detector_of("in_box", (8,), offset=0, without_candidate="borrows")
        assert both(lends, boxes) == [([0, 1, 2], 1)]
        assert both(lends, [*boxes, apart]) == [([0, 1, 2, 3], 2)]
        assert both(lends, [*boxes, (30, 30, 60, 60)]) == []
        assert both(lends, [boxes[0], (1, 1, 2, 2), (3, 3, 4, 4)]) == [([0, 1, 2], 1)]

    def test_contested_points_serve_boxes_without_any(self):
        contested = detector_of("in_box", (8,), top=13, without_candidate="contested")
        two = [(1, 1, 7, 7), (2, 2, 7, 7)]
        assert both(contested, [*two, (60, 60, 61, 61)]) == [([0, 1, 2], 1)]
        assert both(contested, [(1, 1, 15, 7), (2, 2, 15, 7)]) == []
        assert both(contested, [(1, 1, 15, 7), (2, 2, 23, 7), (60, 60, 61, 61)]) == []

    def test_no_shortage_where_no_prediction_decides(self):
        assert both(DETECTORS["areas"], [(1, 1, 7, 7), (2, 2, 7, 7)]) == []

    def test_near_a_corner_a_box_chooses_from_the_points_of_all(self):
        """Eight points are near the corner, fewer than the ten that a box may choose."""
        corner = [(0, 0, 1 + i / 10, 1) for i in range(10)]
        assert both(DETECTORS["near, coarse"], corner) == [(list(range(10)), 8)]
        assert both(DETECTORS["near, coarse"], [*corner, (40, 40, 60, 60)]) == []

    def test_boxes_with_as_many_points_as_they_may_choose_keep_to_them(self):
        """Five columns and two rows of points of stride 8, and as many of them as a box may choose: ten."""
        near = detector_of("centre_radius", (8,), radius=2.5, or_in_box=True)
        ten = [(1 + i / 100, 17, 39, 31) for i in range(11)]
        assert both(near, ten) == [(list(range(11)), 10)]
        # Nobody has fewer, so nobody takes the points of a large box, near its centre or not.
        large = (1, 40, 95, 95)
        assert both(near, [*ten, large]) == [(list(range(11)), 10)]
        # One that has fewer goes on for itself; of two of these, what both want may go to any box.
        fewer = [(49, 17, 63, 31), (65, 17, 79, 31)]
        assert both(near, [*ten, large, fewer[0]]) == [(list(range(11)), 10)]
        assert both(near, [*ten, large, *fewer]) == []

    def test_of_two_boxes_that_go_on_a_point_that_one_of_them_wants_is_enough(self):
        """26 boxes of 25 points, all near their centre; elsewhere two with few, and points beside them."""
        near = detector_of("centre_radius", (8,), radius=2.5, or_in_box=True)
        many = [(1 + i / 100, 1, 39, 39) for i in range(26)]
        one, other = (49, 1, 63, 15), (49, 65, 63, 79)
        assert both(near, [*many, one]) == [(list(range(26)), 25)]
        assert both(near, [*many, one, other]) == []

    def test_elsewhere_its_own_points_are_all(self):
        middle = [(40 + i / 10, 40, 57, 57) for i in range(30)]
        shortage = [(list(range(30)), 27)]
        assert both(DETECTORS["near"], [*middle, (10, 10, 20, 20)]) == shortage

    def test_queries(self):
        few = Detector(
            name="few",
            resize=Resize(kind="none"),
            match=Match(kind="queries", queries=2),
            loss=Loss(normaliser="batch_positives_or_one"),
        )
        on_canvas, of = place([(1, 1, 2, 2)] * 6, [0, 1, 1, 1, 2, 2])
        judged = engines.compete(on_canvas, of, engines.judge(on_canvas, few), few, of)
        found = engines.shortages(on_canvas, of, judged, few)
        assert listed(found) == [([1, 2, 3], 2)]
        assert found.lost_by_image(of, 4).tolist() == [0, 1, 0, 0]


def largest(reach):
    """The size of a largest matching, by another program."""
    return int((maximum_bipartite_matching(csr_array(reach.astype(np.int8)), perm_type="column") >= 0).sum())


matrices = st.tuples(st.integers(1, 6), st.integers(1, 5)).flatmap(
    lambda size: st.lists(
        st.lists(st.booleans(), min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]
    )
)


@settings(max_examples=20, deadline=None)
@given(matrices)
def test_the_number_of_lost_boxes_is_that_of_every_assignment(rows):
    """Each point goes to one of the boxes that it can be given to, or to none: all ways are tried."""
    reach = np.array(rows)
    found = find_shortages(lambda box: np.flatnonzero(reach[box]), *reach.shape)
    ways = product(*([-1, *np.flatnonzero(reach[:, point])] for point in range(reach.shape[1])))
    served = [frozenset(int(box) for box in way if box >= 0) for way in ways]
    most = max(map(len, served))
    assert found.lost.sum() == len(reach) - most
    best = [each for each in served if len(each) == most]
    # In a shortage every box goes without at times; every other box is served whenever as many are as can be.
    assert set(range(len(reach))) - frozenset.intersection(*best) == set(found.box.tolist())
    # No box with a point is lost for certain.
    assert set().union(*best) == set(np.flatnonzero(reach.any(axis=1)).tolist())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 60), st.floats(0.01, 0.3))
def test_large_ones_against_another_program(seed, boxes, points, share):
    reach = np.random.default_rng(seed).random((boxes, points)) < share
    found = find_shortages(lambda box: np.flatnonzero(reach[box]), boxes, points)
    assert found.lost.sum() == boxes - largest(reach)
    for members, number in listed(found):
        assert reach[members].any(axis=0).sum() == number < len(members)
        rest = np.delete(np.arange(boxes), members)
        assert largest(reach[rest]) == largest(reach) - number


tiny = st.tuples(st.integers(0, 2), *[st.floats(0, 20)] * 2, *[st.floats(0.5, 24)] * 2, st.booleans())


@pytest.mark.parametrize("name", DETECTORS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(tiny, min_size=1, max_size=40))
def test_speed_and_definition_agree(name, drawn):
    image = [one[0] for one in drawn]
    boxes = [
        # Half of them on whole pixels, so that edges meet points and boxes repeat.
        (x, y, x + w, y + h) if fine else tuple(np.floor([x, y, x + w + 1, y + h + 1]))
        for _, x, y, w, h, fine in drawn
    ]
    both(DETECTORS[name], boxes, image, category=[number % 2 for number in range(len(boxes))])


@pytest.mark.parametrize(
    "name", [name for name in preset_names() if load_detector(name).match.unit == "point"]
)
def test_presets_on_dense_boxes(name):
    detector = load_detector(name)
    rng = np.random.default_rng(7)
    corner = rng.uniform(0, 40, (90, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 16, (90, 2))], axis=1)
    both(detector, boxes.tolist(), [0] * 60 + [1] * 30, category=np.arange(90) % 3, side=256.0)


def test_of_very_many_boxes_only_the_whole_is_looked_at(monkeypatch):
    boxes = [(1 + i / 10, 1, 7, 7) for i in range(3)]
    detector = DETECTORS["one level"]
    on_canvas, of = place([*boxes, (33, 33, 39, 39)], [0] * 4)
    judged = engines.compete(on_canvas, of, engines.judge(on_canvas, detector), detector, of)
    monkeypatch.setattr(fewer, "_MOST_SOLVED", 1)
    assert listed(engines.shortages(on_canvas, of, judged, detector)) == [([0, 1, 2, 3], 2)]
    on_canvas, of = place([*boxes, (33, 33, 50, 50)], [0] * 4)
    judged = engines.compete(on_canvas, of, engines.judge(on_canvas, detector), detector, of)
    assert listed(engines.shortages(on_canvas, of, judged, detector)) == [([0, 1, 2], 1)]


# Of 5 boxes around the point 100, 100 of stride 8 at 640 px, no other one; by the corners of VOC, too.
AROUND = [(98 - i, 98, 103, 103) for i in range(2)] + [(98, 97, 103, 103)]


def test_images_that_are_not_trained_on_are_counted_but_not_reported(tmp_path):
    tree(tmp_path, in_splits(train=["cat"], val=["cat"]))
    for split in ("train", "val"):
        objects = [("cat", *box) for box in AROUND]
        (tmp_path / "Annotations" / f"{split}_1.xml").write_text(xml(*objects, size=(640, 640)))
    found = anchoraudit.audit(tmp_path, "ultralytics-yolo11-8.3", loader="none", images="none")
    assert found.image_results.lost.tolist() == [2, 2]
    assert found.summary()["lost"] == 4
    assert {name: part["lost"] for name, part in found.summary()["splits"].items()} == {"train": 2, "val": 2}
    assert found.findings.counts["ANC019"] == 1
