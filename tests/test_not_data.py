"""Pointers of Git LFS, web pages, and what macOS and Jupyter leave behind, in the place of data."""

import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import read
from anchoraudit.io.folders import folders_in
from anchoraudit.io.left_behind import is_left_behind, passed_over, told
from tests.builders import document, make, run
from tests.rule_cases import CAT, drawn, voc, yolo
from tests.rule_cases.par010 import POINTER
from tests.rule_cases.par011 import PAGE

APPLE = b"\0\5\x16\7\0\2\0\0Mac OS X        "
LINE = "0 0.5 0.5 0.2 0.2"


def found(dataset, root):
    return [
        (finding.code, finding.path.removeprefix(f"{root}/"), finding.place) for finding in dataset.findings
    ]


def test_each_pointer_is_one_finding_whatever_the_reader_says_of_its_lines(tmp_path):
    pictures = {f"images/{name}.jpg": (64, 48) for name in "bcd"}
    labels = {"labels/b.txt": POINTER, "labels/c.txt": PAGE, "labels/d.txt": "0 0.5\n"}
    root = make(tmp_path, {**yolo(LINE), **pictures, **labels})
    assert sorted(found(read(root), root)) == [
        ("PAR003", "labels/d.txt", "line 1"),
        ("PAR010", "labels/b.txt", ""),
        ("PAR011", "labels/c.txt", ""),
    ]


def test_an_image_that_is_a_pointer_is_reported_once(tmp_path, capsys):
    root = make(tmp_path / "y", {**yolo(LINE), "images/b.jpg": POINTER, "labels/b.txt": LINE})
    assert found(read(root), root) == [("PAR010", "images/b.jpg", "")]
    data = make(tmp_path / "c", {**drawn("a.jpg"), "images/a.jpg": POINTER})
    for path in (root, data):
        assert run("scan", path, "--detector", "none", "--output-format", "concise") == 1
        lines = capsys.readouterr().out.splitlines()
        assert [line for line in lines if "Git LFS" in line] == [
            line for line in lines if " PAR010 error " in line
        ]
        assert sum(" PAR010 error " in line for line in lines) == 1
        assert not any("IMG005" in line or "IMG002" in line for line in lines)


def test_all_annotations_are_pointers(tmp_path):
    root = make(
        tmp_path, {"JPEGImages/a.jpg": (64, 48), "Annotations/a.xml": POINTER, "Annotations/b.xml": POINTER}
    )
    with pytest.raises(AnchorauditError) as raised:
        read(root)
    assert "Git LFS pointer in place of the file, as 2 *.xml of its folder are" in str(raised.value)
    assert raised.value.remedy.startswith("Run `git lfs pull`")


def test_one_file_of_several_is_a_pointer(tmp_path):
    files = {"instances_train.json": document(), "instances_val.json": POINTER}
    root = make(tmp_path, {f"annotations/{name}": content for name, content in files.items()})
    with pytest.raises(AnchorauditError, match=r"instances_val\.json: not a data set, but a Git LFS pointer"):
        read(root)


LEFT = {"images/._a.jpg": APPLE, "__MACOSX/images/._a.jpg": APPLE, ".ipynb_checkpoints/a.txt": "x"}
NOTE = "left out, as no part of the data: "


@pytest.mark.parametrize(
    ("files", "left", "note"),
    [
        (yolo(LINE), {**LEFT, "labels/._a.txt": APPLE}, "2 ._* of macOS, 1 __MACOSX/, 1 .ipynb_checkpoints/"),
        (voc(CAT), {"Annotations/._a.xml": APPLE, "JPEGImages/._a.jpg": APPLE}, "2 ._* of macOS"),
        (
            {"a.xml": voc(CAT)["Annotations/a.xml"], "a.jpg": (640, 480)},
            {"._a.xml": APPLE, "._a.jpg": APPLE, "__MACOSX/._a.xml": APPLE},
            "2 ._* of macOS, 1 __MACOSX/",
        ),
        (
            {"annotations/instances_train.json": document(), "train/1.jpg": (960, 720)},
            {
                "annotations/._instances_train.json": APPLE,
                "__MACOSX/annotations/._instances_train.json": APPLE,
            },
            "1 ._* of macOS, 1 __MACOSX/",
        ),
        (
            {"train/_annotations.coco.json": document(), "train/1.jpg": (960, 720)},
            {"train/._1.jpg": APPLE, "__MACOSX/train/._1.jpg": APPLE},
            "1 ._* of macOS, 1 __MACOSX/",
        ),
    ],
)
def test_what_is_left_behind_changes_nothing_and_is_said(tmp_path, monkeypatch, files, left, note):
    make(tmp_path, {f"plain/{name}": content for name, content in files.items()})
    make(tmp_path, {f"full/{name}": content for name, content in {**files, **left}.items()})
    monkeypatch.chdir(tmp_path)
    plain, full = read("plain"), read("full")
    assert full.images.ids == plain.images.ids and full.findings == plain.findings == []
    assert set(full.notes) - set(plain.notes) == {f"{NOTE}{note}"}


def test_nothing_is_noted_where_nobody_asks():
    assert (
        is_left_behind("a", "._b.txt") and not is_left_behind("a", "_b.txt") and not is_left_behind("a", "")
    )
    with passed_over() as paths:
        assert is_left_behind("a", "__MACOSX") and is_left_behind("a", "__MACOSX")
    assert len(paths) == 1 and told(paths) == [f"{NOTE}1 __MACOSX/"] and told(set()) == []


def test_what_was_passed_over_is_told_again_when_a_folder_is_listed_again(tmp_path):
    """Folders are not read again as long as nothing else is in them."""
    make(tmp_path, {"a/b.txt": "", "__MACOSX/c.txt": ""})
    for _ in range(2):
        with passed_over() as passed:
            assert folders_in(tmp_path) == [tmp_path / "a"]
        assert passed == {str(tmp_path / "__MACOSX")}
