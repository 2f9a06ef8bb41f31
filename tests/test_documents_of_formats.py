"""JSON files of annotations: which are found, what their beginning shows, and what their names say."""

import json
import os

import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import _documents as documents
from tests.builders import make

BIG = {"version": "5", "imageData": "A" * 300_000, "shapes": [{"label": "cat"}], "imagePath": "a.jpg"}


def test_files_are_found_folder_by_folder(tmp_path):
    names = ["b.json", "a.JSON", "train/c.json", "train/labels/d.json", "1/2/3/e.json"]
    others = [
        "._a.json",
        ".x.json",
        "__MACOSX/a.json",
        ".ipynb_checkpoints/a.json",
        "a.txt",
        "1/2/3/4/f.json",
    ]
    make(tmp_path, dict.fromkeys([*names, *others], "{}"))
    found = [file.relative_to(tmp_path).as_posix() for file in documents.documents_below(tmp_path)]
    assert found == ["a.JSON", "b.json", "train/c.json", "train/labels/d.json", "1/2/3/e.json"]


def test_a_change_of_a_folder_and_of_a_file_is_seen(tmp_path):
    make(tmp_path, {"a.json": "[1]"})
    os.utime(tmp_path, (1, 1))
    assert len(documents.documents_below(tmp_path)) == 1
    assert documents.peek(tmp_path / "a.json") == [1]
    make(tmp_path, {"a.json": "[1, 2]", "b.json": "[]"})
    assert len(documents.documents_below(tmp_path)) == 2
    assert documents.peek(tmp_path / "a.json") == [1, 2]


def test_a_folder_of_images_is_not_listed_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "_NAMES", 2)
    make(tmp_path, {f"{n}.jpg": "" for n in range(9)})
    with os.scandir(tmp_path) as entries:  # whichever the system lists last
        last = [entry.name for entry in entries][-1]
    (tmp_path / last).unlink()
    (tmp_path / "z.json").write_text("{}")
    with os.scandir(tmp_path) as entries:
        early = "z.json" in [entry.name for entry in entries][:2]
    assert len(documents.documents_below(tmp_path, every=False)) == early
    assert len(documents.documents_below(tmp_path)) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('\ufeff {"a": [1, NaN]}', {"a": [1, float("nan")]}),
        ("[]", []),
        ("12", None),
        ("", None),
        ("<html>", None),
        ('{"a": 1,}', None),
        ('{"a": 1} x', None),
    ],
)
def test_a_small_file_is_seen_whole(tmp_path, text, value):
    make(tmp_path, {"a.json": text})
    assert repr(documents.peek(tmp_path / "a.json")) == repr(value)


@pytest.mark.parametrize("indent", [None, 2])
def test_the_beginning_of_a_large_file_is_seen(tmp_path, indent):
    items = [{"name": f"{n}.jpg", "at": [n, {"x": '"}],{'}]} for n in range(2000)]
    make(tmp_path, {"list.json": json.dumps(items, indent=indent)})
    make(tmp_path, {"object.json": json.dumps({"info": {}, "items": items, "end": 1}, indent=indent)})
    seen = documents.peek(tmp_path / "list.json")
    assert 50 < len(seen) < 2000
    assert seen[:-1] == items[: len(seen) - 1]
    assert documents.peek(tmp_path / "object.json")["items"][:9] == items[:9]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_image_within_the_file_is_skipped(tmp_path, indent):
    make(tmp_path, {"a.json": json.dumps(BIG, indent=indent)})
    assert documents.overview(tmp_path / "a.json") == {**BIG, "imageData": ""}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "a pointer of Git LFS"),
        (b"<!DOCTYPE html><html>", "a page of HTML or XML, not JSON"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16 or UTF-32 text"),
        (b'{"a": 1,\n "b" 2}', "a.json, line 2, column 6: not valid JSON"),
        (b'{"a": "\xff"}', "is not UTF-8"),
    ],
)
def test_what_is_no_json_is_said(tmp_path, content, words):
    make(tmp_path, {"a.json": content})
    with pytest.raises(AnchorauditError) as raised:
        documents.load(tmp_path / "a.json")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("file", "split"),
    [
        ("a.json", ""),
        ("train/a.json", "train"),
        ("val/annotations/a.json", "val"),
        ("labels/train2017/a.json", "train"),
        ("via_Test.json", "test"),
        ("train_and_val.json", ""),
        ("trained/a.json", ""),
    ],
)
def test_splits_follow_from_folders_and_names(tmp_path, file, split):
    root = tmp_path / "data"
    assert documents.split_of(root / file, root) == split


def test_the_folder_itself_names_the_split(tmp_path):
    assert documents.split_of(tmp_path / "valid/a.json", tmp_path / "valid") == "valid"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a.jpg", "a.jpg"),
        ("x/a (1) 100%25.rf.0.jpg", "x/a (1) 100%25.rf.0.jpg"),
        ("..\\..\\images\\a.jpg", "images/a.jpg"),
        ("./a.jpg", "a.jpg"),
        ("C:\\data\\a.jpg", "data/a.jpg"),
        ("/home/me/a.jpg", "home/me/a.jpg"),
        ("file:///home/me/a%20b.jpg", "home/me/a b.jpg"),
        ("file://C:\\data\\a.jpg", "data/a.jpg"),
        ("http://host/x/a.jpg?token=1#2", "x/a.jpg"),
        ("s3://bucket/x/a#1.jpg", "x/a#1.jpg"),
        ("/data/local-files/?d=x/a%20b.jpg", "x/a b.jpg"),
        ("http://[x/a.jpg", "http:/[x/a.jpg"),
        ("", ""),
    ],
)
def test_names_of_images(text, name):
    assert documents.image_name(text) == name
