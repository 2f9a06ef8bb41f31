"""Supervisely: projects, their data sets and classes, and the shapes of objects."""

import base64
import io
import zlib

import pytest
from PIL import Image

import anchoraudit
from anchoraudit.formats import detect
from tests.builders import make
from tests.test_labelme import boxes, found

META = {"classes": [{"title": "cat", "shape": "rectangle"}, {"title": "dog", "shape": "any"}], "tags": []}
PICTURE = (640, 480)


def shape(kind, points, label="cat", **more):
    return {"classTitle": label, "geometryType": kind, "points": {"exterior": points, "interior": []}, **more}


def of(*objects, tags=()):
    size = {"height": 480, "width": 640}
    return {"description": "", "tags": list(tags), "size": size, "objects": list(objects)}


RECTANGLE = shape("rectangle", [[109, 69], [10, 20]])
PROJECT = {
    "meta.json": META,
    "train/ann/a.jpg.json": of(RECTANGLE),
    "train/img/a.jpg": PICTURE,
    "val/ann/b.json": of(),  # as older exports name it
    "val/img/b.png": PICTURE,
}


def png(compressed=True):
    stream = io.BytesIO()
    Image.new("L", (30, 40)).save(stream, "PNG")
    data = zlib.compress(stream.getvalue()) if compressed else stream.getvalue()
    return base64.b64encode(data).decode()


def test_a_project(tmp_path):
    dataset = anchoraudit.read(make(tmp_path, PROJECT))
    assert boxes(dataset) == [("cat", [10, 20, 109, 69])]  # as written; the tool means 10, 20, 110, 70
    assert (dataset.splits, dataset.images.split.tolist()) == (("train", "val"), [0, 1])
    assert dataset.images.file_names == ["train/img/a.jpg", "val/img/b.png"]
    assert [each.name for each in dataset.categories] == ["cat", "dog"]
    assert (dataset.findings, dataset.notes) == ([], [])


@pytest.mark.parametrize("path", ["train", "train/ann", "train/ann/a.jpg.json"])
def test_a_part_of_it(tmp_path, path):
    dataset = anchoraudit.read(make(tmp_path, PROJECT) / path)
    assert (dataset.format, dataset.images.file_names) == ("supervisely", ["img/a.jpg"])
    assert [each.name for each in dataset.categories] == ["cat", "dog"]


def test_data_sets_within_data_sets_and_splits_by_tags(tmp_path):
    below = "p/ds/datasets/inner/datasets/last"
    files = {
        "p/meta.json": META,
        "p/ds/ann/a.jpg.json": of(RECTANGLE, tags=[{"name": "Train"}]),
        "p/ds/img/a.jpg": PICTURE,
        f"{below}/ann/b.jpg.json": of(shape("rectangle", [[0, 0], [9, 9]], "bg"), tags=["val"]),
    }
    dataset = anchoraudit.read(make(tmp_path, files) / "p")
    assert (dataset.splits, dataset.images.split.tolist()) == (("train", "val"), [0, 1])
    assert dataset.notes == ["meta.json does not list these classes: 'bg'"]
    assert [code for code, *_ in found(dataset)] == ["IMG001"]


def test_data_sets_of_other_names_are_splits_if_there_are_several(tmp_path):
    files = {f"{name}/ann/{name}.jpg.json": of(RECTANGLE) for name in ("north", "south")}
    assert anchoraudit.read(make(tmp_path, files)).splits == ("north", "south")


@pytest.mark.parametrize(
    ("each", "box"),
    [
        (shape("polygon", [[10, 20], [60, 10], [70, 60]]), [10, 10, 70, 60]),
        (
            {"classTitle": "cat", "geometryType": "bitmap", "bitmap": {"origin": [5, 6], "data": png()}},
            [5, 6, 35, 46],
        ),
        ({"classTitle": "cat", "bitmap": {"origin": [5, 6], "data": png(False)}}, [5, 6, 35, 46]),
        ({"classTitle": "cat", "geometry": {"bitmap": {"origin": [5, 6], "data": png()}}}, [5, 6, 35, 46]),
        (
            {
                "classTitle": "cat",
                "geometryType": "oriented_bbox",
                "points": [[10, 20], [50, 40]],
                "angle": 1.5707963267948966,
            },
            [20, 10, 40, 50],
        ),
        (shape("rectangle", [[10, 20], [50, 40]], angle=-90), [20, 10, 40, 50]),
    ],
)
def test_shapes_become_boxes(tmp_path, each, box):
    dataset = anchoraudit.read(make(tmp_path, {"ann/a.jpg.json": of(each), "img/a.jpg": PICTURE}))
    assert (boxes(dataset), found(dataset)) == ([("cat", box)], [])
    assert dataset.notes[0].startswith("read as the boxes around them: 1 ")


def test_what_is_no_box_and_what_is_broken(tmp_path):
    broken = [3, shape("rectangle", [[1]]), shape("rectangle", [[1, 1], [9, 9]], None)]
    broken += [{"classTitle": "cat", "geometryType": "bitmap", "bitmap": {"origin": [5, 6], "data": "AAAA"}}]
    files = {
        "ann/a.jpg.json": of(*broken, shape("point", [[1, 1]])),
        "ann/b.jpg.json": of(shape("line", [[1, 1], [2, 2]])),
        "ann/c.jpg.json": "{",
        **{f"img/{stem}.jpg": PICTURE for stem in "abc"},
    }
    dataset = anchoraudit.read(make(tmp_path, files))
    assert [(f.code, f.path.rpartition("/")[2], f.place) for f in dataset.findings] == [
        ("PAR001", "c.jpg.json", "line 1, column 2"),
        *(("PAR003", "a.jpg.json", f"objects[{n}]") for n in (0, 1, 2, 3)),
    ]
    assert dataset.images.ids == ["ann/a.jpg"]
    assert dataset.notes == [
        "not read: 1 point, 1 line",
        "not read: 1 image which has only such shapes, so not blank: b.jpg",
    ]


def test_annotations_of_videos_are_not_taken_for_images(tmp_path):
    video = {**of(RECTANGLE), "frames": [], "framesCount": 1}
    assert detect(make(tmp_path, {"a.json": video}) / "a.json").format != "supervisely"
