"""Images with very many boxes take other ways, which need less memory or time: with the same answers."""

from __future__ import annotations

import numpy as np
import pytest

from anchoraudit.dataset import duplicates
from anchoraudit.dataset.box_tree import BoxTree, iou_of_pairs
from anchoraudit.detectors import load_detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas, one_canvas
from anchoraudit.encoding.iou import counting, crowds
from anchoraudit.encoding.points import competing
from anchoraudit.encoding.points.definition import candidates, owners
from anchoraudit.encoding.points.lattice import all_points
from anchoraudit.encoding.points.painting import Painted

WIDTH, HEIGHT = 600.0, 500.0


def placed(draw, number, detector, *, whole=False):
    """Boxes of many sizes on one canvas, three of them equal."""
    size, centre = 10 ** draw.uniform(0, 2.7, (number, 2)), draw.uniform(0, 500, (number, 2))
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    boxes = np.add(np.round(boxes), [0, 0, 1, 1]) if whole else boxes
    boxes[number // 2 : number // 2 + 3] = boxes[0]
    canvases = one_canvas(WIDTH, HEIGHT, detector).canvases
    return OnCanvas(boxes, np.zeros(number, dtype=np.int64), canvases)


@pytest.mark.parametrize("name", ["detectron2-fcos", "mmdet-fcos", "mmdet-fcos-center", "mmdet-centernet512"])
class TestPainting:
    @pytest.mark.parametrize("seed", range(4))
    def test_owners_and_takers_are_those_of_the_definition(self, name, seed):
        detector, draw = load_detector(name), np.random.default_rng(seed)
        boxes = placed(draw, 60, detector, whole=seed % 2 == 0)
        width, height = float(boxes.canvases.width[0]), float(boxes.canvases.height[0])
        points = all_points(width, height, detector.points)
        found = candidates(boxes.boxes, points, detector)
        owner = owners(boxes.boxes, found, detector)
        painted = Painted(boxes, detector)
        assert painted.owner.tolist() == owner.tolist()
        for box in range(len(found)):
            taken, count = np.unique(owner[found[box]], return_counts=True)
            assert painted.takers(box).tolist() == taken[np.argsort(-count, kind="stable")].tolist()

    def test_crowds_are_judged_as_few_boxes_are(self, name, monkeypatch):
        detector, draw = load_detector(name), np.random.default_rng(7)
        boxes = placed(draw, 300, detector, whole=True)
        image, category = np.zeros((2, 300), dtype=np.int64)

        def status():
            judged = engines.judge(boxes, detector)
            return engines.compete(boxes, image, judged, detector, category).status.tolist()

        few = status()
        monkeypatch.setattr(competing, "MOST_COMPARED", 10)
        assert status() == few
        assert len(set(few)) > 1


@pytest.mark.parametrize(
    "name",
    ["reference", "py-faster-rcnn", "mmdet-yolov3", "mmdet-retinanet_fpn", "ssd-pytorch", "yolov3-darknet"],
)
def test_anchors_of_a_crowd_are_counted_as_those_of_few_boxes(name, monkeypatch):
    detector, draw = load_detector(name), np.random.default_rng(3)
    image, of_image = np.zeros(50, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for _ in range(3):
        boxes = placed(draw, 50, detector)
        boxes = OnCanvas(np.add(np.clip(boxes.boxes, 0, 500), [0, 0, 3, 3]), boxes.of, boxes.canvases)
        with monkeypatch.context() as patch:
            few = engines.count(boxes, image, of_image, detector)
            patch.setattr(counting, "MANY", 0, raising=False)
            patch.setattr(crowds, "_AT_ONCE", 7)
            many = engines.count(boxes, image, of_image, detector)
        assert few.counts.tolist() == many.counts.tolist()
        assert few.assigned.tolist() == many.assigned.tolist()


def first_near(group, boxes, iou):
    """The definition: each box with all earlier ones."""
    first = np.full(len(boxes), -1)
    for row in range(1, len(boxes)):
        near = iou_of_pairs(np.repeat(boxes[row][:, None], row, axis=1), boxes[:row].T) >= iou
        hits = np.flatnonzero(near & (group[:row] == group[row]))
        first[row] = hits[0] if len(hits) else -1
    return first.tolist()


@pytest.mark.parametrize("iou", [0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("seed", range(8))
def test_the_tree_finds_the_first_near_box(iou, seed, monkeypatch):
    draw = np.random.default_rng(seed)
    number = int(draw.integers(1, 150))
    corner = draw.uniform(0, 10 ** draw.uniform(0, 3), (number, 2))
    side = 10 ** draw.uniform(0.5, draw.uniform(0.6, 1.5), (number, 2))
    boxes, group = np.concatenate([corner, corner + side], axis=1), draw.integers(0, 3, number)
    boxes = np.add(np.round(boxes), [0, 0, 1, 1]) if seed % 2 else boxes
    expected = first_near(group, boxes, iou)
    assert BoxTree(group, boxes).first_near(np.arange(number), iou).tolist() == expected
    monkeypatch.setattr(duplicates, "_EACH", -10_000_000)  # at once
    assert duplicates._first_near(group, boxes, iou).tolist() == expected


def test_the_tree_takes_over_in_the_middle(monkeypatch):
    """Boxes that were compared before stay what they are."""
    place = np.arange(1500) * 0.02
    boxes = np.stack([place, place, 100 - place, 90 - place], axis=1)
    group = np.zeros(len(boxes), dtype=np.int64)
    alone = duplicates._first_near(group, boxes, 0.95).tolist()
    monkeypatch.setattr(duplicates, "_PAIRS", 1 << 12)
    monkeypatch.setattr(duplicates, "_EACH", 4)
    assert duplicates._first_near(group, boxes, 0.95).tolist() == alone == first_near(group, boxes, 0.95)
