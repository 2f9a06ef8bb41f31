"""Datumaro's JSON: kinds of annotations, classes by place, sizes as height and width."""

import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import datumaro, read
from tests.builders import make

LABELS = {"label": {"labels": [{"name": "cat", "parent": "", "attributes": []}, {"name": "dog"}]}}


def bbox(*numbers, label=0, **more):
    return {"id": 1, "type": "bbox", "group": 0, "label_id": label, "bbox": [*numbers], "attributes": more}


def data(*annotations, **more):
    item = {"id": "a", "annotations": [*annotations], "image": {"path": "a.jpg", "size": [480, 640]}, **more}
    return {"info": {}, "categories": LABELS, "items": [item]}


def read_one(tmp_path, value):
    return read(make(tmp_path, {"annotations/train.json": value, "images/train/a.jpg": (640, 480)}))


def told(dataset):
    return [(finding.code, finding.place) for finding in dataset.findings]


def test_the_example_has_the_right_answer(tmp_path):
    files = {datumaro.EXAMPLE_PATH: datumaro.EXAMPLE, **datumaro.EXAMPLE_BESIDE}
    dataset = read(make(tmp_path, files))
    assert (dataset.format, dataset.splits, dataset.findings) == ("datumaro", ("train",), [])
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]]
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([640], [480])


def test_other_shapes_become_the_boxes_around_them(tmp_path):
    polygon = {"type": "polygon", "label_id": 1, "points": [10, 70, 60, 20, 110, 70]}
    ellipse = {"type": "ellipse", "label_id": 1, "points": [10, 20, 110, 70]}
    rotated = {"type": "rotated_bbox", "label_id": 1, "bbox": [60, 45, 50, 100, 90]}
    cvat = bbox(35, -5, 50, 100, rotation=90.0)
    dataset = read_one(tmp_path, data(polygon, ellipse, rotated, cvat, {"type": "mask", "rle": {}}))
    assert dataset.boxes.xyxy.round(9).tolist() == [[10, 20, 110, 70]] * 4
    assert dataset.findings == []
    assert dataset.notes == [
        "read as the boxes around them: 1 polygon, 1 ellipse, 2 rotated rectangles",
        "not read: 1 mask",
    ]


def test_an_image_with_nothing_that_is_read_is_not_blank(tmp_path):
    value = data({"type": "label", "label_id": 0}, {"type": "caption", "caption": "x"})
    value["items"] += [{"id": "b", "annotations": []}, {"id": "c", "annotations": None}]
    dataset = read(make(tmp_path, {"annotations/train.json": value, "images/train/b.jpg": (9, 9)}))
    assert dataset.images.file_names == ["b.jpg"]
    assert "not read: 1 label, 1 caption" in dataset.notes
    assert any("which has only such shapes, so not blank: a.jpg" in note for note in dataset.notes)
    assert told(dataset) == [("PAR003", "items[2]")]


def test_what_is_broken_is_a_finding(tmp_path):
    boxes = [bbox(1, 2, 3), "x", bbox(5, 6, 7, 8, label=5), bbox(1, 2, 3, "4"), bbox(9, 9, 9, 9, label=None)]
    value = data(*boxes)
    value["items"] += [{"annotations": []}, 7]
    dataset = read_one(tmp_path, value)
    assert told(dataset) == [
        ("PAR003", "items[0].annotations[0].bbox"),
        ("PAR003", "items[0].annotations[1]"),
        ("PAR002", "items[1]"),
        ("PAR002", "items[2]"),
        ("CLS001", "items[0].annotations[2]"),
        ("CLS001", "items[0].annotations[4]"),
    ]
    assert dataset.boxes.xyxy[[2, 3]].tolist() == [[5, 6, 12, 14], [1, 2, 4, 6]]
    assert [one.name for one in dataset.categories] == ["cat", "class_5", "dog"]


def test_paths_of_another_machine_and_items_without_one(tmp_path):
    """As in the files of Datumaro's own tests."""
    value = data(bbox(1, 2, 3, 4), image={"path": "../tests/x/images/train/a.jpg"})
    value["items"].append({"id": "b", "annotations": [], "media": {"path": ""}})
    files = {f"images/train/{name}.jpg": (9, 8) for name in "ab"}
    dataset = read(make(tmp_path, {"annotations/train.json": value, **files}))
    assert (dataset.images.file_names, dataset.findings) == (["a.jpg", "b.jpg"], [])
    assert dataset.images.width.tolist() == [9, 9]


def test_one_broken_file_of_several(tmp_path):
    files = {
        "annotations/train.json": data(bbox(1, 2, 3, 4)),
        "annotations/val.json": data(),
        "note.json": {},
    }
    make(tmp_path, {**files, "images/train/a.jpg": (640, 480)})
    whole = (tmp_path / "annotations/val.json").read_text()
    (tmp_path / "annotations/val.json").write_text(whole[:-1])
    dataset = read(tmp_path)
    assert [(f.code, f.thing) for f in dataset.findings] == [("PAR001", "file val.json")]
    assert "not read: note.json is not a file of Datumaro" in dataset.notes


def test_what_it_is_not(tmp_path):
    make(tmp_path, {"a.json": {"categories": [], "items": []}})
    assert datumaro.detect(tmp_path) is None
    assert datumaro.detect(tmp_path / "a.json") is None
    with pytest.raises(AnchorauditError, match="no data set recognised"):
        read(tmp_path / "a.json", format="datumaro")
