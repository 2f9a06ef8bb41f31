"""Boxes on the network's input, to the last bit, for image sizes at which frameworks round in different ways.

`tests/data/points/geometry/NAME.csv` has what each framework's own training loader handed to its loss, random
augmentation off: `width, height` of the image, the box in its pixels (`ox1` to `oy2`), and on the input (`x1`
to `y2`).
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from anchoraudit.boxes import clip_boxes
from anchoraudit.detectors import load_detector
from anchoraudit.encoding.canvas import fit, place

FOLDER = Path(__file__).parent / "data" / "points" / "geometry"
NAMES = sorted(path.stem for path in FOLDER.glob("*.csv"))


def test_there_are_some():
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_boxes_on_the_input(name):
    with (FOLDER / f"{name}.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}
    given = np.stack([columns[f"o{side}"] for side in ("x1", "y1", "x2", "y2")], axis=1)
    wanted = np.stack([columns[side] for side in ("x1", "y1", "x2", "y2")], axis=1)
    width, height = columns["width"], columns["height"]
    detector = load_detector(name)
    fitted = fit(width, height, detector.resize)
    found = place(clip_boxes(given, width, height), fitted, np.arange(len(rows)), detector)
    assert len(rows) > 150
    assert [(at, *found[at]) for at in np.flatnonzero((found != wanted).any(axis=1))] == []
