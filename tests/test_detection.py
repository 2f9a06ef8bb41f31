"""Which format a path is taken for: the surest one, or a question where two are equally sure."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from anchoraudit import formats
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, Sureness, _asked, detect, detect_with
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


def recognised(path):
    """What a path is recognised as, in a new process, and the formats that were imported for it."""
    code = (
        "import json, sys; from pathlib import Path; from anchoraudit.formats import detect, format_names\n"
        f"found = detect(Path({str(path)!r})).format\n"
        "there = [name for name in format_names() if f'anchoraudit.formats.{name}' in sys.modules]\n"
        "print(json.dumps([found, there, 'numpy' in sys.modules]))"
    )
    return json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)


def test_only_formats_of_which_there_is_a_file_are_imported(tmp_path):
    assert recognised(make(tmp_path / "voc", VOC)) == ["voc", ["cvat", "voc"], False]
    found, imported, heavy = recognised(make(tmp_path / "yolo", {"a/A.JPG": (9, 9), **YAML}))
    assert (found, heavy) == ("yolo", False)
    assert "yolo" in imported and not {"coco", "voc", "table"} & set(imported)


def test_all_formats_are_asked_where_none_of_those_recognises_it(tmp_path):
    make(tmp_path, {**YOLO, "images/notes.json": {}})
    first, rest = _asked.in_order("anchoraudit.formats", formats.format_names(), tmp_path / "images")
    assert "coco" in first and "yolo" in rest
    assert detect(tmp_path / "images").format == "yolo"  # its labels are beside the folder


@pytest.mark.parametrize(
    "files",
    [
        {f"{'a/' * 9}a.jpg": (9, 9), "a.xml": XML},  # deeper than is looked
        {**{f"{n}/a.jpg": (9, 9) for n in range(9)}, "a.xml": XML},
    ],
)
def test_all_formats_are_asked_of_a_tree_that_is_too_large(tmp_path, monkeypatch, files):
    monkeypatch.setattr(_asked, "_FOLDERS", 8)
    names = formats.format_names()
    assert _asked.in_order("anchoraudit.formats", names, make(tmp_path, files)) == (names, [])
    assert detect(tmp_path).format == "voc"


def test_links_that_lead_in_a_circle_end(tmp_path):
    make(tmp_path, VOC)
    (tmp_path / "JPEGImages/again").symlink_to(tmp_path)
    (tmp_path / "JPEGImages/self").symlink_to("self")
    first, _ = _asked.in_order("anchoraudit.formats", formats.format_names(), tmp_path)
    assert first == ["cvat", "voc"]


@pytest.mark.parametrize(
    "files", [COCO, ROBOFLOW, VOC, YAML, TABLE, KITTI, FLAT_CVAT, {**COCO, **VOC, **YAML, **TABLE}]
)
def test_the_answer_is_that_of_all_formats(tmp_path, monkeypatch, files):
    make(tmp_path, files)
    found = detect_with(formats.formats(), tmp_path)
    monkeypatch.setattr(formats, "in_order", lambda package, names, path: ([*names], []))
    assert detect_with(formats.formats(), tmp_path) == found != []
