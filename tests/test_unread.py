"""What lies in a data set and was not read: images in folders that no annotation leads to."""

import os

import pytest

from anchoraudit import read
from anchoraudit.images import unread
from tests.builders import annotation, document, image, make
from tests.test_voc import xml
from tests.test_yolo import BOX

P = (64, 48)
ONE = document([image(1, file_name="a.jpg")], [annotation(1)])


@pytest.mark.parametrize(
    "files",
    [
        {"train/a.txt": BOX, "train/a.jpg": P},
        {"train/labels/a.txt": BOX, "train/images/a.jpg": P},
        {"train/a.xml": xml(), "train/a.jpg": P},
        {"train/_annotations.coco.json": ONE, "train/a.jpg": P},
        {"train/_annotations.csv": "filename,class,xmin,ymin,xmax,ymax\na.jpg,c,1,1,9,9\n", "train/a.jpg": P},
    ],
    ids=["yolo", "yolo folders", "voc", "coco", "table"],
)
def test_a_split_without_annotations_is_told_in_every_format(tmp_path, files):
    make(tmp_path, {**files, "valid/b.jpg": P, "valid/c.jpg": P, "masks/a.png": P})
    dataset = read(tmp_path)
    (finding,) = (finding for finding in dataset.findings if finding.code == "SET017")
    assert finding.message == "2 image files in valid/ not read: no annotation of them was found"
    assert (finding.path, finding.thing) == (f"{tmp_path}/valid", "split valid")
    assert "not read: 1 image file, in masks/ (1)" in dataset.notes
    for chosen in ({"splits": dataset.splits}, {"image_folder": tmp_path / "train"}):
        if any(chosen.values()) and dataset.splits != ("",):
            again = read(tmp_path, **chosen)
            assert "SET017" not in [finding.code for finding in again.findings]


def test_folders_of_images_that_are_read_are_not_listed_again(tmp_path, monkeypatch):
    make(tmp_path, {"Annotations/a.xml": xml(), "JPEGImages/a.jpg": P, "other/b.jpg": P})
    dataset = read(tmp_path)
    listed, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path.name) or scandir(path))
    assert unread.unread_images(dataset, tmp_path) == unread.Unread({"other/": 1})
    assert "other" in listed
    if (tmp_path / "other").stat().st_nlink == 2:  # this file system counts folders
        assert not {"Annotations", "JPEGImages"} & set(listed)


def test_a_search_ends(tmp_path, monkeypatch):
    make(tmp_path, {"a/a.xml": xml(), "a/a.jpg": P, "b/b.jpg": P, "c/c.jpg": P})
    monkeypatch.setattr(unread, "_MOST_FOLDERS", 3)
    (note,) = read(tmp_path).notes
    assert note == "not read: 1 image file, in b/ (1); not all folders were looked into"
