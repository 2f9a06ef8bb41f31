"""ATSS of YOLOv6 and of mmyolo, box by box, as their own assigners answered.

`tests/data/atss/PRESET.csv` has images of hostile geometry on a square input: boxes on and between points,
tiny, huge, long, nearly or exactly the same. `assigned` is the number of anchors that YOLOv6 e86a483f's
ATSSAssigner, or mmyolo 0.6.0's BatchATSSAssigner, gave to each box on a CPU, several images in a batch.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from anchoraudit.detectors import load_detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas

DATA = Path(__file__).parent / "data"
NAMES = sorted(path.stem for path in (DATA / "atss").glob("*.csv"))


def on_squares(boxes, image, sides):
    """Place boxes on square canvases, one for each image."""
    sides = np.array(sides, dtype=np.float64)
    return OnCanvas(np.array(boxes, dtype=np.float64), np.array(image), Canvases(sides, sides, sides, sides))


def test_of_both():
    assert NAMES == ["ppyoloe-warmup", "yolov6-warmup"]


@pytest.mark.parametrize("name", NAMES)
def test_assigned(name):
    with (DATA / "atss" / f"{name}.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    image = np.array([int(row["image"]) for row in rows])
    side = dict(zip(image.tolist(), (float(row["side"]) for row in rows), strict=True))
    boxes = [[float(row[corner]) for corner in ("x1", "y1", "x2", "y2")] for row in rows]
    wanted = np.array([int(row["assigned"]) for row in rows])
    detector, count = load_detector(name), len(side)
    assert count >= 300
    placed = on_squares(boxes, image, [side[at] for at in range(count)])
    counted = engines.count(placed, image, np.arange(count), detector)
    wrong = np.flatnonzero(counted.assigned != wanted)
    assert [(rows[at], int(counted.assigned[at])) for at in wrong] == []
    positives = np.bincount(image, weights=wanted, minlength=count).astype(int)
    assert counted.counts[:, 0].tolist() == positives.tolist()

    matched = engines.judge(placed, detector).matched
    alone = np.bincount(image)[image] == 1
    assert matched[alone].tolist() == (wanted[alone] > 0).tolist()
    # What is positive alone may lose all to others, and a contested anchor may go to a box without any.
    assert (matched & (wanted == 0)).any()
    assert (~matched & (wanted > 0)).any()


@pytest.mark.parametrize("preset", ["ppyoloe-warmup", "yolov6-warmup"])
def test_a_box_alone(preset):
    answers = json.loads((DATA / "points" / "literal" / f"{preset.removesuffix('-warmup')}.json").read_text())
    width, height = answers["canvas"]
    assert width == height
    rows = [row for row in answers["boxes"] if "warmup_atss" in row]
    image = np.arange(len(rows))
    placed = on_squares([row["box"] for row in rows], np.zeros_like(image), [width])
    matched = engines.judge(placed, load_detector(preset)).matched
    assert matched.tolist() == [row["warmup_atss"] > 0 for row in rows]
