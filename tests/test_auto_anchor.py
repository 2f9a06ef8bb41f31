"""YOLOv5's and YOLOv7's own check_anchors and check_anchor_order, and what is made of them here.

`fixtures/autoanchor.json` has what their code answered (yolov5 5081342f, yolov7 a207844b, torch 2.13): the
recall that it printed with the random scale replaced by 1, whether it fitted anchors anew, and the recalls
of 40 draws of the scale; and which lists of anchors it reversed.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from anchoraudit import audit, read
from anchoraudit.detectors import load_detector, override
from anchoraudit.detectors.readers.yolo_yaml import _is_reversed
from anchoraudit.detectors.spec import AutoAnchor
from anchoraudit.detectors.toml_text import from_toml, to_toml
from anchoraudit.encoding.best_recall import best_recall
from tests.builders import make
from tests.test_causes import dataset_of

RECORDED = json.loads((Path(__file__).parent / "fixtures" / "autoanchor.json").read_text())
DIGITS = {"yolov5": 3, "yolov7": 4}
CASES = [(name, key) for name in DIGITS for key in RECORDED[name]["bpr"]]


def measured(tmp_path, name, key):
    of_set, _, side = key.partition(" ")
    files = {}
    data = RECORDED["sets"][of_set]
    for number, (size, rows) in enumerate(zip(data["sizes"], data["labels"], strict=True)):
        files[f"images/train/{number}.jpg"] = tuple(size)
        lines = (f"{c} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n" for c, x, y, w, h in rows)
        files[f"labels/train/{number}.txt"] = "".join(lines)
    found = audit(read(make(tmp_path, files)), override(load_detector(name), input_size=side), images="none")
    dataset = found.loaded.dataset
    labels = found.loaded.trains
    quick = best_recall(dataset, labels, found.detector, found.box_results.best_iou)
    plain = best_recall(dataset, labels, found.detector, np.full(len(labels), np.nan))
    assert quick == plain  # the audit's own ratios only save time
    return found, quick


@pytest.mark.parametrize(("name", "key"), CASES)
def test_recall_is_the_frameworks(tmp_path, name, key):
    told = RECORDED[name]["bpr"][key]
    found, recall = measured(tmp_path, name, key)
    assert f"{recall.recall:.{DIGITS[name]}f}" == told["printed"]
    assert found.detector.auto_anchor.replaces(recall.recall) == told["replaced"]
    draws, printed = np.array(told["draws"]), 0.5 * 10.0 ** -DIGITS[name]
    inside = (draws >= recall.lowest - printed) & (draws <= recall.highest + printed)
    assert inside.mean() >= 0.875  # of 19 in 20 that are expected
    (one,) = found.findings.of("ANC013") or [None]
    if told["replaced"]:
        assert f"{recall.recall:.4f}" in one.message
    elif found.detector.auto_anchor.replaces(recall.lowest):
        assert "near the limit" in one.message
    else:
        assert one is None


@pytest.mark.parametrize(
    ("box", "size", "recall"),
    [
        # 1600 px are more than four times 373, the widest anchor and 326, the highest. The audit clips.
        ((-1500, 100, 100, 200), (640, 640), 0.0),
        ((100, -1500, 200, 100), (640, 640), 0.0),
        ((540, 100, 2140, 200), (640, 640), 0.0),
        ((100, 540, 200, 2140), (640, 640), 0.0),
        ((-10, 100, 100, 200), (640, 640), 1.0),
        # At 640 px the image is 3.5 px high, and for the audit 4: the box 3.24 px, less than a quarter of 13.
        ((100, 0.2, 120, 6.68), (1280, 7), 0.0),
        ((100, 0.2, 120, 6.98), (1280, 7), 1.0),
    ],
)
def test_the_audit_s_ratios_are_not_those_of_boxes_past_the_edge_or_of_thin_images(box, size, recall):
    dataset = dataset_of(box, size=size)
    found = audit(dataset, "yolov5", loader="none", images="none")
    assert found.box_results.best_iou[0] > 0.2833  # far above the limit, 1/4
    quick = best_recall(dataset, np.ones(1, dtype=bool), found.detector, found.box_results.best_iou)
    assert quick.recall == recall


@pytest.mark.parametrize("name", DIGITS)
def test_order_is_the_frameworks(name):
    for case in RECORDED[name]["order"]:
        anchors = case["anchors"]
        seen = _is_reversed(anchors, tuple(case["strides"]), yolov7=name == "yolov7")
        # Some lists are the same the other way round.
        assert (anchors[::-1] if seen else anchors) == (anchors[::-1] if case["reversed"] else anchors)


MODEL = """
anchors:
{}
backbone: [[-1, 1, Conv, [64, 6, 2, 2]]]
head: [[[1, 2, 3], 1, {}, [nc, anchors]]]
"""
LEVELS = ["  - [10,13, 16,30, 33,23]", "  - [30,61, 62,45, 59,119]", "  - [116,90, 156,198, 373,326]"]


@pytest.mark.parametrize("head", ["Detect", "IDetect"])
def test_a_file_in_the_other_order_is_reversed_and_told(tmp_path, head):
    make(tmp_path, {"images/a.jpg": (640, 480), "labels/a.txt": "0 0.5 0.5 0.1 0.1\n"})
    right, other = tmp_path / "right.yaml", tmp_path / "other.yaml"
    right.write_text(MODEL.format("\n".join(LEVELS), head))
    other.write_text(MODEL.format("\n".join(LEVELS[::-1]), head))
    assert load_detector(right).anchors.levels == load_detector(other).anchors.levels
    assert not any("reverses" in note for note in load_detector(right).notes)
    assert any("Reversing anchor order" in note for note in load_detector(other).notes)
    data = read(tmp_path)
    assert not audit(data, right).findings.of("ANC014")
    (one,) = audit(data, other).findings.of("ANC014")
    assert "reverses the levels' anchors of other" in one.message
    assert "stride 8: 10x13 16x30 33x23" in one.message


def test_who_fits_anchors_anew():
    assert load_detector("yolov5").auto_anchor == AutoAnchor(recall=0.98, inclusive=True)
    assert load_detector("yolov7").auto_anchor == AutoAnchor(recall=0.98)
    assert not load_detector("yolov3-darknet").auto_anchor.is_used
    detector = load_detector("yolov5")
    assert from_toml(to_toml(detector), Path("a.toml")) == detector


def test_values_out_of_range():
    for values in ({"recall": 1.5}, {"inclusive": True}):
        with pytest.raises(ValueError, match="recall"):
            AutoAnchor(**values)
