"""labelme: what its files mean, also as older versions and X-AnyLabeling write them."""

import json

import pytest

import anchoraudit
from anchoraudit.formats import Sureness, detect
from tests.builders import make, run

# In the order of labelme's own keys. Corners in any order; a circle is its centre and a point on its rim.
FILE = {
    "version": "5.2.1",
    "flags": {},
    "shapes": [
        {
            "label": "cat",
            "points": [[110, 70], [10, 20]],
            "group_id": None,
            "shape_type": "rectangle",
            "flags": {},
        },
        {
            "label": "eye",
            "points": [[50, 50], [50, 80]],
            "group_id": None,
            "shape_type": "circle",
            "flags": {},
        },
    ],
    "imagePath": "..\\img\\a.jpg",
    "imageData": None,
    "imageHeight": 480,
    "imageWidth": 640,
}


def one(points, kind="rectangle", label="cat", **more):
    return {"label": label, "points": points, "shape_type": kind, **more}


def of(*shapes, **more):
    return {**FILE, "imagePath": "a.jpg", "shapes": list(shapes), **more}


def read(root, files, path="", **options):
    return anchoraudit.read(make(root, files) / path, **options)


def boxes(dataset):
    names = [dataset.categories[c].name if c >= 0 else "" for c in dataset.boxes.category.tolist()]
    return list(zip(names, dataset.boxes.xyxy.tolist(), strict=True))


def found(dataset):
    return [(f.code, f.place, f.message) for f in dataset.findings]


@pytest.mark.parametrize("path", ["", "labels", "labels/a.json"])
def test_a_file_whose_image_is_in_another_folder(tmp_path, path):
    dataset = read(tmp_path, {"labels/a.json": FILE, "img/a.jpg": (640, 480)}, path)
    assert boxes(dataset) == [("cat", [10, 20, 110, 70]), ("eye", [20, 20, 80, 80])]
    assert (dataset.images.ids, dataset.images.file_names) == (["labels/a"], ["img/a.jpg"])
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([640], [480])
    assert (dataset.findings, dataset.notes) == ([], ["read as the boxes around them: 1 circle"])


def test_splits_are_folders(tmp_path):
    files = {"train/a.json": of(one([[0, 0], [9, 9]])), "val/a.json": of(), "train/a.jpg": (640, 480)}
    dataset = read(tmp_path, {**files, "val/a.jpg": (30, 20)})
    assert (dataset.splits, dataset.images.split.tolist()) == (("train", "val"), [0, 1])
    assert dataset.images.file_names == ["train/a.jpg", "val/a.jpg"]
    assert len(anchoraudit.read(tmp_path, splits=("val",)).images) == 1


@pytest.mark.parametrize(
    ("shape", "box", "outlines"),
    [
        # X-AnyLabeling since 2.2.0: four corners.
        (one([[10, 20], [110, 20], [110, 70], [10, 70]]), [10, 20, 110, 70], 0),
        (one([[10, 20], [60, 10], [70, 60], [20, 70]]), [10, 10, 70, 70], 1),
        (one([[10, 20], [60, 10], [70, 60], [20, 70]], "rotation", direction=0.2), [10, 10, 70, 70], 1),
        (one([[10, 20], [60, 10], [70, 60]], "polygon"), [10, 10, 70, 60], 1),
        (one([[10, 20], [60, 10], [70, 60]], None), [10, 10, 70, 60], 1),
        (one([[10, 20], [30, 40]], "mask", mask="iVBORw0KGgo="), [10, 20, 30, 40], 1),
        (one([["10", "20.5"], ["30", 40]]), [10, 20.5, 30, 40], 0),
    ],
)
def test_shapes_become_boxes(tmp_path, shape, box, outlines):
    dataset = read(tmp_path, {"a.json": of(shape), "a.jpg": (640, 480)})
    assert boxes(dataset) == [("cat", box)]
    assert (found(dataset), bool(dataset.notes)) == ([], bool(outlines))


def test_what_is_no_box_is_counted_and_its_image_is_not_blank(tmp_path):
    files = {
        "a.json": of(one([[1, 1]], "point"), one([[1, 1], [2, 2]], "line"), one([[3, 3]], "point")),
        "b.json": of(one([[1, 1]], "point"), one([[1, 1], [5, 5]]), imagePath="b.jpg"),
        "c.json": of(one([[1, 1], [5, 5]], label="__ignore__"), imagePath="c.jpg"),
        "d.json": of(imagePath="d.jpg"),
        **{f"{stem}.jpg": (640, 480) for stem in "abcd"},
    }
    dataset = read(tmp_path, files)
    assert (dataset.images.ids, boxes(dataset)) == (["b", "d"], [("cat", [1, 1, 5, 5])])
    assert dataset.notes == [
        "not read: 3 points, 1 line, 1 shape called __ignore__",
        "not read: 2 images which have only such shapes, so not blank: a.jpg, c.jpg",
    ]
    assert "IMG004" not in {finding.code for finding in anchoraudit.audit(dataset).findings}


def test_version_3(tmp_path):
    """No `shape_type`, no size, and the image before the shapes."""
    shapes = [
        {"label": "cat", "line_color": None, "fill_color": None, "points": [[10, 20], [60, 10], [70, 60]]},
        {"label": "dog", "line_color": None, "fill_color": None, "points": [[10, 20], [60, 70]]},
    ]
    old = {"imagePath": "a.jpg", "imageData": "A" * 100_000, "lineColor": [0, 255, 0, 128], "shapes": shapes}
    dataset = read(tmp_path, {"a.json": old, "a.jpg": (640, 480)})
    assert boxes(dataset) == [("cat", [10, 10, 70, 60]), ("dog", [10, 20, 60, 70])]
    assert dataset.images.width.tolist() == [640]
    assert found(dataset) == [
        ("PAR003", "shapes[1]", "a polygon of two points, read as the rectangle between them")
    ]


@pytest.mark.parametrize("told", [{"difficult": True}, {"difficult": "true"}, {"flags": {"difficult": True}}])
def test_difficult(tmp_path, told):
    files = {"a.json": of(one([[1, 1], [5, 5]], **told), one([[1, 1], [5, 9]], difficult="false"))}
    assert read(tmp_path, files).boxes.difficult.tolist() == [True, False]


def test_what_is_broken_is_found_and_the_rest_is_read(tmp_path):
    shapes = [
        7,
        one([[1, "x"], [5, 5]]),
        one(None),
        one([[1, 1]]),
        one([[1, 1], [5, 5]], label=None),
        one([[1, 1], [float("nan"), 5]]),
        one([[1, 1], [5, 5]], label=3),
        one([[1, 1], [5, 5]], ["rectangle"]),
    ]
    files = {
        "a.json": json.dumps(of(*shapes)),
        "b.json": '{"shapes": [',
        "c.json": of(one([[0, 0], [9, 9]]), imagePath=None),
        "d.json": [1],
        "a.jpg": (640, 480),
        "c.png": (640, 480),
    }
    dataset = read(tmp_path, files)
    assert [(f.code, f.path.rpartition("/")[2], f.place) for f in dataset.findings] == [
        ("PAR001", "b.json", "line 1, column 13"),
        ("PAR003", "a.json", "shapes[0]"),
        ("PAR003", "a.json", "shapes[1]"),
        ("PAR003", "a.json", "shapes[2]"),
        ("PAR003", "a.json", "shapes[3]"),
        ("PAR003", "a.json", "shapes[4]"),
        ("PAR003", "a.json", "shapes[7]"),
        ("PAR002", "c.json", "imagePath"),
        ("BOX001", "a.json", "shapes[5]"),
    ]
    assert boxes(dataset)[6] == ("3", [1, 1, 5, 5])
    assert dataset.images.file_names == ["a.jpg", "c.png"]
    assert dataset.notes == ["not read: d.json is not a file of labelme"]


def test_an_image_is_found_by_its_last_folders_and_by_the_name_of_its_file(tmp_path):
    files = {
        "json/a.json": of(imagePath="C:\\work\\set1\\x.jpg"),
        "json/b.json": of(imagePath="old name.jpg"),
        "set1/x.jpg": (10, 10),
        "set2/x.jpg": (10, 10),
        "set2/b.png": (10, 10),
    }
    assert read(tmp_path, files).images.file_names == ["set1/x.jpg", "set2/b.png"]
    dataset = anchoraudit.read(tmp_path, image_folder=tmp_path / "set2")
    assert dataset.images.file_names == ["x.jpg", "b.png"]


def test_a_few_files_among_many_images_are_less_sure(tmp_path):
    files = {"a.json": of(), **{f"{n}.jpg": b"" for n in range(20)}}
    assert detect(make(tmp_path, files)).sureness == Sureness.SUFFIX
    assert detect(make(tmp_path / "b", {"a.json": of(), "a.jpg": b""})).sureness == Sureness.LAYOUT


def test_scan_names_the_place(tmp_path, capsys):
    make(tmp_path, {"a.json": of(one([[5, 5], [90, 90]]), one([[5, 5], [5, 9]])), "a.jpg": (640, 480)})
    assert run("scan", tmp_path, "--output-format", "concise") == 0
    assert f"{tmp_path}/a.json: shapes[1]: BOX002" in capsys.readouterr().out
