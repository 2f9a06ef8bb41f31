"""Matching by points and queries: rules as literal cases, and the fast functions held to the definition."""

import zlib
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from anchoraudit.dataset.repeated import close, not_single, pairs_within, repeats
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors.spec import Detector, Loss, Match, Points, Resize
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.causes_by_size import CAUSES
from anchoraudit.encoding.points.centre_radius import preferred
from anchoraudit.encoding.points.competing import _sharing
from anchoraudit.encoding.points.definition import candidates, owners
from anchoraudit.encoding.points.lattice import all_points, point_axes_of, reaches
from anchoraudit.encoding.points.nearest import Nearest, nearest_point
from anchoraudit.encoding.statuses import STATUSES
from tests.test_engines import placed_of, scenes

WITH_POINTS = [name for name in preset_names() if load_detector(name).match.unit == "point"]


def detector_of(kind, strides=(8,), *, offset=0.5, spacing="declared", resize=None, **match):
    return Detector(
        name="points",
        resize=resize or Resize(kind="none"),
        points=Points(strides=strides, offset=offset, spacing=spacing),
        match=Match(kind=kind, **match),
        loss=Loss(normaliser="batch_positives_or_one"),
    )


def placed(*boxes, size=(640, 640), image=None):
    """Return boxes on one canvas, and the image of each: all of one image unless said otherwise."""
    given = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    whole = Canvases(*(np.array([float(side)]) for side in (*size, *size)))
    of = np.zeros(len(given), dtype=np.int64)
    return OnCanvas(given, of, whole), of if image is None else np.array(image)


def numbers(detector, *boxes, size=(640, 640)):
    """Return the number of candidates of each box, after both ways of finding it agreed."""
    on_canvas, _ = placed(*boxes, size=size)
    judged = engines.judge(on_canvas, detector)
    dense = candidates(on_canvas.boxes, all_points(*size, detector.points), detector)
    assert judged.candidates.tolist() == dense.sum(axis=1).tolist()
    return judged.candidates.tolist()


def statuses(detector, *boxes, size=(640, 640), image=None, category=None):
    """Return the status of each box with all boxes of its image present."""
    on_canvas, of = placed(*boxes, size=size, image=image)
    classes = np.zeros(len(of), dtype=np.int64) if category is None else np.array(category)
    alone = engines.judge(on_canvas, detector)
    found = engines.compete(on_canvas, of, alone, detector, classes)
    return [STATUSES[code] for code in found.status.tolist()]


def assigned(detector, *boxes, size=(640, 640)):
    """Return the number of points that learn each box, after both ways of finding it agreed."""
    on_canvas, of = placed(*boxes, size=size)
    counted = engines.count(on_canvas, of, np.zeros(1, dtype=np.int64), detector)
    dense = engines.replay(on_canvas.boxes, on_canvas.canvases, detector)
    assert counted.counts.tolist() == [[dense.positives, dense.negatives, dense.ignored]]
    assert counted.assigned.tolist() == dense.assigned.tolist()
    return counted.assigned.tolist()


class TestInBox:
    """Points of stride 8 lie at 4, 12, 20, ..."""

    @pytest.mark.parametrize(
        ("box", "number"),
        [
            ((4, 4, 12, 12), 0),  # the points on its edges are not inside
            ((3.99, 3.99, 12.01, 12.01), 4),
            ((0, 0, 4, 100), 0),
            ((0, 0, 5, 100), 12),
            ((636, 0, 640, 8), 0),
            ((635, 0, 640, 8), 1),
        ],
    )
    def test_points_on_an_edge_are_outside(self, box, number):
        assert numbers(detector_of("in_box"), box) == [number]

    def test_the_last_bit_decides(self):
        edge = float(np.nextafter(np.float32(4), np.float32(5)))
        assert numbers(detector_of("in_box"), (4, 0, 8, 8), (edge, 0, 8, 8)) == [0, 0]
        before = float(np.nextafter(np.float32(4), np.float32(0)))
        assert numbers(detector_of("in_box"), (before, 0, 8, 8)) == [1]

    def test_without_offset_the_corner_has_a_point(self):
        """Points at 0, 8, ..., 632: none at 640."""
        none = detector_of("in_box", offset=0)
        assert numbers(none, (0, 0, 8.5, 8.5), (632, 632, 640, 640), (631, 631, 640, 640)) == [1, 0, 1]

    def test_an_inset(self):
        near = detector_of("in_box", inset=0.01)
        assert numbers(near, (3.995, 0, 8, 8), (3.98, 0, 8, 8)) == [0, 1]

    def test_short_sides_are_widened_about_the_centre(self):
        """Sides below 8 become 16, those of 8 stay: the rule of ultralytics 8.4.0."""
        widened = detector_of("in_box", narrow_below=8, widened_to=16)
        assert numbers(widened, (92, 92, 100, 100), (92.1, 92.1, 100, 100)) == [0, 4]
        assert numbers(widened, (0, 0, 1, 1), (0, 300, 1, 301)) == [1, 2]
        assert not msgspec.structs.replace(widened, points=Points(strides=(4, 8))).can_end_empty
        assert "exactly 8 px" in widened.empty_when

    def test_all_levels_together(self):
        assert numbers(detector_of("in_box", strides=(8, 16, 32)), (0, 0, 640, 640)) == [8400]

    def test_what_follows_for_boxes_of_one_image(self):
        lost, large = (105, 105, 107, 107), (300, 300, 400, 380)
        assert statuses(detector_of("in_box"), lost) == ["unmatched"]
        assert statuses(detector_of("in_box"), large) == ["matched"]
        assert statuses(detector_of("in_box"), large, (310, 300, 400, 380)) == ["possible"] * 2
        assert statuses(detector_of("in_box", top=10), large) == ["possible"]
        lends = detector_of("in_box", without_candidate="borrows")
        assert statuses(lends, lost, large) == ["borrowed", "possible"]
        assert statuses(lends, lost, large, image=[0, 1]) == ["unmatched", "matched"]
        assert statuses(detector_of("in_box", without_candidate="anywhere"), lost) == ["borrowed"]

    def test_a_point_that_two_boxes_want_may_go_to_a_third(self):
        lost, one, two = (341.5, 341.5, 343.5, 343.5), (300, 300, 400, 380), (310, 300, 400, 380)
        contested = detector_of("in_box", without_candidate="contested")
        assert statuses(contested, one, two, lost)[2] == "borrowed"
        assert statuses(contested, one, (500, 500, 600, 600), lost)[2] == "unmatched"

    @pytest.mark.parametrize(
        ("box", "top", "categories", "second"),
        [
            ((99, 99, 101, 101), 10, [0, 1], "shadowed"),  # one candidate: the first wins every tie
            ((0, 0, 640, 640), 10, [0, 1], "possible"),  # scores of its class may choose other points
            ((0, 0, 640, 640), 10, [0, 0], "shadowed"),
            ((99, 99, 101, 101), 0, [0, 1], "possible"),
        ],
    )
    def test_equal_boxes(self, box, top, categories, second):
        found = statuses(detector_of("in_box", top=top), box, box, category=categories)
        assert found == ["possible", second]

    def test_the_counts_are_open(self):
        on_canvas, of = placed((0, 0, 640, 640))
        counted = engines.count(on_canvas, of, np.zeros(1, dtype=np.int64), detector_of("in_box"))
        assert counted.counts.tolist() == [[-1] * 3]
        assert counted.assigned.tolist() == [-1]


class TestCentreRadius:
    def test_size_plays_no_part(self):
        near = detector_of("centre_radius", radius=1.5, radius_as="square")
        assert numbers(near, (319, 319, 321, 321), (0, 0, 640, 640)) == [4, 4]

    @pytest.mark.parametrize(("centre", "number"), [((0, 0), 1), ((0.5, 0.5), 4), ((4, 4), 4), ((16, 16), 4)])
    def test_within_twelve_pixels(self, centre, number):
        x, y = centre
        near = detector_of("centre_radius", radius=1.5)
        assert numbers(near, (x - 1, y - 1, x + 1, y + 1)) == [number]

    def test_or_inside_the_box(self):
        both = detector_of("centre_radius", radius=1.5, or_in_box=True)
        assert numbers(both, (0, 0, 80, 8), (0, 0, 640, 640)) == [12, 6400]
        points = all_points(640, 640, both.points)
        boxes = np.array([[0, 0, 80, 8], [0.0, 0, 640, 640]])
        assert preferred(boxes, points, both).sum(axis=1).tolist() == [2, 4]

    def test_never_empty_and_surely_positive_if_alone(self):
        near = detector_of("centre_radius", radius=1.5)
        assert not near.can_end_empty
        assert statuses(near, (1, 1, 2, 2)) == ["matched"]
        assert statuses(near, (1, 1, 2, 2), (1, 1, 3, 3)) == ["possible"] * 2


class TestLevelRange:
    TWO = ((0, 64), (64, 128))

    def test_the_farthest_side_says_which_level(self):
        """Its far side is 50 px from the middle of a box of 100x100, and 100 px from points near a corner."""
        levels = detector_of("level_range", (8, 16), ranges=self.TWO)
        on_canvas, _ = placed((100, 100, 200, 200))
        assert engines.levels(on_canvas, levels).tolist() == [[True, True]]

    def test_ends_of_a_range(self):
        """The point 68, 68 is 64 px from the far sides of the box."""
        box = (60, 60, 132, 132)
        open_ = detector_of("level_range", (8,), ranges=((0, 64),))
        closed = detector_of("level_range", (8,), ranges=((0, 64),), ranges_inclusive=True)
        assert (numbers(open_, box), numbers(closed, box)) == ([36], [64])

    def test_a_long_thin_box_belongs_to_a_level_that_misses_it(self):
        levels = detector_of("level_range", (8, 16), ranges=self.TWO)
        thin = (100, 97, 230, 103)
        on_canvas, _ = placed(thin)
        assert numbers(levels, thin) == [0]
        assert [CAUSES[code] for code in engines.causes(on_canvas, levels)] == ["level"]
        tiny, _ = placed((101, 101, 103, 103))
        assert [CAUSES[code] for code in engines.causes(tiny, levels)] == ["stride"]

    def test_the_smaller_box_learns_a_point(self):
        levels = detector_of("level_range", (8,), ranges=((0, 64),))
        large, small = (100, 100, 150, 150), (110, 110, 140, 140)
        assert assigned(levels, large, small) == [36 - 9, 9]
        assert statuses(levels, large, small) == ["matched", "matched"]

    def test_areas_that_differ_by_less_than_8_are_equal_in_float32(self):
        one, two = (100, 100, 150, 150), (100, 100, 149.96, 149.96)
        coarse = detector_of("level_range", (8,), ranges=((0, 64),), areas_from=1e8)
        exact = detector_of("level_range", (8,), ranges=((0, 64),))
        assert assigned(coarse, one, two) == [36, 0]
        assert assigned(exact, one, two) == [0, 36]
        assert statuses(coarse, one, two) == ["matched", "shadowed"]
        assert statuses(exact, one, two) == ["shadowed", "matched"]
        assert statuses(exact, one, one) == ["matched", "shadowed"]

    def test_several_boxes_can_take_all_points_of_one(self):
        levels = detector_of("level_range", (8,), ranges=((0, 64),))
        halves = ((100, 100, 117, 132), (116, 100, 132, 132))
        assert statuses(levels, (100, 100, 132, 132), *halves) == ["shadowed", "matched", "matched"]
        assert statuses(levels, (100, 100, 132, 132), *halves[:1]) == ["matched", "matched"]

    def test_a_grid_that_does_not_divide_the_canvas(self):
        """800 px in 13 cells of 64: 61 px apart."""
        floor = detector_of("level_range", (64,), offset=0, spacing="floor", ranges=((0, 1e8),))
        assert numbers(floor, (600, 600, 620, 620), size=(800, 800)) == [1]  # 610
        assert numbers(floor, (630, 630, 650, 650), size=(800, 800)) == [0]  # 640 is no point


@pytest.mark.parametrize(
    "kind", [{"kind": "in_box"}, {"kind": "centre_radius", "radius": 1.0, "or_in_box": True}]
)
def test_images_in_which_two_boxes_share_a_point(kind):
    """The first two share 12, 12; the next two none; the last two would, were they of one image."""
    on_canvas, image = placed(
        (1, 1, 15, 15), (9, 9, 23, 23), (1, 1, 15, 15), (65, 65, 79, 79), (1, 1, 15, 15), (9, 9, 23, 23),
        image=[0, 0, 1, 1, 2, 3],
    )  # fmt: skip
    assert _sharing(on_canvas, image, detector_of(**kind)).tolist() == [0]


class TestReplay:
    """One level of 4x4 points at 4, 12, 20 and 28, in rows; what `explain` shows of it."""

    def found(self, *boxes, **match):
        on_canvas, _ = placed(*boxes, size=(32, 32))
        return engines.replay(on_canvas.boxes, on_canvas.canvases, detector_of("in_box", **match))

    def test_candidates_of_boxes_that_predictions_decide_between(self):
        found = self.found((9, 1, 23, 7), (5, 5, 7, 7), (17, 1, 31, 15))
        assert found.assigned.tolist() == [2, 0, 4]
        assert found.above.tolist() == [True, False, True]
        assert found.best_anchor.tolist() == [1, -1, 2]
        assert np.flatnonzero(found.labels == 1).tolist() == [1, 2, 3, 6, 7]
        assert found.matched[:8].tolist() == [-1, 0, 0, 2, -1, -1, 2, 2]
        assert found.anchors[[0, 3, 4]].tolist() == [[4, 4, 4, 4], [28, 4, 28, 4], [4, 12, 4, 12]]
        assert not found.forced.any()

    def test_a_single_candidate_is_enough(self):
        found = self.found((1, 1, 7, 7))
        assert (found.above.tolist(), found.best_anchor.tolist()) == ([True], [0])

    @pytest.mark.parametrize("kind", ["in_box", "centre_cell"])
    def test_no_box_leaves_every_point_negative(self, kind):
        on_canvas, _ = placed(size=(32, 32))
        found = engines.replay(on_canvas.boxes, on_canvas.canvases, detector_of(kind))
        assert found.labels.tolist() == [-1] * 16
        assert found.matched.tolist() == [-1] * 16
        assert (len(found.assigned), len(found.best_iou), len(found.above)) == (0, 0, 0)


@pytest.mark.parametrize("offset", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("spacing", ["declared", "floor"])
def test_the_farthest_place_from_a_point(offset, spacing):
    """On every whole pixel of canvases that strides divide or do not, along x and along y."""
    points = Points(strides=(8, 16), offset=offset, spacing=spacing)
    sides = np.array([64.0, 20.0, 40.0, np.nan]), np.array([48.0, 100.0, 16.0, np.nan])
    found = reaches(Canvases(*sides, *sides), points)
    assert found.shape == (2, 4, 2)
    assert np.isinf(found[:, 3]).all()
    for level, axes in enumerate(point_axes_of(points)):
        for a, axis in enumerate(axes):
            for canvas in range(3):
                extent = sides[a][canvas : canvas + 1]
                index = np.arange(int(axis.cells(extent)[0]))
                places = np.arange(extent[0] + 1)
                apart = np.abs(places[:, None] - axis.at(index, axis.stride(extent)))
                assert found[level, canvas, a] == apart.min(axis=1).max()


class TestNearest:
    """Points of stride 8 at 4, 12, 20, ...; of stride 16 at 8, 24, 40, ..."""

    def of(self, box, detector):
        points = all_points(640, 640, detector.points)
        return nearest_point(np.array(box, dtype=np.float64), points, detector)

    def test_inside_a_box(self):
        two = detector_of("in_box", (8, 16))
        # 5..7 lies between 4 and 8: 4 misses by 1 along both, 8 too; the first counts.
        assert self.of((5, 5, 7, 7), two) == Nearest(4, 4, 8, 1, 1, (8, 16), 8)
        assert self.of((5, 5, 7.5, 7.5), two) == Nearest(8, 8, 16, 0.5, 0.5, (8, 16), 8)
        # Along y 12 is inside; along x 4 misses by 1.
        assert self.of((5, 9, 6, 14), two) == Nearest(4, 12, 8, 1, 0, (8, 16), 8)

    def test_a_level_by_distance(self):
        """250x6: too long for the first level; the second takes points within 128 px of all sides."""
        two = detector_of("level_range", (8, 16), ranges=((0, 64), (64, 128)))
        # 222..228 lies between 216 and 232; 97..103 between 88 and 104.
        assert self.of((100, 97, 350, 103), two) == Nearest(232, 104, 16, 4, 1, (16,), 16)
        assert self.of((97, 100, 103, 350), two) == Nearest(104, 232, 16, 1, 4, (16,), 16)
        # 60x6 is for the first level: 196 misses nothing along x, and 100 along y is inside.
        assert self.of((194, 101, 254, 103), two) == Nearest(196, 100, 8, 0, 1, (8,), 8)

    def test_near_the_centre(self):
        """Of FCOS with centre sampling: within 1 stride of the centre, and inside."""
        near = detector_of("level_range", (8,), ranges=((0, 1e8),), radius=1.0)
        # Centre 130, 12.5, so from 122 to 138 along x, where 124 is; 12..13 along y, where 12 is on the edge.
        assert self.of((100, 12, 160, 13), near) == Nearest(124, 12, 8, 0, 0, (8,), 8)
        assert self.of((100, 13, 160, 14), near) == Nearest(124, 12, 8, 0, 1, (8,), 8)


class TestCentreCell:
    def test_the_last_of_a_cell_learns_it(self):
        cell = detector_of("centre_cell", (4,))
        one, two = (0, 0, 10, 10), (1, 1, 10, 10)  # centres 5 and 5.5: cell 1
        assert assigned(cell, one, two) == [0, 1]
        assert statuses(cell, one, two) == ["shadowed", "matched"]

    @pytest.mark.parametrize(
        ("box", "column", "row"),
        [
            ((0, 0, 10, 10), 1, 1),  # centre 5, 5
            ((3, 11, 5, 13), 1, 3),  # 4, 12: on the lines, of the cells behind them
            ((2, 10, 5.9, 13.9), 0, 2),  # 3.95, 11.95
            ((-8, -6, 2, 2), 0, 0),  # left of and above the grid
            ((636, 0, 639, 2), 159, 0),
            ((300, 630, 500, 650), 100, 159),
        ],
    )
    def test_the_cell_of_the_centre(self, box, column, row):
        """160 cells of 4 px along each side."""
        detector = detector_of("centre_cell", (4,))
        on_canvas, _ = placed(box)
        found = engines.replay(on_canvas.boxes, on_canvas.canvases, detector)
        assert np.flatnonzero(found.labels == 1).tolist() == [row * 160 + column]
        assert found.best_anchor.tolist() == [row * 160 + column]
        assert numbers(detector, box) == [1]

    def test_a_centre_on_the_far_edge_belongs_to_the_last_cell(self):
        assert assigned(detector_of("centre_cell", (4,)), (639, 639, 641, 641)) == [1]


class TestQueries:
    def detector(self, queries):
        return Detector(
            name="queries",
            resize=Resize(kind="none"),
            match=Match(kind="queries", queries=queries),
            loss=Loss(normaliser="batch_positives_or_one"),
        )

    @pytest.mark.parametrize(
        ("boxes", "matched"), [(0, 0), (1, 1), (299, 299), (300, 300), (301, 300), (450, 300)]
    )
    def test_each_box_gets_one_until_there_are_none_left(self, boxes, matched):
        on_canvas, of = placed(*([(1, 1, 2, 2)] * boxes))
        found = self.detector(300)
        counted = engines.count(on_canvas, of, np.zeros(1, dtype=np.int64), found)
        assert counted.counts.tolist() == [[matched, 300 - matched, 0]]
        judged = engines.compete(on_canvas, of, engines.judge(on_canvas, found), found, of)
        assert {STATUSES[code] for code in judged.status} <= {"matched" if boxes <= 300 else "possible"}

    def three_images(self):
        """Images with one box, with two, and with three."""
        return placed(*[(1, 1, 2, 2)] * 6, image=(0, 1, 1, 2, 2, 2))

    def test_every_box_has_a_query_until_there_are_too_many(self):
        boxes, image = self.three_images()
        judged = engines.judge(boxes, self.detector(2))
        assert [STATUSES[code] for code in judged.status] == ["matched"] * 6
        assert judged.candidates.tolist() == [2] * 6
        assert np.isnan(judged.best).all()
        found = engines.compete(boxes, image, judged, self.detector(2), np.zeros(6, dtype=np.int64))
        assert [STATUSES[code] for code in found.status] == ["matched"] * 3 + ["possible"] * 3

    def test_counts(self):
        boxes, image = self.three_images()
        found = engines.count(boxes, image, np.zeros(4, dtype=np.int64), self.detector(2))
        assert found.counts.tolist() == [[1, 1, 0], [2, 0, 0], [2, 0, 0], [0, 2, 0]]
        assert found.assigned.tolist() == [1, 1, 1, -1, -1, -1]

    @pytest.mark.parametrize(
        ("boxes", "labels", "matched", "assigned"),
        [
            (0, [-1, -1], [-1, -1], []),
            (1, [1, -1], [0, -1], [1]),
            (2, [1, 1], [0, 1], [1, 1]),
            (3, [1, 1], [0, 1], [-1, -1, -1]),
        ],
    )
    def test_one_image(self, boxes, labels, matched, assigned):
        whole = Canvases(*(np.array([64.0]) for _ in range(4)))
        found = engines.replay(np.ones((boxes, 4)), whole, self.detector(2))
        assert found.labels.tolist() == labels
        assert found.matched.tolist() == matched
        assert found.assigned.tolist() == assigned
        assert found.best_anchor.tolist() == [-1] * boxes
        assert (found.above.all(), found.forced.any(), found.counts.all()) == (True, False, True)
        assert np.isnan(found.best_iou).all()

    def test_no_place_and_no_size_matters(self):
        assert statuses(self.detector(2), (0, 0, 0.1, 0.1), (0, 0, 0.1, 0.1)) == ["matched", "matched"]
        assert not self.detector(2).can_end_empty


class TestSpec:
    @pytest.mark.parametrize(
        ("match", "message"),
        [
            ({"kind": "in_box", "radius": 1.5}, "radius has no effect"),
            ({"kind": "centre_radius"}, "must be above 0"),
            ({"kind": "level_range"}, "takes ranges"),
            ({"kind": "in_box", "narrow_below": 8}, "widened_to"),
            ({"kind": "in_box", "widened_to": 8}, "needs narrow_below"),
            ({"kind": "in_box", "positive": 0.5}, "takes none of"),
            ({"kind": "queries"}, "takes queries"),
        ],
    )
    def test_keys_that_do_not_go_together(self, match, message):
        with pytest.raises(ValueError, match=message):
            Match(**match)

    def test_places(self):
        with pytest.raises(ValueError, match="needs points"):
            Detector(
                name="x", resize=Resize(kind="none"), match=Match(kind="in_box"), loss=Loss(normaliser="none")
            )
        with pytest.raises(ValueError, match="takes no points"):
            Detector(
                name="x",
                resize=Resize(kind="none"),
                points=Points(strides=(8,)),
                match=Match(kind="queries", queries=3),
                loss=Loss(normaliser="none"),
            )
        with pytest.raises(ValueError, match="2 ranges for 1 levels"):
            detector_of("level_range", ranges=TestLevelRange.TWO)
        with pytest.raises(ValueError, match="grow"):
            Points(strides=(16, 8))


def test_repeats_finds_equal_boxes_of_an_image():
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 2], [-0.0, 0, 1, 1]])
    assert repeats(np.array([0, 0, 1, 0, 0]), boxes).tolist() == [-1, 0, -1, -1, 0]
    assert repeats(np.array([0, 0]), np.full((2, 4), np.nan)).tolist() == [-1, -1]


# --- the fast functions against the definition ------------------------------------------------------------


@st.composite
def rules(draw):
    """Draw a rule of matching, with strides, for canvases of a few hundred pixels."""
    kind = draw(st.sampled_from(["in_box", "centre_radius", "level_range", "centre_cell"]))
    strides = tuple(
        sorted(draw(st.sets(st.sampled_from([4.0, 8.0, 16.0, 32.0, 10.5]), min_size=1, max_size=3)))
    )
    match = {"kind": kind}
    radius = draw(st.sampled_from([0.5, 1.0, 1.5, 2.5]))
    if kind == "in_box":
        match |= {"inset": draw(st.sampled_from([0.0, 1e-9, 0.01]))}
        if draw(st.booleans()):
            below = draw(st.sampled_from([4.0, 8.0, 16.0]))
            match |= {"narrow_below": below, "widened_to": below * draw(st.sampled_from([1, 2]))}
    elif kind == "centre_radius":
        match |= {"radius": radius, "or_in_box": draw(st.booleans())}
    elif kind == "level_range":
        factor = draw(st.sampled_from([1, 2, 4, 8]))
        limits = [draw(st.sampled_from([-1.0, 0.0])), *(side * factor for side in strides[:-1]), 1e8]
        match |= {
            "ranges": tuple(pairwise(limits)),
            "ranges_inclusive": draw(st.booleans()),
            "radius": draw(st.sampled_from([0.0, radius])),
            "areas_from": draw(st.sampled_from([0.0, 1e8])),
        }
    else:
        strides = strides[:1]
    if kind in ("centre_radius", "level_range"):
        match |= {"radius_as": draw(st.sampled_from(["distance", "square"]))}
    points = Points(
        strides=strides,
        offset=0.5 if kind == "centre_cell" else draw(st.sampled_from([0.0, 0.5])),
        spacing="declared" if kind == "centre_cell" else draw(st.sampled_from(["declared", "floor"])),
        precision=draw(st.sampled_from(["float32", "float64"])),
    )
    resize = Resize(
        kind=draw(st.sampled_from(["none"])),
        pad=(pad := draw(st.sampled_from(["none", "multiple"]))),
        multiple=32 if pad == "multiple" else 0,
        handed=draw(st.sampled_from(["pixels", "centre_size", "centre_fractions"])),
        precision="float32",
    )
    return Detector(
        name="any", resize=resize, points=points, match=Match(**match), loss=Loss(normaliser="none")
    )


def held_to_the_definition(scene, detector):
    on_canvas, image, of_image = placed_of(scene, detector)
    held_to_the_definition_on(on_canvas, image, of_image, len(scene), detector)


def held_to_the_definition_on(on_canvas, image, of_image, count, detector):
    alone = engines.judge(on_canvas, detector)
    together = engines.compete(on_canvas, image, alone, detector, np.zeros(len(image), dtype=np.int64))
    quickly = engines.judge_quickly(on_canvas, detector)
    assert quickly.status.tolist() == alone.status.tolist()
    again = engines.compete(on_canvas, image, quickly, detector, np.zeros(len(image), dtype=np.int64))
    assert again.status.tolist() == together.status.tolist()
    counted = engines.count(on_canvas, image, of_image, detector)
    status = np.array(STATUSES)[together.status]
    for number in range(count):
        own = np.flatnonzero(image == number)
        canvas = on_canvas.canvases.take(of_image[[number]])
        points = all_points(float(canvas.width[0]), float(canvas.height[0]), detector.points)
        boxes = on_canvas.boxes[own]
        dense = candidates(boxes, points, detector)
        assert alone.candidates[own].tolist() == dense.sum(axis=1).tolist()
        by_level = [dense[:, points.level == level].any(axis=1) for level in range(len(detector.strides))]
        assert engines.levels(on_canvas.take(own), detector).T.tolist() == [one.tolist() for one in by_level]
        assert np.isin(status[own][~dense.any(axis=1)], ["unmatched", "borrowed"]).all()
        if not detector.match.is_prediction_free:
            assert (counted.counts[number] == -1).all()
            continue
        learnt = owners(boxes, dense, detector)
        given = np.bincount(learnt[learnt >= 0], minlength=len(own))
        assert counted.assigned[own].tolist() == given.tolist()
        positives = int((learnt >= 0).sum())
        assert counted.counts[number].tolist() == [positives, len(learnt) - positives, 0]
        hidden = dense.any(axis=1) & (given == 0)
        assert ((status[own] == "shadowed") == hidden).all()


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules(), scenes(st.tuples(st.integers(33, 200), st.integers(33, 200)), most_images=3, most=6))
def test_fast_functions_equal_the_definition_for_any_rule(detector, scene):
    held_to_the_definition(scene, detector)


@pytest.mark.parametrize("name", WITH_POINTS)
def test_fast_functions_equal_the_definition_for_every_preset(name):
    detector = load_detector(name)

    @seeded(zlib.crc32(name.encode()))  # other scenes for every preset, the same in every run
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(scenes(most=5))
    def run(scene):
        held_to_the_definition(scene, detector)

    run()


@pytest.mark.parametrize(
    "name", [name for name in WITH_POINTS if load_detector(name).match.is_prediction_free]
)
@pytest.mark.parametrize("seed", range(3))
def test_in_crowds_exactly_those_are_shadowed_that_no_point_learns(name, seed):
    """Boxes of like sizes in heaps, so that some learn nothing."""
    detector, rng = load_detector(name), np.random.default_rng(seed)
    images, most = 60, 14
    image = np.repeat(np.arange(images), rng.integers(1, most, images))
    middle = rng.uniform(100, 500, (images, 2, 2))[image, rng.integers(0, 2, len(image))]
    middle = middle + rng.normal(0, 3, middle.shape)
    side = np.exp(rng.uniform(np.log(6), np.log(100), (images, 2)))[image]
    half = side * np.exp(rng.normal(0, 0.1, side.shape))
    boxes = np.clip(np.concatenate([middle - half, middle + half], axis=1), 0, 640).round(rng.integers(0, 3))
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    scene = [(640, 640, boxes[image == number]) for number in range(images)]
    on_canvas, of, of_image = placed_of(scene, detector)
    alone = engines.judge(on_canvas, detector)
    together = engines.compete(on_canvas, of, alone, detector, np.zeros(len(of), dtype=np.int64))
    counted = engines.count(on_canvas, of, of_image, detector)
    hidden = (alone.candidates > 0) & (counted.assigned == 0)
    assert ((np.array(STATUSES)[together.status] == "shadowed") == hidden).all()
    assert hidden.any()


def test_rows_whose_key_another_row_has():
    assert not_single(np.array([7, 1, 7, 3, 9, 3, 7])).tolist() == [0, 2, 3, 5, 6]
    assert not_single(np.array([2**64 - 1, 0, 2**64 - 1], dtype=np.uint64)).tolist() == [0, 2]
    assert not_single(np.array([5, 4])).tolist() == not_single(np.zeros(0, dtype=np.int64)).tolist() == []


def test_pairs_within_are_all_pairs_of_a_group_once():
    group = np.array([0, 0, 0, 2, 3, 3, 3, 3])

    def listed(most=None):
        found = []
        for of_one, before, after in pairs_within(group, [np.arange(8.0)], most):
            assert before.columns[0].tolist() == before.rows.tolist()
            assert after.columns[0].tolist() == after.rows.tolist()
            found += zip(before.rows[of_one].tolist(), after.rows[of_one].tolist(), strict=True)
        return sorted(found)

    every = [(i, j) for i in range(8) for j in range(i + 1, 8) if group[i] == group[j]]
    assert listed() == every
    assert listed(most=2) == [(i, j) for i, j in every if j - i <= 2]
    assert list(pairs_within(np.zeros(0, dtype=np.int64), [np.zeros(0)])) == []


def test_close_boxes_are_those_within_reach_in_all_four_numbers():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [0, 0, 10, 12.0], [0, 0, 10, 10], [np.nan] * 4])
    group = np.array([0, 0, 0, 1, 1])
    assert close(group, boxes, np.full(5, 1.0)).tolist() == [0, 1]
    assert close(group, boxes, np.full(5, 2.0)).tolist() == [0, 1, 2]
    assert close(group, boxes, np.full(5, 1.0), most=2).tolist() == [0, 1, 2]
    beyond_float32 = np.array([[0, 0, 1e300, 10], [0, 0, 1e300, 10], [0, 0, 10, 10]])
    assert close(np.zeros(3, dtype=np.int64), beyond_float32, np.ones(3)).tolist() == [0, 1]


@given(st.integers(0, 2**32), st.sampled_from([1, 5, 300]))
def test_close_boxes_as_found_pair_by_pair(seed, most):
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, 4, 40))
    boxes, within = rng.integers(0, 4, (40, 4)).astype(float), rng.integers(0, 2, 4)[group].astype(float)
    apart = np.abs(boxes[:, None] - boxes[None]).max(axis=2)
    pairs = (apart <= within[:, None]) & (group[:, None] == group) & ~np.eye(40, dtype=bool)
    many = np.bincount(group)[group] > most
    assert (
        close(group, boxes, within, most=most).tolist() == np.flatnonzero(pairs.any(axis=1) | many).tolist()
    )
