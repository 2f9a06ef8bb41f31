"""What every loader does with each image and box of a hostile data set, against the frameworks' own loaders.

`python -m tests.test_golden_loaders coco yolov5` prints the differences of one loader.
"""

import csv
import sys
from functools import cache
from pathlib import Path

import pytest

import anchoraudit
from anchoraudit.loaders import loader_names
from tests.conftest import SHARED

GOLDEN, DATA = SHARED / "golden" / "loaders", SHARED / "data" / "nasty"
SUFFIX = ".images.csv"
# Other answers of the same loaders: for floats in the JSON, for CSV files, with NumPy 2.
VARIANTS = ("detectron2-floatjson", "keras-retinanet-csv", "py-faster-rcnn-numpy2")
ANSWERED = sorted(
    (format, path.name.removesuffix(SUFFIX))
    for format in ("coco", "voc", "yolo")
    for path in (GOLDEN / format).glob(f"*{SUFFIX}")
    if path.name.removesuffix(SUFFIX) not in VARIANTS
) or [("coco", "torchvision")]
every_answer = pytest.mark.parametrize(
    ("format", "loader"), ANSWERED, ids=["-".join(one) for one in ANSWERED]
)
PIXELS = 0.011  # the answers have two digits


@cache
def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def read(format):
    return anchoraudit.read(DATA / format)


@cache
def audited(format, loader):
    return anchoraudit.audit(read(format), loader=loader)


@cache
def padding(format, loader):
    """The boxes that the answers take for kept, and that are rows of zeros: by image, the numbers.

    YOLOX fills its targets up with zeros, and boxes were told by the number in their class column. So where
    the first box of an image is dropped, the first row of zeros is taken for it, and its image for one of
    which no box was dropped.
    """
    found = {}
    for row in rows(GOLDEN / format / f"{loader}.boxes.csv"):
        corners = {row[name] for name in ("x1", "y1", "x2", "y2")}
        if row["status"] == "kept" and corners == {"0.00"}:
            assert loader.startswith("yolox") and row["annotation"] == "0"
            found[row["image_id"]] = int(row["annotation"])
    return found


def image_differences(format, loader):
    """What differs, by image: (expected, found)."""
    frame = audited(format, loader).images_frame()
    found = {str(row.image_id): row for row in frame.itertuples()}
    differences = {}
    for row in rows(GOLDEN / format / f"{loader}{SUFFIX}"):
        own = found.get(row["image_id"])
        # An image with which training stops right after the loader is kept by the loader.
        stops = own is not None and own.loader == "kept" and own.verdict == "encoder_error"
        wanted = (row["status"], bool(row["then"]) and row["image_id"] not in padding(format, loader))
        given = None if own is None else (own.loader, stops)
        if given != wanted:
            differences[row["image_id"]] = (
                wanted,
                row["reason"] or row["then"],
                given,
                own and own.loader_reason,
            )
    return differences


def box_differences(format, loader):
    """What differs, by image and number of the annotation: (expected, found)."""
    frame = audited(format, loader).boxes_frame()
    frame["number"] = frame.groupby("image_id").cumcount()
    found = {(str(row.image_id), row.number): row for row in frame.itertuples()}
    differences = {}
    for row in rows(GOLDEN / format / f"{loader}.boxes.csv"):
        key = (row["image_id"], int(row["annotation"]))
        own = found.get(key)
        given = None if own is None else own.loader.replace("moved", "kept")
        zeros = padding(format, loader).get(row["image_id"]) == int(row["annotation"])
        status = "dropped" if zeros else row["status"]
        if given != status:
            differences[key] = (status, row["reason"], given, own and own.loader_reason)
        elif status == "kept" and row["x1"]:
            corners = [float(row[name]) for name in ("x1", "y1", "x2", "y2")]
            ours = [float(getattr(own, name)) for name in ("x1", "y1", "x2", "y2")]
            if max(abs(a - b) / max(1.0, abs(a) / 1e5) for a, b in zip(corners, ours, strict=True)) > PIXELS:
                differences[key] = (corners, "", ours, "")
    return differences


@pytest.fixture(autouse=True)
def answers():
    if not GOLDEN.exists():
        pytest.skip(f"{GOLDEN} is absent: no loader is held to its framework here")


def test_every_answered_loader_exists(answers):
    assert {loader for _, loader in ANSWERED} <= set(loader_names())
    assert len(ANSWERED) >= 22


@every_answer
def test_every_image_has_the_fate_that_the_framework_gives_it(format, loader):
    assert image_differences(format, loader) == {}


@every_answer
def test_every_box_has_the_fate_and_the_place_that_the_framework_gives_it(format, loader):
    assert box_differences(format, loader) == {}


if __name__ == "__main__":
    assert Path(GOLDEN).exists(), GOLDEN
    for name in sys.argv[2:]:
        for told in (image_differences, box_differences):
            for key, difference in told(sys.argv[1], name).items():
                print(name, key, *difference)
