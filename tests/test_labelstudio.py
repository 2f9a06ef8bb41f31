"""Label Studio: percent of the image, turned boxes, several annotators, and the names of uploads."""

import json

import pytest

import anchoraudit
from anchoraudit.formats import detect
from tests.builders import make
from tests.test_labelme import boxes, found

UPLOAD = "/data/upload/1/1a2b3c4d-a.jpg"
VALUE = {"x": 50, "y": 20, "width": 20, "height": 10, "rotation": 0, "rectanglelabels": ["cat"]}
SIZE = {"original_width": 200, "original_height": 100, "image_rotation": 0}


def result(value=VALUE, kind="rectanglelabels", identity="k", **more):
    return {"id": identity, "type": kind, "from_name": "l", "to_name": "i", **SIZE, "value": value, **more}


def annotation(*results, **more):
    return {"id": 1, "was_cancelled": False, "result": list(results), **more}


def task(*annotations, image=UPLOAD, **more):
    return {"id": 1, "data": {"image": image}, "annotations": list(annotations), "predictions": [], **more}


def read(root, *tasks, **files):
    content = {"export.json": json.dumps(list(tasks)), "a.jpg": (200, 100), "b.jpg": (200, 100), **files}
    return anchoraudit.read(make(root, content))


def test_boxes_are_percent(tmp_path):
    dataset = read(tmp_path, task(annotation(result())), task(annotation(), image="b.jpg"))
    assert (dataset.format, boxes(dataset)) == ("labelstudio", [("cat", [100, 20, 140, 30])])
    assert (dataset.images.ids, dataset.images.file_names) == (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg"])
    assert dataset.images.width.tolist() == [200, 200]
    assert (dataset.findings, dataset.notes) == ([], [])


def test_json_min(tmp_path):
    boxed = {"id": 1, "image": UPLOAD, "label": [{**VALUE, **SIZE}], "choice": "day", "annotation_id": 1}
    dataset = read(
        tmp_path, boxed, {"id": 2, "image": "b.jpg", "annotation_id": 2}, {"id": 3, "image": "c.jpg"}
    )
    assert boxes(dataset) == [("cat", [100, 20, 140, 30])]
    assert dataset.images.ids == ["a.jpg", "b.jpg"]
    assert dataset.notes == ["not read: 1 task without an annotation, so not blank: c.jpg"]


@pytest.mark.parametrize(
    ("value", "box"),
    [
        ({**VALUE, "rotation": 90}, [90, 20, 100, 60]),  # about the upper left corner
        ({"points": [[10, 20], [30, 10], [35, 60]], "polygonlabels": ["cat"]}, [20, 10, 70, 60]),
        (
            {"x": 50, "y": 50, "radiusX": 10, "radiusY": 20, "rotation": 0, "ellipselabels": ["cat"]},
            [80, 30, 120, 70],
        ),
    ],
)
def test_other_shapes_become_the_boxes_around_them(tmp_path, value, box):
    dataset = read(tmp_path, task(annotation(result(value))))
    assert boxes(dataset) == [("cat", pytest.approx(box))]
    assert dataset.notes[0].startswith("read as the boxes around them: 1 ")


def test_one_annotation_of_several_is_read(tmp_path):
    other = {**VALUE, "rectanglelabels": ["dog"]}
    cancelled = annotation(result(other), was_cancelled=True)
    first = task(cancelled, annotation(result()), annotation(result(other)))
    second = task(annotation(result()), annotation(result(other), ground_truth=True), image="b.jpg")
    dataset = read(tmp_path, first, second, task(cancelled, image="c.jpg"), task(image="d.jpg"))
    assert [name for name, _ in boxes(dataset)] == ["cat", "dog"]
    assert dataset.notes == [
        "2 tasks with several annotations: the ground truth is read, else the first that was not cancelled",
        "not read: 2 tasks without an annotation, so not blank: c.jpg, d.jpg",
    ]


def test_the_old_name_of_annotations(tmp_path):
    old = {"id": 1, "data": {"img": "x.example/a.jpg"}, "completions": [annotation(result())]}
    assert boxes(read(tmp_path, old)) == [("cat", [100, 20, 140, 30])]


def test_a_box_in_several_results_is_one(tmp_path):
    plain = {key: VALUE[key] for key in ("x", "y", "width", "height", "rotation")}
    results = [
        result({**plain, "choices": ["blurred"]}, "choices"),
        result({**VALUE, "rectanglelabels": ["cat", "dog"]}),
        result({**plain, "x": 0}, "rectangle", "m"),
        result({**plain, "labels": ["dog"]}, "labels", "m"),
        result({"choices": ["day"]}, "choices", "n"),
        {"type": "relation", "from_id": "k", "to_id": "m"},
    ]
    dataset = read(tmp_path, task(annotation(*results)))
    assert boxes(dataset) == [("cat", [100, 20, 140, 30]), ("dog", [0, 20, 40, 30])]
    assert (found(dataset), dataset.notes) == ([], ["1 region with several labels: the first is read"])


def test_what_is_no_box_and_what_is_broken(tmp_path):
    brush = result({"format": "rle", "rle": [0, 1], "brushlabels": ["cat"]}, "brushlabels", "b")
    results = [
        7,
        result({**VALUE, "x": None}, identity="1"),
        result(identity="2", original_width=None),
        result({**VALUE, "rectanglelabels": []}, identity="3"),
        result({**VALUE, "width": float("inf")}, identity="4"),
        result({"x": 1, "y": 2, "width": 0.5, "keypointlabels": ["cat"]}, "keypointlabels", "5"),
        brush,
    ]
    tasks = [
        task(annotation(*results)),
        task(annotation(brush), image="b.jpg"),
        5,
        task(image=["a.jpg", "b.jpg"]),
    ]
    dataset = read(tmp_path, *tasks)
    assert [(code, place) for code, place, _ in found(dataset)] == [
        ("PAR003", "[0], result[0]"),
        ("PAR003", "[0], result[1]"),
        ("PAR003", "[0], result[2]"),
        ("PAR003", "[0], result[3]"),
        ("PAR002", "[2]"),
        ("PAR002", "[3]"),
        ("BOX001", "[0], result[4]"),
    ]
    assert dataset.notes == [
        "not read: 1 keypoint, 2 brush regions",
        "not read: 1 image which has only such shapes, so not blank: b.jpg",
    ]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (UPLOAD, "1a2b3c4d-a.jpg"),
        ("/data/local-files/?d=set%201/a.jpg", "set 1/a.jpg"),
        ("s3://bucket/x/a.jpg", "x/a.jpg"),
        ("https://x.example/a.jpg?token=1", "a.jpg"),
    ],
)
def test_names_of_images(tmp_path, image, name):
    files = {"export.json": [task(annotation(result()), image=image)], f"images/{name}": (200, 100)}
    dataset = anchoraudit.read(make(tmp_path, files))
    assert (dataset.images.file_names, dataset.findings) == ([name], [])


def test_turned_images_are_said(tmp_path):
    dataset = read(tmp_path, task(annotation(result(image_rotation=90))))
    assert dataset.notes[0].startswith("1 image turned in Label Studio, whose versions differ ")


def test_lists_of_texts_are_not_taken_for_it(tmp_path):
    assert detect(make(tmp_path, {"a.json": [{"data": {}, "text": "a"}]}) / "a.json").format != "labelstudio"
