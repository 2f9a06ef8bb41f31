"""KITTI: lines of the object benchmark and of the tracking benchmark, and their quirks."""

import numpy as np
import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import detect, kitti, read
from tests.builders import make

CAR = "Car 0.00 0 -1.57 10.00 20.00 110.00 70.00 1.5 1.6 4.0 1.0 1.5 20.0 -1.6"
NOT_LABELLED = "DontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10"
BOX = [10, 20, 110, 70]
PAIR = {"label_2/a.txt": CAR, "image_2/a.png": (640, 480)}


def findings(dataset):
    return [(finding.code, finding.message, finding.place) for finding in dataset.findings]


def labelled(root, text, **more):
    return make(root, {"label_2/a.txt": text, "image_2/a.png": (640, 480), **more})


def test_a_folder(tmp_path):
    make(tmp_path / "training", {"label_2/a.txt": f"{CAR}\n{NOT_LABELLED}\n", "image_2/a.png": (640, 480)})
    make(tmp_path / "training", {f"image_2/{name}.png": (640, 480) for name in "bc"})
    make(tmp_path / "training", {"label_2/c.txt": ""})
    dataset = read(tmp_path)
    assert dataset.recognised == "KITTI: label_2/ beside image_2/"
    assert dataset.images.ids == ["a", "b", "c"]
    assert dataset.boxes.xyxy.tolist() == [BOX, [1, 2, 3, 4]]
    assert dataset.boxes.crowd.tolist() == [False, True]
    assert dataset.boxes.entry.tolist() == [0, 1]
    assert [category.name for category in dataset.categories] == ["Car", "DontCare"]
    assert dataset.notes == ["taken as blank, of 3 images: 1 without a label file, 1 with an empty one"]
    assert dataset.sources[0].path == tmp_path / "training/label_2"
    assert dataset.sources[0].image_folder == tmp_path / "training/image_2"
    assert dataset.findings == []


@pytest.mark.parametrize(
    ("line", "label"),
    [
        (CAR, "Car"),
        (CAR.replace("Car", "Person sitting"), "Person sitting"),  # the class has a blank in it
        (CAR.replace("Car", "Car 2"), "Car 2"),  # and a number
        (CAR.replace("Car", "3"), "3"),
        (f"\ufeff{CAR}\r", "Car"),
        (f"{CAR} 0.93", "Car"),  # a score
        (CAR.replace(" ", "\t"), "Car"),
        (f"{CAR} 0 0 0", "Car"),
    ],
)
def test_columns_of_a_line(tmp_path, line, label):
    dataset = read(labelled(tmp_path, f"{line}\n{CAR}\n"))
    assert dataset.boxes.xyxy.tolist() == [BOX, BOX]
    assert dataset.categories[int(dataset.boxes.category[0])].name == label
    assert dataset.findings == []


def test_files_of_results_are_said(tmp_path):
    dataset = read(labelled(tmp_path, f"{CAR} 0.9\n{NOT_LABELLED} -10\n"))
    assert dataset.notes == ["lines with a 16th number, the score of a detection, as in results: 1"]


def test_broken_lines(tmp_path):
    text = f"{CAR}\n\nCar 1 2\n{CAR.replace('110.00', 'x')}\n{CAR.replace('110.00', 'nan')}\n"
    dataset = read(labelled(tmp_path, text, **{"label_2/b.txt": b"\0", "image_2/b.png": (640, 480)}))
    assert dataset.images.ids == ["a"]  # an image whose labels cannot be read is not blank
    assert np.isnan(dataset.boxes.xyxy[1:3]).all()
    assert findings(dataset) == [
        ("PAR003", "3 columns: a line has a class and 14 numbers", "line 3"),
        ("PAR004", "column 7 is 'x', not a number", "line 4"),
        ("PAR001", "not text: byte 0 is 0", "byte 0"),
        ("BOX001", "a coordinate is not finite", "line 5"),
    ]


def test_a_pointer_of_git_lfs_is_named(tmp_path):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n"
    more = {"label_2/b.txt": pointer, "label_2/c.txt": CAR.encode("utf-16")}
    dataset = read(labelled(tmp_path, CAR, **more))
    assert [code for code, *_ in findings(dataset)] == ["PAR010", "PAR006"]
    assert dataset.findings[0].path.endswith("b.txt")


def test_images_that_are_not_there(tmp_path):
    dataset = read(labelled(tmp_path, CAR, **{"label_2/b.txt": CAR}))
    assert [code for code, *_ in findings(dataset)] == ["IMG001", "IMG002"]
    make(tmp_path / "x", {"label_2/a.txt": CAR})
    dataset = read(tmp_path / "x")
    assert [code for code, *_ in findings(dataset)] == ["IMG002"]
    assert "missing images were not checked" in dataset.notes[0]
    make(tmp_path, {"elsewhere/a.png": (640, 480)})
    assert read(tmp_path / "x", image_folder=tmp_path / "elsewhere").findings == []


def test_folders_of_splits(tmp_path):
    files = {f"{split}/{name}": what for split in ("train", "val") for name, what in PAIR.items()}
    dataset = read(make(tmp_path, files))
    assert dataset.splits == ("train", "val")
    assert len(read(tmp_path, splits=("val",)).images) == 1
    with pytest.raises(AnchorauditError, match="unknown split 'test'"):
        read(tmp_path, splits=("test",))
    make(tmp_path, {"test/label_2/a.txt": "", "test/image_2/a.png": (640, 480)})
    assert read(tmp_path).splits == ("test", "train", "val")  # a split without an object is still one
    files = {name.replace("/", f"/{split}/"): what for split in "tv" for name, what in PAIR.items()}
    assert read(make(tmp_path / "other", files)).splits == ("t", "v")


def test_tracking_has_a_file_for_each_sequence(tmp_path):
    text = f"0 1 {CAR}\n0 -1 {NOT_LABELLED}\n2 1 {CAR}\nx 1 {CAR}\n2 1 Car\n"
    images = {f"image_02/0007/00000{n}.png": (640, 480) for n in range(2)}
    dataset = read(make(tmp_path, {"label_02/0007.txt": text, **images}))
    assert dataset.images.ids == ["0007/000000", "0007/000001", "0007/000002"]
    assert dataset.boxes.image.tolist() == [0, 0, 2, 2]
    assert dataset.boxes.crowd.tolist() == [False, True, False, False]
    assert findings(dataset)[:2] == [
        ("PAR004", "the frame is 'x', not a whole number", "line 4"),
        ("PAR003", "1 column: a line has a class and 14 numbers", "line 5"),
    ]
    assert dataset.notes == ["taken as blank, of 3 images: 1 without a line"]


def test_it_is_told_from_yolo_by_its_lines(tmp_path):
    make(tmp_path, {"labels/a.txt": "0 0.5 0.5 0.1 0.1\n", "images/a.png": (9, 9)})
    assert (detect(tmp_path).format, kitti.detect(tmp_path)) == ("yolo", None)
    make(tmp_path / "k", {"labels/a.txt": CAR, "labels/b.txt": "", "images/a.png": (9, 9)})
    assert detect(tmp_path / "k").path == tmp_path / "k/labels"
    assert detect(tmp_path / "k/labels").format == "kitti"
    make(tmp_path / "other", {"labels/a.txt": "a cat\n", "images/a.png": (9, 9)})
    assert kitti.detect(tmp_path / "other") is None
