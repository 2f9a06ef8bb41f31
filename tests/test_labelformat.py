"""KITTI, CVAT and Labelbox: by the library where it is installed, and what its absence or failure says."""

import importlib.util
import json
import sys
import types
from importlib.machinery import ModuleSpec

import numpy as np
import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import detect, labelformat, read
from tests.builders import make, run

INSTALLED = importlib.util.find_spec("labelformat") is not None
library = pytest.mark.skipif(not INSTALLED, reason="labelformat is not installed")

CAR = "Car 0.00 0 -1.58 10.5 20 30 40 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"
NOT_LABELLED = "DontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10\n"
KITTI = {"label_2/a.txt": CAR + NOT_LABELLED, "image_2/a.png": (100, 50), "image_2/b.png": (100, 50)}
CVAT = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><task><labels><label><name>car</name></label></labels></task></meta>
<image id="0" name="x/a.jpg" width="100" height="50"><box label="car" xtl="1" ytl="2" xbr="3" ybr="4"/>
<polygon points="1,2;3,4" label="car"/>
<box label="car" xtl="1" ytl="2" xbr="NaN" ybr="4" rotation="10.0"/></image>
<image id="1" name="b.jpg" width="0" height="50"/></annotations>
"""
ROW = {
    "data_row": {"id": "1", "external_id": "a.jpg"},
    "media_attributes": {"width": 100, "height": 50},
    "projects": {
        "p": {
            "labels": [
                {
                    "annotations": {
                        "objects": [
                            {
                                "annotation_kind": "ImageBoundingBox",
                                "name": "cat",
                                "bounding_box": {"left": 1, "top": 2, "width": 3, "height": 4},
                            },
                            {"annotation_kind": "ImagePolygon", "name": "dog"},
                        ]
                    }
                }
            ]
        }
    },
}


def codes(dataset):
    return [(finding.code, finding.place, finding.evidence) for finding in dataset.findings]


# What is recognised, without the library


def test_kitti_is_told_from_yolo_by_its_lines(tmp_path):
    make(tmp_path, KITTI)
    detection = detect(tmp_path)
    assert (detection.format, detection.path) == ("labelformat", tmp_path / "label_2")
    assert detection.reason == "KITTI, label_2/ beside image_2/"
    make(tmp_path / "y", {"labels/a.txt": "0 0.5 0.5 0.1 0.1\n", "images/a.png": (9, 9)})
    assert detect(tmp_path / "y").format == "yolo"
    make(tmp_path / "k", {"labels/a.txt": CAR, "labels/b.txt": "", "images/a.png": (9, 9)})
    assert detect(tmp_path / "k").format == "labelformat"
    make(tmp_path / "other", {"labels/a.txt": "a cat\n", "images/a.png": (9, 9)})
    assert labelformat.detect(tmp_path / "other") is None


def test_cvat_and_labelbox_are_told_by_their_first_bytes(tmp_path):
    voc = "<annotation><object/></annotation>"
    make(tmp_path, {"c.xml": CVAT, "v.xml": voc, "l.ndjson": json.dumps(ROW) + "\n", "o.ndjson": "{}\n"})
    assert detect(tmp_path / "c.xml").reason == "CVAT for images, an XML file"
    assert detect(tmp_path / "l.ndjson").reason == "Labelbox, an ndjson file"
    assert labelformat.detect(tmp_path / "v.xml") is labelformat.detect(tmp_path / "o.ndjson") is None


def test_cvats_folder_is_not_taken_where_there_is_other_xml(tmp_path):
    make(tmp_path, {"annotations.xml": CVAT, "images/a.jpg": (9, 9)})
    assert detect(tmp_path, format="labelformat").path == tmp_path / "annotations.xml"
    make(tmp_path, {"a.xml": "<annotation/>"})
    assert labelformat.detect(tmp_path) is None
    assert detect(tmp_path).format == "voc"


# Without the library, and with one that fails


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "labelformat", None)
    with pytest.raises(AnchorauditError, match=r"pip install 'anchoraudit\[labelformat\]'"):
        read(make(tmp_path, KITTI))


def test_the_program_says_it_too(tmp_path, here, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "labelformat", None)
    assert run("scan", make(tmp_path / "k", KITTI)) == 2
    assert "pip install 'anchoraudit[labelformat]'" in capsys.readouterr().err


def stand_in(monkeypatch, **readers):
    """A library whose `labelformat.formats` has only these readers."""
    for name, content in (("labelformat", {}), ("labelformat.formats", readers)):
        module = types.ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


def test_whatever_the_library_raises_names_the_file(tmp_path, monkeypatch):
    class Failing:
        def __init__(self, input_file):
            raise KeyError("a long\nstory")

    stand_in(monkeypatch, CVATObjectDetectionInput=Failing)
    make(tmp_path, {"c.xml": CVAT})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "c.xml")
    assert caught.value.path == str(tmp_path / "c.xml")
    assert caught.value.message == r"labelformat cannot read it: KeyError: 'a long\nstory'"


def test_what_the_library_is_asked_for_and_what_becomes_of_it(tmp_path, monkeypatch):
    """The library's interface as it is used: constructor, hook, `get_images` and `get_labels`."""

    def thing(**values):
        return types.SimpleNamespace(**values)

    class Reader:
        def __init__(self, input_folder, category_names, images_rel_path):
            self.asked = (input_folder, category_names, images_rel_path)

        def get_images(self):
            yield thing(id=1, filename="b.png", width=100, height=50)
            yield thing(id=0, filename="a.png", width=100, height=50)

        def get_labels(self):
            assert self.asked == (tmp_path / "label_2", "Car,DontCare", str(tmp_path / "image_2"))
            self.on_error("file:/x/broken.png", ValueError())
            for image in self.get_images():
                box = thing(xmin=1, ymin=2, xmax=3, ymax=4)
                labels = [thing(category=thing(name=name), box=box) for name in ("Car", "DontCare")]
                yield thing(image=image, objects=labels)

    stand_in(monkeypatch, KittiObjectDetectionInput=Reader)
    dataset = read(make(tmp_path, KITTI))
    assert dataset.images.ids == ["a", "b"]
    assert dataset.boxes.image.tolist() == [0, 0]
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 3, 4]] * 2
    assert dataset.boxes.crowd.tolist() == [False, True]
    assert [category.name for category in dataset.categories] == ["Car", "DontCare"]
    assert [(f.code, f.path) for f in dataset.findings] == [("PAR001", "/x/broken.png")]
    assert dataset.notes == ["taken as blank, of 2 images: 1 without a label file"]
    source = dataset.sources[0]
    assert (source.path, source.image_folder) == (tmp_path / "label_2", tmp_path / "image_2")
    assert (source.item, source.suffix) == ("line", ".txt")


# By the library itself


@library
def test_kitti(tmp_path):
    dataset = read(make(tmp_path / "training", KITTI).parent)
    assert dataset.recognised == "KITTI, label_2/ beside image_2/, by labelformat"
    assert dataset.images.ids == ["a", "b"]
    assert dataset.boxes.xyxy.tolist() == [[10.5, 20, 30, 40], [1, 2, 3, 4]]
    assert dataset.boxes.crowd.tolist() == [False, True]
    assert dataset.boxes.entry.tolist() == [0, 1]
    assert dataset.notes == ["taken as blank, of 2 images: 1 without a label file"]


@library
@pytest.mark.parametrize("line", ["Car 1 2 3\n", "\n", CAR.replace("10.5", "x")])
def test_a_kitti_file_that_is_broken_is_named(tmp_path, line):
    make(tmp_path, {**KITTI, "label_2/b.txt": CAR + line})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path)
    assert caught.value.path == str(tmp_path / "label_2" / "b.txt")


@library
def test_a_kitti_image_that_is_broken(tmp_path):
    dataset = read(make(tmp_path, {**KITTI, "image_2/b.png": b"", "label_2/b.txt": CAR}))
    assert dataset.images.ids == ["a"]
    assert [(f.code, f.path) for f in dataset.findings] == [("PAR001", str(tmp_path / "image_2" / "b.png"))]


@library
def test_a_class_with_a_comma_is_refused(tmp_path):
    with pytest.raises(AnchorauditError, match="the class 'Car,x' has a comma"):
        read(make(tmp_path, {**KITTI, "label_2/a.txt": CAR.replace("Car", "Car,x")}))


@library
def test_cvat(tmp_path):
    make(tmp_path, {"c.xml": CVAT, "images/x/a.jpg": (100, 50)})
    dataset = read(tmp_path / "c.xml")
    assert dataset.images.ids == dataset.images.file_names == ["x/a.jpg", "b.jpg"]
    assert np.array_equal(dataset.images.width, [100, np.nan], equal_nan=True)
    assert np.array_equal(dataset.boxes.xyxy, [[1, 2, 3, 4], [1, 2, np.nan, 4]], equal_nan=True)
    assert codes(dataset) == [
        ("IMG001", "", "b.jpg"),
        ("IMG002", "", "b.jpg"),
        ("BOX001", "box 2", "1, 2, nan, 4"),
    ]
    assert dataset.image_path(0) == tmp_path / "images/x/a.jpg"
    assert len(dataset.notes) == 2  # of the polygon, and of the turned box


@library
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('label="car" xtl', 'label="bus" xtl', "Unknown category name 'bus'"),
        ("</image>", "", "ParseError"),
        ('xtl="1"', 'xtl="one"', "unable to parse string as a number"),
        ("<annotations>", "<!DOCTYPE annotations [<!ENTITY a 'b'>]><annotations>", "document type"),
    ],
)
def test_cvat_that_is_broken_is_named(tmp_path, old, new, words):
    make(tmp_path, {"c.xml": CVAT.replace(old, new)})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "c.xml")
    assert caught.value.path == str(tmp_path / "c.xml")
    assert words in caught.value.message


@library
def test_labelbox(tmp_path):
    make(tmp_path, {"l.ndjson": f"{json.dumps(ROW)}\n", "a.jpg": (100, 50)})
    dataset = read(tmp_path / "l.ndjson")
    assert (dataset.images.ids, dataset.images.width.tolist()) == (["a.jpg"], [100])
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 4, 6]]
    assert dataset.sources[0].item == "line"
    assert dataset.notes == ["1 objects that are not boxes are not read"]


@library
@pytest.mark.parametrize("second", ["{", json.dumps({**ROW, "projects": {}}), "[]"])
def test_a_broken_line_of_labelbox_is_named(tmp_path, second):
    make(tmp_path, {"l.ndjson": f"{json.dumps(ROW)}\n{second}\n"})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "l.ndjson")
    assert (caught.value.path, caught.value.place) == (str(tmp_path / "l.ndjson"), "line 2")


@library
def test_there_are_no_splits(tmp_path):
    with pytest.raises(AnchorauditError, match="unknown split 'train'"):
        read(make(tmp_path, KITTI), splits=("train",))
