"""What no class and no level can learn: counts of both, and remedies that hold what they say."""

import json
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit.auditing.shares import by_class, by_level
from anchoraudit.detectors import load_detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.window import first_anchors
from anchoraudit.rules._remedies import percent
from anchoraudit.rules._unlearned import is_no_chance, never_positive
from tests.builders import make
from tests.rule_cases import coco

DETECTORS = (
    "reference",
    "torchvision-retinanet_resnet50_fpn",
    "torchvision-fasterrcnn_resnet50_fpn",
    "detectron2-rpn_fpn",
    "torchvision-ssd300_vgg16",
    "mmdet-ssd300",
    "mmdet-yolov3",
    "keras-retinanet",
    "yolov5",
    "yolov4",
    "yolov3-darknet",
    "mmdet-atss",
)
SIDE = st.one_of(st.integers(2, 290), st.floats(2, 290, width=32))


def levels_by_definition(box, detector, side):
    """Levels of the positive anchors in an image with this box alone."""
    canvas = Canvases(*(np.array([float(side)]) for _ in range(4)))
    found = engines.replay(box[None], canvas, detector)
    starts = first_anchors(canvas, detector)[0][:, 0]
    positive = np.flatnonzero(found.labels == 1)
    return sorted({int(level) for level in np.searchsorted(starts, positive, side="right") - 1})


@pytest.mark.parametrize("name", DETECTORS)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_levels_are_those_of_the_definition(name, data):
    detector = load_detector(name)
    side = detector.resize.width or 300
    x, y, w, h = (data.draw(SIDE) for _ in range(4))
    box = np.array([x, y, min(x + w, side), min(y + h, side)], dtype=np.float32).astype(np.float64)
    if not (box[2] - box[0] > 1 and box[3] - box[1] > 1):
        return
    placed = OnCanvas(
        box[None], np.zeros(1, dtype=np.int64), Canvases(*(np.array([float(side)]) for _ in range(4)))
    )
    found = engines.levels(placed, detector)
    assert found is not None
    assert np.flatnonzero(found[0]).tolist() == levels_by_definition(box, detector, side)


def dots(side, *, cats=12, count=25, size=(640, 480)):
    """Cats that every detector here matches, and dots of these sides, in images of 640x480."""
    categories = [{"id": 3, "name": "cat"}, {"id": 7, "name": "dot"}]
    boxes = [{"category_id": 3, "bbox": [100 + i, 100, 74, 149]} for i in range(cats)]
    boxes += [{"category_id": 7, "bbox": [22 * i, 20, *side(i)]} for i in range(count)]
    return coco(*boxes, categories=categories)


@pytest.mark.parametrize(
    ("detector", "side", "option"),
    [
        ("yolov5", lambda i: (2, 2 if i % 8 else 1), "--input-size"),
        ("yolov3-darknet", lambda i: (2, 2), ""),
        ("reference", lambda i: (6, 25), "--input-size"),
        ("keras-retinanet", lambda i: (8, 9 + i % 3), "--input-size"),
    ],
)
def test_the_option_gives_the_share_that_is_said(anchoraudit, detector, side, option):
    make(anchoraudit.cwd, dots(side))
    words = ["scan", "a.json", "--detector", detector, "--output-format", "json", "--images", "none"]
    done = anchoraudit(*words)
    report = json.loads(done.stdout)
    found = [one for one in report["findings"] if one["code"] == "ANC010"]
    if not option:
        assert not found  # every box has an anchor there
        return
    (one,) = found
    assert (done.returncode, one["severity"]) == (1, "error")
    said = re.match(r"no box of 'dot' is ever matched; (--[\w-]+) (\S+) matches (.+ %)", one["message"])
    assert said is not None, one["message"]
    assert said[1] == option
    again = json.loads(anchoraudit(*words, said[1], said[2]).stdout)
    (dot,) = (one for one in again["summary"]["by_class"] if one["name"] == "dot")
    assert percent((dot["matched"] + dot["forced"]) / dot["usable"]) == said[3]


def test_an_input_size_is_not_named_where_anchors_are_fractions(tmp_path):
    """SSD's network has one input size."""
    files = dots(lambda i: (3, 4))
    found = anchoraudit.audit(make(tmp_path, files) / "a.json", "tf-od-ssd_mobilenet_v2", images="none")
    assert not any("--input-size" in one.message for one in found.findings.of("ANC010"))


def table(*rows):
    """Boxes by class and status, of (matched, unmatched)."""
    made = np.zeros((len(rows), len(STATUSES)), dtype=np.int64)
    made[:, STATUSES.index("matched")], made[:, STATUSES.index("unmatched")] = np.array(rows).T
    return made


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(20, 0), (0, 12)], [1]),
        ([(3, 0), (0, 3)], [1]),
        ([(1, 0), (0, 1)], []),  # one box of two: nothing follows
        ([(900, 0), (0, 1)], [1]),
        ([(400, 500), (0, 1), (0, 3)], []),  # more than half of all boxes are unmatched
        ([(400, 500), (0, 40)], [1]),
        ([(0, 30)], [0]),
        ([(0, 0), (5, 0)], []),
    ],
)
def test_chance(rows, told):
    counted = table(*rows)
    assert np.flatnonzero(never_positive(counted) & is_no_chance(counted)).tolist() == told


def test_forced_is_learned(tmp_path):
    """Faster R-CNN of torchvision forces the best anchor of every box."""
    files = make(tmp_path, dots(lambda i: (2, 2))) / "a.json"
    found = anchoraudit.audit(files, "torchvision-fasterrcnn_resnet50_fpn", images="none")
    counted = by_class(found)
    assert counted.of("forced").tolist()[1] == 25
    assert not found.findings.of("ANC010")


def test_a_split_for_evaluation_is_not_trained(tmp_path):
    """The dots of train match, those of val do not; nobody trains on val."""
    small, large = dots(lambda i: (6, 25))["a.json"], dots(lambda i: (50, 100))["a.json"]
    make(tmp_path, {"annotations/instances_train.json": large, "annotations/instances_val.json": small})
    assert not anchoraudit.audit(tmp_path, images="none").findings.of("ANC010")
    make(tmp_path, {"annotations/instances_train.json": small, "annotations/instances_val.json": large})
    assert len(anchoraudit.audit(tmp_path, images="none").findings.of("ANC010")) == 1


def test_counts_by_class_and_level(tmp_path):
    files = make(tmp_path, dots(lambda i: (6, 25))) / "a.json"
    found = anchoraudit.audit(files, images="none")
    counted = by_class(found)
    assert counted.usable.tolist() == [12, 25]
    assert counted.of("unmatched").tolist() == [12 - int(counted.of("matched")[0]), 25]
    levels = by_level(found)
    assert levels.boxes.tolist() == [int(counted.of("matched").sum())]
    without = anchoraudit.audit(files, None, images="none")
    assert by_class(without).usable.tolist() == [12, 25]
    assert by_level(without) is None


@pytest.mark.parametrize("name", ["reference", "detectron2-rpn_c4-border0", "simple-faster-rcnn"])
@given(boxes=st.lists(st.sampled_from([(0, 0, 4, 4), (8, 8, 300, 150), (8, 8, 40, 40)]), max_size=5))
def test_boxes_of_a_single_level_are_those_that_its_engine_finds(name, boxes):
    image = {"width": 320, "height": 160, "boxes": np.reshape(boxes, (-1, 4)), "labels": ["a"] * len(boxes)}
    audit = anchoraudit.audit(anchoraudit.read([image]), name)
    rows = np.flatnonzero(audit.box_results.usable)
    found = engines.levels(audit.placed(rows), load_detector(name))
    assert by_level(audit).boxes.tolist() == found.sum(axis=0).tolist()
