"""YOLO: where images and labels are found, what their lines mean, and what is wrong with them."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anchoraudit import audit, load_detector
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import detect, read
from anchoraudit.formats.yolo.columns import read_lines
from anchoraudit.formats.yolo.lines import ABSENT, BROKEN, EMPTY, READ
from anchoraudit.images import opened, opening
from anchoraudit.io import processes
from tests.builders import annotation, document, make, run

BOX = "0 0.5 0.5 0.2 0.4\n"  # of 100x50: 40, 15, 60, 35
YAML = "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n"
PLAIN = {
    "data.yaml": YAML,
    "images/train/a.jpg": (100, 50),
    "labels/train/a.txt": BOX + "1 .5 .5 1 1\n",
    "images/val/b.png": (10, 10),
    "labels/val/b.txt": BOX,
}


def one(root, text, yaml="train: images\nnames: [cat, dog]\n", size=(100, 50)):
    """A data set of one image whose labels are `text`."""
    make(root, {"data.yaml": yaml, "images/a.jpg": size, "labels/a.txt": text})
    return read(root)


def codes(dataset):
    return [(finding.code, finding.place) for finding in dataset.findings]


def labels_of(root, *texts):
    """Label files read by themselves."""
    paths = []
    for number, text in enumerate(texts):
        path = root / f"{number}.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(str(path))
    return read_lines(paths)


# Layouts


def test_data_yaml_with_a_folder_for_each_split(tmp_path):
    dataset = read(make(tmp_path, PLAIN))
    assert dataset.format == "yolo"
    assert dataset.recognised == "YOLO: data.yaml, 2 label file(s)"
    assert dataset.splits == ("train", "val")
    assert dataset.images.ids == ["a", "b"]
    assert dataset.images.file_names == ["a.jpg", "b.png"]
    assert dataset.images.width.tolist() == [100, 10]
    assert dataset.images.height.tolist() == [50, 10]
    assert dataset.images.split.tolist() == [0, 1]
    assert dataset.boxes.image.tolist() == [0, 0, 1]
    assert dataset.boxes.xyxy.tolist() == [[40, 15, 60, 35], [0, 0, 100, 50], [4, 3, 6, 7]]
    assert dataset.boxes.entry.tolist() == [0, 1, 0]
    assert [category.name for category in dataset.categories] == ["cat", "dog"]
    assert dataset.boxes.category.tolist() == [0, 1, 0]
    assert dataset.findings == dataset.notes == []
    train = dataset.sources[0]
    assert (train.path, train.image_folder) == (tmp_path / "labels/train", tmp_path / "images/train")
    assert (train.split, train.item, train.suffix) == ("train", "line", ".txt")
    assert dataset.image_path(1) == tmp_path / "images/val/b.png"


def test_the_file_itself_or_its_folder_of_images_may_be_named(tmp_path):
    make(tmp_path, PLAIN)
    for name in ("data.yaml", "images"):
        assert read(tmp_path / name).images.ids == ["a", "b"]


@pytest.mark.parametrize(
    ("files", "splits", "names"),
    [
        ({"images/a.jpg": (9, 9), "labels/a.txt": BOX}, ("",), ["class_0"]),
        ({"images/t/a.jpg": (9, 9), "labels/t/a.txt": BOX, "classes.txt": "x\ny\n"}, ("t",), ["x", "y"]),
        (
            {
                "train/images/a.jpg": (9, 9),
                "train/labels/a.txt": BOX,
                "valid/images/b.jpg": (9, 9),
                "valid/labels/b.txt": BOX,
            },
            ("train", "valid"),
            ["class_0"],
        ),
        (
            {
                "data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 1\nnames: ['c']\n",
                "train/images/a.jpg": (9, 9),
                "train/labels/a.txt": BOX,
                "valid/images/b.jpg": (9, 9),
            },
            ("train", "val"),
            ["c"],
        ),
        ({"a.jpg": (9, 9), "a.txt": BOX, "obj.names": "car\n"}, ("",), ["car"]),
        (
            {
                "train/a.jpg": (9, 9),
                "train/a.txt": BOX,
                "train/_darknet.labels": "q\n",
                "valid/b.jpg": (9, 9),
            },
            ("",),
            ["q"],
        ),
        (
            {"data.yaml": "train: .\nnames: {0: a}\n", "images/a.jpg": (9, 9), "labels/a.txt": BOX},
            ("train",),
            ["a"],
        ),
    ],
    ids=["whole", "split folders", "roboflow, no yaml", "roboflow", "darknet", "roboflow darknet", "root"],
)
def test_layouts(tmp_path, files, splits, names):
    dataset = read(make(tmp_path, files))
    assert (dataset.format, dataset.splits) == ("yolo", splits)
    assert [category.name for category in dataset.categories] == names
    assert dataset.boxes.image.tolist()[0] == 0


def test_darknet_data_file_with_lists_written_for_another_folder(tmp_path):
    make(
        tmp_path,
        {
            "obj.data": "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n",
            "obj.names": "car\n",
            "train.txt": "data/obj_train_data/a.jpg\ndata/obj_train_data/b.jpg\n",
            "obj_train_data/a.jpg": (100, 50),
            "obj_train_data/a.txt": BOX,
        },
    )
    dataset = read(tmp_path)
    assert dataset.images.ids == ["a"]
    assert dataset.categories[0].name == "car"
    assert [(f.code, f.place, f.evidence) for f in dataset.findings] == [("SET005", "line 2", "b.jpg")]


def test_lists_of_images_and_names_by_index(tmp_path):
    make(
        tmp_path,
        {
            "data.yaml": "train: train.txt\nval: [val.txt]\nnames: {0: a, 5: b}\n",
            "train.txt": "./images/x/a.jpg\n./images/x/gone.jpg\n",
            "val.txt": "images/x/a.jpg\nimages/x/b.jpg\n",
            "images/x/a.jpg": (10, 10),
            "images/x/b.jpg": (10, 10),
            "labels/x/a.txt": "5 .5 .5 .1 .1",
        },
    )
    dataset = read(tmp_path)
    assert dataset.images.ids == ["x/a", "x/b"]
    assert dataset.sources[0].path == tmp_path / "labels"
    assert dataset.categories[1] == type(dataset.categories[1])(5, "b")
    assert dataset.boxes.category.tolist() == [1]
    found = [(f.code, Path(f.path).name, f.place) for f in dataset.findings]
    assert found == [("SET005", "train.txt", "line 2"), ("SET004", "val.txt", "line 1")]
    assert read(tmp_path, splits=("val",)).images.ids == ["x/a", "x/b"]


def test_a_split_that_is_another_one_is_told_once(tmp_path):
    yaml = "path: /nowhere\ntrain: images\nval: images\nnames: [a]\n"
    make(tmp_path, {"images/b.jpg": (9, 9)})
    dataset = one(tmp_path, BOX, yaml)
    assert dataset.splits == ("train",)
    assert [(f.code, f.message, f.place) for f in dataset.findings] == [
        ("SET004", "all 2 images of val are also in train", "line 3")
    ]
    words = "path '/nowhere' does not exist; paths are taken from the file's own folder"
    assert dataset.notes[0] == f"data.yaml, line 1: {words}"


def test_missing_and_empty_label_files_are_blank_images(tmp_path):
    make(
        tmp_path,
        {**PLAIN, "images/train/c.jpg": (9, 9), "images/val/d.jpg": (9, 9), "labels/val/d.txt": " \n"},
    )
    dataset = read(tmp_path)
    assert dataset.images.ids == ["a", "c", "b", "d"]
    assert dataset.boxes.image.tolist() == [0, 0, 2]
    assert dataset.notes == [
        "taken as blank, of 4 images: 1 without a label file (train 1), 1 with an empty one (val 1)"
    ]


def test_a_label_file_without_image_and_an_image_that_is_none(tmp_path):
    make(
        tmp_path,
        {**PLAIN, "labels/train/c.txt": BOX, "images/train/e.jpg": b"no image", "labels/train/e.txt": BOX},
    )
    dataset = read(tmp_path, splits=("train",))
    assert dataset.images.ids == ["a", "e", "c"]
    assert np.isnan(dataset.images.width).tolist() == [False, True, True]
    assert np.isnan(dataset.boxes.xyxy[2:]).all()
    assert sorted((f.code, Path(f.path).name) for f in dataset.findings) == [
        ("IMG001", "c.txt"),
        ("IMG002", "c.txt"),
        ("IMG002", "e.jpg"),
    ]


def test_labels_beside_images_in_a_folder_called_images_are_found_and_told(tmp_path):
    make(tmp_path, {"data.yaml": "train: images\nnames: [a]\n", "images/a.jpg": (9, 9), "images/a.txt": BOX})
    dataset = read(tmp_path)
    assert len(dataset.boxes) == 1
    (finding,) = dataset.findings
    assert (finding.code, finding.path) == ("SET018", f"{tmp_path}/images")
    assert finding.message == "YOLOv5 and Ultralytics look in labels/ for 1 label file that is in images/"


def test_images_elsewhere(tmp_path):
    make(tmp_path / "ds", {"data.yaml": YAML, "labels/train/a.txt": BOX, "labels/val/b.txt": BOX})
    make(tmp_path / "im", {"a.jpg": (100, 50), "b.jpg": (10, 10), "c.jpg": (10, 10)})
    dataset = read(tmp_path / "ds", image_folder=tmp_path / "im")
    assert (dataset.images.ids, dataset.images.width.tolist()) == (["a", "b"], [100, 10])


def test_a_photo_stored_turned_has_the_size_that_it_is_shown_with(tmp_path):
    make(tmp_path, {"data.yaml": "train: images\nnames: [a]\n", "labels/a.txt": BOX})
    exif = Image.Exif()
    exif[274] = 6
    (tmp_path / "images").mkdir()
    Image.new("RGB", (50, 100)).save(tmp_path / "images/a.jpg", exif=exif)
    dataset = read(tmp_path)
    assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([100], [50])
    assert dataset.boxes.xyxy.tolist() == [[40, 15, 60, 35]]
    assert dataset.notes == ["1 image is stored turned (EXIF); sizes and boxes refer to the upright image"]


def test_one_split_of_a_data_set_has_its_class_names(tmp_path):
    make(tmp_path, {"ds/train/images/a.jpg": (9, 9), "ds/train/labels/a.txt": BOX, "classes.txt": "other\n"})
    assert read(tmp_path / "ds").categories[0].name == "class_0"
    make(tmp_path, {"ds/data.yaml": "train: train/images\nnames: [cat]\n"})
    dataset = read(tmp_path / "ds" / "train")
    assert dataset.categories[0].name == "cat"
    assert dataset.notes == [f"class names from {tmp_path / 'ds' / 'data.yaml'}"]


def test_a_number_of_classes_that_is_not_that_of_the_names_is_told(tmp_path):
    dataset = one(tmp_path, BOX, "train: images\nnames: [cat, dog]\nnc: 3\n")
    (fault,) = dataset.declared_classes.faults()
    assert (fault.words, fault.line) == ("nc is 3, but there are 2 names", 3)
    dataset = one(tmp_path, f"{BOX}2{BOX[1:]}", "train: images\nnc: 2\n")
    assert [category.name for category in dataset.categories] == ["class_0"]
    assert [f.message for f in dataset.findings] == ["class 2 of 1 box is not among 2 classes"]


@pytest.mark.parametrize("disk", ["usual", "slow"])
def test_sizes_are_the_same_from_several_processes(tmp_path, monkeypatch, disk):
    make(tmp_path, {f"{n}.png": (n + 1, 2) for n in range(50)})
    paths = [tmp_path / f"{n}.png" for n in range(51)]
    plain = opened.measure(paths)
    monkeypatch.setattr(opening, "WORTH_A_FORK", 1)
    monkeypatch.setattr(opening, "FILES_A_PIECE", 4)
    if disk == "slow":
        monkeypatch.setattr(opening, "_SLOW", -1.0)
    monkeypatch.setattr(processes, "is_busy", lambda: False)
    shared = opened.measure(paths)
    assert plain[:50].tolist() == [[n + 1, 2] for n in range(50)]
    assert np.isnan(plain[50]).all()
    assert np.array_equal(plain, shared, equal_nan=True)


def test_real_boxes_have_the_verdicts_that_they_have_as_voc(tmp_path, shared):
    voc = read(shared / "data" / "bccd")
    names = [category.name for category in voc.categories]
    make(tmp_path, {"data.yaml": f"train: images\nnames: {names}\n", "labels/_": ""})
    (tmp_path / "images").symlink_to(voc.sources[0].image_folder.resolve())
    sides = np.column_stack([voc.images.width, voc.images.height])[voc.boxes.image]
    low, high = voc.boxes.xyxy[:, :2], voc.boxes.xyxy[:, 2:]
    shares = np.concatenate([(low + high) / 2 / sides, (high - low) / sides], axis=1)
    for i, stem in enumerate(voc.images.ids):
        rows = np.flatnonzero(voc.boxes.image == i)
        lines = zip(voc.boxes.category[rows].tolist(), shares[rows].tolist(), strict=True)
        text = "".join(f"{index} {' '.join(f'{v:.6f}' for v in four)}\n" for index, four in lines)
        (tmp_path / "labels" / f"{stem}.txt").write_text(text)
    yolo = read(tmp_path)
    assert yolo.images.ids == voc.images.ids
    assert np.abs(yolo.boxes.xyxy - voc.boxes.xyxy).max() < 1e-3  # six decimals of 640 px
    detector = load_detector("reference")
    verdicts = [audit(dataset, detector).image_results.verdict.tolist() for dataset in (voc, yolo)]
    assert verdicts[0] == verdicts[1]


# Other formats keep what is theirs


def test_coco_and_voc_are_not_taken(tmp_path):
    both = {**PLAIN, "annotations/instances_train.json": document(annotations=[annotation()])}
    make(tmp_path / "coco", both)
    assert detect(tmp_path / "coco").format == "coco"
    assert detect(tmp_path / "coco" / "data.yaml").format == "yolo"
    xml = "<annotation><size><width>9</width><height>9</height></size></annotation>"
    make(tmp_path / "voc", {"images/a.jpg": (9, 9), "labels/a.xml": xml, "ImageSets/Main/train.txt": "a\n"})
    assert detect(tmp_path / "voc").format == "voc"


@pytest.mark.parametrize(
    "files",
    [
        {"images/a.jpg": (9, 9), "labels/a.txt": "Car 0 0 0 1 2 3 4 1 1 1 1 1 1 0\n"},
        {"images/a.jpg": (9, 9), "labels/a.txt": "a cat on a mat\n"},
        {"a.jpg": (9, 9), "a.txt": "a cat on a mat, seen from 5 m\n"},
        {"a.jpg": (9, 9), "b.txt": BOX},
        {"config.yaml": "train: 1\nepochs: 3\n"},
    ],
    ids=["kitti", "captions", "captions beside", "no image", "other yaml"],
)
def test_what_is_no_yolo(tmp_path, files):
    from anchoraudit.formats import yolo

    assert yolo.detect(make(tmp_path, files)) is None


# Lines


def test_polygons_become_the_boxes_around_them(tmp_path):
    dataset = one(tmp_path, "1 0.1 0.2 0.5 0.2 0.3 0.6\n0 0 0 1 0 1 1 0 1\n")
    assert np.allclose(dataset.boxes.xyxy, [[10, 10, 50, 30], [0, 0, 100, 50]], rtol=1e-15)
    assert dataset.findings == []


def test_keypoints_after_the_box_are_left_aside(tmp_path):
    yaml = "train: images\nnames: [a]\nkpt_shape: [2, 3]\n"
    dataset = one(tmp_path, "0 0.5 0.5 0.2 0.4 0.1 0.1 2 0.9 0.9 1\n", yaml)
    assert dataset.boxes.xyxy.tolist() == [[40, 15, 60, 35]]


POSE = "0 0.5 0.5 0.2 0.4 0.45 0.5 {0} 0.55 0.6 {0} 0 0 {0}\n"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (POSE.format("2"), "[3, 3]"),
        (POSE.format("") * 20, "[3, 2]"),
        (POSE.format("") * 19, ""),  # a polygon may look so by chance
        (POSE.format("0.5"), ""),
        (POSE.format("2").replace("0.55", "0.75"), ""),
        ("0 0.4 0.4 0.6 0.4 0.6 0.6 0.4 0.6\n" * 19 + "0 0.8 0.8 0.9 0.8 0.9 0.9 0.8 0.9\n", ""),
    ],
)
def test_polygons_that_look_like_keypoints_are_told(tmp_path, text, shape):
    if len(text.split("\n")[0].split()) % 2 == 0:  # with an even count they cannot be polygons
        text = "\n".join(f"{line} 0 0 0" for line in text.splitlines())
        shape = shape.replace("[3, 3]", "[4, 3]")
    notes = one(tmp_path, text).notes
    assert notes[0].startswith("read as the boxes around them: polygons (")
    assert [f"kpt_shape: {shape}" in note for note in notes[1:]] == [True] * bool(shape)


def test_a_line_that_can_only_be_keypoints_says_so(tmp_path):
    dataset = one(tmp_path, POSE.format("2"))
    assert dataset.findings[0].message.endswith("`kpt_shape: [3, 3]` in data.yaml says so")


@pytest.mark.parametrize(
    ("line", "code", "evidence"),
    [
        ("0 x 1 1 1", "PAR004", "x"),
        ("0 0.5 1-2 0.1 0.1", "PAR004", "1-2"),
        ("0 0.5 1e 0.1 0.1", "PAR004", "1e"),
        ("0,0.5,0.5,0.1,0.1", "PAR003", "0,0.5,0.5,0.1,0.1"),
        ("0 0.5 0.5 0.1", "PAR003", "0 0.5 0.5 0.1"),
        ("0 0.1 0.1 0.1 0.1 0.9", "PAR003", "0 0.1 0.1 0.1 0.1 0.9"),
        ("0 .1 .1 .2 .2 .3 .3 .4", "PAR003", "0 .1 .1 .2 .2 .3 .3 .4"),
        ("0 " + "x" * 500 + " 0 0 0", "PAR004", "x" * 80),
    ],
)
def test_a_broken_line_is_told_and_costs_itself(tmp_path, line, code, evidence):
    dataset = one(tmp_path, f"{BOX}\n{line}\n{BOX}")
    assert [(f.code, f.place, f.evidence) for f in dataset.findings] == [(code, "line 3", evidence)]
    assert dataset.findings[0].path == str(tmp_path / "labels" / "a.txt")
    assert dataset.boxes.entry.tolist() == [0, 2, 3]
    assert np.isnan(dataset.boxes.xyxy).tolist() == [[False] * 4, [True] * 4, [False] * 4]


def test_a_class_that_is_no_index_costs_the_class_only(tmp_path):
    dataset = one(tmp_path, "cat 0.5 0.5 0.2 0.4\n0.5 0.5 0.5 0.2 0.4\n1.0 0.5 0.5 0.2 0.4\n")
    assert codes(dataset) == [("PAR004", "line 1"), ("PAR004", "line 2")]
    assert dataset.boxes.category.tolist() == [-1, -1, 1]
    assert dataset.boxes.xyxy.tolist() == [[40, 15, 60, 35]] * 3


def test_each_undeclared_class_is_told_once(tmp_path):
    dataset = one(tmp_path, f"{BOX}7{BOX[1:]}{BOX}7{BOX[1:]}-1{BOX[1:]}")
    assert [(f.code, f.message, f.place, f.evidence) for f in dataset.findings] == [
        ("CLS001", "class -1 of 1 box is not among the 2 names", "line 5", "-1"),
        ("CLS001", "class 7 of 2 boxes is not among the 2 names", "line 2", "7"),
    ]
    assert dataset.boxes.category.tolist() == [0, -1, 0, -1, -1]


def test_a_class_below_0_is_told_where_nobody_declares_any(tmp_path):
    make(tmp_path, {"labels/a.txt": f"-1{BOX[1:]}3{BOX[1:]}", "images/a.jpg": (100, 50)})
    dataset = read(tmp_path)
    told = [(f.code, f.message, f.place) for f in dataset.findings]
    assert told == [("CLS001", "class -1 of 1 box is not among those that count from 0", "line 1")]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400"])
def test_what_is_not_finite_stays_so(tmp_path, value):
    dataset = one(tmp_path, f"{BOX}0 {value} 0.5 0.2 0.4\n")
    assert codes(dataset) == [("BOX001", "line 2")]
    assert not np.isfinite(dataset.boxes.xyxy[1, ::2]).any()
    assert dataset.boxes.xyxy[1, 1::2].tolist() == [15, 35]


def test_pixels_where_shares_are_expected_are_told_once_a_file(tmp_path):
    dataset = one(tmp_path, f"{BOX}0 40 15 20 20\n0 41 15 20 20\n")
    assert [(f.code, f.place, f.evidence) for f in dataset.findings] == [("BOX009", "line 2", "40 15 20 20")]
    assert dataset.findings[0].message.startswith("2 of 3 boxes have values outside 0 to 1")
    assert dataset.boxes.xyxy[1].tolist() == [3000, 250, 5000, 1250]


@pytest.mark.parametrize(("value", "told"), [("1.00000001", 0), ("1.001", 1), ("-0.001", 1), ("1", 0)])
def test_the_bounds_are_those_of_the_frameworks(tmp_path, value, told):
    found = one(tmp_path, f"0 {value} 0.5 0.2 0.4\n").findings
    assert [f.code for f in found] == ["BOX015"] * told


@pytest.mark.parametrize(("value", "code"), [("2", "BOX015"), ("2.01", "BOX009"), ("-1.01", "BOX009")])
def test_what_is_no_share_at_all_is_of_another_unit(tmp_path, value, code):
    (found,) = one(tmp_path, f"{BOX}0 {value} 0.5 0.2 0.4\n").findings
    assert (found.code, found.place) == (code, "line 2")
    assert found.message.startswith("1 of 2 boxes have values outside 0 to 1: YOLOv5 drops the image")


def test_a_box_among_polygons_is_told(tmp_path):
    dataset = one(tmp_path, f"0 0 0 1 0 1 1\n{BOX}{BOX}")
    assert codes(dataset) == [("PAR003", "line 2")]
    assert dataset.boxes.xyxy.tolist() == [[0, 0, 100, 50], [40, 15, 60, 35], [40, 15, 60, 35]]


def test_marks_and_line_ends_of_other_systems(tmp_path):
    found = labels_of(
        tmp_path, b"\xef\xbb\xbf" + BOX.encode(), "0 0 0 1 1\r\n\r\n1 0 0 1 1\r", "0\t0 0 1 1\r1 0 0 1 1"
    )
    assert found.status == [READ] * 3
    assert found.line.tolist() == [0, 0, 2, 0, 1]
    assert found.index.tolist() == [0, 0, 1, 0, 1]
    assert found.findings == []


def test_files_that_are_no_text(tmp_path):
    found = labels_of(tmp_path, b"\xff\xfe0\0 \0", b"0 0.5\0", b"", b"0 \xe9 1 1 1\n")
    assert found.status == [BROKEN, BROKEN, EMPTY, READ]
    assert [(f.code, f.place) for f in found.findings] == [
        ("PAR006", "byte 0"),
        ("PAR001", "byte 5"),
        ("PAR004", "line 1"),
    ]


def test_an_image_whose_labels_cannot_be_read_is_left_out(tmp_path):
    make(
        tmp_path,
        {**PLAIN, "images/train/d.jpg": (9, 9), "labels/train/d.txt/x": "", "images/train/l.jpg": (9, 9)},
    )
    (tmp_path / "labels/train/l.txt").symlink_to("l.txt")
    (tmp_path / "images/train/loop").symlink_to(".")
    os.mkfifo(tmp_path / "images/train/p.jpg")
    os.mkfifo(tmp_path / "labels/train/p.txt")
    dataset = read(tmp_path, splits=("train",))
    assert dataset.images.ids == ["a"]
    assert [(f.code, Path(f.path).name) for f in dataset.findings] == [
        ("PAR001", "d.txt"),
        ("PAR001", "l.txt"),
        ("PAR001", "p.txt"),
    ]


def test_a_line_of_megabytes(tmp_path):
    long = "1" * 10_000_000
    found = labels_of(tmp_path, "0 " + "0.25 0.75 " * 500_000, f"0 {long} 1 1 1", f"0 {long}x 1 1 1")
    assert found.xywh[:2].tolist() == [[0.25, 0.75, 0, 0], [np.inf, 1, 1, 1]]
    assert [(f.code, len(f.evidence)) for f in found.findings] == [("PAR004", 80)]


def test_findings_come_file_by_file_and_line_by_line(tmp_path):
    texts = ["0 1 1\n0 .5 .5 .1 x\n", BOX, "0 .5 .5 .1\n", f"{BOX}0 0 0 1 0 1 1\nx .5 .5 .1 .1\n", "0 1\n"]
    found = labels_of(tmp_path, *texts)
    assert [(f.code, Path(f.path).stem, f.place) for f in found.findings] == [
        ("PAR003", "0", "line 1"),
        ("PAR004", "0", "line 2"),
        ("PAR003", "2", "line 1"),
        ("PAR004", "3", "line 3"),
        ("PAR003", "3", "line 1"),  # a box among polygons: known when all of the file is read
        ("PAR003", "4", "line 1"),
    ]


def test_the_bounds_of_a_polygon_that_is_not_finite(tmp_path):
    found = labels_of(tmp_path, "0 0 0 1 nan 1 1\n", "0 inf 0 -inf .5 1 1\n", "0 0 0 inf .5 1 1\n")
    expected = [[0.5, np.nan, 1, np.nan], [np.nan, 0.5, np.inf, 1], [np.inf, 0.5, np.inf, 1]]
    assert np.array_equal(found.xywh, expected, equal_nan=True)
    assert found.read.all()


def test_absent_files_and_none_at_all(tmp_path):
    found = read_lines([None, None])
    assert (found.status, len(found.file), found.xywh.shape) == ([ABSENT] * 2, 0, (0, 4))


def test_many_files_are_read_fast(tmp_path):
    for number in range(2_000):
        (tmp_path / f"{number}.txt").write_text(BOX * 7)
    paths = [str(tmp_path / f"{number}.txt") for number in range(2_000)]
    begun = time.process_time()
    assert len(read_lines(paths).file) == 14_000
    assert time.process_time() - begun < 2  # of CPU, ten times what it takes


# What cannot be read at all


@pytest.mark.parametrize(
    ("yaml", "place", "words"),
    [
        ("train: images\nnames: [a\nx: b: c\n", "line 3, column 2", "not valid YAML"),
        ("names: [a]\ntrain: 7x\n", "line 2", "train: '7x' does not exist"),
        ("path: gone\ntrain: gone\nnames: [a]\n", "line 1", "path 'gone' does not exist"),
        ("train: images\nnames: {<<: {0: a}}\n", "line 2", "a merge key"),
        ("train: {a: b}\nnames: [a]\n", "line 1", "train is a mapping"),
        ("train: !!python/object/apply:os.system ['x']\nnc: 1\n", "line 1", "train"),
        ("train: [" + "[" * 3000, "line 1", "nested too deeply"),
        ("train: \x01\nnc: 1\n", "line 1", "not valid YAML"),
        ("nc: 1\nnames: [a]\n", "line 1", "none of the keys train, val and test"),
    ],
)
def test_a_data_yaml_that_cannot_be_used_says_where(tmp_path, yaml, place, words):
    make(tmp_path, {"data.yaml": yaml, "images/a.jpg": (9, 9), "labels/a.txt": BOX})
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path / "data.yaml")
    assert caught.value.place == place
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("names: [[a]]", "YAML reads the name '[a]' as a list or a mapping"),
        ("names: {x: a}", "a key of names is 'x', not a number"),
        ("nc: many", "nc is 'many', not a whole number"),
        ("names: gone.txt", "names is the text 'gone.txt', not a list"),
    ],
)
def test_a_data_yaml_with_odd_classes_is_read(tmp_path, yaml, words):
    make(tmp_path, {"data.yaml": f"train: images\n{yaml}\n", "images/a.jpg": (9, 9), "labels/a.txt": BOX})
    dataset = read(tmp_path / "data.yaml")
    assert [(fault.words, fault.line) for fault in dataset.declared_classes.faults()] == [(words, 2)]
    assert len(dataset.boxes) == 1


def test_a_data_yaml_in_another_encoding_still_names_its_folders(tmp_path):
    make(tmp_path, {**PLAIN, "data.yaml": YAML.replace("dog", "h\xfcndin").encode("latin-1")})
    assert [c.name for c in read(tmp_path).categories] == ["cat", "h\ufffdndin"]
    make(tmp_path, {"data.yaml": YAML.encode("utf-16")})
    assert [c.name for c in read(tmp_path / "data.yaml").categories] == ["cat", "dog"]


def test_nothing_to_read(tmp_path):
    make(tmp_path, {"data.yaml": YAML, "images/train/a.jpg": (9, 9), "images/val/x": ""})
    with pytest.raises(AnchorauditError, match="none of 1 images has a label file"):
        read(tmp_path)
    with pytest.raises(AnchorauditError, match="there is no image"):
        read(tmp_path, splits=("val",))
    with pytest.raises(AnchorauditError, match="unknown split 'test'"):
        read(tmp_path, splits=("test",))


def test_a_split_that_leads_nowhere_is_told_unless_it_is_wanted(tmp_path):
    make(tmp_path, {"data.yaml": YAML, "images/train/a.jpg": (9, 9), "labels/train/a.txt": BOX})
    assert [(f.code, f.place, f.evidence) for f in read(tmp_path).findings] == [
        ("SET005", "line 3", "images/val")
    ]
    with pytest.raises(AnchorauditError, match="val: 'images/val' does not exist"):
        read(tmp_path, splits=("val",))


@pytest.mark.parametrize(("lost", "code"), [("train", "SET009"), ("valid", "SET005")])
def test_a_darknet_data_file_with_an_absent_list_is_read_but_for_it(tmp_path, lost, code):
    lists = {f"{split}.txt": f"data/{split}.jpg\n" for split in ("train", "valid") if split != lost}
    data = {f"data/{split}.jpg": (100, 50) for split in ("train", "valid")}
    labels = {f"data/{split}.txt": BOX for split in ("train", "valid")}
    text = "classes = 1\ntrain = train.txt\nvalid = valid.txt\nnames = obj.names\n"
    dataset = read(make(tmp_path, {**lists, **data, **labels, "obj.data": text, "obj.names": "cat\n"}))
    assert [(finding.code, finding.path) for finding in dataset.findings] == [(code, f"{tmp_path}/obj.data")]
    assert (len(dataset.boxes), lost in dataset.splits) == (1, False)


def test_a_list_of_which_nothing_is_there(tmp_path):
    make(
        tmp_path,
        {**PLAIN, "data.yaml": YAML.replace("images/val", "val.txt"), "val.txt": "x/1.jpg\nx/2.jpg\n"},
    )
    findings = read(tmp_path).findings
    assert [(f.code, f.place) for f in findings] == [("SET005", "line 1"), ("SET017", "")]
    assert findings[0].message == "none of the 2 images that the list of val names exists"


# The program


def test_paths_are_shown_as_the_user_named_them(here):
    make(here / "ds", {**PLAIN, "labels/train/a.txt": "x\n"})
    assert read("ds").findings[0].path == str(Path("ds", "labels", "train", "a.txt"))


def test_the_program_scans_it(tmp_path, here, capsys):
    make(tmp_path / "ds", PLAIN)
    assert run("scan", tmp_path / "ds", "--format", "yolo", "--exit-zero", "-v") == 0
    assert "YOLO: data.yaml" in capsys.readouterr().out


# What loaders read for themselves


TWO_BOXES = "0 .5 .5 .2 .4\n1 .5 .5 .2 .4\n"
POLYGON = "0 .1 .1 .3 .1 .3 .3 .1 .3\n"


@pytest.mark.parametrize(
    "text",
    [
        TWO_BOXES,
        "\n" + TWO_BOXES + "\n\n",
        "2.0 .5 .5 .2 .4\r\n-1 7 7 7 -3\r\n",
        POLYGON,
        POLYGON + "1 .1 .1 .3 .1 .3 .3\n",
        POLYGON + "1 .1 .1 .3 .1 .3 .3 .1 .3\n",
        "",
        " \n",
    ],
)
def test_a_plain_label_file_is_not_kept(tmp_path, text):
    assert one(tmp_path, text).label_lines == {}


@pytest.mark.parametrize(
    "text",
    [
        "0 .5 .5 .2\n",  # four columns
        "0 .5 .5 .2 .4 .9\n",
        "dog .5 .5 .2 .4\n",
        "1.5 .5 .5 .2 .4\n",
        "0 .5 .5 .2 wide\n",
        "0 .5 .5 .2 nan\n",
        "0 .5 .5 .2 -1e-17\n",  # lost in corners
        "0 .5 .5 .2 .4\n\n1 .5 .5 .2 .4\n",  # a gap
        "0 .5 .5 .2 .4\n \n1 .5 .5 .2 .4\n",
        "0 .5 .5 .2 .4\x0b1 .5 .5 .2 .4\n",  # one line for editors, two for Python
        "0 .5 .5 .2 .4\u20281 .5 .5 .2 .4\n",
        "\ufeff0 .5 .5 .2 .4\n",
        "\ufeff",
        TWO_BOXES + POLYGON,
        "0 .1 .1 .3 .1 .3 .3\n",  # a triangle: YOLOv7 reads seven columns
        POLYGON + "0 .1 .1 .3 .1 .3 .3 .2 .3\n",  # other points, same bounds
    ],
)
def test_the_lines_of_any_other_are(tmp_path, text):
    dataset = one(tmp_path, text)
    assert dataset.label_lines == {0: text.split("\n")}


def test_bytes_that_are_no_text_become_lone_surrogates(tmp_path):
    make(tmp_path, {"data.yaml": "train: images\nnames: [a]\n", "images/a.jpg": (9, 9)})
    make(tmp_path, {"labels/a.txt": b"0 .5 .5 .2 .4 \xe9\n"})
    assert read(tmp_path).label_lines == {0: ["0 .5 .5 .2 .4 \udce9", ""]}


def test_lines_that_python_splits_are_boxes_of_their_own(tmp_path):
    dataset = one(tmp_path, "0 .5 .5 .2 .4\x0c1 .5 .5\xa0.2 .4\n")
    assert dataset.boxes.category.tolist() == [0, 1]
    np.testing.assert_allclose(dataset.boxes.xyxy, [[40, 15, 60, 35]] * 2)


def test_an_unknown_class_is_kept_as_it_is_written(tmp_path):
    dataset = one(tmp_path, BOX + "7 .5 .5 .2 .4\n-1 .5 .5 .2 .4\ndog .5 .5 .2 .4\n1.5 .5 .5 .2 .4\n1 .5\n")
    assert dataset.boxes.class_texts == {1: "7", 2: "-1", 3: "dog", 4: "1.5", 5: "1"}
    assert dataset.class_count == 2


@pytest.mark.parametrize(
    ("yaml", "count"), [("train: images\nnc: 7\n", 7), ("train: images\n", None)], ids=["nc", "nothing"]
)
def test_the_number_of_classes_may_be_known_without_names(tmp_path, yaml, count):
    dataset = one(tmp_path, BOX, yaml)
    assert (dataset.class_count, len(dataset.categories)) == (count, 1)


def test_rows_of_label_lines_are_those_of_images_that_are_left(tmp_path):
    names = {"data.yaml": "train: images\nnames: [a]\n"}
    images = {f"images/{name}.jpg": (9, 9) for name in "abc"}
    labels = {"labels/a.txt": b"\xff\xfe0\0", "labels/b.txt": BOX, "labels/c.txt": "0 .5 .5 .2\n"}
    dataset = read(make(tmp_path, names | images | labels))
    assert dataset.images.ids == ["b", "c"]
    assert list(dataset.label_lines) == [1]


class TestNamesThatFrameworksDoNotKnow:
    """YOLOv5 and Ultralytics replace `images/` by `labels/` in the path of an image."""

    # Where `img2label_paths` of ultralytics 8.4.190 looks for the labels of `IMAGES/train/a.jpg`.
    @pytest.mark.parametrize(
        ("images", "labels", "looks"),
        [
            ("image", "label", "image"),
            ("images", "label", "labels"),
            ("image", "labels", "image"),
            ("Images", "Labels", "Images"),
            ("photos", "bboxes", "photos"),
        ],
    )
    @pytest.mark.parametrize("below", ["", "train/"])
    @pytest.mark.parametrize("yaml", ["", "names: [x]\ntrain: "], ids=["folder", "data.yaml"])
    def test_are_read_and_told(self, tmp_path, images, labels, looks, below, yaml):
        files = {f"{images}/{below}a.jpg": (64, 48), f"{labels}/{below}a.txt": BOX}
        if yaml:
            files["data.yaml"] = f"{yaml}{images}/{below}"
        dataset = read(make(tmp_path, files))
        assert np.allclose(dataset.boxes.xyxy, [[25.6, 14.4, 38.4, 33.6]])
        (finding,) = dataset.findings
        assert finding.code == "SET018"
        wrong = [f"{old}/ to {new}/" for old, new in ((images, "images"), (labels, "labels")) if old != new]
        assert finding.message == (
            f"YOLOv5 and Ultralytics look in {looks}/{below} for 1 label file that is in {labels}/{below}"
            f". Rename {' and '.join(wrong)}"
        )

    def test_in_the_folders_of_splits_and_one_folder_for_all(self, tmp_path):
        make(tmp_path / "a", {f"{s}/images/{s}.jpg": (9, 9) for s in ("train", "valid")})
        make(tmp_path / "a", {f"{s}/Labels/{s}.txt": BOX for s in ("train", "valid")})
        make(tmp_path / "b", {f"images/{s}/{s}.jpg": (9, 9) for s in ("train", "valid")})
        make(tmp_path / "b", {f"Labels/{s}.txt": BOX for s in ("train", "valid")} | {"classes.txt": "c\n"})
        make(tmp_path / "c", {"train.jpg": (9, 9), "txt/train.txt": BOX})
        for name, splits in (("a", ["train", "valid"]), ("b", ["train", "valid"]), ("c", [""])):
            dataset = read(tmp_path / name)
            assert list(dataset.splits) == splits
            assert (len(dataset.images), len(dataset.boxes)) == (len(splits), len(splits))
            assert {finding.code for finding in dataset.findings} == {"SET018"}

    def test_labels_of_another_split_are_not_taken(self, tmp_path):
        make(tmp_path, {"data.yaml": "train: train\nval: val\nnames: [c]\n"})
        make(tmp_path, {"train/1.jpg": (9, 9), "train/1.txt": BOX, "val/1.jpg": (9, 9)})
        dataset = read(tmp_path)
        assert dataset.boxes.image.tolist() == [0]
        assert dataset.findings == []

    @pytest.mark.parametrize(
        "files",
        [
            {"image/a.jpg": (64, 48), "label/b.txt": BOX},
            {"image/a.jpg": (64, 48), "label/a.txt": "a cat on a mat\n"},
            {"image/a.jpg": (64, 48), "label/a.txt": "12 30 40 50 60\n"},
            {"image/a.jpg": (64, 48)},
        ],
        ids=["of other images", "no labels", "pixels", "no texts"],
    )
    def test_other_folders_are_not_read(self, tmp_path, files):
        with pytest.raises(AnchorauditError) as caught:
            read(make(tmp_path, files))
        assert ("Rename image/ to images/" in str(caught.value)) == ("12" in str(files))
