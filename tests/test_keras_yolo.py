"""keras-yolo3 and Roboflow's `_annotations.txt`: paths with blanks, classes, and lines that are none."""

import numpy as np
import pytest

from anchoraudit import read
from anchoraudit.dataset.locations import Locations
from anchoraudit.formats import detect
from tests.builders import make

LINES = "a (1).jpg 10,20,110,70,0 30,40,60,80,1\nb.jpg\n"
IMAGES = {"a (1).jpg": (640, 480), "b.jpg": (640, 480)}


def told(dataset):
    return [(finding.code, finding.place, finding.evidence) for finding in dataset.findings]


def labels(dataset):
    return [dataset.categories[i].name for i in dataset.boxes.category.tolist()]


def test_roboflows_folders(tmp_path):
    for split in ("train", "valid"):
        files = {"_annotations.txt": LINES, "_classes.txt": "cat\ndog\nbird", **IMAGES}
        make(tmp_path, {f"{split}/{name}": content for name, content in files.items()})
    dataset = read(tmp_path)
    assert dataset.recognised == "keras-yolo3: 2 file(s) _annotations.txt"
    assert (dataset.splits, dataset.images.ids) == (("train", "valid"), ["a (1).jpg", "b.jpg"] * 2)
    assert dataset.boxes.xyxy[:2].tolist() == [[10, 20, 110, 70], [30, 40, 60, 80]]
    assert labels(dataset) == ["cat", "dog"] * 2
    assert [category.name for category in dataset.categories] == ["bird", "cat", "dog"]
    assert (dataset.findings, dataset.notes) == ([], [])
    assert Locations(dataset).of_box(1).place == "line 1"


def test_a_file_of_keras_yolo3(tmp_path):
    text = (
        "\ufeff/home/me/im/a.jpg 10.5,20,110,70,3\r\n\r\n/home/me/im/b.jpg\r\n/home/me/im/a.jpg 1,2,3,4,3\r\n"
    )
    make(tmp_path, {"2007_train.txt": text, "im/a.jpg": (200, 100), "im/b.jpg": (9, 9), "2007_val.txt": "x"})
    dataset = read(tmp_path)
    assert detect(tmp_path / "2007_train.txt").format == "keras_yolo"
    assert (dataset.splits, dataset.images.width.tolist()) == (("train",), [200, 9])
    assert dataset.boxes.xyxy.tolist() == [[10.5, 20, 110, 70], [1, 2, 3, 4]]
    assert labels(dataset) == ["class_3", "class_3"]
    assert dataset.notes == ["2007_train.txt: 1 lines name an image again; their boxes go to its first"]


@pytest.mark.parametrize(
    ("box", "code"),
    [("1,2,3,x,0", "PAR003"), ("1,2,3,4", "PAR003"), ("1,2,3,4,0.5", "PAR003"), ("1,2,nan,4,0", "BOX001")],
)
def test_boxes_that_are_none(tmp_path, box, code):
    files = {"_annotations.txt": f"a.jpg 1,2,3,4,0 {box}\nb.jpg 5,6,7,8,7\n", "_classes.txt": "cat\n"}
    make(tmp_path, {**files, "a.jpg": (9, 9), "b.jpg": (9, 9)})
    dataset = read(tmp_path)
    assert sorted((c, place) for c, place, _ in told(dataset)) == sorted(
        [("CLS001", "line 2"), (code, "line 1")]
    )
    assert np.isfinite(dataset.boxes.xyxy).all(axis=1).tolist() == [True, False, True]


@pytest.mark.parametrize(
    "text", ["a.jpg\nb.jpg\n", "0 0.5 0.5 0.1 0.1\n", "a.jpg 1 2 3 4 5\n", "", "1,2,3,4,5\n"]
)
def test_what_is_another_format(tmp_path, text):
    make(tmp_path, {"train.txt": text})
    from anchoraudit.formats import keras_yolo

    assert keras_yolo.detect(tmp_path / "train.txt") is None
    assert keras_yolo.detect(tmp_path) is None
