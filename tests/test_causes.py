"""Causes by counterfactual: one literal box for each, and the order in which they are asked."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anchoraudit
from anchoraudit.advice.explain import explain
from anchoraudit.boxes import wh_iou
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Images, Source
from anchoraudit.detectors import load_detector, override
from anchoraudit.detectors.spec import Resize
from anchoraudit.encoding import causes, causes_by_size
from anchoraudit.encoding.canvas import Canvases, OnCanvas

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
