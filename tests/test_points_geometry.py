"""Boxes on the network's input, to the last bit, for image sizes at which frameworks round in different ways.

`tests/data/points/geometry/NAME.csv` has what each framework's own training loader handed to its loss, random
augmentation off: `width, height` of the image, the box in its pixels (`ox1` to `oy2`), and on the input (`x1`
to `y2`). `limits` has which boxes its loader kept, of such as have a side of very nearly 2 px there, or one
very nearly 100 (YOLOv6: 20) times as long as the other.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from anchoraudit.boxes import clip_boxes
from anchoraudit.detectors import load_detector
from anchoraudit.encoding.admission import admit
from anchoraudit.encoding.canvas import fit, place

FOLDER = Path(__file__).parent / "data" / "points"
NAMES = sorted(path.stem for path in (FOLDER / "geometry").glob("*.csv"))
LIMITED = sorted(path.stem for path in (FOLDER / "limits").glob("*.csv"))
CORNERS = ("x1", "y1", "x2", "y2")


def columns_of(kind, name):
    """The columns of a file as numbers, and the boxes in pixels of their images."""
    with (FOLDER / kind / f"{name}.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}
    return columns, np.stack([columns[f"o{side}"] for side in CORNERS], axis=1)


def test_there_are_some():
    assert len(NAMES) >= 10
    assert len(LIMITED) >= 2


@pytest.mark.parametrize("name", LIMITED)
def test_boxes_at_the_limits_of_a_loader(name):
    columns, boxes = columns_of("limits", name)
    image = np.arange(len(boxes))
    found = admit(boxes, image, columns["width"], columns["height"], load_detector(name))
    wrong = np.flatnonzero(found.is_("dropped") == columns["kept"].astype(bool))
    assert boxes[wrong].tolist() == []
    assert set(found.counts()) == {("least_side", "dropped"), ("greatest_aspect", "dropped")}


@pytest.mark.parametrize("name", NAMES)
def test_boxes_on_the_input(name):
    columns, given = columns_of("geometry", name)
    wanted = np.stack([columns[side] for side in CORNERS], axis=1)
    width, height = columns["width"], columns["height"]
    detector = load_detector(name)
    fitted = fit(width, height, detector.resize)
    found = place(clip_boxes(given, width, height), fitted, np.arange(len(given)), detector)
    assert len(given) > 150
    assert [(at, *found[at]) for at in np.flatnonzero((found != wanted).any(axis=1))] == []
