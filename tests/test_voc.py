"""Whole Pascal VOC data sets: layouts, splits, images with and without annotations."""

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import ReadOptions, voc
from tests.builders import make

BCCD = Path(__file__).resolve().parents[2] / "shared" / "data" / "bccd" / "BCCD"
DEFAULT = ReadOptions()
needs_links = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes or links here")


def xml(*objects, size=(640, 480), file_name=None):
    """An annotation; an object is (name, x1, y1, x2, y2)."""
    parts = [] if file_name is None else [f"<filename>{file_name}</filename>"]
    if size is not None:
        parts.append(f"<size><width>{size[0]}</width><height>{size[1]}</height></size>")
    for name, *corners in objects:
        box = "".join(
            f"<{t}>{v}</{t}>" for t, v in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
        )
        parts.append(f"<object><name>{name}</name><bndbox>{box}</bndbox></object>")
    return f"<annotation>{''.join(parts)}</annotation>"


CAT = ("cat", 1, 2, 30, 40)


def read(root, **options):
    detection = voc.detect(root)
    assert detection is not None
    return voc.read(detection, ReadOptions(**options))


def found(dataset, *codes):
    return [(f.code, f.place, f.evidence) for f in dataset.findings if not codes or f.code.startswith(codes)]


def rows(dataset):
    return list(zip(dataset.images.ids, dataset.split_names, strict=True))


TWO = {
    "Annotations/b.xml": xml(("dog", 5, 5, 9, 9), CAT),
    "Annotations/a.xml": xml(CAT, size=(320, 240)),
    "JPEGImages/a.jpg": (320, 240),
    "JPEGImages/b.jpg": (640, 480),
}


def test_annotations_beside_images(tmp_path):
    dataset = read(make(tmp_path, TWO))
    assert dataset.format == "voc"
    assert dataset.recognised == "Pascal VOC: 2 XML files in Annotations/ beside JPEGImages/"
    assert dataset.images.ids == ["a", "b"]
    assert dataset.images.file_names == ["a.jpg", "b.jpg"]
    assert dataset.images.width.tolist() == [320, 640]
    assert dataset.images.height.tolist() == [240, 480]
    assert dataset.splits == ("",)
    assert [(c.id, c.name) for c in dataset.categories] == [(1, "cat"), (2, "dog")]
    assert dataset.boxes.image.tolist() == [0, 1, 1]
    assert dataset.boxes.category.tolist() == [0, 1, 0]
    assert dataset.boxes.xyxy.tolist() == [[1, 2, 30, 40], [5, 5, 9, 9], [1, 2, 30, 40]]
    assert not dataset.boxes.crowd.any()
    assert not dataset.boxes.difficult.any()
    assert dataset.boxes.annotation_ids is None
    assert (dataset.findings, dataset.notes) == ([], [])
    assert dataset.sources[0].image_folder == tmp_path / "JPEGImages"
    assert dataset.image_path(1) == tmp_path / "JPEGImages" / "b.jpg"


def test_what_loaders_ask_of_an_image(tmp_path):
    """A list names b, which has no annotation; c has neither a list nor an annotation; d states 0x0."""
    files = {
        "Annotations/a.xml": xml(CAT, size=(320.0, 240)),
        "Annotations/d.xml": xml(CAT, size=(0, 0)),
        **{f"JPEGImages/{stem}.jpg": (320, 240) for stem in "abcd"},
        "ImageSets/Main/train.txt": "a\nb\n",
    }
    images = read(make(tmp_path, files)).images
    assert [ImageTrait(value) for value in images.traits.tolist()] == [
        ImageTrait.LISTED | ImageTrait.ODD_SIZE,
        ImageTrait.LISTED | ImageTrait.NO_LABEL_FILE,
        ImageTrait.NO_LABEL_FILE,
        ImageTrait(0),
    ]
    assert str(images.declared.tolist()) == "[[320.0, 240.0], [nan, nan], [nan, nan], [0.0, 0.0]]"
    assert images.width.tolist() == [320] * 4


def test_traits_come_with_their_boxes_from_all_files(tmp_path):
    many = {
        f"{number:03}.xml": xml(("cat" + " " * (number % 7 == 0), 1, 2, 30, 40.5 if number % 5 == 0 else 40))
        for number in range(700)
    }
    boxes = read(make(tmp_path, many)).boxes
    assert np.flatnonzero(boxes.has(BoxTrait.PADDED_NAME)).tolist() == list(range(0, 700, 7))
    assert np.flatnonzero(boxes.has(BoxTrait.NOT_AN_INTEGER)).tolist() == list(range(0, 700, 5))


def test_offset_is_added_to_the_corners(tmp_path):
    dataset = read(make(tmp_path, {"a.xml": xml(CAT)}), voc_offset=(-1.0, -1.0, 0.0, 0.5))
    assert dataset.boxes.xyxy.tolist() == [[0, 1, 30, 40.5]]
    assert dataset.as_written().boxes.xyxy.tolist() == [[1, 2, 30, 40]]


@pytest.mark.parametrize("images", ["images", "Images", "JPEGIMAGES"])
@pytest.mark.parametrize("annotations", ["Annotations", "annotations", "ANNOTATIONS"])
def test_names_of_folders_in_any_case(tmp_path, images, annotations):
    make(tmp_path, {f"{annotations}/a.XML": xml(CAT), f"{images}/a.JPG": (640, 480)})
    dataset = read(tmp_path)
    assert (dataset.images.ids, dataset.images.file_names, dataset.findings) == (["a"], ["a.JPG"], [])


@pytest.mark.parametrize("images", ["photos", "."])
def test_folders_of_any_name_by_the_stems_of_their_files(tmp_path, images):
    make(tmp_path, {"annots/a.xml": xml(), f"{images}/a.jpg": (9, 9), "ImageSets/train.txt": "a\n"})
    for path in (tmp_path, tmp_path / "annots"):
        dataset = read(path)
        assert (dataset.notes, dataset.splits, dataset.images.file_names) == ([], ("train",), ["a.jpg"])
        assert dataset.image_path(0) == tmp_path / images / "a.jpg"


@pytest.mark.parametrize("images", ["images", "pics"])
def test_splits_that_share_a_folder_of_images(tmp_path, images):
    annotated = {f"images/{name}.xml": xml() for name in ("train/a", "train/b", "test/c")}
    make(tmp_path, annotated | {f"{images}/{name}.jpg": (9, 9) for name in "abcd"})
    if images != "images":
        for split in ("train", "test"):
            (tmp_path / "images" / split).rename(tmp_path / split)
        (tmp_path / "images").rmdir()
    dataset = read(tmp_path if images != "images" else tmp_path / images)
    split = [dataset.splits[i] for i in dataset.images.split]
    assert list(zip(dataset.images.ids, split, strict=True)) == [
        *zip("abd", ["train"] * 3, strict=True),
        ("c", "test"),
    ]
    assert all(dataset.image_path(row) for row in range(4))


def test_flat_folder(tmp_path):
    dataset = read(make(tmp_path, {"a.xml": xml(CAT), "a.png": (640, 480), "b.png": (12, 34)}))
    assert dataset.recognised == "Pascal VOC: 1 XML file beside images"
    assert dataset.images.ids == ["a", "b"]
    assert dataset.images.width.tolist() == [640, 12]
    assert dataset.boxes.image.tolist() == [0]


def test_the_folder_of_annotations_itself(tmp_path):
    make(tmp_path, {**TWO, "ImageSets/Main/train.txt": "a\n"})
    dataset = read(tmp_path / "Annotations")
    assert rows(dataset) == [("a", "train"), ("b", "")]
    assert found(dataset) == []


SPLIT_FOLDERS = {
    "valid/b.xml": xml(CAT), "valid/b.jpg": (640, 480),
    "train/a.xml": xml(CAT, CAT), "train/a.jpg": (640, 480),
    "train/c.xml": xml(), "train/c.jpg": (640, 480),
    "test/a.xml": xml(("dog", 1, 2, 3, 4)), "test/a.jpg": (640, 480),
    "README.txt": "",
}  # fmt: skip


def test_folder_for_each_split(tmp_path):
    dataset = read(make(tmp_path, SPLIT_FOLDERS))
    assert dataset.recognised == "Pascal VOC: 4 XML files in test/ (1), train/ (2), valid/ (1)"
    assert dataset.splits == ("train", "valid", "test")
    assert rows(dataset) == [("a", "train"), ("c", "train"), ("b", "valid"), ("a", "test")]
    assert [s.split for s in dataset.sources] == ["train", "valid", "test"]
    assert dataset.boxes.image.tolist() == [0, 0, 2, 3]
    assert dataset.findings == []
    assert dataset.image_path(3) == tmp_path / "test" / "a.jpg"


def test_choosing_among_folders(tmp_path):
    dataset = read(make(tmp_path, SPLIT_FOLDERS), splits=("test", "valid"))
    assert rows(dataset) == [("b", "valid"), ("a", "test")]
    assert dataset.splits == ("valid", "test")
    assert [c.name for c in dataset.categories] == ["cat", "dog"]


def test_folders_with_any_names_and_no_images(tmp_path):
    make(tmp_path, {"north/a.xml": xml(CAT), "south/a.xml": xml(CAT), "other/x.xml": "<project/>"})
    dataset = read(tmp_path)
    assert dataset.splits == ("north", "south")
    assert len(dataset.notes) == 2


def test_two_roots_side_by_side_are_not_one_data_set(tmp_path):
    make(tmp_path, {"one/Annotations/a.xml": xml(CAT), "two/Annotations/a.xml": xml(CAT)})
    assert voc.detect(tmp_path) is None


def test_roots_named_like_splits_are_one_data_set(tmp_path):
    make(tmp_path, {f"{s}/{name}": content for s in ("train", "test") for name, content in TWO.items()})
    assert rows(read(tmp_path)) == [("a", "train"), ("b", "train"), ("a", "test"), ("b", "test")]


@pytest.mark.parametrize(
    "files", [{}, {"a.jpg": (4, 4)}, {"annotations/instances.json": "{}"}, {"doc/x.xml": "<a/>"}, {"xml": ""}]
)
def test_what_is_not_a_data_set(tmp_path, files):
    assert voc.detect(make(tmp_path, files)) is None
    assert voc.detect(tmp_path / "none") is None


def test_a_file_is_not_a_data_set(tmp_path):
    assert voc.detect(make(tmp_path, {"a.xml": xml(CAT)}) / "a.xml") is None


def kit(*years):
    files = {}
    for year in years:
        for stem, split in (("a", "train"), ("b", "val")):
            files[f"{year}/Annotations/{year}_{stem}.xml"] = xml(CAT)
            files[f"{year}/JPEGImages/{year}_{stem}.jpg"] = (640, 480)
            files[f"{year}/ImageSets/Main/{split}.txt"] = f"{year}_{stem}\n"
        files[f"{year}/ImageSets/Main/trainval.txt"] = f"{year}_a\n{year}_b\n"
        files[f"{year}/ImageSets/Main/cat_train.txt"] = f"{year}_a  1\n"
    return files


@pytest.mark.parametrize("named", ["", "VOCdevkit", "VOCdevkit/VOC2007"])
def test_one_year(tmp_path, named):
    make(tmp_path / "VOCdevkit", kit("VOC2007"))
    dataset = read(tmp_path / named)
    assert rows(dataset) == [("VOC2007_a", "train"), ("VOC2007_b", "val")]
    assert dataset.splits == ("train", "val")
    assert dataset.recognised.endswith(
        "2 XML files in Annotations/ beside JPEGImages/, split lists in ImageSets/Main"
    )


def test_two_years(tmp_path):
    make(tmp_path / "VOCdevkit", kit("VOC2012", "VOC2007"))
    dataset = read(tmp_path)
    assert dataset.splits == ("VOC2007/train", "VOC2007/val", "VOC2012/train", "VOC2012/val")
    assert [i for i, _ in rows(dataset)] == ["VOC2007_a", "VOC2007_b", "VOC2012_a", "VOC2012_b"]
    assert "of VOC2007, VOC2012" in dataset.recognised
    assert rows(read(tmp_path, splits=("train",))) == [
        ("VOC2007_a", "VOC2007/train"), ("VOC2012_a", "VOC2012/train")
    ]  # fmt: skip
    assert rows(read(tmp_path, splits=("VOC2012/train",))) == [("VOC2012_a", "VOC2012/train")]
    assert len(read(tmp_path, splits=("trainval",)).images) == 4
    assert len(read(tmp_path, splits=("VOC2007",)).images) == 2


def lists(**splits):
    return {
        **{f"Annotations/{stem}.xml": xml(CAT) for stem in "abcd"},
        **{f"JPEGImages/{stem}.jpg": (640, 480) for stem in "abcd"},
        **{f"ImageSets/Main/{name}.txt": text for name, text in splits.items()},
    }


def test_split_lists(tmp_path):
    dataset = read(make(tmp_path, lists(train="a\nb\n", test="c", trainval="a\nb\nd\n", val="d\n")))
    assert rows(dataset) == [("a", "train"), ("b", "train"), ("c", "test"), ("d", "val")]
    assert dataset.splits == ("train", "val", "test")
    assert (dataset.findings, dataset.notes) == ([], [])


def test_lists_written_by_all_sorts_of_tools(tmp_path):
    text = "\ufeffa.jpg  \r\n\r\n  b\t\r\nJPEGImages/c.jpg\r\n/data/voc/Annotations/d.xml"
    dataset = read(make(tmp_path, lists(train=text)))
    assert rows(dataset) == [(stem, "train") for stem in "abcd"]
    assert dataset.findings == []
    make(tmp_path, {"ImageSets/Main/train.txt": "a\r\nb\r\n".encode("utf-16")})
    assert rows(read(tmp_path))[:3] == [("a", "train"), ("b", "train"), ("c", "")]


def test_image_in_two_lists_counts_for_the_first(tmp_path):
    make(tmp_path, lists(test="c\nb\n", train="a\nb\n", zoo="d"))
    dataset = read(tmp_path)
    assert rows(dataset) == [("a", "train"), ("b", "train"), ("c", "test"), ("d", "zoo")]
    assert found(dataset) == [("SET004", "line 2", "b")]
    assert dataset.findings[0].message == "'b' is in train and in test"
    chosen = read(tmp_path, splits=("test",))
    assert rows(chosen) == [("b", "test"), ("c", "test")]
    assert found(chosen) == [("SET004", "line 2", "b")]


def test_train_and_test_that_are_equal_are_both_splits(tmp_path):
    dataset = read(make(tmp_path, lists(train="a\nb", test="b\na")))
    assert dataset.splits == ("train", "test", "")
    assert [f.code for f in dataset.findings] == ["SET004", "SET004"]


def test_trainval_that_equals_train_is_train(tmp_path):
    make(tmp_path, lists(train="a\nb", trainval="a\nb", val=""))
    dataset = read(tmp_path)
    assert dataset.splits == ("train", "val", "")
    assert [(f.code, f.message) for f in dataset.findings] == [("SET005", "the list val names no image")]
    assert rows(read(tmp_path, splits=("trainval",))) == [("a", "train"), ("b", "train")]


def test_lines_that_name_nothing(tmp_path):
    dataset = read(make(tmp_path, lists(train="a\n\nghost\n", trainval="a\nghost\nb", val="b")))
    assert found(dataset) == [("SET005", "line 3", "ghost")]
    assert dataset.findings[0].path == str(tmp_path / "ImageSets" / "Main" / "train.txt")


def test_images_in_no_list_are_counted(tmp_path):
    dataset = read(make(tmp_path, lists(train="a")))
    assert rows(dataset) == [("a", "train"), ("b", ""), ("c", ""), ("d", "")]
    assert dataset.splits == ("train", "")
    assert dataset.notes == ["3 images are in no split list"]
    assert rows(read(tmp_path, splits=("train",))) == [("a", "train")]


def test_lists_of_classes_are_no_splits(tmp_path):
    make(tmp_path, lists(train="a", cat_train="a  1\nb -1\nc  0\n"))
    with pytest.raises(
        AnchorauditError, match=r"unknown split 'cat_train'\n  Did you mean train\? Choose from: train\."
    ):
        read(tmp_path, splits=("cat_train",))
    assert read(tmp_path).findings == []


def test_unknown_split_where_there_are_none(tmp_path):
    make(tmp_path, TWO)
    with pytest.raises(AnchorauditError, match="This data set has no splits"):
        read(tmp_path, splits=("train",))


def test_split_without_an_image(tmp_path):
    make(tmp_path, lists(train="a", val="ghost"))
    with pytest.raises(AnchorauditError, match="there is no image in split val"):
        read(tmp_path, splits=("val",))


def test_only_chosen_files_are_read(tmp_path):
    make(tmp_path, lists(train="a", val="b") | {"Annotations/b.xml": "<broken"})
    (tmp_path / "Annotations" / "c.xml").unlink()
    (tmp_path / "Annotations" / "c.xml").mkdir()
    assert read(tmp_path, splits=("train",)).findings == []
    assert [f.code for f in read(tmp_path).findings] == ["PAR001", "PAR001"]


def test_images_without_annotation_are_blank(tmp_path):
    make(tmp_path, {**TWO, "JPEGImages/A0.png": (30, 20), "JPEGImages/z.jpg": b"no image"})
    make(tmp_path, {"ImageSets/Main/train.txt": "a\nb\nA0\n", "JPEGImages/a.png": (1, 1)})
    dataset = read(tmp_path)
    assert rows(dataset) == [("A0", "train"), ("a", "train"), ("b", "train"), ("z", "")]
    assert dataset.images.width.tolist()[:3] == [30, 320, 640]
    assert math.isnan(dataset.images.width[3])
    assert dataset.boxes.image.tolist() == [1, 2, 2]
    assert [(f.code, f.path) for f in dataset.findings] == [
        ("IMG002", str(tmp_path / "JPEGImages" / "z.jpg"))
    ]


def test_image_of_a_broken_annotation_is_not_blank(tmp_path):
    dataset = read(make(tmp_path, {**TWO, "Annotations/a.xml": "<annotation><obj"}))
    assert dataset.images.ids == ["b"]
    assert [f.code for f in dataset.findings] == ["PAR001"]


def test_image_beside_another_kind_of_xml_is_blank(tmp_path):
    dataset = read(make(tmp_path, {**TWO, "Annotations/a.xml": "<exif/>"}))
    assert dataset.images.ids == ["a", "b"]
    assert dataset.boxes.image.tolist() == [1, 1]
    assert found(dataset) == [("PAR007", "", "exif")]


def test_which_image_belongs_to_an_annotation(tmp_path):
    dataset = read(make(tmp_path, {
        "Annotations/a.xml": xml(CAT, file_name="a.png"),
        "Annotations/b.xml": xml(CAT, file_name="b.gif"),
        "Annotations/c.xml": xml(CAT, file_name="C:\\set\\other.jpg"),
        "Annotations/d.xml": xml(CAT, file_name="x.jpg"),
        "Annotations/e.xml": xml(CAT, file_name="../../secret.jpg"),
        "Annotations/f.xml": xml(CAT),
        **{f"JPEGImages/{name}": (640, 480) for name in ("a.jpg", "a.png", "b.png", "b.jpg")},
        **{f"JPEGImages/{name}": (640, 480) for name in ("other.jpg", "D.JPG")},
    }))  # fmt: skip
    assert dataset.images.file_names == ["a.png", "b.jpg", "other.jpg", "D.JPG", "../../secret.jpg", "f.jpg"]
    assert found(dataset, "IMG") == [("IMG001", "", "../../secret.jpg"), ("IMG001", "", "f")]
    other = ("C:\\set\\other.jpg", "x.jpg", "../../secret.jpg")
    assert found(dataset) == [*found(dataset, "IMG"), *(("SET008", "", name) for name in other)]
    assert dataset.image_path(4) is None


def test_no_images_at_all_is_said_once(tmp_path):
    dataset = read(make(tmp_path, {"Annotations/a.xml": xml(CAT), "Annotations/b.xml": xml(CAT, size=None)}))
    assert found(dataset) == [("IMG002", "", "")]
    assert dataset.notes == ["no images beside the annotations: their presence and sizes were not checked"]
    assert dataset.sources[0].image_folder is None


@pytest.mark.parametrize("size", [None, (0, 0), ("?", 480)])
def test_size_from_the_image(tmp_path, size):
    dataset = read(make(tmp_path, {"a.xml": xml(CAT, size=size), "a.png": (31, 17)}))
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([31], [17])
    assert dataset.findings == []


def test_nothing_but_other_xml_ends_with_an_error(tmp_path):
    make(tmp_path, {"a.xml": "<project/>", "b.xml": "<html/>"})
    with pytest.raises(AnchorauditError, match="none of the 2 XML files is a readable Pascal VOC annotation"):
        read(tmp_path)


@pytest.mark.parametrize(
    "others",
    [
        {"a.xml": "<project/>"},
        {f"{i}.xml": "<?xml version='1.0'?>\n<!-- a catalog -->\n<catalog><x/></catalog>" for i in range(30)},
        {"a.xml": "\ufeff<!DOCTYPE c SYSTEM 'c.dtd'><c:config xmlns:c='x'/>".encode("utf-16")},
        {"a.xml": "<annotationset/>", "b.xml": "<svg></svg>"},
    ],
)
def test_a_folder_of_other_xml_is_none(tmp_path, others):
    with pytest.raises(AnchorauditError, match="no data set recognised"):
        anchoraudit.read(make(tmp_path, others))


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<", b"\0" * 10, b"<?xml version='1.0'?>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", b"text"),
        *(b"<?" * 2_000, b"<??>" * 1_000, b"<!--x-->" * 500, b"<annotation", b"<annotation><object>"),
    ],
)
def test_other_xml_beside_what_may_be_an_annotation_is_not_passed_over(tmp_path, content):
    """Broken files have no root element that could tell."""
    others = {f"{i}.xml": "<config/>" for i in range(4)}
    make(tmp_path, {**others, "z.xml": content})
    with pytest.raises(AnchorauditError, match="none of the 5 XML files is a readable Pascal VOC annotation"):
        read(tmp_path)


def test_other_xml_among_annotations_stays_a_finding(tmp_path):
    others = {f"{i}.xml": "<config/>" for i in range(10)}
    dataset = read(make(tmp_path, {**others, "z.xml": xml(CAT)}))
    assert dataset.images.ids == ["z"]
    assert [finding.code for finding in dataset.findings].count("PAR007") == 10
    named = read(make(tmp_path / "kit", {"Annotations/a.xml": "<config/>", "Annotations/b.xml": xml(CAT)}))
    assert named.images.ids == ["b"]


def test_one_bad_file_does_not_stop_the_rest(tmp_path):
    bad = [b"", b"<", b"\xff\xfe", b"\0" * 10, b"<!DOCTYPE a><a/>", b"<a/>", b"\xef\xbb\xbf"]
    files = {f"{i}.xml": content for i, content in enumerate(bad)}
    dataset = read(make(tmp_path, {**files, "z.xml": xml(CAT)}))
    assert dataset.images.ids == ["z"]
    assert len(dataset.findings) == len(bad)


@needs_links
def test_what_is_no_file_is_passed_over_without_waiting(tmp_path):
    make(tmp_path, {"a.xml": xml(CAT)})
    os.mkfifo(tmp_path / "pipe.xml")
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "blank.jpg")
    (tmp_path / "folder.xml").mkdir()
    (tmp_path / "gone.xml").symlink_to("nowhere")
    (tmp_path / "loop.xml").symlink_to("loop.xml")
    (tmp_path / "zero.xml").symlink_to("/dev/zero")
    (tmp_path / "link.xml").symlink_to("a.xml")
    dataset = read(tmp_path)
    assert dataset.images.ids == ["a", "blank", "link"]
    said = {Path(f.path).name: f.message for f in dataset.findings if f.code == "PAR001"}
    assert said == {
        "folder.xml": "cannot be read: it is a folder",
        "gone.xml": "cannot be opened: No such file or directory",
        "loop.xml": said["loop.xml"],
        "pipe.xml": "cannot be read: it is not a regular file",
        "zero.xml": "cannot be read: it is not a regular file",
    }
    assert "ymbolic link" in said["loop.xml"]


@needs_links
@pytest.mark.parametrize(
    "stem", ["with space", "-rf", "naïve 猫", "\x1b[31mred", "line\nfeed", "a.b.c", "#%&'", "~", b"\xe9t\xe9"]
)
def test_hostile_names(tmp_path, stem):
    stem = os.fsdecode(stem)
    try:
        make(tmp_path, {f"Annotations/{stem}.xml": xml(CAT), f"JPEGImages/{stem}.jpg": (640, 480)})
    except (OSError, ValueError):
        pytest.skip("no such names on this file system")
    dataset = read(tmp_path)
    assert (dataset.images.ids, dataset.images.file_names) == ([stem], [f"{stem}.jpg"])
    assert (dataset.findings, dataset.image_path(0)) == ([], tmp_path / "JPEGImages" / f"{stem}.jpg")
    if "\n" not in stem:
        make(tmp_path, {"ImageSets/Main/train.txt": os.fsencode(stem) + b"\n"})
        assert rows(read(tmp_path)) == [(stem, "train")]


def test_many_files_as_few(tmp_path):
    """Above the number from which processes are used, the answer is that of each file by itself."""
    objects = [[(f"c{(i + k) % 3}", k, i, k + 5, i + 7) for k in range(i % 4)] for i in range(1100)]
    make(tmp_path, {f"{i:04}.xml": xml(*own) for i, own in enumerate(objects)})
    dataset = read(tmp_path)
    names = [c.name for c in dataset.categories]
    met = zip(
        dataset.boxes.image.tolist(),
        dataset.boxes.category.tolist(),
        dataset.boxes.xyxy.tolist(),
        strict=True,
    )
    assert names == ["c0", "c1", "c2"]
    assert [(i, names[c], *xyxy) for i, c, xyxy in met] == [
        (i, *box) for i, own in enumerate(objects) for box in own
    ]


ENDLESS = """
import sys
from pathlib import Path
from anchoraudit.formats import ReadOptions, voc
detection = voc.detect(Path(sys.argv[1]))
voc.read(detection, ReadOptions())  # imports all it needs: other libraries, while imported, can lose a Ctrl-C
print("ready", flush=True)
try:
    while True:
        voc.read(detection, ReadOptions())
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
def test_interrupt_leaves_neither_traces_nor_processes(tmp_path):
    make(tmp_path, {f"{i}.xml": xml(CAT) for i in range(1500)})
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(tmp_path)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.4)
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=10) == ("interrupted\n", "")
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)


VALID = ('<?xml version="1.0" encoding="utf-8"?>' + xml(CAT, ("dog", 0, 0, 5, 5), file_name="a.jpg")).encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(VALID)), st.integers(0, 4), st.binary(max_size=6)), max_size=4),
    st.sampled_from(["utf-8", "utf-16", "gb2312"]),
)
@example([(39, 1, b"")], "utf-8")
def test_any_bytes_are_read_or_refused(tmp_path, changes, encoding):
    data = VALID.decode().replace("utf-8", encoding).encode(encoding)
    for at, removed, added in changes:
        data = data[:at] + added + data[at + removed :]
    make(tmp_path, {"a.xml": data, "ImageSets/Main/train.txt": data})
    if (detection := voc.detect(tmp_path)) is None:
        return  # its root element has another name now
    try:
        dataset = voc.read(detection, ReadOptions())
    except AnchorauditError:
        return
    assert len(dataset.images) == 1
    assert np.all(dataset.boxes.image == 0)


@pytest.mark.skipif(not BCCD.is_dir(), reason=f"{BCCD} is not there")
def test_blood_cells():
    dataset = read(BCCD)
    assert dataset.recognised == (
        "Pascal VOC: 364 XML files in Annotations/ beside JPEGImages/, split lists in ImageSets/Main"
    )
    assert len(dataset.images) == 364
    assert [c.name for c in dataset.categories] == ["Platelets", "RBC", "WBC"]
    assert np.bincount(dataset.boxes.category).tolist() == [361, 4155, 372]
    assert {name: dataset.split_names.count(name) for name in dataset.splits} == {
        "train": 205, "val": 87, "test": 72
    }  # fmt: skip
    assert dataset.findings == []
    assert len(read(BCCD, splits=("trainval",)).images) == 292
