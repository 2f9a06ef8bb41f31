"""Boxes as large and as small as numbers go: no warning, no error, and the answer that the rules give."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit.anchors.clustered import anchors_of
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas, one_canvas
from anchoraudit.encoding.iou.closed_form import best_ious

FLOAT32, FLOAT64 = float(np.finfo(np.float32).max), float(np.finfo(np.float64).max)
NUMBERS = [
    *(0.0, 1.0, 0.5, 30.0, 100.0, 640.0, 480.0, 2.0**24, 2.0**31, 2.0**53, 1e17, 1e19, 1.9e19, 1e30, 1e38),
    *(FLOAT32, 2 * FLOAT32, 1e154, 1.4e154, 1e200, FLOAT64 / 2, FLOAT64, 1e-30, 1e-38, 1e-45, 1e-300, 5e-324),
]
numbers = st.sampled_from(NUMBERS) | st.floats(0, FLOAT64)
signed = st.builds(lambda number, sign: number * sign, numbers, st.sampled_from([1.0, 1.0, -1.0]))


@st.composite
def boxes(draw):
    corners = np.array(draw(st.lists(st.tuples(*[signed] * 4), min_size=1, max_size=6)))
    low, high = np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])
    return np.column_stack([low, high])


# One of each kind of matching.
KINDS = {load_detector(name).match.kind: name for name in reversed(preset_names())}


@settings(max_examples=60, deadline=None)
@given(boxes(), st.sampled_from(sorted(KINDS.values())))
def test_no_engine_warns(corners, name):
    detector = load_detector(name)
    canvases = one_canvas(640, 480, detector).canvases
    laid = OnCanvas(corners, np.zeros(len(corners), dtype=np.int64), canvases)
    image = np.zeros(len(corners), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judged = engines.judge(laid, detector)
        engines.compete(laid, image, judged, detector, image)
        assert len(engines.causes(laid, detector)) == len(corners)


@settings(max_examples=100, deadline=None)
@given(
    boxes(), st.sampled_from(["reference", "torchvision-retinanet_resnet50_fpn", "detectron2-rpn_c4-border0"])
)
def test_the_best_iou_of_any_box_is_a_number(corners, name):
    detector = load_detector(name)
    canvases = one_canvas(640, 480, detector).canvases
    laid = OnCanvas(corners, np.zeros(len(corners), dtype=np.int64), canvases)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = best_ious(laid, detector)
    assert ((found >= 0) & (found <= 1 + 1e-4)).all()
    with np.errstate(over="ignore"):
        sides = corners[:, 2:] - corners[:, :2]
    assert (found[(sides.max(axis=1) > 1e12)] < 1e-6).all()
    assert (found[(sides == 0).any(axis=1)] == 0).all()


@pytest.mark.parametrize("far", [1e17, 1e19, 1e38, FLOAT32, 1e39, 1e200, FLOAT64])
def test_a_box_without_end_leaves_the_others_as_they_are(far):
    detector = load_detector("torchvision-retinanet_resnet50_fpn")
    canvases = one_canvas(640, 480, detector).canvases
    own = np.array([[100.0, 100, 240, 200]])
    corners = np.concatenate([own, [[-far, -far, far, far], [0, 0, far, 0], [far, far, far, far]]])
    of = np.zeros(len(corners), dtype=np.int64)
    alone = best_ious(OnCanvas(own, of[:1], canvases), detector)
    assert best_ious(OnCanvas(corners, of, canvases), detector).tolist() == pytest.approx(
        [*alone.tolist(), 0, 0, 0], abs=1e-12
    )


def test_no_point_is_taken_for_one_inside_a_box_that_is_far_away():
    detector = load_detector("ultralytics-yolo11")
    canvases = one_canvas(640, 640, detector).canvases
    far = [[1e300, 10, 1.1e300, 90], [-1.1e300, 10, -1e300, 90], [1e20, 1e20, 2e20, 2e20]]
    corners = np.array([[10.0, 10, 90, 90], *far])
    laid = OnCanvas(corners, np.zeros(len(corners), dtype=np.int64), canvases)
    number = engines.count_candidates(laid, detector)
    assert number[0] > 0
    assert number[1:].tolist() == [0, 0, 0]


def test_sizes_that_no_anchor_can_have_make_none():
    sizes = np.array([[30.0, 40], [60, 80], [1e-45, 4], [640, 1e-40], [1e7, 100], [1e39, 1e39]])
    assert sorted(anchors_of(sizes, 2)) == [(30, 40), (60, 80)]
    assert sorted(anchors_of(sizes, 2, weight=np.arange(1.0, 7))) == [(30, 40), (60, 80)]


@settings(max_examples=25, deadline=None)
@given(boxes(), st.sampled_from(preset_names()), st.sampled_from([None, "none"]))
def test_no_audit_warns_or_fails(tmp_path_factory, corners, name, loader):
    path = tmp_path_factory.mktemp("hostile") / "boxes.csv"
    rows = [f"{i % 2},640,480,cat,{','.join(map(repr, box))}" for i, box in enumerate(corners.tolist())]
    rows += [f"{i},640,480,cat,100,100,{200 + i},{220 - i}" for i in range(12)]
    path.write_text("\n".join(["image_id,width,height,label,x1,y1,x2,y2", *rows, ""]))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = anchoraudit.audit(path, name, loader=loader, images="none")
        assert len(found.findings) >= 0
        assert found.summary()["boxes"] == len(rows)


@pytest.mark.parametrize("detector", ["reference", "yolov5", "yolov7", "simple-faster-rcnn", "yolov4-tiny"])
def test_the_program_is_silent(tmp_path, detector):
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 640, "height": 480} for i in range(len(NUMBERS))]
    annotations = [
        {"id": i + 1, "image_id": i, "category_id": 1, "bbox": bbox, "area": 1, "iscrowd": 0}
        for i, number in enumerate(NUMBERS)
        for bbox in ([0, 0, number, number], [10, 10, number, 50], [-number, 10, number, 60])
    ]
    for number, annotation in enumerate(annotations, 1):
        annotation["id"] = number
    coco = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "huge.json").write_text(json.dumps(coco))
    command = [sys.executable, "-W", "error::RuntimeWarning", "-m", "anchoraudit", "scan", "huge.json"]
    for loader in ([], ["--loader", "none"]):
        done = subprocess.run(
            [*command, "--detector", detector, "--exit-zero", *loader],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Warning" not in done.stderr and "internal error" not in done.stderr
