"""LVIS, Objects365, and what Roboflow and FiftyOne export: COCO with differences."""

import json

import pytest

from anchoraudit import audit
from anchoraudit.formats import ReadOptions, detect, parts_of, read
from tests.builders import annotation, document, image, make, run

URL = "http://images.cocodataset.org/train2017/000000000007.jpg"
LVIS = {
    "info": {},
    "images": [
        {
            "id": 7,
            "width": 640,
            "height": 480,
            "coco_url": URL,
            "neg_category_ids": [3],
            "not_exhaustive_category_ids": [1],
        },
        {"id": 8, "width": 640, "height": 480, "coco_url": None, "neg_category_ids": []},
    ],
    "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 20, 100, 50], "area": 5000}],
    "categories": [{"id": 1, "name": "cat", "synset": "cat.n.01", "frequency": "r"}],
}


def codes(dataset):
    return [(finding.code, finding.place) for finding in dataset.findings]


class TestLvis:
    def test_the_name_is_that_of_the_url(self, tmp_path):
        make(tmp_path, {"annotations/lvis_v1_train.json": LVIS, "train2017/000000000007.jpg": (640, 480)})
        dataset = read(tmp_path)
        assert dataset.images.file_names == ["train2017/000000000007.jpg", ""]
        assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]]
        assert codes(dataset) == [("IMG001", "images[1].file_name")]
        (note,) = dataset.notes
        assert note == (
            "lvis_v1_train.json is LVIS: in 2 images only some classes were looked for, and in 1 not every "
            "object of these has a box. A class without a box proves nothing"
        )

    def test_a_folder_that_the_url_does_not_name(self, tmp_path):
        make(tmp_path, {"annotations/lvis_v1_train.json": LVIS, "images/000000000007.jpg": (640, 480)})
        (found,) = read(tmp_path).findings
        assert (found.code, found.place) == ("IMG012", "images[0].coco_url")
        assert found.message.startswith("`coco_url` of 1 of 2 images leads to no file")

    def test_version_0_5_has_file_names(self, tmp_path):
        old = {**LVIS, "images": [{**LVIS["images"][0], "file_name": "COCO_val2014_000000000007.jpg"}]}
        dataset = read(make(tmp_path, {"a.json": old}) / "a.json")
        assert dataset.images.file_names == ["COCO_val2014_000000000007.jpg"]

    def test_part_by_part_is_the_same(self, tmp_path):
        images = [{**LVIS["images"][0], "id": n, "coco_url": f"{URL[:-5]}{n}.jpg"} for n in range(9)]
        path = make(tmp_path, {"a.json": {**LVIS, "images": images}}) / "a.json"
        parts = parts_of(path, 3, ReadOptions())
        whole = read(path)
        indices = {piece.number: parts.index(piece).told for piece in parts.pieces}
        skeleton = parts.skeleton(indices)
        names = [n for p in parts.pieces for n in parts.read(p, skeleton, ()).images.file_names]
        assert sorted(names) == sorted(whole.images.file_names)
        assert skeleton.notes[-1] == whole.notes[-1]
        assert "9 images only some classes" in whole.notes[-1]

    def test_who_reads_only_coco_stops(self, tmp_path):
        make(tmp_path, {"annotations/lvis_v1_train.json": LVIS, "train2017/000000000007.jpg": (640, 480)})
        dataset = read(tmp_path)
        for loader, stops in (("torchvision-coco", True), ("detectron2", False)):
            found = audit(dataset, "reference", loader=loader).findings
            assert any("KeyError: 'file_name'" in f.message and "7" in f.thing for f in found) == stops


def test_objects365(tmp_path):
    """The disk has no `images/v1/`, and the last word of the file's name is that of the folder."""
    entries = [
        annotation(1, 1, isfake=0, isreflected=1),
        annotation(2, 1, [10, 20, 100, 50], isfake=1, iscrowd=1),
    ]
    listed = document([image(1, file_name="images/v1/patch8/o_1.jpg")], entries)
    make(tmp_path, {"annotations/zhiyuan_objv2_train.json": listed, "train/patch8/o_1.jpg": (960, 720)})
    dataset = read(tmp_path)
    (found,) = dataset.findings
    assert (found.code, found.place) == ("IMG012", "images[0].file_name")
    assert found.message.endswith(f"is in {tmp_path / 'train'} as 'patch8/o_1.jpg'")
    assert dataset.boxes.crowd.tolist() == [False, True]


class TestFiftyOne:
    def test_one_file(self, tmp_path):
        make(tmp_path, {"labels.json": document(), "data/1.jpg": (960, 720)})
        dataset = read(tmp_path)
        assert (dataset.format, dataset.findings) == ("coco", [])
        assert dataset.sources[0].image_folder == tmp_path / "data"

    def test_a_folder_for_each_split(self, tmp_path):
        for split in ("train", "validation"):
            make(tmp_path / split, {"labels.json": document(), "data/1.jpg": (960, 720)})
        dataset = read(tmp_path)
        assert dataset.splits == ("train", "validation")
        assert [source.image_folder.parent.name for source in dataset.sources] == ["train", "validation"]


class TestSplitsThatShareIds:
    """As Roboflow exports them: every file counts its ids from 0."""

    @pytest.fixture
    def roboflow(self, tmp_path):
        for split in ("train", "valid"):
            listed = document([image(0, file_name=f"{split}.jpg")], [annotation(0, 0)])
            make(tmp_path / "ds" / split, {"_annotations.coco.json": listed, f"{split}.jpg": (960, 720)})
        return tmp_path / "ds"

    def test_filter_writes_a_file_for_each(self, roboflow, here, capsys):
        assert run("filter", roboflow, "-o", "clean.json") == 0
        captured = capsys.readouterr()
        assert "note: a file for each split, because the splits share ids or differ" in captured.err
        assert "clean-train.json" in captured.out
        for split in ("train", "valid"):
            kept = json.loads((here / f"clean-{split}.json").read_text())
            assert [one["file_name"] for one in kept["images"]] == [f"{split}.jpg"]
            assert kept["annotations"][0]["id"] == 0
        assert not (here / "clean.json").exists()

    def test_one_split_and_a_list_are_one_file(self, roboflow, here):
        assert run("filter", roboflow, "--split", "valid", "-o", "clean.json") == 0
        assert run("filter", roboflow, "-o", "clean.txt") == 0
        assert (here / "clean.txt").read_text() == "train.jpg\nvalid.jpg\n"

    def test_splits_with_ids_of_their_own_are_one_file(self, roboflow, here):
        listed = document([image(5, file_name="valid.jpg")], [annotation(5, 5)])
        make(roboflow / "valid", {"_annotations.coco.json": listed})
        assert run("filter", roboflow, "-o", "clean.json") == 0
        assert len(json.loads((here / "clean.json").read_text())["images"]) == 2


def test_coco_is_still_what_it_was(tmp_path):
    """A `labels.json` that is not COCO, in a folder beside, changes nothing."""
    make(tmp_path, {"a.json": document(), "train/labels.json": {"0": "cat"}})
    assert detect(tmp_path).reason == "1 COCO file(s) *.json"
