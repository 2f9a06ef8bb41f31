"""darknet's .cfg files end to end, against what both darknets' own code labelled (fixtures/darknet.json)."""

import json
from pathlib import Path

import numpy as np
import pytest

from anchoraudit import cli
from anchoraudit.detectors import load_detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas, one_canvas, place

ANSWERS = json.loads((Path(__file__).parent / "fixtures" / "darknet.json").read_text())


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    found = []
    for number, text in enumerate(ANSWERS["cfgs"]):
        path = folder / f"{number}.cfg"
        path.write_text(text)
        found.append(load_detector(path))
    return found


def positives(labels, canvas, detector):
    """Positive anchors as (level, column, row, place in the mask)."""
    found, first = [], 0
    for number, level in enumerate(detector.anchors.levels):
        columns, rows = (round(float(side[0]) / level.stride) for side in (canvas.width, canvas.height))
        size = columns * rows * level.count
        for index in np.flatnonzero(labels[first : first + size] == 1).tolist():
            cell, shape = divmod(index, level.count)
            found.append([number, cell % columns, cell // columns, shape])
        first += size
    assert first == len(labels)
    return found


@pytest.mark.parametrize(("number", "size", "boxes", "expected"), ANSWERS["cases"])
def test_what_darknet_labelled(networks, number, size, boxes, expected):
    detector = networks[number]
    fitted = one_canvas(*size, detector)
    of = np.zeros(len(boxes), dtype=np.int64)
    own = place(np.array(boxes, dtype=np.float64), fitted, of, detector)
    found = engines.replay(own, fitted.canvases, detector)
    assert sorted(positives(found.labels, fitted.canvases, detector)) == expected
    placed = OnCanvas(own, of, fitted.canvases)
    judged = engines.judge(placed, detector)
    assert judged.matched.tolist() == found.above.tolist() == (found.assigned > 0).tolist()
    counted = engines.count(placed, of, of[:1], detector)
    assert counted.counts.tolist() == [[len(expected), len(found.labels) - len(expected), 0]]
    assert counted.assigned.tolist() == found.assigned.tolist()


def test_both_darknets_all_kinds_and_nets_that_are_no_square_are_among_them(networks):
    texts = ANSWERS["cfgs"]
    assert {detector.framework.split("/")[0] for detector in networks} == {"AlexeyAB", "pjreddie"}
    assert {detector.resize.kind for detector in networks} == {"stretch", "letterbox"}
    assert {detector.resize.fit for detector in networks} == {"longer_side", "padding"}
    assert any(detector.resize.width < detector.resize.height for detector in networks)
    assert all(any(f"[{kind}]" in text for text in texts) for kind in ("yolo", "Gaussian_yolo", "region"))
    assert any("iou_thresh=0.213" in text for text in texts)
    assert any(not case[3] for case in ANSWERS["cases"])


TINY = """
[net]
width=416
height=416
letter_box=0
[convolutional]
stride=16
filters=50
[yolo]
mask=1,2
anchors=10,14, 81,82, 135,169
num=3
"""


def test_a_scan_tells_of_boxes_that_no_mask_takes(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.cfg").write_text(TINY)
    image = {"file_name": "a.jpg", "width": 416, "height": 416}
    boxes = {1: [100, 100, 10, 14], 2: [100, 100, 80, 80]}
    document = {
        "images": [{"id": 1, **image}, {"id": 2, **image}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            for i, box in boxes.items()
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    scan = ["scan", "a.json", "--detector", "tiny.cfg", "--output-format", "json", "--counts"]
    assert cli.run(scan) == 1
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert (summary["verdicts"]["ok"], summary["verdicts"]["empty_foreground"]) == (1, 1)
    assert summary["causes"]["unused"] == 1
    assert cli.run(["explain", "1", "a.json", "--detector", "tiny.cfg"]) == 0
    assert "anchor 10x14 in the mask of a level" in " ".join(capsys.readouterr().out.split())
    assert cli.run(["detectors", "show", "tiny.cfg"]) == 0
    assert "no level (10x14)" in capsys.readouterr().out
