"""Which format a path is taken for: the surest one, or a question where two are equally sure."""

import ast
from pathlib import Path

import pytest

from anchoraudit import formats
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, Sureness, detect
from tests.builders import document, make

XML = "<annotation><size><width>9</width><height>9</height></size></annotation>"
CVAT = "<annotations><version>1.1</version><image/></annotations>"
COCO = {"annotations/instances_a.json": document(), "images/a.jpg": (9, 9)}
COCO_BY_CONTENT = {"some.json": document()}
ROBOFLOW = {"train/_annotations.coco.json": document()}
VOC = {"Annotations/a.xml": XML, "JPEGImages/a.jpg": (9, 9)}
FLAT_VOC = {"a.xml": XML, "a.jpg": (9, 9)}
BROKEN_VOC = {"Annotations/a.xml": "no XML", "JPEGImages/a.jpg": (9, 9)}
YOLO = {"images/a.jpg": (9, 9), "labels/a.txt": "0 0.5 0.5 0.1 0.1\n"}
YAML = {"data.yaml": "train: images\nnames: [a]\n", **YOLO}
TABLE = {"train/_annotations.csv": "image_id,label,x1,y1,x2,y2\n"}
KITTI = {"label_2/a.txt": "Car 0 0 0 1 2 3 4 1 1 1 1 1 1 0\n", "image_2/a.png": (9, 9)}
FLAT_CVAT = {"annotations.xml": CVAT}


@pytest.mark.parametrize(
    ("files", "format", "sureness"),
    [
        (COCO, "coco", Sureness.CONTENT),
        ({"annotations/instances_a.json": "{"}, "coco", Sureness.LAYOUT),
        (COCO_BY_CONTENT, "coco", Sureness.CONTENT),
        (ROBOFLOW, "coco", Sureness.NAME),
        (VOC, "voc", Sureness.CONTENT),
        ({"Annotations/a.xml": XML.encode("utf-16")}, "voc", Sureness.CONTENT),
        ({"a.xml": '<v:annotation xmlns:v="urn:v"/>'}, "voc", Sureness.CONTENT),
        (FLAT_VOC, "voc", Sureness.CONTENT),
        (BROKEN_VOC, "voc", Sureness.LAYOUT),
        ({"a.xml": "no XML"}, "voc", Sureness.SUFFIX),
        (YOLO, "yolo", Sureness.LAYOUT),
        (YAML, "yolo", Sureness.LAYOUT),
        (TABLE, "table", Sureness.SUFFIX),
        (KITTI, "kitti", Sureness.LAYOUT),
        (FLAT_CVAT, "cvat", Sureness.LAYOUT),
        # Two formats: the surer one.
        ({**COCO, **YAML}, "coco", Sureness.CONTENT),
        ({**VOC, **YAML}, "voc", Sureness.CONTENT),
        ({**FLAT_VOC, "a.txt": "0 0.5 0.5 0.1 0.1\n"}, "voc", Sureness.CONTENT),
        ({**COCO, **TABLE}, "coco", Sureness.CONTENT),
        ({**VOC, **TABLE}, "voc", Sureness.CONTENT),
        ({**YOLO, **TABLE}, "yolo", Sureness.LAYOUT),
        ({**COCO, **KITTI}, "coco", Sureness.CONTENT),
        ({**VOC, **KITTI}, "voc", Sureness.CONTENT),
        ({**COCO, **FLAT_CVAT}, "coco", Sureness.CONTENT),
    ],
)
def test_the_surest_format_is_taken(tmp_path, files, format, sureness):
    found = detect(make(tmp_path, files))
    assert (found.format, found.sureness) == (format, sureness)


@pytest.mark.parametrize(
    ("name", "content", "format", "sureness"),
    [
        ("a.json", document(), "coco", Sureness.CONTENT),
        ("a.json", "[]", "coco", Sureness.SUFFIX),
        ("a.yaml", "train: images\n", "yolo", Sureness.CONTENT),
        ("a.yaml", "a: b\n", "yolo", Sureness.SUFFIX),
        ("a.csv", "", "table", Sureness.SUFFIX),
        ("a.xml", CVAT, "cvat", Sureness.CONTENT),
    ],
)
def test_files(tmp_path, name, content, format, sureness):
    found = detect(make(tmp_path, {name: content}) / name)
    assert (found.format, found.sureness) == (format, sureness)


@pytest.mark.parametrize("files", [{**COCO, **VOC}, {**COCO_BY_CONTENT, **FLAT_VOC}])
def test_two_that_are_equally_sure_are_asked_about(tmp_path, files):
    with pytest.raises(AnchorauditError, match=r"2 data sets here: .*\(coco: .*\(voc: "):
        detect(make(tmp_path, files))
    assert detect(tmp_path, format="voc").format == "voc"


@pytest.mark.parametrize("format", ["coco", "voc", "yolo", "table", "kitti"])
def test_a_surer_format_is_taken_from_a_less_sure_one(tmp_path, monkeypatch, format):
    """A format that is new needs no other one to know of it."""
    data = {"coco": COCO, "voc": VOC, "yolo": YOLO, "table": TABLE, "kitti": KITTI}[format]
    make(tmp_path / "data", data)
    make(
        tmp_path / "plugins",
        {
            "own.py": "from anchoraudit.formats import Detection, Sureness\n"
            "NAME = LOOKS_FOR = 'own'\n"
            "def detect(path):\n    return Detection(NAME, path, 'its name', Sureness.NAME)\n"
        },
    )
    assert detect(tmp_path / "data").format == format
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path / "plugins")])
    assert detect(tmp_path / "data") == Detection("own", tmp_path / "data", "its name", Sureness.NAME)


def test_no_format_knows_of_another():
    package = Path(formats.__file__).parent
    names = formats.format_names()
    for module in package.rglob("*.py"):
        own, *rest = module.relative_to(package).with_suffix("").parts
        if rest[:1] == ["kinds"]:
            continue  # objects in memory that hold what is in the files of one format
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("anchoraudit.formats"):
                rooms = node.module.split(".")[2:3] or [alias.name for alias in node.names]
                assert not set(rooms) & set(names) - {own}, module
