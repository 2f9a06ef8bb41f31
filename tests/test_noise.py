"""A clean, ordinary data set is told at most three lines of info: more would hide what is wrong in others."""

import json

import numpy as np
import pytest

import anchoraudit
from anchoraudit.detectors import load_detector, override
from anchoraudit.rules import Chosen
from tests.builders import annotation, document, image, make
from tests.rule_cases import coco, numbered, of_classes, picture, tree
from tests.test_voc import xml

DETECTORS = (
    *("reference", "torchvision-fasterrcnn_resnet50_fpn", "yolov5", "mmdet-retinanet_fpn"),
    *("ultralytics-yolo11-8.3", "torchvision-fcos_resnet50_fpn", "yolox"),
)
MOST = 3
SHOWN = 3  # findings of a rule that the report shows, before it says how many more there are
W, H = 640, 480


def lines(root, detector):
    """What the text report of a scan says as info: notes, and findings or the line about many of them."""
    result = anchoraudit.audit(root, detector)
    told = [f"note {note}" for note in result.dataset.notes]
    for code, count in result.findings.counts.items():
        rule = result.findings.rule(code)
        if rule.severity != "info":
            continue
        if rule.verdict:  # the images are in a list of their own
            told.append(code)
            continue
        told += [f"{code} {finding.message}" for finding in result.findings.of(code, SHOWN)]
        told += [f"{code} and more"] * (count > SHOWN)
    return told


def drawn(random, count, split):
    """Boxes as x, y, width, height for images of 640x480, of all usual sizes; one an image is at the edge."""
    for number in range(count):
        boxes = []
        for _ in range(int(random.integers(2, 6))):
            w, h = np.exp(random.uniform(np.log(20), np.log(300), 2)).round()
            x, y = (random.uniform(0, (W, H) - np.array([w, h]))).round()
            boxes.append((x if boxes else 0.0, y, w, h))
        yield f"{split}{number}", boxes


def photo(seed):
    return picture((W, H), seed)


def roboflow(root):
    """An export of Roboflow: id 0 is the group of all others, which have it as their supercategory."""
    random = np.random.default_rng(0)
    group = {"id": 0, "name": "cells", "supercategory": "none"}
    classes = [
        {"id": n, "name": name, "supercategory": "cells"} for n, name in enumerate(("red", "white"), 1)
    ]
    for at, split in enumerate(("train", "valid", "test")):
        images, annotations, files = [], [], {}
        for number, (stem, boxes) in enumerate(drawn(random, 12, split)):
            images.append(image(number, file_name=f"{stem}.jpg", width=W, height=H))
            files[f"{split}/{stem}.jpg"] = photo(100 * at + number)
            for box in boxes:
                more = {"bbox": list(box), "category_id": 1 + len(annotations) % 2, "area": box[2] * box[3]}
                annotations.append(annotation(len(annotations), number, **more))
        text = json.dumps({**document(images, annotations), "categories": [group, *classes]})
        tree(root, {**files, f"{split}/_annotations.coco.json": text})
    return root


def yolo(root):
    random = np.random.default_rng(1)
    files = {
        "data.yaml": "train: images/train\nval: images/val\ntest: # optional\nnc: 2\nnames: [red, white]\n"
    }
    for at, split in enumerate(("train", "val")):
        for number, (stem, boxes) in enumerate(drawn(random, 12, split)):
            rows = [
                f"{k % 2} {(x + w / 2) / W:.6f} {(y + h / 2) / H:.6f} {w / W:.6f} {h / H:.6f}\n"
                for k, (x, y, w, h) in enumerate(boxes)
            ]
            files[f"images/{split}/{stem}.jpg"] = photo(100 * at + number)
            files[f"labels/{split}/{stem}.txt"] = "".join(rows)
    return tree(root, files)


def voc(root):
    """Annotations as labelImg writes them: they count from 0, and only Annotations/ and JPEGImages/."""
    files = {}
    for number, (stem, boxes) in enumerate(drawn(np.random.default_rng(2), 24, "")):
        objects = [(("red", "white")[k % 2], x, y, x + w, y + h) for k, (x, y, w, h) in enumerate(boxes)]
        files[f"Annotations/{stem}.xml"] = xml(*objects, size=(W, H))
        files[f"JPEGImages/{stem}.jpg"] = photo(number)
    return tree(root, files)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("build", [roboflow, yolo, voc])
def test_a_clean_data_set_is_told_little(tmp_path, build, detector):
    told = lines(build(tmp_path), detector)
    assert len(told) <= MOST, told


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("name", ["bccd", "coco38"])
def test_real_data_are_told_little(shared, name, detector):
    told = lines(shared / "data" / name, detector)
    assert len(told) <= MOST, told


def test_equal_notes_of_ten_files_are_one(tmp_path):
    make(
        tmp_path,
        {f"annotations/instances_{n}.json": document([image(n)], [annotation(n, n)]) for n in range(10)},
    )
    assert anchoraudit.read(tmp_path).notes == [
        "instances_0.json, instances_1.json, instances_2.json and 7 more: no images found beside "
        "them, so missing images were not checked"
    ]
    assert anchoraudit.read(tmp_path, splits=("3",)).notes == [
        "instances_3.json: no images found beside it, so missing images were not checked"
    ]


def test_json_files_of_another_kind_are_one_note(tmp_path):
    others = {f"annotations/captions_{n}.json": {"info": n} for n in range(5)}
    make(tmp_path, {"annotations/instances_a.json": document(), "images/1.jpg": (960, 720), **others})
    (note,) = anchoraudit.read(tmp_path).notes
    names = "captions_0.json, captions_1.json, captions_2.json and 2 more"
    assert note == f"not read: {names} are not COCO detection files"


def codes(root, files, *select):
    return list(anchoraudit.audit(make(root, files) / "a.json", rules=Chosen(select=select)).findings.counts)


class TestRoboflowsGroup:
    def files(self, group, *boxes):
        classes = [
            {"id": 0, "name": "cells", "supercategory": group},
            {"id": 1, "name": "red", "supercategory": "cells"},
        ]
        return coco({"category_id": 1}, *boxes, categories=classes)

    def test_it_is_no_class(self, tmp_path):
        assert codes(tmp_path, self.files("none"), "CLS002", "CLS006") == []

    def test_a_class_may_have_its_name(self, tmp_path):
        files = self.files("none")
        files["a.json"]["categories"][1]["name"] = "cells"
        assert codes(tmp_path, files, "CLS002", "CLS004", "CLS006") == []

    def test_with_a_box_it_is_one(self, tmp_path):
        assert codes(tmp_path, self.files("none", {"category_id": 0}), "CLS002", "CLS006") == ["CLS006"]

    def test_with_a_box_it_must_have_a_name_of_its_own(self, tmp_path):
        files = self.files("none", {"category_id": 0})
        files["a.json"]["categories"][1]["name"] = "cells"
        assert codes(tmp_path, files, "CLS004") == ["CLS004"]

    def test_any_other_class_0_is_one(self, tmp_path):
        assert codes(tmp_path, self.files("things"), "CLS002", "CLS006") == ["CLS002", "CLS006"]
        assert codes(tmp_path, numbered(0, 1), "CLS006") == ["CLS006"]

    @pytest.mark.parametrize("odd", [None, 7, ["none"], {"a": 1}])
    def test_a_supercategory_that_is_no_text(self, tmp_path, odd):
        assert codes(tmp_path, self.files(odd), "CLS002") == ["CLS002"]


def test_the_ids_of_ms_coco_are_known_to_all_frameworks(tmp_path):
    ids = sorted({*range(1, 91)} - {12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
    assert codes(tmp_path / "all", numbered(*ids), "CLS006") == []
    assert codes(tmp_path / "some", numbered(*ids[:-1]), "CLS006") == ["CLS006"]


def test_unused_classes_are_one_finding(tmp_path):
    files = coco({"category_id": 1}, categories=[{"id": n, "name": f"c{n}"} for n in range(1, 10)])
    (found,) = anchoraudit.audit(make(tmp_path, files) / "a.json", rules=Chosen(select=("CLS002",))).findings
    assert found.message == "no box has 8 of 9 classes: 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', ... (2 more)"
    assert found.evidence == "2, 3, 4, 5, 6, 7, 8, 9"


def test_one_class_with_a_single_box_is_usual_in_a_small_data_set(tmp_path):
    few = dict.fromkeys([f"c{n}" for n in range(10)], 0)
    assert codes(tmp_path / "small", of_classes(car=100, bicycle=1, **few), "CLS008") == []
    assert codes(tmp_path / "large", of_classes(car=120, bicycle=1, **few), "CLS008") == ["CLS008"]


class TestUnusedAnchors:
    # Boxes like all shapes of the reference but the last, so many that the rule looks at them.
    SHAPES = load_detector("reference").shapes
    BOXES = tuple((10.0, 10.0, w * W / 960, h * H / 720) for w, h in SHAPES.tolist()[:-1]) * 12

    def said(self, root, detector):
        files = coco(*self.BOXES)
        chosen = Chosen(select=("ANC005",))
        return list(anchoraudit.audit(make(root, files) / "a.json", detector, rules=chosen).findings.counts)

    def test_some_of_a_preset_are_usual(self, tmp_path):
        assert self.said(tmp_path, "reference") == []

    def test_some_of_the_users_own_are_told(self, tmp_path):
        shapes = [*self.SHAPES.tolist()[:-1], (700.0, 9.0)]
        own = override(load_detector("reference"), shapes=[(w, h) for w, h in shapes])
        assert self.said(tmp_path, own) == ["ANC005"]
