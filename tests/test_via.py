"""VIA 1 and 2: exports and projects, which attribute is the class, and the shapes of regions."""

import json

import pytest

import anchoraudit
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import detect
from tests.builders import document, make, run
from tests.test_labelme import boxes, found

RECT = {"name": "rect", "x": 10, "y": 20, "width": 100, "height": 50}
PICTURES = {"a.jpg": (640, 480), "b.jpg": (64, 48)}


def region(attributes=None, shape=RECT):
    return {
        "shape_attributes": shape,
        "region_attributes": {"class": "cat"} if attributes is None else attributes,
    }


def entry(name, *regions, version=2):
    listed = list(regions) if version == 2 else {str(n): each for n, each in enumerate(regions)}
    return {"filename": name, "size": 1234, "regions": listed, "file_attributes": [] if version == 1 else {}}


def export(*regions, version=2):
    return {"a.jpg1234": entry("a.jpg", *regions, version=version), "b.jpg9": entry("b.jpg", version=version)}


def project(*regions, options=None):
    attributes = {"region": {"class": {"type": "radio", "options": options or {}}}, "file": {}}
    return {"_via_settings": {}, "_via_img_metadata": export(*regions), "_via_attributes": attributes}


def read(root, content, **options):
    return anchoraudit.read(make(root, {"some.json": content, **PICTURES}), **options)


@pytest.mark.parametrize("content", [export(region()), export(region(), version=1), project(region())])
@pytest.mark.parametrize("path", ["", "some.json"])
def test_regions_become_boxes(tmp_path, content, path):
    dataset = anchoraudit.read(make(tmp_path, {"some.json": content, **PICTURES}) / path)
    assert (dataset.format, boxes(dataset)) == ("via", [("cat", [10, 20, 110, 70])])
    assert dataset.images.ids == ["a.jpg", "b.jpg"]
    assert dataset.images.width.tolist() == [640, 64]  # `size` is in bytes
    assert (dataset.findings, dataset.notes) == ([], [])
    assert "classes by 'class'" in dataset.recognised


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ({"name": "polygon", "all_points_x": [10, 60, 70], "all_points_y": [20, 10, 60]}, [10, 10, 70, 60]),
        ({"name": "polyline", "all_points_x": [10, 60, 70], "all_points_y": [20, 10, 60]}, [10, 10, 70, 60]),
        ({"name": "circle", "cx": 50, "cy": 50, "r": 30}, [20, 20, 80, 80]),
        ({"name": "ellipse", "cx": 50, "cy": 50, "rx": 30, "ry": 10}, [20, 40, 80, 60]),
        (
            {"name": "ellipse", "cx": 50, "cy": 50, "rx": 30, "ry": 10, "theta": 1.5707963267948966},
            [40, 20, 60, 80],
        ),
    ],
)
def test_other_shapes_become_the_boxes_around_them(tmp_path, shape, box):
    dataset = read(tmp_path, export(region(shape=shape)))
    assert dataset.boxes.xyxy[0] == pytest.approx(box)
    assert dataset.notes == [f"read as the boxes around them: 1 {shape['name']}"]


def test_splits_are_folders_or_names(tmp_path):
    dataset = anchoraudit.read(make(tmp_path, {"train/v.json": export(region()), "via_val.json": export()}))
    assert dataset.splits == ("val", "train")


@pytest.mark.parametrize(
    ("attributes", "asked", "labels"),
    [
        ([{"made up": "x"}, {"made up": "y"}], "", ["x", "y"]),
        ([{"id": "1", "class_name": "x"}, {"id": "2", "class_name": "y"}], "", ["x", "y"]),
        ([{"name": "x", "type": "x"}, {"name": "y", "type": "y"}], "", ["x", "y"]),
        ([{"a": "x", "b": "1"}, {"a": "y", "b": "2"}], "b", ["1", "2"]),
        ([{"class": 3}, {"class": 4.5}], "", ["3", "4.5"]),
        ([{"class": {"x": True}}, {"class": {"x": False, "y": "true"}}], "", ["x", "y"]),
    ],
)
def test_the_class_is_an_attribute(tmp_path, attributes, asked, labels):
    dataset = read(tmp_path, export(*map(region, attributes)), class_attribute=asked)
    assert [name for name, _ in boxes(dataset)] == labels


def test_options_of_a_project_have_texts(tmp_path):
    dataset = read(
        tmp_path, project(region({"class": "0"}), region({"class": "1"}), options={"0": "cat", "1": ""})
    )
    assert [name for name, _ in boxes(dataset)] == ["cat", "1"]


def test_where_the_class_is_not_clear_it_is_asked_for(tmp_path, capsys):
    content = export(region({"kind": "x", "state": "1"}), region({"kind": "y", "state": "1"}))
    with pytest.raises(
        AnchorauditError, match=r"several attributes could be the class: 'kind' \('x', 'y'\), 'state' "
    ):
        read(tmp_path, content)
    with pytest.raises(AnchorauditError, match=r"no region has the attribute 'knd'\n  Did you mean kind\?"):
        read(tmp_path, content, class_attribute="knd")
    assert run("scan", tmp_path) == 2
    assert "--class-attribute 'kind'" in capsys.readouterr().err
    assert run("scan", tmp_path, "--class-attribute", "kind", "--detector", "none") == 0
    assert run("scan", tmp_path, "--class-attribute", "kind", "--engine", "local") == 2


def test_without_any_attribute_there_is_one_class(tmp_path):
    dataset = read(tmp_path, export(region({}), region({})))
    assert {name for name, _ in boxes(dataset)} == {"object"}
    assert dataset.notes == ["no region has a class, so all are of one, called 'object' here"]


def test_what_is_no_box_and_what_is_broken(tmp_path):
    point = region(shape={"name": "point", "cx": 1, "cy": 2})
    broken = [
        7,
        region(shape={}),
        region(shape={**RECT, "x": "left"}),
        region(shape={"name": "rect", "x": 1}),
        region({}),
        region(shape={"name": "polygon", "all_points_x": [1, 2, 3], "all_points_y": [1]}),
        region(shape={**RECT, "width": float("nan")}),
        point,
    ]
    content = {**export(*broken), "c.jpg": entry("c.jpg", point), "d": 5, "a.jpg2": entry("a.jpg")}
    make(
        tmp_path,
        {"x.json": json.dumps(content), "y.json": "{", "z.json": {"k": 1}, "c.jpg": (9, 9), **PICTURES},
    )
    dataset = anchoraudit.read(tmp_path)
    places = [(code, place.removeprefix("entry 1, regions")) for code, place, _ in found(dataset)]
    assert places == [
        *(("PAR003", f"[{n}]") for n in (0, 1)),
        ("PAR004", "[2]"),
        *(("PAR003", f"[{n}]") for n in (3, 4, 5)),
        ("PAR002", "entry 4"),
        ("BOX001", "[6]"),
    ]
    assert dataset.images.ids == ["a.jpg", "b.jpg", "a.jpg (entry 5)"]
    assert dataset.notes == [
        "not read: y.json, z.json are not files of VIA",
        "not read: 2 points",
        "not read: 1 image which has only such shapes, so not blank: c.jpg",
    ]
    assert "IMG004" not in {finding.code for finding in anchoraudit.audit(dataset).findings}


def test_an_export_beside_its_project_is_not_counted_twice(tmp_path):
    oval = region(shape={"name": "ellipse", "cx": 50, "cy": 50, "rx": 30, "ry": 10})
    files = {
        "via_project.json": project(region(), oval),
        "via_export.json": export(region(), oval),
        **PICTURES,
    }
    dataset = anchoraudit.read(make(tmp_path, files))
    assert (len(dataset.images), len(dataset.boxes)) == (2, 2)
    assert [code for code, *_ in found(dataset)] == ["SET015"]
    assert dataset.notes == ["read as the boxes around them: 1 ellipse"]


def test_coco_exported_beside_the_project_is_taken(tmp_path):
    assert (
        detect(make(tmp_path, {"via_project.json": project(), "via_export_coco.json": document()})).format
        == "coco"
    )
