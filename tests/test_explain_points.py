"""Explaining one image under detectors with points, or queries: numbers, reasons, and the picture."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import load_detector
from anchoraudit.advice.explain_points import explain_points
from anchoraudit.encoding.points.definition import candidates
from anchoraudit.encoding.points.lattice import all_points
from anchoraudit.encoding.points.nearest import nearest_point
from tests.builders import annotation, document, image, make, run
from tests.rule_cases.anc017 import QUERIES

YOLO11, FCOS, RTMDET = "ultralytics-yolo11-8.3", "torchvision-fcos_resnet50_fpn", "mmdet-rtmdet"
# In an image of 640x640: between the points of YOLO11 at 92 and 100 (stride 8), 88 and 104 (16); a large one.
BETWEEN, LARGE = [93, 93, 3, 4], [200, 200, 80, 60]


def data(root, *boxes):
    """An image of 640x640 with these boxes, the second half of them of another class."""
    listed = [
        annotation(n, 1, list(box), category_id=1 + (2 * n > len(boxes))) for n, box in enumerate(boxes, 1)
    ]
    classes = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    shown = [image(1, width=640, height=640)]
    return make(root, {"a.json": {**document(shown, listed), "categories": classes}}) / "a.json"


@pytest.fixture
def explained(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")

    def explain(detector, *boxes, form="json"):
        file = data(tmp_path, *boxes)
        args = ("explain", "1", file, "--detector", detector, "--loader", "none")
        assert run(*args, *(["--output-format", "json"] if form == "json" else [])) == 0
        out = capsys.readouterr().out
        return json.loads(out) if form == "json" else " ".join(out.split())

    return explain


def test_a_box_between_points(explained):
    found = explained(YOLO11, BETWEEN, LARGE)
    box = found["boxes"][0]
    assert (found["unit"], found["anchors"], found["positives"]) == ("point", 8400, None)
    assert (box["status"], box["cause"], box["best_iou"], box["assigned"]) == (
        "unmatched",
        "stride",
        None,
        -1,
    )
    # The point at 92, 92 is 1 px left of the box, and 1 px above it.
    near = box["points"]["nearest"]
    assert (near["x"], near["y"], near["stride"]) == (92, 92, 8)
    assert (near["misses_x"], near["misses_y"], near["side"]) == (1, 1, 8)
    assert box["points"]["candidates"] == [0, 0, 0]
    assert box["remedy"].startswith(
        "sides above 8 px on the input always have a point inside: raise --input-size by 2.67x"
    )


def test_words(explained):
    said = explained(YOLO11, BETWEEN, LARGE, form="text")
    assert "of 8,400 points can become positive; predictions choose, at most 10 of each box" in said
    assert "misses it by 1 px in x and 1 px in y" in said
    assert "anchor" not in said


def test_who_takes_the_points(explained):
    """Of two equal boxes, FCOS trains the first; a smaller one inside takes its part."""
    found = explained(FCOS, LARGE, LARGE)
    first, second = (box["points"] for box in found["boxes"])
    total = sum(first["candidates"])
    assert (sum(first["own"]), sum(second["own"])) == (total, 0)
    assert second["others"] == [{"box": 0, "points": total}]
    assert found["positives"] == total
    assert found["boxes"][1]["status"] == "shadowed"
    said = explained(FCOS, LARGE, LARGE, form="text")
    assert "shadowed: other boxes of its image take all its candidates, whatever is predicted (box 0)" in said


def test_the_level_that_a_long_box_belongs_to(explained):
    """400 px long at an input of 800 px: 500 px are of stride 32 or 64, and 10 px lie between their rows."""
    said = explained(FCOS, [100, 165, 400, 8], form="text")
    assert "level: points lie inside it, but none on the level for its size" in said
    assert "Its size belongs to stride 32 or 64; the nearest point there is at " in said
    assert "a short side above 64 px, at this length on the input, always has a point inside" in said


def test_borrowed(explained):
    found = explained(RTMDET, [105, 105, 2, 2], LARGE)
    assert found["boxes"][0]["status"] == "borrowed"
    said = explained(RTMDET, [105, 105, 2, 2], LARGE, form="text")
    assert "borrowed: trained only at a point outside it: no point lies inside it" in said


def test_queries(explained, tmp_path):
    (tmp_path / "own.toml").write_text(QUERIES)
    said = explained("own.toml", *[LARGE] * 4, form="text")
    assert "4 boxes for 3 queries: 1 are lost at every step" in said or "1 is lost at every step" in said
    found = explained("own.toml", LARGE, BETWEEN)
    assert [box["status"] for box in found["boxes"]] == ["matched", "matched"]
    assert [box["points"] for box in found["boxes"]] == [None, None]


@pytest.mark.parametrize("detector", [YOLO11, FCOS, RTMDET, "yolox", "mmdet-centernet512"])
def test_the_picture(tmp_path, monkeypatch, detector):
    monkeypatch.chdir(tmp_path)
    file = data(tmp_path, BETWEEN, LARGE, LARGE)
    assert run("explain", "1", file, "--detector", detector, "--loader", "none", "-o", "a.png") == 0
    assert (tmp_path / "a.png").stat().st_size > 1000


@given(
    x=st.floats(0, 600), y=st.floats(0, 600), w=st.floats(0.5, 40), h=st.floats(0.5, 9),
)  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_a_box_moved_by_what_the_nearest_point_misses_has_it(x, y, w, h):
    detector = load_detector(YOLO11)
    points = all_points(640, 640, detector.points)
    box = np.array([x, y, x + w, y + h]).round(2).astype(np.float32).astype(np.float64)
    if candidates(box[None], points, detector).any():
        return
    near = nearest_point(box, points, detector)
    to = np.array([near.x, near.y])
    centre = (box[:2] + box[2:]) / 2
    by = np.sign(to - centre) * (np.array([near.misses_x, near.misses_y]) + 0.01)
    outside = (to <= box[:2]) | (to >= box[2:])
    moved = box + np.tile(np.where(outside, by, 0), 2)
    assert candidates(moved[None], points, detector).any()


def test_by_level_and_places_agree():
    detector = load_detector(FCOS)
    net = np.array([[96.0, 96, 160, 160], [100, 100, 108, 108], [0, 0, 640, 640]])
    boxes, places = explain_points(net, (640, 640), detector)
    assert [sum(box.candidates) for box in boxes] == np.bincount(places.box, minlength=3).tolist()
    assert [sum(box.own) for box in boxes] == np.bincount(places.box[places.own], minlength=3).tolist()


def test_boxes_that_have_too_few_points_together(explained):
    """Three boxes around the point 100, 100 of stride 8, and no other one."""
    around = [[98, 98, 5, 6], [98.5, 98.5, 4, 6], [99, 99, 3, 6]]
    found = explained(YOLO11, *around, LARGE)
    assert found["too_few_points"] == [{"boxes": [0, 1, 2], "points": [[100, 100, 8]], "lost": 2}]
    assert "0, 1, 2 1 2 100, 100, 8" in explained(YOLO11, *around, LARGE, form="text")
    assert explained(YOLO11, LARGE)["too_few_points"] == []
    assert explained(FCOS, *around)["too_few_points"] == []
