"""Causes by counterfactual: one literal box for each, and the order in which they are asked."""

import math
from pathlib import Path
from unittest import mock

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anchoraudit
from anchoraudit.advice.explain import explain
from anchoraudit.boxes import side_ratio, wh_iou
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Images, Source
from anchoraudit.detectors import load_detector, override
from anchoraudit.detectors.spec import Border, Match, Resize
from anchoraudit.encoding import causes, causes_by_size, engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.iou import quick_causes, size_cells
from tests.in_parts import tables_of_cells

REFERENCE = anchoraudit.load_detector()
LITERAL = {
    "edge": (0, 300, 22, 450),
    "stride": (314, 383, 364, 448),
    "small": (400, 300, 430, 330),
    "large": (100, 100, 500, 450),
    "elongated": (100, 300, 800, 340),
}


def cause_of(box, detector=REFERENCE):
    whole = Canvases(*(np.array([side]) for side in (960.0, 720.0, 960.0, 720.0)))
    placed = OnCanvas(np.array([box], dtype=np.float64), np.zeros(1, dtype=np.int64), whole)
    found = causes.causes_of(placed, detector)
    return causes.CAUSES[found[0]]


@pytest.mark.parametrize(("cause", "box"), LITERAL.items())
def test_a_box_of_each_cause(cause, box):
    assert cause_of(box) == cause


def test_edge_comes_before_the_others_and_goes_with_the_rule():
    box = LITERAL["edge"]
    assert cause_of(box) == "edge"
    assert (
        anchoraudit.audit(dataset_of(box), override(REFERENCE, allowed_border="off")).summary()["matched"]
        == 1
    )


def test_without_a_border_rule_nothing_is_lost_to_it():
    assert cause_of((0, 0, 8, 8), override(REFERENCE, allowed_border="off")) == "small"


@given(st.floats(1, 500), st.floats(1, 500), st.floats(1, 500), st.floats(1, 500), st.floats(0.05, 20))
def test_no_scale_does_better_than_the_closed_form_says(w, h, aw, ah, other):
    size, shape = np.array([[w, h]]), np.array([[aw, ah]])
    best, scale = causes_by_size.scaled_iou(size, shape)
    assert math.isclose(best[0, 0], wh_iou(size * scale[0, 0], shape)[0, 0], rel_tol=1e-9)
    assert best[0, 0] >= wh_iou(size * other, shape)[0, 0] - 1e-12


@given(st.floats(1, 500), st.floats(1, 500), st.floats(1, 500), st.floats(1, 500), st.floats(0.05, 20))
def test_no_scale_does_better_by_sides_than_the_closed_form_says(w, h, aw, ah, other):
    size, shape = np.array([[w, h]]), np.array([[aw, ah]])
    best, scale = causes_by_size.scaled_ratio(size, shape)
    assert math.isclose(best[0, 0], side_ratio(size * scale[0, 0], shape)[0, 0], rel_tol=1e-9)
    assert best[0, 0] >= side_ratio(size * other, shape)[0, 0] - 1e-12


def test_the_best_scale_by_sides_of_a_literal_box():
    best, scale = causes_by_size.scaled_ratio(np.array([[90.0, 10]]), np.array([[20.0, 20], [60, 60]]))
    assert best[0].tolist() == pytest.approx([1 / 3, 1 / 3])  # 90x10 is nine times as wide as high
    assert scale[0].tolist() == pytest.approx([2 / 3, 2])  # 60x6.7 and 180x20


@pytest.mark.parametrize(
    ("size", "cause"),
    [
        ((640, 3), "elongated"),
        ((3, 640), "elongated"),
        ((2, 2), "small"),
        ((3, 3.2), "small"),
        ((2.4, 30), "small"),  # narrower than a quarter of every anchor
    ],
)
def test_by_sides_yolov5_names_the_cause(size, cause):
    """Anchors are 10x13 to 373x326, and a side may be up to four times another."""
    assert causes_by_size.CAUSES[engines.causes(on_square(size), load_detector("yolov5"))[0]] == cause


def test_by_sides_a_box_is_too_large():
    detector = one_shape((20.0, 20.0), kind="side_ratio", positive=None, negative=None, ratio=4.0)
    found = engines.causes(on_square((100, 100), (80, 80), (5, 5), (4, 60), (5, 90)), detector)
    # At the limit itself a box does not match. 5x90 is 18 times as high as wide, and 16 is the limit.
    assert [causes.CAUSES[cause] for cause in found] == ["large", "large", "small", "small", "elongated"]


def on_square(*sizes):
    """Boxes of these sizes in the middle of an input of 640x640."""
    boxes = np.array([(320 - w / 2, 320 - h / 2, 320 + w / 2, 320 + h / 2) for w, h in sizes])
    whole = Canvases(*(np.array([640.0]) for _ in range(4)))
    return OnCanvas(boxes, np.zeros(len(boxes), dtype=np.int64), whole)


def one_shape(*shapes, **match):
    """The reference with other shapes and another rule."""
    anchors = msgspec.structs.replace(
        REFERENCE.anchors,
        levels=(msgspec.structs.replace(REFERENCE.anchors.levels[0], shapes=shapes),),
    )
    rule = {"kind": "iou", "positive": 0.5, "negative": 0.1, **match}
    return msgspec.structs.replace(
        REFERENCE, anchors=anchors, match=Match(**rule), border=Border(margin="off")
    )


class TestAtTheThreshold:
    """A box of 9x4 with the area of a square has an IoU of 1/2 with it: 2400 / 4800 for 90x40 and 60x60."""

    @pytest.mark.parametrize(("size", "cause"), [((45, 20), "small"), ((180, 80), "large")])
    def test_what_scaling_brings_exactly_there_matches(self, size, cause):
        assert causes.CAUSES[engines.causes(on_square(size), one_shape((60.0, 60.0)))[0]] == cause

    @pytest.mark.parametrize("size", [(45, 20), (180, 80), (90, 40), (40, 90)])
    def test_where_more_is_asked_for_it_does_not(self, size):
        strict = one_shape((60.0, 60.0), positive_inclusive=False)
        assert causes.CAUSES[engines.causes(on_square(size), strict)[0]] == "elongated"

    def test_what_is_there_already_lies_badly(self):
        assert causes.CAUSES[engines.causes(on_square((90, 40)), one_shape((60.0, 60.0)))[0]] == "stride"

    @pytest.mark.parametrize(("inclusive", "cause"), [(True, "stride"), (False, "elongated")])
    def test_where_anchors_are_forced_their_floor_is_the_threshold(self, inclusive, cause):
        forcing = one_shape(
            (60.0, 60.0), positive=0.7, force="best", force_floor=0.5, floor_inclusive=inclusive
        )
        assert causes.CAUSES[engines.causes(on_square((90, 40)), forcing)[0]] == cause


@pytest.mark.parametrize(
    ("size", "cause", "least", "most"),
    [
        (
            (60, 27),
            "small",
            1.0,
            1.491,
        ),  # at 1.491 times its size it has the area of 60x60, and is most like it
        ((30, 14), "small", 2.0, 2.93),
        ((130, 58), "large", 0.691, 1.0),
        ((260, 120), "large", 0.34, 0.5),
    ],
)
def test_boxes_a_little_too_small_or_too_large(size, cause, least, most):
    detector, sizes = one_shape((60.0, 60.0)), np.array([size], dtype=np.float64)
    assert causes.CAUSES[engines.causes(on_square(size), detector)[0]] == cause
    factor = engines.scale_to_match(sizes, detector, up=cause == "small")
    assert least < factor < most
    iou = wh_iou(sizes * np.array([[factor], [factor ** (1 - 1e-9)]]), np.array([[60.0, 60.0]]))
    assert iou[0] >= 0.5 > iou[1]  # no factor nearer to 1 is enough


def assert_quick(sizes, detector):
    """The few comparisons tell the same causes as the definition, and so does the table of cells."""
    expected = causes_by_size.causes_by(causes_by_size.BY_IOU, sizes, detector)
    assert quick_causes.causes(sizes, detector).tolist() == expected.tolist()
    with tables_of_cells():
        assert quick_causes.causes(sizes, detector).tolist() == expected.tolist()


@given(
    sizes=st.lists(st.tuples(*[st.floats(1e-3, 1e5) | st.integers(1, 300)] * 2), min_size=1, max_size=30),
    shapes=st.lists(st.tuples(*[st.floats(0.5, 600) | st.integers(1, 90)] * 2), min_size=1, max_size=6),
    threshold=st.sampled_from([0.05, 0.3, 0.4, 0.5, 0.7, 1.0]),
)
def test_few_comparisons_tell_the_same(sizes, shapes, threshold):
    detector = one_shape(*shapes, positive=threshold, negative=0.0)
    assert_quick(np.array(sizes, dtype=np.float64), detector)


@pytest.mark.parametrize("threshold", [0.25, 0.5, 0.75])
def test_few_comparisons_tell_the_same_at_the_limits(threshold):
    """Sizes whose IoU, aspect or area is exactly that of a limit, and the numbers next to them."""
    shapes = np.array([[60.0, 60.0], [30.0, 60.0], [16.0, 9.0], [120.0, 120.0]])
    alike = (2 * threshold / (1 + threshold)) ** 2
    sizes = [shapes, shapes * threshold, shapes / threshold]
    sizes += [shapes * np.array(turned) for turned in ([1, threshold], [threshold, 1], [1, 1 / threshold])]
    sizes += [shapes * np.array([k * math.sqrt(alike), k / math.sqrt(alike)]) for k in (0.5, 1.0, 2.0)]
    sizes += [shapes * np.array([k * alike, k]) for k in (0.25, 1.0, 3.0)]
    exact = np.concatenate(sizes)
    beside = [np.nextafter(exact, to) for to in (0.0, np.inf)]
    assert_quick(
        np.concatenate([exact, *beside]),
        one_shape(*map(tuple, shapes.tolist()), positive=threshold, negative=0.0),
    )


def test_the_table_tells_the_cause_of_nearly_all_boxes():
    rng = np.random.default_rng(3)
    sizes = np.exp(rng.uniform(np.log(2), np.log(900), (20_000, 2)))
    detector = anchoraudit.load_detector()
    with (
        tables_of_cells(),
        mock.patch.object(quick_causes, "_causes", wraps=quick_causes._causes) as compared,
    ):
        found = quick_causes.causes(sizes, detector)
    compared_alone = [len(call.args[0].narrowest) for call in compared.call_args_list]
    assert sum(length for length in compared_alone if length != size_cells.SIDES) < 0.1 * len(sizes)
    assert len(set(found.tolist())) == 4
    assert_quick(sizes, detector)


@given(st.lists(st.floats(1e-3, 1e5) | st.integers(-4, 16).map(lambda power: 2.0**power), min_size=1))
def test_each_size_is_in_the_bounds_of_its_cell(sides):
    width, height = np.array(sides), np.array(sides[::-1])
    row, column = np.divmod(size_cells.cells_of(width, height), size_cells.SIDES)
    bounds = size_cells.bounds()
    assert ((bounds.narrowest[row, 0] <= width) & (width < bounds.widest[row, 0])).all()
    assert ((bounds.lowest[column] <= height) & (height < bounds.highest[column])).all()


def test_what_is_no_size_is_in_a_cell_at_the_end():
    odd = np.array([0.0, -0.0, -5.0, -np.inf, np.inf, np.nan, 1e-300, 1e300])
    at = size_cells.cells_of(odd, np.ones(len(odd))) // size_cells.SIDES
    assert set(at.tolist()) == {0, size_cells.SIDES - 1}


def test_few_comparisons_leave_what_is_no_size_to_the_definition():
    odd = [0.0, -5.0, 1e-300, 1e300, np.inf, np.nan, 40.0]
    sizes = np.array([[w, h] for w in odd for h in odd])
    with np.errstate(all="ignore"):
        assert_quick(sizes, one_shape((60.0, 60.0), (20.0, 40.0)))


def test_of_shapes_with_one_aspect_the_smallest_and_the_largest_decide():
    shapes = np.array([[20.0, 10], [80, 40], [40, 20], [10, 20], [5, 10], [30, 30]])
    kept = causes_by_size._outermost(shapes)
    assert sorted(kept.tolist()) == [[5, 10], [10, 20], [20, 10], [30, 30], [80, 40]]
    between = one_shape((20.0, 20.0), (40.0, 40.0), (80.0, 80.0))
    found = engines.causes(on_square((10, 10), (300, 300)), between)
    assert [causes.CAUSES[cause] for cause in found] == ["small", "large"]


@pytest.mark.parametrize(
    ("detector", "cause", "words"),
    [
        ("reference", "stride", "anchors fit, but the grid is too coarse"),
        ("ultralytics-yolo11-8.3", "stride", "no point lies inside it"),
        ("ultralytics-yolo11-8.3", "level", "points lie inside it, but none on the level for its size"),
        ("torchvision-fcos_resnet50_fpn", "stride", "no point lies inside it and near its centre"),
    ],
)
def test_causes_in_words_are_those_of_the_detector(detector, cause, words):
    assert causes.meaning_of(cause, load_detector(detector)) == words


def test_nearest_shape():
    assert causes.nearest_shape(np.array([[70.0, 150], [1000, 1000]]), REFERENCE).tolist() == [0, 4]


def dataset_of(*boxes, size=(960, 720)):
    count = len(boxes)
    return Dataset(
        root=Path("literal"),
        format="literal",
        recognised="",
        sources=(Source(Path("literal"), ""),),
        splits=("",),
        images=Images(
            ids=["one"],
            file_names=["one.jpg"],
            width=np.array([float(size[0])]),
            height=np.array([float(size[1])]),
            split=np.zeros(1, dtype=int),
            source=np.zeros(1, dtype=int),
        ),
        boxes=Boxes(
            image=np.zeros(count, dtype=int),
            annotation_ids=None,
            category=np.zeros(count, dtype=int),
            xyxy=np.array(boxes, dtype=np.float64).reshape(-1, 4),
            crowd=np.zeros(count, dtype=bool),
            difficult=np.zeros(count, dtype=bool),
        ),
        categories=(Category(1, "cat"),),
    )


class TestRemedies:
    """What `explain` says would match a box does match it."""

    def remedy(self, box):
        explained = explain(dataset_of(box), 0)
        return explained.boxes[0].cause, explained.boxes[0].remedy

    def test_border(self):
        cause, remedy = self.remedy(LITERAL["edge"])
        border = int(remedy.split()[3])
        assert cause == "edge"
        wide, narrow = (override(REFERENCE, allowed_border=b) for b in (border, border - 1))
        assert anchoraudit.audit(dataset_of(LITERAL["edge"]), wide).summary()["matched"] == 1
        assert anchoraudit.audit(dataset_of(LITERAL["edge"]), narrow).summary()["matched"] == 0

    @pytest.mark.parametrize("name", ["small", "large"])
    def test_scale(self, name):
        cause, remedy = self.remedy(LITERAL[name])
        assert cause == name
        factor = float(remedy.partition(" by ")[2].partition("x")[0])
        factor = factor if name == "small" else 1 / factor
        x1, y1, x2, y2 = LITERAL[name]
        best = wh_iou(np.array([[(x2 - x1) * factor, (y2 - y1) * factor]]), REFERENCE.anchors.shapes).max()
        assert best == pytest.approx(0.5, abs=0.01)

    def test_unused(self):
        """10x14 is in no mask of yolov4-tiny; 23x27 is the one most like it that is."""
        detector = load_detector("yolov4-tiny")
        stretched = dataset_of((100, 100, 110, 114), (200, 200, 223, 227), size=(416, 416))
        explained = explain(stretched, 0, detector).boxes
        assert [box.status for box in explained] == ["unmatched", "matched"]
        assert [box.cause for box in explained] == ["unused", ""]
        assert explained[0].remedy == (
            "anchor 10x14 in the mask of a level; or anchors without those that no mask names: "
            "23x27 then takes the box"
        )
        assert explained[0].best_iou == pytest.approx(140 / 621)
        assert explained[0].best_anchor is not None
        alone = anchoraudit.audit(dataset_of((100, 100, 110, 114), size=(416, 416)), detector)
        assert alone.summary()["verdicts"]["empty_foreground"] == 1
        assert alone.summary()["causes"]["unused"] == 1

    def test_no_area_on_the_input(self):
        """pjreddie's darknet cuts what a square image has above and below a wide network."""
        wide = Resize(kind="letterbox", width=416, height=208, clip="canvas", precision="float32")
        detector = msgspec.structs.replace(load_detector("yolov3-darknet"), resize=wide)
        (box,) = explain(dataset_of((100, 10, 200, 90), size=(416, 416)), 0, detector).boxes
        assert (box.status, box.cause) == ("unmatched", "small")
        assert "no area" in box.remedy

    def test_own_shape(self):
        cause, remedy = self.remedy(LITERAL["elongated"])
        assert cause == "elongated"
        assert remedy.endswith("700x40")
