"""VIA 3: from regions to views to files, the texts of options, and the numbers of shapes."""

import json

import pytest

import anchoraudit
from tests.builders import make
from tests.test_labelme import boxes, found


def region(*xy, vid="1", av=None, z=()):
    return {"vid": vid, "flg": 0, "z": list(z), "xy": list(xy), "av": {"1": "0"} if av is None else av}


def project(*regions, **more):
    files = {n: {"fid": n, "fname": f"{n}.jpg", "type": 2, "loc": 1, "src": ""} for n in ("1", "2")}
    return {
        "project": {"data_format_version": "3.1.1", "vid_list": ["1", "2"]},
        "config": {},
        "attribute": {"1": {"aname": "class", "type": 3, "options": {"0": "cat", "1": "dog"}}},
        "file": files,
        "metadata": {
            f"{each['vid']}_{n}" if isinstance(each, dict) else n: each for n, each in enumerate(regions)
        },
        "view": {n: {"fid_list": [n]} for n in files},
        **more,
    }


def read(root, content, **options):
    files = {"some.json": json.dumps(content), "1.jpg": (640, 480), "2.jpg": (64, 48)}
    return anchoraudit.read(make(root, files), **options)


def test_regions_become_boxes(tmp_path):
    dataset = read(tmp_path, project(region(2, 10, 20, 100, 50), region(2, 1, 1, 5, 5, av={"1": "1,0"})))
    assert (dataset.format, boxes(dataset)) == ("via3", [("cat", [10, 20, 110, 70]), ("dog", [1, 1, 6, 6])])
    assert dataset.images.ids == ["1.jpg", "2.jpg"]
    assert (dataset.findings, dataset.notes) == ([], [])


@pytest.mark.parametrize(
    ("xy", "box", "kind"),
    [
        ((3, 50, 50, 30), [20, 20, 80, 80], "circle"),
        ((4, 50, 50, 30, 10), [20, 40, 80, 60], "ellipse"),
        ((7, 10, 20, 60, 10, 70, 60), [10, 10, 70, 60], "polygon"),
        ((8, 10, 30, 40, 5, 70, 30, 40, 60), [10, 5, 70, 60], ""),
        ((9, 20, 50, 50, 20, 80, 50), [20, 20, 80, 80], "extreme circle"),
    ],
)
def test_other_shapes_become_the_boxes_around_them(tmp_path, xy, box, kind):
    dataset = read(tmp_path, project(region(*xy)))
    assert dataset.boxes.xyxy[0] == pytest.approx(box)
    assert dataset.notes == ([f"read as the boxes around them: 1 {kind}"] if kind else [])


def test_what_is_no_box_and_what_is_broken(tmp_path):
    regions = [
        7,
        region(2, 1, 2),
        region(2, 1, 1, 5, 5, vid="9"),
        region(2, 1, 1, 5, 5, av={}),
        region(77, 1),
        region(z=[1.5, 2]),
        region(1, 5, 5, vid="2"),
        region(2, 1, 1, 5, 5, vid="2", z=[0.5]),
    ]
    content = project(*regions)
    content["file"]["3"] = {"fid": "3", "fname": "a.mp4", "type": 4}
    content["file"]["4"] = {"fid": "4"}
    dataset = read(tmp_path, content)
    assert [(code, place) for code, place, _ in found(dataset)] == [
        ("PAR003", "metadata[0]"),
        ("PAR003", "metadata[1]"),
        ("PAR003", "metadata[2]"),
        ("PAR003", "metadata[3]"),
        ("PAR003", "metadata[4]"),
        ("PAR002", "file 4"),
    ]
    assert dataset.images.ids == ["1.jpg"]
    assert dataset.notes == [
        "not read: 1 point, 1 region of a video, 1 video or sound",
        "not read: 1 image which has only such shapes, so not blank: 2.jpg",
    ]


def test_the_class_is_an_attribute(tmp_path):
    attributes = {
        "1": {"aname": "id", "type": 1, "options": {}},
        "2": {"aname": "kind", "type": 1, "options": {}},
    }
    regions = [region(2, 1, 1, 5, 5, av={"1": str(n), "2": "x"}) for n in range(2)]
    dataset = read(tmp_path, project(*regions, attribute=attributes), class_attribute="kind")
    assert {name for name, _ in boxes(dataset)} == {"x"}
