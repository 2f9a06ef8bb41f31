"""The closed form is the dense encoder: on any geometry, hostile ones first."""

from unittest import mock

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import arrays
from anchoraudit.detectors.spec import Anchors, Border, Detector, Level, Loss, Match, Resize
from anchoraudit.encoding import definition, iou
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.iou import closed_form, most_alike, size_cells
from tests.in_parts import tables_of_cells

REFERENCE = anchoraudit.load_detector()


def detector(levels, margin, positive=0.5, **anchors):
    return Detector(
        name="any",
        resize=Resize(kind="none"),
        anchors=Anchors(levels=tuple(levels), **anchors),
        border=Border(margin=margin),
        match=Match(positive=positive, negative=0.0),
        loss=Loss(normaliser="batch_positives"),
    )


def on(boxes, width, height):
    """Boxes [n, 4], each on a canvas of its own size."""
    sides = [np.broadcast_to(np.asarray(side, dtype=np.float64), len(boxes)) for side in (width, height)]
    return OnCanvas(boxes, np.arange(len(boxes)), Canvases(*sides, *sides))


def best_ious(boxes, width, height, of):
    return closed_form.best_ious(on(boxes, width, height), of)


def assert_same(boxes, width, height, of):
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    fast = best_ious(boxes, width, height, of)
    slow = definition.replay(boxes, width, height, of)
    # Corners that are made again of centre and size are off by a last bit, which is some of a narrow shape.
    near = 1e-12 if of.anchors.compared_as == "corners" else 0.1 * closed_form.NEAR["float64"]
    np.testing.assert_allclose(fast, slow.best_iou, rtol=0, atol=near)
    judged = iou.judge(on(boxes, width, height), of)
    np.testing.assert_allclose(judged.best, slow.best_iou, rtol=0, atol=near)
    assert judged.matched.tolist() == (slow.best_iou >= of.match.positive).tolist()
    assert judged.matched.tolist() == slow.above.tolist()
    assert not judged.forced.any()
    assert iou.statuses(on(boxes, width, height), of).tolist() == judged.status.tolist()
    with tables_of_cells():
        assert iou.statuses(on(boxes, width, height), of).tolist() == judged.status.tolist()
    assert bool(judged.matched.any()) == (slow.positives > 0)
    return fast, slow


def test_a_level_whose_shapes_are_rounded_to_nothing():
    """A side a little above 1 px is 1 in float32, and half of that is rounded to 0, as in torchvision."""
    nothing, squares = Level(stride=8, sizes=(1.00000001,)), Level(stride=16, sizes=(32.0,))
    rounded = {"round_sides": True, "precision": "float32", "sides_precision": "float32"}
    boxes = [(0, 0, 32, 32), (8, 8, 40, 40), (100, 100, 101, 101), (64, 64, 64, 64), (0, 0, 200, 200)]
    for levels in ((nothing, squares), (squares, nothing)):
        of = detector(levels, "off", **rounded)
        assert of.anchors.shapes_of(nothing).tolist() == [[0, 0]]
        fast, _ = assert_same(boxes[:3], 256, 256, of)
        assert fast[:2].tolist() == [1, float(np.float32(576 / 1472))]  # by (16, 16), and 8 px beside it
        assert_same(boxes[4:], 256, 256, of)
        assert closed_form.best_ious(on(np.array(boxes[3:4], dtype=float), 256, 256), of).tolist() == [0]


sides = st.one_of(
    st.floats(0.01, 3.0), st.floats(1.0, 400.0), st.integers(1, 300).map(float), st.floats(300.0, 3000.0)
)
offsets = st.one_of(st.just(0.0), st.floats(-40.0, 40.0), st.integers(-16, 64).map(float))


@st.composite
def scenes(draw):
    width, height = draw(st.integers(1, 400)), draw(st.integers(1, 400))
    level = st.builds(
        lambda stride, offset, shapes: Level(stride=stride, offset=offset, shapes=tuple(shapes)),
        st.one_of(st.integers(4, 64).map(float), st.floats(4.0, 130.0)),
        offsets,
        st.lists(st.tuples(sides, sides), min_size=1, max_size=4),
    )
    levels = draw(st.lists(level, min_size=1, max_size=2))
    margin = draw(
        st.one_of(st.just("off"), st.just(0.0), st.integers(0, 40).map(float), st.floats(0.0, 400.0))
    )
    positive = draw(st.one_of(st.sampled_from([0.5, 0.3, 0.7, 1.0]), st.floats(0.01, 1.0)))
    edge = st.one_of(
        st.floats(-50.0, 450.0),
        st.integers(-20, 420).map(float),
        st.sampled_from([0.0, float(width), float(height)]),
    )
    corner = st.tuples(edge, edge, sides, sides)
    boxes = [(x, y, x + w, y + h) for x, y, w, h in draw(st.lists(corner, min_size=0, max_size=6))]
    boxes = [b for b in boxes if b[2] > b[0] and b[3] > b[1]]
    anchors = draw(
        st.fixed_dictionaries(
            {
                "rounded": st.sampled_from(["parts", "edges"]),
                "compared_as": st.sampled_from(["corners", "corners", "centre_size"]),
            }
        )
    )
    return boxes, width, height, detector(levels, margin, positive, **anchors)


@settings(max_examples=80, deadline=None)
@given(scenes())
def test_closed_form_equals_dense_on_hostile_geometry(scene):
    assert_same(*scene)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-20, 980), st.floats(-20, 740), st.floats(0.05, 1000), st.floats(0.05, 800)),
        min_size=1,
        max_size=12,
    )
)
@example([(400, 300, 56, 56), (400, 300, 57, 57), (400, 300, 250, 250), (400, 300, 251, 251)])
@example([(0, 0, 960, 720), (0, 0, 74, 149), (886, 571, 74, 149), (0, 0, 0.1, 0.1)])
def test_reference_has_the_same_ious_and_statuses(rows):
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in rows])
    assert_same(boxes, 960, 720, REFERENCE)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_boxes_exactly_at_the_threshold_are_decided_as_dense_does(data):
    """Shapes that are no binary fractions, and thresholds that are the IoU itself."""
    w, h = data.draw(st.floats(3.0, 60.0)), data.draw(st.floats(3.0, 60.0))
    stride, offset = data.draw(st.floats(4.0, 20.0)), data.draw(st.floats(0.0, 10.0))
    x, y = data.draw(st.floats(0, 80.0)), data.draw(st.floats(0, 80.0))
    box = np.array([[x, y, x + data.draw(st.floats(2, 60.0)), y + data.draw(st.floats(2, 60.0))]])
    level = Level(stride=stride, offset=offset, shapes=((w, h),))
    threshold = float(definition.replay(box, 120, 110, detector([level], "off")).best_iou[0])
    if 0 < threshold <= 1:
        for positive in (threshold, np.nextafter(threshold, 2), np.nextafter(threshold, 0)):
            if positive <= 1:
                assert_same(box, 120, 110, detector([level], "off", float(positive)))


def test_canvases_of_different_sizes_in_one_call():
    rng = np.random.default_rng(3)
    of = detector([Level(stride=16, offset=8, shapes=((30, 30), (80, 40)))], 5.0)
    width, height = rng.integers(20, 300, 500).astype(float), rng.integers(20, 300, 500).astype(float)
    corner = rng.uniform(0, 1, (500, 2)) * np.column_stack([width, height]) * 0.8
    boxes = np.concatenate([corner, corner + rng.uniform(0.5, 90, (500, 2))], axis=1)
    judged = iou.judge(on(boxes, width, height), of)
    slow = [definition.replay(boxes[i : i + 1], width[i], height[i], of) for i in range(500)]
    np.testing.assert_allclose(judged.best, [one.best_iou[0] for one in slow], rtol=0, atol=1e-12)
    assert judged.matched.tolist() == [one.above[0] for one in slow]


@pytest.mark.parametrize("force", [{}, {"force": "best"}, {"force": "ties", "force_floor": 0.3}])
@pytest.mark.parametrize("name", ["reference", "torchvision-fasterrcnn_resnet50_fpn", "mmdet-ssd300"])
@pytest.mark.parametrize("by_area", [True, False])
def test_statuses_are_those_of_the_judgement_whatever_is_skipped(name, force, by_area):
    of = anchoraudit.load_detector(name)
    of = msgspec.structs.replace(of, match=msgspec.structs.replace(of.match, force="none"))
    of = msgspec.structs.replace(of, match=msgspec.structs.replace(of.match, **force))
    rng = np.random.default_rng(5)
    n = arrays.BLOCK + 999
    size = np.exp(rng.normal(4.0, 1.3, (n, 2)))
    corner = rng.uniform(0, 700, (n, 2))
    boxes = np.concatenate([corner, corner + size], axis=1)
    if by_area:
        boxes = boxes[np.argsort(size.prod(axis=1))]
    some = OnCanvas(
        boxes, np.zeros(n, dtype=np.int64), Canvases(*(np.array([side]) for side in (960.0, 720.0) * 2))
    )
    judged = iou.judge(some, of)
    assert len(set(judged.status.tolist())) > 1
    assert iou.statuses(some, of).tolist() == judged.status.tolist()
    with tables_of_cells():
        assert iou.statuses(some, of).tolist() == judged.status.tolist()


def test_few_boxes_are_compared_with_more_than_the_shape_most_like_them():
    rng = np.random.default_rng(8)
    size, corner = np.exp(rng.normal(4.0, 1.3, (2000, 2))), rng.uniform(0, 700, (2000, 2))
    some = on(np.concatenate([corner, corner + size], axis=1), 960.0, 720.0)
    with (
        tables_of_cells(),
        mock.patch.object(most_alike, "best_ious", wraps=closed_form.best_ious) as compared,
    ):
        iou.statuses(some, REFERENCE)
    (with_all,) = compared.call_args_list
    assert 0 < len(with_all.args[0].boxes) < 600


def test_small_parts_are_worth_a_table_of_cells_together():
    with mock.patch.object(size_cells, "_WORTH_A_TABLE", 100):
        of_this = [size_cells.are_worth_a_table(40, b"these shapes", 0.5) for _ in range(4)]
        assert of_this == [False, False, True, True]
        assert not size_cells.are_worth_a_table(40, b"these shapes", 0.7)
        assert not size_cells.are_worth_a_table(40, b"others", 0.5)


def test_what_small_parts_are_told_does_not_depend_on_those_before():
    rng = np.random.default_rng(9)
    size, corner = np.exp(rng.normal(4.0, 1.3, (900, 2))), rng.uniform(0, 700, (900, 2))
    boxes = np.concatenate([corner, corner + size], axis=1)
    with mock.patch.object(size_cells, "_WORTH_A_TABLE", 500):
        parts = [on(boxes[start : start + 100], 960.0, 720.0) for start in range(0, 900, 100)]
        told = np.concatenate([iou.statuses(part, REFERENCE) for part in parts])
    assert told.tolist() == iou.judge(on(boxes, 960.0, 720.0), REFERENCE).status.tolist()


def test_many_boxes_take_the_same_path_as_few():
    rng = np.random.default_rng(1)
    n = arrays.BLOCK * 8 + 17
    corner = rng.uniform(0, 700, (n, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 300, (n, 2))], axis=1)
    whole = best_ious(boxes, 960.0, 720.0, REFERENCE)
    some = rng.integers(0, n, 300)
    few = best_ious(boxes[some], 960.0, 720.0, REFERENCE)
    assert whole[some].tolist() == few.tolist()


def test_no_boxes():
    nothing = on(np.zeros((0, 4)), np.zeros(0), np.zeros(0))
    assert len(closed_form.best_ious(nothing, REFERENCE)) == 0
    judged = iou.judge(nothing, REFERENCE)
    assert [len(judged.best), len(judged.matched), len(judged.forced)] == [0, 0, 0]


@pytest.mark.parametrize("margin", [0.0, 5.0, 16.0, "off"])
def test_a_box_no_anchor_overlaps_has_iou_zero(margin):
    of = detector([Level(stride=50, offset=25, shapes=((4, 4),))], margin)
    fast, _ = assert_same([[0, 0, 5, 5]], 100, 100, of)
    assert fast.tolist() == [0]
