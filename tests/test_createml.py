"""CreateML: its two spellings, Roboflow's names, and what is broken."""

import json

import numpy as np
import pytest

import anchoraudit
from anchoraudit.formats import Sureness, detect
from tests.builders import make, run
from tests.test_labelme import boxes, found

BOX = {"label": "cat", "coordinates": {"x": 60, "y": 45, "width": 100, "height": 50.0}}
FILE = [{"image": "a.jpg", "annotations": [BOX]}, {"image": "b.jpg", "annotations": []}]
APPLE = [{"imagefilename": "a.jpg", "annotation": [BOX]}, {"imagefilename": "b.jpg", "annotation": []}]
PICTURES = {"a.jpg": (640, 480), "b.jpg": (64, 48)}


@pytest.mark.parametrize("content", [FILE, APPLE])
@pytest.mark.parametrize("path", ["", "some.json"])
def test_the_centre_is_in_pixels(tmp_path, content, path):
    dataset = anchoraudit.read(make(tmp_path, {"some.json": content, **PICTURES}) / path)
    assert (dataset.format, boxes(dataset)) == ("createml", [("cat", [10, 20, 110, 70])])
    assert dataset.images.width.tolist() == [640, 64]
    assert (dataset.findings, dataset.notes) == ([], [])
    assert detect(tmp_path / path).sureness == Sureness.CONTENT


def test_roboflow_has_a_folder_for_each_split(tmp_path):
    files = {"train/_annotations.createml.json": FILE[:1], "valid/_annotations.createml.json": FILE[1:]}
    make(tmp_path, {**files, "train/a.jpg": (640, 480), "valid/b.jpg": (64, 48), "valid/other.json": []})
    dataset = anchoraudit.read(tmp_path)
    assert dataset.recognised == "CreateML: 2 file(s) _annotations.createml.json"
    assert (dataset.splits, dataset.images.split.tolist()) == (("train", "valid"), [0, 1])
    assert detect(tmp_path).sureness == Sureness.NAME
    assert anchoraudit.read(tmp_path, splits=("valid",)).images.ids == ["b.jpg"]


def test_what_is_broken_is_found_and_the_rest_is_read(tmp_path):
    broken = [
        5,
        {"annotations": []},
        {"image": "x.jpg"},
        {"image": "a.jpg", "annotations": [7, {"label": "cat"}, BOX, {"coordinates": BOX["coordinates"]}]},
    ]
    odd = {"x": "x", "y": 45, "width": 100, "height": float("inf")}
    broken[3]["annotations"] += [
        {"label": "cat", "coordinates": odd},
        {"label": "c", "coordinates": {**odd, "x": 5}},
    ]
    make(tmp_path, {"a.json": json.dumps(broken), "notes.json": {"a": 1}, **PICTURES, "x.jpg": (9, 9)})
    dataset = anchoraudit.read(tmp_path)
    assert [(code, place) for code, place, _ in found(dataset)] == [
        ("PAR002", "[0]"),
        ("PAR002", "[1]"),
        ("PAR002", "[2]"),
        ("PAR003", "[3].annotations[0]"),
        ("PAR003", "[3].annotations[1]"),
        ("PAR003", "[3].annotations[3]"),
        ("PAR004", "[3].annotations[4]"),
        ("BOX001", "[3].annotations[5]"),
    ]
    assert np.isnan(dataset.boxes.xyxy[:, 0]).tolist() == [True, True, False, False, True, False]
    assert dataset.notes == ["not read: notes.json is not a file of CreateML"]


def test_corners_written_as_centres_are_noticed(tmp_path, capsys):
    """As a tool and a converter do it."""
    entries = [
        {
            "image": f"{n}.jpg",
            "annotations": [{"label": "a", "coordinates": {"x": n, "y": 5, "width": 90, "height": 50}}],
        }
        for n in range(30)
    ]
    make(tmp_path, {"a.json": entries, **{f"{n}.jpg": (640, 480) for n in range(30)}})
    assert run("scan", tmp_path, "--output-format", "concise") == 1
    assert "read as x, y, w, h, none is impossible: use --box-convention xywh" in capsys.readouterr().out
    assert anchoraudit.read(tmp_path, box_convention="xywh").boxes.xyxy[7].tolist() == [7, 5, 97, 55]


def test_images_are_found_in_any_folder_below_but_not_in_one_of_another_split(tmp_path):
    make(tmp_path, {"train.json": FILE, "set/train/a.jpg": (640, 480), "set/val/b.jpg": (64, 48)})
    dataset = anchoraudit.read(tmp_path)
    assert dataset.images.file_names == ["set/train/a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    "content",
    [
        [],
        [1],
        [{"image": "a.jpg", "annotations": [{"bbox": [1, 2, 3, 4]}]}],
        [{"image": "a.jpg", "label": []}],
    ],
)
def test_other_lists_are_not_taken_for_it(tmp_path, content):
    assert detect(make(tmp_path, {"a.json": content}) / "a.json").format != "createml"
