"""VisDrone, DOTA, OIDv4 ToolKit, MOTChallenge and WIDER FACE: their lines, and their quirks."""

import numpy as np
import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import detect, dota, mot, read, visdrone
from tests.builders import make

SIZE = (640, 480)


def told(dataset):
    return [(finding.code, finding.message, finding.place) for finding in dataset.findings]


def names(dataset):
    return [dataset.categories[i].name if i >= 0 else "" for i in dataset.boxes.category.tolist()]


# VisDrone


def of_visdrone(root, text):
    return read(make(root, {"annotations/a.txt": text, "images/a.jpg": SIZE}))


def test_visdrone(tmp_path):
    lines = ["10,20,100,50,1,4,0,1", "200,5,30,30,0,0,0,0,", "1, 2, 3, 4, 0, 1, 0, 0"]
    dataset = of_visdrone(tmp_path, "\r\n".join(lines))
    assert dataset.findings == []
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70], [200, 5, 230, 35], [1, 2, 4, 6]]
    assert names(dataset) == ["car", "ignored regions", "pedestrian"]
    assert dataset.boxes.crowd.tolist() == [False, True, True]


def test_broken_lines_of_visdrone(tmp_path):
    dataset = of_visdrone(tmp_path, "1,2,3,4,1,4,0,0\n1,2,3\n1,2,x,4,1,4,0,0\n1,2,3,4,1,12,0,0\n")
    assert told(dataset) == [
        ("PAR003", "3 columns: a line has 8: left, top, width, height, score, category, ...", "line 2"),
        ("PAR004", "column 3 is 'x', not a number", "line 3"),
        ("PAR003", "the category is 12, not 0 to 11", "line 4"),
    ]


def test_splits_of_visdrone(tmp_path):
    for split in ("train", "val", "test-dev"):
        root = f"VisDrone2019-DET-{split}"
        make(tmp_path, {f"{root}/annotations/a.txt": "1,2,3,4,1,4,0,0\n", f"{root}/images/a.jpg": SIZE})
    assert read(tmp_path).splits == ("test-dev", "train", "val")


def test_labels_that_were_converted_are_no_visdrone(tmp_path):
    make(tmp_path, {"annotations/a.txt": "0 0.5 0.5 0.1 0.1\n", "images/a.jpg": SIZE})
    assert visdrone.detect(tmp_path) is None


# DOTA

POLYGON = "10 20 110 20 110 70 10 70"


def of_dota(root, text, **more):
    return read(make(root, {"labelTxt/P1.txt": text, "images/P1.png": SIZE, **more}))


@pytest.mark.parametrize("header", ["", "imagesource:GoogleEarth\ngsd:0.2\n", "imagesource:\r\ngsd:null\r\n"])
def test_dota(tmp_path, header):
    text = f"{header}{POLYGON} small-vehicle 0\n-5.5 {POLYGON[3:]} ship 1\n{POLYGON} car\n"
    dataset = of_dota(tmp_path, text)
    assert dataset.findings == []
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70], [-5.5, 20, 110, 70], [10, 20, 110, 70]]
    assert names(dataset) == ["small-vehicle", "ship", "car"]
    assert dataset.boxes.difficult.tolist() == [False, True, False]
    assert dataset.notes == ["read as the boxes around their four corners: polygons: 3"]


def test_blank_and_broken_files_of_dota(tmp_path):
    more = {"labelTxt/P2.txt": "imagesource:GoogleEarth\ngsd:0.25\n", "images/P2.png": SIZE}
    broken = f"10 20 ship 0\n{POLYGON[:-2]}x ship 0\nnan {POLYGON[3:]} ship\n"
    dataset = of_dota(tmp_path, f"{POLYGON} ship 0\n{broken}", **more)
    assert told(dataset) == [
        ("PAR003", "4 columns: a line has 8 numbers, a class and whether it is difficult", "line 2"),
        ("PAR004", "column 8 is 'x', not a number", "line 3"),
        ("BOX001", "a coordinate is not finite", "line 4"),
    ]
    assert "taken as blank, of 2 images: 1 with an empty one" in dataset.notes


def test_folders_of_dota_1_5(tmp_path):
    labels = "train/labelTxt-v1.5/DOTA-v1.5_train"
    make(tmp_path, {f"{labels}/P1.txt": f"{POLYGON} ship 0\n", f"{labels}_hbb/P1.txt": f"{POLYGON} ship 0\n"})
    dataset = read(make(tmp_path, {"train/images/P1.png": SIZE}))
    assert (dataset.findings, len(dataset.boxes)) == ([], 1)
    assert any(note.startswith("not read: ") and "_hbb" in note for note in dataset.notes)
    assert dataset.image_path(0) == tmp_path / "train/images/P1.png"


def test_dota_that_was_converted_for_yolo_is_asked_about(tmp_path):
    of_dota(tmp_path, f"{POLYGON} ship 0\n")
    make(tmp_path, {"labels/P1.txt": "0 0.5 0.5 0.1 0.1\n"})
    with pytest.raises(AnchorauditError, match="2 data sets here"):
        detect(tmp_path)
    assert dota.detect(tmp_path / "images") is None


# OIDv4 ToolKit


def test_oidv4(tmp_path):
    bear = "train/Polar bear"
    make(tmp_path, {f"{bear}/Label/a.txt": "Polar bear 10.5 20 110 70\n", f"{bear}/a.jpg": SIZE})
    make(tmp_path, {"train/Apple/Label/a.txt": "Apple 1 2 3 4\nApple 1\n", "train/Apple/a.jpg": SIZE})
    make(tmp_path, {"train/Apple/b.jpg": SIZE, "validation/Apple/Label/c.txt": "Apple 1 2 3 4\n"})
    dataset = read(tmp_path)
    assert dataset.splits == ("train", "validation")
    assert dataset.images.ids == ["a", "b", "a", "c"]
    assert np.array_equal(dataset.boxes.xyxy[[0, 2]], [[1, 2, 3, 4], [10.5, 20, 110, 70]])
    assert names(dataset) == ["Apple", "Apple", "Polar bear", "Apple"]
    assert told(dataset)[0][:2] == ("PAR003", "2 columns: a line has a class, left, top, right and bottom")
    assert any(note.startswith("in the folders of several classes: 1 images") for note in dataset.notes)
    assert detect(tmp_path / "train/Apple").format == "oidv4"
    assert len(read(tmp_path, splits=("validation",)).images) == 1


# MOTChallenge

INI = "[Sequence]\nname=x\nimDir=img1\nseqLength={}\nimWidth=640\nimHeight=480\nimExt=.jpg\n"


def of_mot(root, text, length=2, **more):
    return read(make(root, {"s/gt/gt.txt": text, "s/seqinfo.ini": INI.format(length), **more}))


def test_mot(tmp_path):
    dataset = of_mot(tmp_path, "1,1,11,21,100,50,1,1,1.0\n1,2,1,2,3,4,0,3,0.5\n")
    assert dataset.findings == []
    assert dataset.images.ids == ["s/000001", "s/000002"]
    assert dataset.images.width.tolist() == [640, 640]
    assert dataset.boxes.xyxy.tolist() == [[11, 21, 111, 71], [1, 2, 4, 6]]
    assert names(dataset) == ["pedestrian", "car"]
    assert dataset.boxes.crowd.tolist() == [False, True]
    assert "taken as blank, of 2 images: 1 without a line" in dataset.notes


@pytest.mark.parametrize("line", ["1,1,11,21,100,50,1,-1,-1,-1", "1,1,11,21,100,50,1", "1,1,11,21,100,50"])
def test_mot_without_classes(tmp_path, line):
    dataset = of_mot(tmp_path, f"{line}\n")
    assert names(dataset) == ["object"]
    assert "lines without a class, read as the class 'object': 1" in dataset.notes


def test_mot_with_names_of_its_own(tmp_path):
    dataset = of_mot(tmp_path, "1,1,1,2,3,4,1,2,1.0\n", **{"s/gt/labels.txt": "cat\ndog\n"})
    assert names(dataset) == ["dog"]


def test_broken_lines_of_mot(tmp_path):
    lines = ["1,1,1,2,3,4,1,1,1", "x,1", "1,1,1", "1,1,1,y,3,4,1,1,1", "1,1,1,2,3,4,1,99,1"]
    dataset = of_mot(tmp_path, "\n".join([*lines, "9,1,1,2,3,4,1,1,1"]))
    assert told(dataset) == [
        ("PAR004", "the frame is 'x', not a whole number", "line 2"),
        ("PAR003", "3 columns: a line has frame, track, left, top, width, height and up to 4 more", "line 3"),
        ("PAR004", "column 4 is 'y', not a number", "line 4"),
        ("PAR003", "the class is '99', not 1 to 13", "line 5"),
        ("SET003", "boxes in 1 frames that the sequence does not have: 1 to 2", ""),
    ]
    assert dataset.images.ids == ["s/000001", "s/000002", "s/000009"]


@pytest.mark.parametrize("length", ["999999999", "many", "-1"])
def test_a_length_that_is_none_is_not_believed(tmp_path, length):
    dataset = of_mot(tmp_path, "1,1,1,2,3,4,1,1,1\n", length)
    assert [code for code, *_ in told(dataset)] == ["PAR004"]
    assert len(dataset.images) == 1


def test_images_of_mot(tmp_path):
    images = {f"s/img1/00000{n}.jpg": SIZE for n in (1, 2, 3)}
    make(tmp_path, {"s/gt/gt.txt": "1,1,1,2,3,4,1,1,1\n", **images})
    dataset = read(tmp_path)
    assert (dataset.images.ids[2], dataset.image_path(2)) == ("s/000003", tmp_path / "s/img1/000003.jpg")
    missing = of_mot(tmp_path, "1,1,1,2,3,4,1,1,1\n", 5)
    assert [code for code, *_ in told(missing)] == ["IMG001", "IMG001"]


def test_mot17_has_each_sequence_three_times(tmp_path):
    for detector in ("DPM", "FRCNN", "SDP"):
        root = f"train/MOT17-02-{detector}"
        make(tmp_path, {f"{root}/gt/gt.txt": "1,1,1,2,3,4,1,1,1\n", f"{root}/seqinfo.ini": INI.format(1)})
    make(tmp_path, {"test/MOT17-01-DPM/seqinfo.ini": INI.format(1)})
    dataset = read(tmp_path)
    assert dataset.images.ids == ["MOT17-02-DPM/000001"]
    assert "not read, without gt/gt.txt: 1 sequence" in dataset.notes
    assert [code for code, *_ in told(dataset)] == ["SET015", "SET015"]


def test_detections_are_no_annotations(tmp_path):
    make(tmp_path, {"s/det/det.txt": "1,-1,1,2,3,4,0.9,-1,-1,-1\n", "s/img1/000001.jpg": SIZE})
    for path in (tmp_path / "s", tmp_path, tmp_path / "s/det/det.txt"):
        assert mot.detect(path) is None
        assert mot.nearly(path).startswith("det.txt has what a detector found")
    assert mot.nearly(tmp_path / "s/img1") == ""
    with pytest.raises(AnchorauditError, match="what a detector found"):
        read(tmp_path / "s")


# WIDER FACE

FILE = "wider_face_split/wider_face_train_bbx_gt.txt"
NONE = "0 0 0 0 0 0 0 0 0 0 \n"
FACES = f"0--P/a.jpg\n1\n10 20 100 50 0 0 0 0 0 0 \n0--P/b.jpg\n0\n{NONE}"


def of_wider(root, text):
    make(root, {FILE: text, **{f"WIDER_train/images/0--P/{name}.jpg": SIZE for name in "abc"}})
    return read(root)


@pytest.mark.parametrize("text", [FACES, FACES.removesuffix(NONE), FACES.replace("\n", "\r\n")])
def test_wider_face(tmp_path, text):
    dataset = of_wider(tmp_path, text)
    assert dataset.findings == []
    assert dataset.images.ids == ["0--P/a.jpg", "0--P/b.jpg"]
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]]
    assert dataset.image_path(0) == tmp_path / "WIDER_train/images/0--P/a.jpg"


def test_invalid_faces_are_crowds(tmp_path):
    dataset = of_wider(tmp_path, "0--P/a.jpg\n2\n1 2 3 4 0 0 0 1 2 0\n1 2 3 4 0 0 0 0 0 0\n")
    assert dataset.boxes.crowd.tolist() == [True, False]
    dataset = of_wider(tmp_path, "0--P/a.jpg\n2\n1 2 3 4 0 0 0 2 0 0\n1 2 3 4 0 0 0 0 0 1\n")
    assert dataset.boxes.crowd.tolist() == [False, True]
    assert dataset.notes == ["the column `invalid` is the last one, as in exports of Datumaro and CVAT"]


def test_broken_lines_of_wider_face(tmp_path):
    text = f"{FACES}0--P/c.jpg\n3\n1 2 3\n1 2 x 4\n0--P/d.jpg\n1 2 3 4\n"
    dataset = of_wider(tmp_path, text)
    assert told(dataset)[:4] == [
        ("PAR003", "3 columns: a face has x, y, width, height and six flags", "line 9"),
        ("PAR004", "column 3 is 'x', not a number", "line 10"),
        ("PAR003", "the number of faces is 3, but 2 lines follow", "line 8"),
        ("PAR003", "the number of faces is missing, but 1 lines follow", "line 12"),
    ]
    assert detect(tmp_path / FILE).format == "wider_face"
    make(tmp_path / "x", {"list.txt": "a.jpg\nb.jpg\nc.jpg\n"})
    with pytest.raises(AnchorauditError, match="no data set recognised"):
        detect(tmp_path / "x/list.txt")
