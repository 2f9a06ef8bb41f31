"""YOLO's rules: matching by sizes alone, and the cells that become positive. Literal, then by brute force."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit.detectors import load_detector
from anchoraudit.detectors.spec import Anchors, Border, Detector, Level, Loss, Match, Resize
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas, one_canvas
from anchoraudit.encoding.canvas import place as placed_by

YOLOV5, YOLOV7, DARKNET = (load_detector(name) for name in ("yolov5", "yolov7", "yolov3-darknet"))


def sized(*sizes, centre=(320.0, 320.0)):
    """Boxes of the given widths and heights around one point."""
    (x, y), pairs = centre, np.array(sizes, dtype=np.float64).reshape(-1, 2)
    return np.column_stack(
        [x - pairs[:, 0] / 2, y - pairs[:, 1] / 2, x + pairs[:, 0] / 2, y + pairs[:, 1] / 2]
    )


def square_canvas(side):
    return Canvases(*(np.array([float(side)]) for _ in range(4)))


def labelled(detector, boxes, side=640):
    """Replay one image, after the engines have said the same."""
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    whole = square_canvas(side)
    placed = OnCanvas(boxes, np.zeros(len(boxes), dtype=np.int64), whole)
    found = engines.replay(boxes, whole, detector)
    judged = engines.judge(placed, detector)
    counted = engines.count(
        placed, np.zeros(len(boxes), dtype=np.int64), np.zeros(1, dtype=np.int64), detector
    )
    assert judged.matched.tolist() == found.above.tolist()
    assert judged.best.tolist() == found.best_iou.tolist()
    assert not judged.forced.any()
    assert counted.counts.tolist() == [[found.positives, found.negatives, found.ignored]]
    assert counted.assigned.tolist() == found.assigned.tolist()
    assert found.ignored == 0
    return found


def positives(found, detector, side=640):
    """Positive anchors as (level, column, row, shape)."""
    anchors = []
    first = 0
    for number, level in enumerate(detector.anchors.levels):
        cells, shapes = int(side // level.stride), level.count
        for index in np.flatnonzero(found.labels[first : first + cells * cells * shapes] == 1).tolist():
            cell, shape = divmod(index, shapes)
            anchors.append((number, cell % cells, cell // cells, shape))
        first += cells * cells * shapes
    return anchors


class TestSideRatio:
    @pytest.mark.parametrize(
        ("size", "matched"),
        [
            ((2.5, 3.25), False),
            ((2.51, 3.26), True),
            ((2.51, 3.25), False),
            ((2.5, 3.26), False),
            ((640, 40), False),
            ((10, 200), True),
            ((640, 640), True),
            ((3, 3.5), True),
            ((3, 51.75), True),
            ((3, 52.0), False),
            ((10, 243.75), True),
            ((10, 244.0), False),
            ((500, 49.75), True),
            ((500, 49.5), False),
            ((640, 81.75), True),
            ((640, 81.5), False),
        ],
    )
    def test_yolov5(self, size, matched):
        found = labelled(YOLOV5, sized(size))
        assert found.above.tolist() == [matched]
        assert (found.positives > 0) == matched
        assert (found.assigned[0] > 0) == matched

    @pytest.mark.parametrize(
        ("size", "matched"),
        [
            ((3, 5), False),
            ((3.25, 4), False),
            ((3.25, 4.25), True),
            ((10, 4.25), True),
            ((10, 299.75), True),
            ((10, 300), False),
            ((640, 61), True),
            ((640, 60.75), False),
        ],
    )
    def test_yolov7(self, size, matched):
        assert labelled(YOLOV7, sized(size)).above.tolist() == [matched]

    def test_the_ratio_is_strict_and_the_measure_its_inverse(self):
        detector = single((10, 10))
        found = labelled(detector, sized((40, 10), (39.9, 10), (2.5, 10), (20, 5)), side=80)
        assert found.above.tolist() == [False, True, False, True]
        assert found.best_iou.tolist() == pytest.approx([0.25, 10 / 39.9, 0.25, 0.5], rel=1e-6)

    def test_a_box_without_area_matches_nothing(self):
        found = labelled(YOLOV5, [(10, 10, 10, 30), (20, 20, 20, 20)])
        assert found.above.tolist() == [False, False]
        assert found.best_iou.tolist() == [0, 0]
        assert found.positives == 0

    def test_the_best_anchor_is_in_the_cell_of_the_centre_on_its_level(self):
        """Levels have 80x80, 40x40 and 20x20 cells of three shapes; (33, 23) is the third of the first."""
        found = labelled(
            YOLOV5, sized((33, 23), (30, 61), (59, 119), (116, 90), (373, 326), centre=(330, 346))
        )
        second, third = 3 * 80 * 80, 3 * (80 * 80 + 40 * 40)
        assert found.best_iou.tolist() == [1] * 5
        assert found.best_anchor.tolist() == [
            3 * (43 * 80 + 41) + 2,
            second + 3 * (21 * 40 + 20),
            second + 3 * (21 * 40 + 20) + 2,
            third + 3 * (10 * 20 + 10),
            third + 3 * (10 * 20 + 10) + 2,
        ]
        assert found.anchors[found.best_anchor].tolist() == [
            [328 + 4 - 16.5, 344 + 4 - 11.5, 328 + 4 + 16.5, 344 + 4 + 11.5],
            [320 + 8 - 15, 336 + 8 - 30.5, 320 + 8 + 15, 336 + 8 + 30.5],
            [320 + 8 - 29.5, 336 + 8 - 59.5, 320 + 8 + 29.5, 336 + 8 + 59.5],
            [320 + 16 - 58, 320 + 16 - 45, 320 + 16 + 58, 320 + 16 + 45],
            [320 + 16 - 186.5, 320 + 16 - 163, 320 + 16 + 186.5, 320 + 16 + 163],
        ]

    def test_no_boxes(self):
        found = labelled(YOLOV5, [])
        assert (found.positives, found.negatives) == (0, 25_200)


def single(*shapes, neighbours=2, kind="side_ratio"):
    """Build a detector of one level with cells of 8 px."""
    return Detector(
        name="single",
        resize=Resize(kind="none"),
        anchors=Anchors(levels=(Level(stride=8, offset=4, shapes=shapes),), precision="float32"),
        border=Border(margin="off"),
        match=Match(kind=kind, ratio=4, neighbours=neighbours) if kind == "side_ratio" else Match(kind=kind),
        loss=Loss(normaliser="none"),
    )


class TestCells:
    """Cells of 8 px on 80x80; the box is 10x10, and the one shape too."""

    @pytest.mark.parametrize(
        ("centre", "cells"),
        [
            ((36, 36), {(4, 4)}),  # 4.5: neither nearer than half a cell
            ((34, 36), {(4, 4), (3, 4)}),
            ((38, 36), {(4, 4), (5, 4)}),
            ((36, 34), {(4, 4), (4, 3)}),
            ((36, 38), {(4, 4), (4, 5)}),
            ((34, 38), {(4, 4), (3, 4), (4, 5)}),
            ((38, 34), {(4, 4), (5, 4), (4, 3)}),
            ((3, 4), {(0, 0)}),  # no cell to the left of the first
            ((7, 4), {(0, 0), (1, 0)}),
            ((74, 76), {(9, 9), (8, 9)}),
            ((77, 76), {(9, 9)}),
            ((79, 76), {(9, 9)}),  # none to the right of the last
            ((80, 76), {(9, 9)}),  # kept within the grid
        ],
    )
    def test_two_neighbours(self, centre, cells):
        found = labelled(single((10, 10)), sized((10, 10), centre=centre), side=80)
        assert {(x, y) for _, x, y, _ in positives(found, single((10, 10)), 80)} == cells

    def test_on_the_line_between_cells_one_is_named_twice(self):
        """32 is 4.0: left is cell 3, and half a cell to the right is still cell 4."""
        found = labelled(single((10, 10)), sized((10, 10), centre=(32, 36)), side=80)
        assert found.positives == 2
        assert found.assigned.tolist() == [3]

    @pytest.mark.parametrize(
        ("neighbours", "cells"),
        [
            (0, {(4, 4)}),
            (2, {(4, 4), (3, 4), (4, 3)}),
            (4, {(4, 4), (3, 4), (5, 4), (4, 3), (4, 5)}),
        ],
    )
    def test_none_two_or_four(self, neighbours, cells):
        detector = single((10, 10), neighbours=neighbours)
        found = labelled(detector, sized((10, 10), centre=(34, 34)), side=80)
        assert {(x, y) for _, x, y, _ in positives(found, detector, 80)} == cells

    def test_every_shape_that_matches_takes_the_cells(self):
        found = labelled(YOLOV5, sized((10, 13), centre=(102, 101)))
        assert found.assigned.tolist() == [9]
        expected = [(0, x, y, k) for x, y in ((12, 12), (13, 12), (12, 13)) for k in range(3)]
        assert sorted(positives(found, YOLOV5)) == sorted(expected)

    def test_two_boxes_may_share_an_anchor(self):
        found = labelled(single((10, 10)), sized((10, 10), (12, 12), centre=(36, 36)), side=80)
        assert found.positives == 1
        assert found.assigned.tolist() == [1, 1]


class TestShapeIou:
    @pytest.mark.parametrize(
        ("size", "anchor"),
        [
            ((10, 13), (0, 12, 12, 0)),
            ((1, 1), (0, 12, 12, 0)),
            ((33, 23), (0, 12, 12, 2)),
            ((30, 61), (1, 6, 6, 0)),
            ((156, 198), (2, 3, 3, 1)),
            ((600, 600), (2, 3, 3, 2)),
        ],
    )
    def test_one_anchor_of_the_shape_most_like_the_box(self, size, anchor):
        found = labelled(DARKNET, sized(size, centre=(102, 101)), side=608)
        assert positives(found, DARKNET, 608) == [anchor]
        assert found.above.tolist() == [True]
        assert found.assigned.tolist() == [1]

    def test_ties_go_to_the_first_shape(self):
        detector = single((20, 10), (10, 20), kind="shape_iou")
        found = labelled(detector, sized((10, 10), centre=(36, 36)), side=80)
        assert positives(found, detector, 80) == [(0, 4, 4, 0)]
        assert found.best_iou.tolist() == [0.5]

    def test_shapes_in_the_order_of_the_levels(self):
        levels = tuple(reversed(DARKNET.anchors.levels))
        turned = msgspec.structs.replace(
            DARKNET, anchors=msgspec.structs.replace(DARKNET.anchors, levels=levels)
        )
        found = labelled(turned, sized((10, 13), centre=(102, 101)), side=608)
        assert positives(found, turned, 608) == [(2, 12, 12, 0)]

    def test_centres_on_the_far_edge(self):
        found = labelled(DARKNET, sized((10, 13), centre=(608, 608)), side=608)
        assert positives(found, DARKNET, 608) == [(0, 75, 75, 0)]

    def test_a_box_without_area(self):
        found = labelled(DARKNET, [(10, 10, 10, 30)], side=608)
        assert found.positives == 0
        assert found.above.tolist() == [False]


def masked(*levels, competing):
    """Build a detector of levels (stride, mask, also_above) on a canvas of 64 px."""
    return Detector(
        name="masked",
        resize=Resize(kind="none"),
        anchors=Anchors(
            levels=tuple(
                Level(stride=stride, offset=stride / 2, mask=mask, also_above=above)
                for stride, mask, above in levels
            ),
            competing=competing,
            precision="float32",
        ),
        border=Border(margin="off"),
        match=Match(kind="shape_iou"),
        loss=Loss(normaliser="none"),
    )


class TestMasks:
    """Shapes that compete, named by masks: darknet's yolov4-tiny leaves the first of six out."""

    FOUR = ((10.0, 10.0), (20.0, 20.0), (20.0, 10.0), (40.0, 40.0))

    def detector(self, above=1.0):
        return masked((16, (1, 3), above), (8, (1, 2), above), competing=self.FOUR)

    @pytest.mark.parametrize(
        ("size", "anchors"),
        [
            ((10, 10), []),  # most like a shape that no mask names
            ((5, 5), []),
            ((40, 41), [(0, 2, 2, 1)]),
            ((20, 20), [(0, 2, 2, 0), (1, 4, 4, 0)]),  # in two masks: positive on both levels
            ((20, 10), [(1, 4, 4, 1)]),
        ],
    )
    def test_the_best_of_all_is_positive_where_a_mask_names_it(self, size, anchors):
        detector = self.detector()
        found = labelled(detector, sized(size, centre=(34, 36)), side=64)
        assert positives(found, detector, 64) == anchors
        assert found.above.tolist() == [bool(anchors)]
        assert found.assigned.tolist() == [len(anchors)]

    def test_the_measure_is_that_of_the_shapes_that_are_anchors(self):
        found = labelled(self.detector(), sized((10, 10), (20, 20)), side=64)
        assert found.best_iou.tolist() == [0.5, 1]
        assert found.anchors[found.best_anchor[0]].tolist()[2:] != [0, 0]

    def test_shapes_above_the_limit_of_their_level_too_and_at_it_not(self):
        detector = self.detector(above=0.25)
        found = labelled(detector, sized((20, 20), (10, 10), centre=(34, 36)), side=64)
        # 20x20 has 0.25 with 40x40 and 10x10, 0.5 with 20x10. 10x10 has 0.25 with 20x20, 0.5 with 20x10.
        assert found.assigned.tolist() == [3, 1]
        assert positives(found, detector, 64) == [(0, 2, 2, 0), (1, 4, 4, 0), (1, 4, 4, 1)]
        levels = (16, (1, 3), 1.0), (8, (1, 2), 0.25)
        found = labelled(masked(*levels, competing=self.FOUR), sized((38, 20), centre=(34, 36)), side=64)
        # 20x20, the best, on both levels; 20x10 has 0.263; 40x40 has 0.475, on the level without a limit.
        assert found.assigned.tolist() == [3]

    def test_of_equal_shapes_the_first_wins(self):
        twice = ((10.0, 10.0), (10.0, 10.0), (40.0, 40.0))
        for mask, matched in (((1, 2), False), ((0, 2), True)):
            detector = masked((8, mask, 1.0), competing=twice)
            assert labelled(detector, sized((10, 10)), side=64).above.tolist() == [matched]

    def test_ties_follow_the_order_of_those_that_compete(self):
        wide_first = ((20.0, 10.0), (10.0, 20.0))
        detector = masked((16, (1,), 1.0), (8, (0,), 1.0), competing=wide_first)
        found = labelled(detector, sized((10, 10), centre=(34, 36)), side=64)
        assert positives(found, detector, 64) == [(1, 4, 4, 0)]

    def test_when_an_image_ends_empty(self):
        detector = self.detector()
        assert detector.anchors.left_out == ((10, 10),)
        assert detector.can_end_empty
        assert detector.empty_when == "every box is most like an anchor that is on no level (10x10)"
        with_limit = self.detector(above=0.25)
        assert with_limit.empty_when.startswith(detector.empty_when)
        assert with_limit.empty_when.endswith("above their level's limit, 0.25")
        assert not masked((8, (2, 0, 1, 3), 1.0), competing=self.FOUR).can_end_empty
        # The second of two equal ones never wins, so it may be left out.
        assert not masked((8, (0,), 1.0), competing=((9.0, 9.0), (9.0, 9.0))).can_end_empty

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"levels": (Level(stride=8, mask=(4,)),)}, "a mask has shape 4; competing has shapes 0 to 3"),
            ({"levels": (Level(stride=8, shapes=((1, 1),)),)}, "every level takes a mask"),
            ({"competing": ()}, "every level takes a mask"),
            ({"competing": ((0, 1),) * 4}, "anchor shape 0x1"),
        ],
    )
    def test_what_does_not_fit_together(self, changes, words):
        with pytest.raises(ValueError, match=words):
            msgspec.structs.replace(self.detector().anchors, **changes)

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ({"mask": (1, 1)}, "each once"),
            ({"mask": (-1,)}, "0 or more"),
            ({"mask": (1,), "sizes": (8,)}, "not both"),
            ({"mask": (1,), "shapes": ((8, 8),)}, "not both"),
            ({"mask": (1,), "also_above": 1.5}, "also_above is 1.5"),
            ({}, "or a mask"),
        ],
    )
    def test_a_level_that_contradicts_itself(self, keys, words):
        with pytest.raises(ValueError, match=words):
            Level(stride=8, **keys)

    def test_other_kinds_have_no_masks(self):
        with pytest.raises(ValueError, match="shape_iou"):
            msgspec.structs.replace(self.detector(), match=Match(kind="side_ratio", ratio=4))
        above = Anchors(levels=(Level(stride=8, shapes=((8, 8),), also_above=0.5),))
        with pytest.raises(ValueError, match="shape_iou"):
            msgspec.structs.replace(YOLOV5, anchors=above)


def most_alike_by_hand(boxes, detector, side):
    """Name the positive (level, column, row, shape) of each box, as `process_batch` does, in float32."""
    f = np.float32
    anchors = detector.anchors
    every = anchors.competing or [shape for level in anchors.levels for shape in level.shapes]
    masks, first = [], 0
    for level in anchors.levels:
        masks.append(level.mask or tuple(range(first, first + level.count)))
        first += level.count
    found = []
    for x1, y1, x2, y2 in np.asarray(boxes):
        w, h = f(f(x2 - x1) / f(side)), f(f(y2 - y1) / f(side))
        ious = []
        for shape in every:
            a, b = (f(f(length) / f(side)) for length in shape)
            overlap = f(min(a, w) * min(b, h))
            ious.append(f(overlap / f(f(f(a * b) + f(w * h)) - overlap)))
        best = max(range(len(every)), key=lambda n: (ious[n], -n))
        own = []
        for number, (level, mask) in enumerate(zip(anchors.levels, masks, strict=True)):
            cells = int(side // level.stride)
            column, row = (
                min(int(f(f((low + high) / 2) / f(side)) * f(cells)), cells - 1)
                for low, high in ((f(x1), f(x2)), (f(y1), f(y2)))
            )
            for k, n in enumerate(mask):
                if n == best or (level.also_above < 1 and ious[n] > f(level.also_above)):
                    own.append((number, column, row, k))
        found.append(own)
    return found


sides = st.one_of(st.integers(1, 64).map(float), st.sampled_from([8.0, 16.0, 32.0]))


@st.composite
def masked_detectors(draw):
    """Up to three levels, each with a mask of its own over shapes that may be equal or left out."""
    competing = tuple(draw(st.lists(st.tuples(sides, sides), min_size=1, max_size=6)))
    masks = st.lists(st.integers(0, len(competing) - 1), min_size=1, max_size=4, unique=True).map(tuple)
    levels = draw(st.lists(st.tuples(st.sampled_from([8, 16, 32]), masks), min_size=1, max_size=3))
    limits = st.sampled_from([1.0, 0.0, 0.213, 0.25, 0.5, 0.9])
    return masked(*((stride, mask, draw(limits)) for stride, mask in levels), competing=competing)


@settings(max_examples=40, deadline=None)
@given(masked_detectors(), st.lists(st.tuples(sides, sides, sides, sides), max_size=5))
def test_the_most_alike_one_by_one(detector, rows):
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in rows]).reshape(-1, 4)
    boxes = np.clip(boxes, 0, 64)
    boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]
    found, expected = labelled(detector, boxes, side=64), most_alike_by_hand(boxes, detector, 64)
    assert found.assigned.tolist() == [len(own) for own in expected]
    assert sorted(positives(found, detector, 64)) == sorted({anchor for own in expected for anchor in own})
    assert found.above.tolist() == [bool(own) for own in expected]
    if not detector.can_end_empty:
        assert found.above.all()


@settings(max_examples=20, deadline=None)
@given(masked_detectors())
def test_a_shape_on_no_level_leaves_its_own_box_empty(detector):
    detector = msgspec.structs.replace(
        detector,
        anchors=msgspec.structs.replace(
            detector.anchors,
            levels=tuple(msgspec.structs.replace(level, also_above=1.0) for level in detector.anchors.levels),
        ),
    )
    own = np.array([(0, 0, w, h) for w, h in detector.anchors.left_out], dtype=np.float64).reshape(-1, 4)
    assert not labelled(detector, own, side=64).above.any()
    assert detector.can_end_empty == bool(len(own))


def by_hand(boxes, detector, side=640):
    """Name the positive (level, column, row, shape) of each box, as `build_targets` does, in float32."""
    f = np.float32
    found = []
    for box in np.asarray(boxes).astype(f):
        own = []
        for number, level in enumerate(detector.anchors.levels):
            cells = int(side // level.stride)
            x, y = ((box[i] + box[i + 2]) / f(2) / f(side) * f(cells) for i in (0, 1))
            w, h = ((box[i + 2] - box[i]) / f(side) * f(cells) for i in (0, 1))
            for k, shape in enumerate(level.shapes):
                ratios = w / (f(shape[0]) / f(level.stride)), h / (f(shape[1]) / f(level.stride))
                if not max(max(r, f(1) / r) for r in ratios) < f(detector.match.ratio):
                    continue
                steps = [(0.0, 0.0)]
                for step, place, back in (((1, 0), x, f(cells) - x), ((0, 1), y, f(cells) - y)):
                    for sign, value in ((0.5, place), (-0.5, back)):
                        if value % f(1) < f(0.5) and value > f(1):
                            steps.append((sign * step[0], sign * step[1]))
                for dx, dy in steps:
                    column, row = (
                        min(max(int(np.trunc(value - f(d))), 0), cells - 1) for value, d in ((x, dx), (y, dy))
                    )
                    own.append((number, column, row, k))
        found.append(own)
    return found


lengths = st.one_of(st.floats(0.3, 10.0), st.floats(1.0, 640.0), st.integers(1, 640).map(float))
points = st.one_of(st.floats(0.0, 640.0), st.integers(0, 160).map(lambda i: 4.0 * i))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(points, points, lengths, lengths), max_size=5), st.sampled_from([YOLOV5, YOLOV7]))
def test_side_ratio_one_by_one(rows, detector):
    boxes = np.array([(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for x, y, w, h in rows]).reshape(-1, 4)
    boxes = np.clip(boxes, 0, 640 - 0.001)
    boxes = boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])]
    found, expected = labelled(detector, boxes), by_hand(boxes, detector)
    assert found.assigned.tolist() == [len(own) for own in expected]
    assert sorted(positives(found, detector)) == sorted({anchor for own in expected for anchor in own})
    assert found.above.tolist() == [bool(own) for own in expected]


@pytest.mark.parametrize(
    ("size", "box", "positives", "assigned", "best"),
    [
        ((147, 23), (0, 0, 147, 23), 3, 3, 0.30933264),  # 147 * (640 / 147) is above 640
        ((154, 77), (10, 10, 60, 40), 15, 15, 0.62967336),
        # Centred on the edges of cells: two of its neighbours are the cell itself.
        ((199, 199), (2, 2, 197, 197), 3, 5, 0.51982372),
        ((1920, 1080), (240, 300, 360, 420), 14, 14, 0.65573772),  # 40 px: 4 times 10, but for rounding
    ],
)
def test_what_yolov5_assigned(size, box, positives, assigned, best):
    """Its load_image, letterbox and labels, then its build_targets, in float32."""
    fitted = one_canvas(*size, YOLOV5)
    own = placed_by(np.array([box], dtype=np.float64), fitted, np.zeros(1, dtype=np.int64), YOLOV5)
    assert (float(fitted.canvases.width[0]), float(fitted.canvases.height[0])) == (640, 640)
    found = labelled(YOLOV5, own)
    assert (found.positives, found.negatives) == (positives, 25200 - positives)
    assert found.assigned.tolist() == [assigned]
    assert found.best_iou.tolist() == pytest.approx([best], abs=1e-7)
