"""VIA CSV of all its versions: shapes, classes, images without regions, and rows that are none."""

import json

import numpy as np
import pytest

from anchoraudit import read
from anchoraudit.errors import AnchorauditError
from tests.builders import make

HEADER = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
RECT = {"name": "rect", "x": 10, "y": 20, "width": 100, "height": 50}


def row(name, shape, attributes=None):
    cells = [json.dumps(each).replace('"', '""') for each in (shape, attributes or {})]
    return f'{name},1234,"{{}}",1,0,"{cells[0]}","{cells[1]}"'


def table(root, *rows, header=HEADER):
    make(root, {"via_region_data.csv": "\n".join([header, *rows]), "a.jpg": (640, 480), "b.jpg": (640, 480)})
    return root / "via_region_data.csv"


def labels(dataset):
    return [dataset.categories[i].name if i >= 0 else "" for i in dataset.boxes.category.tolist()]


@pytest.mark.parametrize("header", [HEADER, f"#{HEADER}"])
def test_regions_and_images_without_any(tmp_path, header):
    rows = [row("file:///C:/x/a.jpg", RECT, {"class": "cat"}), 'file:///C:/x/b.jpg,99,"{}",0,0,"{}","{}"']
    dataset = read(table(tmp_path, *rows, header=header))
    assert dataset.recognised == "VIA CSV: via_region_data.csv, classes by 'class'"
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]]
    assert (labels(dataset), dataset.images.file_names) == (["cat"], ["a.jpg", "b.jpg"])
    assert (dataset.findings, dataset.notes) == ([], [])
    assert read(tmp_path).format == "via_csv"


def test_outlines_become_boxes_and_points_are_not_read(tmp_path):
    shapes = [
        {"name": "polygon", "all_points_x": [10, 110, 50], "all_points_y": [20, 30, 70]},
        {"name": "circle", "cx": 50, "cy": 50, "r": 10},
        {"name": "ellipse", "cx": 50, "cy": 50, "rx": 30, "ry": 10, "theta": np.pi / 2},
        {"name": "point", "cx": 1, "cy": 1},
    ]
    rows = [*(row("a.jpg", shape) for shape in shapes), row("b.jpg", shapes[-1])]
    dataset = read(table(tmp_path, *rows))
    boxes = [[10, 20, 110, 70], [40, 40, 60, 60], [40, 20, 60, 80]]
    assert np.allclose(dataset.boxes.xyxy, boxes)
    assert dataset.images.ids == ["a.jpg"]
    assert dataset.notes[1:] == [
        "read as the boxes around them: 1 polygon, 1 circle, 1 ellipse",
        "not read: 2 points",
        "not read: 1 image which has only such shapes, so not blank: b.jpg",
    ]
    assert dataset.boxes.traits.all()


def test_which_attribute_is_the_class(tmp_path):
    dataset = read(table(tmp_path, row("a.jpg", RECT, {"damage": "dent", "Type ": "car"})))
    assert labels(dataset) == ["car"]
    path = table(tmp_path, row("a.jpg", RECT, {"age": "45", "bag": {"none": True, "red": False}}))
    assert labels(read(path, class_attribute="bag")) == ["none"]
    with pytest.raises(AnchorauditError, match="--class-attribute 'age'"):
        read(path)
    assert labels(read(table(tmp_path, row("a.jpg", RECT)))) == ["object"]


def test_rows_that_cannot_be_used(tmp_path):
    rows = ["a.jpg,1", row("a.jpg", {"name": "rect", "x": 1}), 'a.jpg,1,"{}",1,0,"{x","{}"', row("", RECT)]
    dataset = read(table(tmp_path, *rows))
    found = sorted((finding.code, finding.place) for finding in dataset.findings)
    assert found == [
        ("PAR003", "line 2"),
        ("PAR003", "line 3"),
        *[("PAR003", "line 4")] * 2,
        ("PAR003", "line 5"),
    ]
    assert np.isnan(dataset.boxes.xyxy).all() and len(dataset.boxes) == 2


def test_version_3(tmp_path):
    attributes = {"1": {"aname": "kind", "type": 3, "options": {"0": "cat", "1": "dog"}}}
    lines = [
        "# Exported using VGG Image Annotator (http://www.robots.ox.ac.uk/~vgg/software/via)",
        '# SHAPE_ID = {"POINT":1,"RECTANGLE":2}',
        f"# ATTRIBUTE = {json.dumps(attributes)}",
        "# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates,metadata",
        '"1_a","[""a.jpg""]",0,"[]","[2,10,20,100,50]","{""1"":""1""}"',
        '"1_b","[""a.jpg""]",0,"[]","[7,10,20,110,30,50,70]","{""1"":""0""}"',
        '"1_c","[""v.mp4""]",0,"[2.4]","[2,1,2,3,4]","{}"',
        '"1_d","[""b.jpg""]",0,"[]","[]","{}"',
        '"1_e","[""b.jpg"",""c.jpg""]",0,"[]","[2,1,2,3,4]","{}"',
    ]
    dataset = read(table(tmp_path, *lines[1:], header=lines[0]))
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]] * 2
    assert (labels(dataset), dataset.images.ids) == (["dog", "cat"], ["a.jpg", "b.jpg"])
    assert [finding.message for finding in dataset.findings] == ["the row is not about one file"]
    assert dataset.notes[1:] == [
        "not read: 1 region of a video",
        "not read: 1 image which has only such shapes, so not blank: v.mp4",
    ]


def test_a_folder_for_each_split(tmp_path):
    for split in ("train", "val"):
        table(tmp_path / split, row("a.jpg", RECT, {"class": "cat"}))
    assert read(tmp_path).splits == ("train", "val")
