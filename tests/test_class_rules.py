"""Class ids, names and counts against what each framework does with them.

The expected values are the frameworks' own answers: their code was run, or read where it could not be, on the
same ids and names. Each case is the smallest data set that shows it.
"""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import anchoraudit
from anchoraudit.classes import class_rules, class_rules_names, rules_for
from anchoraudit.classes.contract import INDEX_MEANING
from anchoraudit.classes.indices import class_indices, has_background
from anchoraudit.classes.table import class_table
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.detectors.classes import Classes
from anchoraudit.errors import AnchorauditError
from anchoraudit.loaders import loader_names
from anchoraudit.report.text.classes import class_table as report_table
from anchoraudit.rules import Chosen
from tests.builders import annotation, document, image, make

BOX = [400, 360, 74, 149]
TWO_STAGE = "torchvision-fasterrcnn_resnet50_fpn"
SSD = "torchvision-ssd300_vgg16"
DENSE = "torchvision-retinanet_resnet50_fpn"


def named(*names):
    return Classes(names=names, stated_in="config")


def built(count):
    return Classes(count=count, stated_in="config")


def coco(root, categories, ids=None, split="", start=1):
    """A COCO file with these (id, name) categories, and a box, in an image of its own, for each of `ids`."""
    used = [identity for identity, _ in categories] if ids is None else ids
    numbers = range(start, start + len(used))
    annotations = [
        annotation(n, n, BOX, category_id=identity, area=11026)
        for n, identity in zip(numbers, used, strict=True)
    ]
    listed = [{"id": identity, "name": name} for identity, name in categories]
    name = f"instances_{split}.json" if split else "a.json"
    make(root, {name: document([image(n) for n in numbers], annotations, categories=listed)})
    return root if split else root / name


def scan(path, framework, **more):
    """Audit with a detector's name, or with the rules of a framework of which no detector is replayed."""
    detector = framework if framework in preset_names() else None
    if detector is None:
        more["class_rules"] = framework
    return anchoraudit.audit(path, detector, rules=Chosen(select=("CLS", "RUN")), **more)


def indices(result):
    return {row.id: row.index for row in result.classes.rows}


def errors(result):
    """Code -> message of each error about a class."""
    rule = result.findings.rule
    found = [f for f in result.findings if rule(f.code).severity == "error"]
    return {f.code: f.message for f in found if f.code.startswith("CLS") or f.code == "RUN007"}


@pytest.mark.parametrize("framework", ["yolov5", "yolov7", "ultralytics-yolo11"])
def test_a_text_for_an_id_has_no_index_and_is_listed_last(tmp_path, framework):
    """The scripts that convert COCO subtract 1 of an id, which raises at a text."""
    found = scan(coco(tmp_path, (("a", "cat"), (3, "dog"), (5, "bird"))), framework)
    assert [(row.id, row.index) for row in found.classes.rows] == [(3, 2), (5, 4), ("a", None)]


# How an id or a name becomes an index, where the background is, and what the count means.

CATEGORIES = ((7, "dog"), (3, "cat"), (9, "bird"))
AS_IS = {7: 7, 3: 3, 9: 9}
SORTED = {7: 1, 3: 0, 9: 2}
IN_FILE = {7: 0, 3: 1, 9: 2}


@pytest.mark.parametrize(
    ("framework", "stated", "wanted"),
    [
        (TWO_STAGE, Classes(), AS_IS),
        (SSD, Classes(), AS_IS),
        (DENSE, Classes(), AS_IS),
        ("detectron2-retinanet", Classes(), SORTED),
        ("detectron2-rpn_fpn", Classes(), SORTED),
        ("mmdet-retinanet_fpn", Classes(), IN_FILE),
        ("mmdet-retinanet_fpn", named("bird", "cat", "dog"), IN_FILE),
        ("mmdet-retinanet_fpn", named("cat", "bird"), {7: None, 3: 0, 9: 1}),
        ("mmdet-ssd300", named("bird", "dog"), {7: 0, 3: None, 9: 1}),
        ("yolox", Classes(), SORTED),
        ("keras-retinanet", Classes(), SORTED),
        ("tf-od-ssd_mobilenet_v2", Classes(), AS_IS),
        ("efficientdet-d0", Classes(), AS_IS),
        ("mask-rcnn-matterport", Classes(), {7: 2, 3: 1, 9: 3}),
        ("rt-detr", Classes(), AS_IS),
        ("rt-detr-mscoco", Classes(), {7: 6, 3: 2, 9: 8}),
        ("rf-detr", Classes(), SORTED),
        ("detr", Classes(), AS_IS),
        ("hf-detr", Classes(), AS_IS),
        ("pycocotools", Classes(), AS_IS),
        ("ultralytics", Classes(), {7: 6, 3: 2, 9: 8}),
    ],
)
def test_the_index_of_a_coco_id(tmp_path, framework, stated, wanted):
    assert indices(scan(coco(tmp_path, CATEGORIES), framework, classes=stated)) == wanted


VOC_NAMES = (("a", "cat"), ("b", "dog"), ("c", "Dog"), ("d", " dog"))


@pytest.mark.parametrize(
    ("framework", "wanted"),
    [
        ("detectron2-retinanet", {"cat": 1, "dog": 0, "Dog": None}),
        ("mmdet-retinanet_fpn", {"cat": 1, "dog": 0, "Dog": None}),
        ("yolox", {"cat": 1, "dog": 0, "Dog": None}),
        ("simple-faster-rcnn", {"cat": 1, "dog": 0, "Dog": 0}),
        ("py-faster-rcnn", {"cat": 2, "dog": 1, "Dog": 1}),
        ("ssd-pytorch", {"cat": 1, "dog": 0, "Dog": 0}),
        ("tf-od-ssd_mobilenet_v2", {"cat": 2, "dog": 1, "Dog": None}),
    ],
)
def test_the_index_of_a_voc_name(tmp_path, framework, wanted):
    from tests.test_voc import xml

    names = ("cat", "dog", "Dog")
    make(tmp_path, {f"Annotations/{n}.xml": xml((name, 9, 9, 90, 90)) for n, name in enumerate(names)})
    table = scan(tmp_path, framework, classes=named("dog", "cat")).classes
    assert {row.name: row.index for row in table.rows} == wanted


def test_a_voc_name_has_no_index_that_anybody_knows_without_a_list(tmp_path):
    from tests.test_voc import xml

    make(tmp_path, {"Annotations/a.xml": xml(("cat", 9, 9, 90, 90))})
    (row,) = scan(tmp_path, "mmdet-retinanet_fpn").classes.rows
    assert (row.index, row.known, row.outcome) == (None, False, "unknown")


@pytest.mark.parametrize("framework", ["ultralytics", "yolov5", "yolov7", "darknet"])
def test_the_index_in_a_label_file_is_the_number(tmp_path, framework):
    make(tmp_path, {"images/a.jpg": (960, 720), "labels/a.txt": "1 .5 .5 .1 .2\n"})
    make(tmp_path, {"data.yaml": "train: images\nnames: [cat, dog]\n"})
    table = scan(tmp_path, framework).classes
    assert {row.name: row.index for row in table.rows} == {"cat": 0, "dog": 1}


@pytest.mark.parametrize(
    ("name", "background"),
    [
        ("detectron2", "last"),
        ("mmdet", "last"),
        ("ultralytics", "none"),
        ("yolov5", "none"),
        ("yolov7", "none"),
        ("yolox", "none"),
        ("simple-faster-rcnn", "first"),
        ("py-faster-rcnn", "first"),
        ("ssd-pytorch", "first"),
        ("keras-retinanet", "none"),
        ("darknet", "none"),
        ("tf-od", "first"),
        ("efficientdet", "first"),
        ("mask-rcnn-matterport", "first"),
        ("rt-detr", "none"),
        ("rt-detr-mscoco", "none"),
        ("rf-detr", "last"),
        ("detr", "last"),
        ("hf-detr", "last"),
    ],
)
def test_where_the_background_is(name, background):
    assert class_rules(name).background == background


@pytest.mark.parametrize(
    ("detector", "count", "end"),
    [
        (TWO_STAGE, 3, 3),
        ("torchvision-ssdlite320", 3, 3),
        (DENSE, 3, 3),
        ("detectron2-retinanet", 3, 3),
        ("mmdet-retinanet_fpn", 3, 3),
        ("ssd-pytorch", 21, 20),
        ("simple-faster-rcnn", 20, 20),
        ("py-faster-rcnn", 21, 21),
        ("tf-od-ssd_mobilenet_v2", 3, 4),
        ("mask-rcnn-matterport", 3, 3),
        ("yolov4", 3, 3),
    ],
)
def test_the_first_index_beyond_a_count(detector, count, end):
    assert load_detector(detector).labels.classes_end(count) == end


# What happens at a mismatch.


@pytest.mark.parametrize(
    ("framework", "outcome"), [(TWO_STAGE, "background"), (SSD, "background"), (DENSE, "trains")]
)
def test_id_0_in_torchvision_goes_by_family(tmp_path, framework, outcome):
    result = scan(coco(tmp_path, [(0, "cat"), (1, "dog")]), framework)
    assert [row.outcome for row in result.classes.rows] == [outcome, "trains"]
    assert ("RUN007" in errors(result)) == (outcome == "background")


@pytest.mark.parametrize(
    ("framework", "words"),
    [
        (TWO_STAGE, "IndexError: Target ... is out of bounds"),
        (SSD, "IndexError"),
        (DENSE, "IndexError: index ... is out of bounds for dimension 1"),
        ("mmdet-yolov3", "training stops"),
        ("yolox", "RuntimeError: Class values must be smaller than num_classes."),
        ("rt-detr", "IndexError"),
    ],
)
def test_an_id_beyond_the_count_stops_training(tmp_path, framework, words):
    path = coco(tmp_path, [(0, "a"), (1, "cat"), (2, "dog"), (3, "bird")])
    assert re.search(words, errors(scan(path, framework, classes=built(3)))["CLS015"])
    assert not {"CLS014", "CLS015"} & set(errors(scan(path, framework, classes=built(4))))


@pytest.mark.parametrize(
    "framework", ["detectron2-retinanet", "mmdet-retinanet_fpn", "mmdet-faster_rcnn_fpn"]
)
def test_an_index_equal_to_the_count_is_background_in_silence(tmp_path, framework):
    path = coco(tmp_path, [(1, "cat"), (2, "dog")])
    found = errors(scan(path, framework, classes=built(1)))
    assert "index 1 is the background of a model with 1 class (config)" in found["RUN007"]
    assert not errors(scan(path, framework, classes=built(2)))


@pytest.mark.parametrize("framework", ["detectron2-retinanet", "mmdet-retinanet_fpn"])
def test_an_index_above_the_count_stops_training(tmp_path, framework):
    path = coco(tmp_path, [(1, "cat"), (2, "dog"), (3, "bird")])
    found = errors(scan(path, framework, classes=built(1)))
    assert "'bird' is 2; training stops" in found["CLS015"]
    assert "RUN007" in found


@pytest.mark.parametrize("framework", [TWO_STAGE, DENSE, SSD])
def test_an_id_below_0_is_no_class(tmp_path, framework):
    path = coco(tmp_path, [(-1, "none"), (1, "cat")])
    assert "'none' is -1" in errors(scan(path, framework))["CLS015"]


# Ids and names that repeat, ids that are texts, and ids that `categories` lacks.


@pytest.mark.parametrize(
    ("framework", "wanted"),
    [
        ("detectron2", {"a": 1, "b": 1, "c": 2}),
        ("yolox", {"a": 0, "b": 0, "c": 2}),
        ("keras-retinanet", {"a": 1, "b": 1, "c": 1}),
        ("mmdet", {"a": 1, "b": 1, "c": 2}),
        ("mask-rcnn-matterport", {"a": 1, "b": 1, "c": 2}),
        ("rf-detr", {"a": 0, "b": 0, "c": 1}),
    ],
)
def test_an_id_that_is_listed_twice(tmp_path, framework, wanted):
    table = scan(coco(tmp_path, [(1, "a"), (1, "b"), (2, "c")], [1, 2]), framework).classes
    assert {row.name: row.index for row in table.rows} == wanted


@pytest.mark.parametrize(
    ("listed", "wanted"),
    [
        ([(1, "a"), (2, "a"), (3, "b")], {1: 0, 2: 1, 3: 1}),
        ([(1, "a"), (2, "b"), (3, "a"), (4, "c")], {1: 0, 2: 1, 3: 2, 4: 2}),
        ([(1, "a"), (2, "a"), (3, "a")], {1: 0, 2: 1, 3: 1}),
    ],
)
def test_keras_retinanet_counts_names(tmp_path, listed, wanted):
    assert indices(scan(coco(tmp_path, listed), "keras-retinanet")) == wanted


@pytest.mark.parametrize(("ids", "told"), [([1, 2, 3], True), ([2], True), ([1, 3], False)])
def test_classes_that_share_an_index_are_told_if_one_is_shown_as_another(tmp_path, ids, told):
    found = errors(scan(coco(tmp_path, [(1, "a"), (2, "a"), (3, "b")], ids), "keras-retinanet"))
    assert ("'a' and 'b' are index 1; give each name one id" in found.get("CLS012", "")) is told


def test_a_name_of_no_box_is_not_told_to_be_exchanged(tmp_path):
    listed = [(1, "cat"), (2, "dog"), (3, "bird")]
    stated = named("cat", "bird", "dog")
    assert "CLS012" not in errors(scan(coco(tmp_path, listed, [1]), "mmdet", classes=stated))
    assert "CLS012" in errors(scan(coco(tmp_path, listed, [1, 2]), "mmdet", classes=stated))


@pytest.mark.parametrize(
    ("framework", "error"),
    [
        ("detr", "ValueError: too many dimensions 'str'"),
        ("hf-detr", "ValueError: too many dimensions 'str'"),
        ("torchvision", "ValueError: too many dimensions 'str'"),
        ("rt-detr-mscoco", 'KeyError: "1"'),
        ("rf-detr", 'KeyError: Unknown category_id "1"'),
    ],
)
@pytest.mark.parametrize("ids", [["1", "2", "2"], [1, "2", "1"]])
def test_ids_that_are_texts_on_both_sides_stop_who_wants_numbers(tmp_path, framework, error, ids):
    found = errors(scan(coco(tmp_path, [("1", "a"), ("2", "b")], ids), framework, loader="none"))
    assert error in found["CLS016"].replace('"2"', '"1"')


@pytest.mark.parametrize("framework", ["detectron2", "mmdet", "yolox", "keras-retinanet"])
def test_ids_that_are_texts_on_both_sides_are_ids_to_others(tmp_path, framework):
    assert not errors(scan(coco(tmp_path, [("1", "a"), ("2", "b")]), framework))


def test_a_number_for_a_text_is_trained_and_not_evaluated(tmp_path):
    found = errors(scan(coco(tmp_path, [("1", "a")], [1]), "detr"))
    assert "trains them, but pycocotools finds no such class" in found["CLS016"]


def test_files_of_which_one_has_texts_are_each_sorted(tmp_path):
    coco(tmp_path, [("5", "cat")], split="train")
    coco(tmp_path, [(1, "cat")], split="val", start=9)
    result = scan(tmp_path, "detectron2")
    assert {row.index for row in result.classes.rows} == {0}
    assert not errors(result)


def test_an_id_that_categories_lacks_is_its_own_index_where_ids_are_taken_as_they_are(tmp_path):
    path = coco(tmp_path, [(1, "cat"), (2, "dog")], [1, 99])
    result = scan(path, "detr", classes=built(3))
    assert result.classes.unlisted == {1: 99}
    assert result.classes.box_indices().tolist() == [1, 99]
    assert "one that `categories` lacks is 99; training stops: IndexError" in errors(result)["CLS015"]
    assert scan(path, "rt-detr-mscoco").classes.unlisted == {}
    assert scan(path, "detectron2").classes.unlisted == {}


@pytest.mark.parametrize(
    ("framework", "error"),
    [
        ("rf-detr", "rf-detr stops: KeyError: Unknown category_id 99"),
        ("rt-detr-mscoco", "rt-detr-mscoco stops: KeyError: 99"),
    ],
)
def test_an_id_that_categories_lacks_stops_who_looks_ids_up(tmp_path, framework, error):
    found = errors(scan(coco(tmp_path, [(1, "cat")], [1, 99]), framework))
    assert found["CLS010"] == f"`categories` lacks the class id of 1 box (99): {error}"


@pytest.mark.parametrize("group", ["none", "null", "", "cat"])
def test_rf_detr_takes_a_group_of_no_name_for_none(tmp_path, group):
    listed = [
        {"id": 0, "name": group, "supercategory": "none"},
        {"id": 1, "name": "cat", "supercategory": group},
    ]
    made = [annotation(1, 1, BOX, category_id=1, area=11026)]
    make(tmp_path, {"a.json": document([image(1)], made, categories=listed)})
    assert indices(scan(tmp_path / "a.json", "rf-detr")) == {0: 0, 1: 1}


def test_rf_detr_numbers_a_file_without_train_by_the_boxes_of_its_own(tmp_path):
    listed = [
        {"id": 0, "name": "pets", "supercategory": "none"},
        {"id": 1, "name": "cat", "supercategory": "pets"},
    ]
    for split, ids, start in (("val", [0, 1], 1), ("test", [1], 9)):
        numbers = range(start, start + len(ids))
        made = [annotation(n, n, BOX, category_id=i, area=11026) for n, i in zip(numbers, ids, strict=True)]
        body = document([image(n) for n in numbers], made, categories=listed)
        make(tmp_path, {f"instances_{split}.json": body})
    table = scan(tmp_path, "rf-detr").classes
    assert sorted((row.id, row.index) for row in table.rows if row.index is not None) == [
        (0, 0),
        (1, 0),
        (1, 1),
    ]


def test_rf_detr_numbers_other_files_by_every_listing_of_train(tmp_path):
    listed = [(1, "a"), (1, "b"), (2, "c")]
    coco(tmp_path, listed, [1, 2], split="train")
    coco(tmp_path, listed, [1, 2], split="val", start=9)
    table = scan(tmp_path, "rf-detr").classes
    assert table.box_indices().tolist() == [0, 1, 1, 2]


def test_rf_detr_keeps_a_group_whose_id_has_boxes_under_another_name(tmp_path):
    listed = [
        {"id": 0, "name": "cat", "supercategory": "pets"},
        {"id": 1, "name": "dog", "supercategory": "pets"},
        {"id": 0, "name": "pets", "supercategory": "none"},
    ]
    made = [annotation(1, 1, BOX, category_id=0, area=11026)]
    make(tmp_path, {"a.json": document([image(1)], made, categories=listed)})
    assert scan(tmp_path / "a.json", "rf-detr").classes.box_indices().tolist() == [0]


@pytest.mark.parametrize("framework", ["detectron2", "yolox", "mmdet", "keras-retinanet", "rf-detr", "detr"])
def test_a_file_without_categories_has_no_index(tmp_path, framework):
    assert scan(coco(tmp_path, [], []), framework).classes.rows == []


class TestDetectron2:
    def test_texts_are_sorted_as_texts(self, tmp_path):
        path = coco(tmp_path, [("1", "a"), ("2", "b"), ("10", "c")])
        assert indices(scan(path, "detectron2-retinanet")) == {"1": 0, "10": 1, "2": 2}

    def test_texts_and_numbers_are_not_sorted(self, tmp_path):
        path = coco(tmp_path, [(1, "a"), ("2", "b")])
        assert "TypeError" in errors(scan(path, "detectron2-retinanet"))["CLS016"]

    def test_a_text_against_a_number_stops(self, tmp_path):
        path = coco(tmp_path, [("1", "a")], [1])
        assert "KeyError: Encountered category_id=1" in errors(scan(path, "detectron2-retinanet"))["CLS016"]

    def test_of_an_id_listed_twice_the_last_place_counts(self, tmp_path):
        path = coco(tmp_path, [(1, "a"), (1, "b"), (2, "c")], [1, 2])
        table = scan(path, "detectron2-retinanet").classes
        assert {row.name: row.index for row in table.rows} == {"a": 1, "b": 1, "c": 2}

    def test_the_root_class_of_roboflow_takes_an_index(self, tmp_path):
        listed = [
            {"id": 0, "name": "pets", "supercategory": "none"},
            {"id": 1, "name": "cat", "supercategory": "pets"},
        ]
        boxes = [annotation(1, 1, BOX, category_id=1, area=11026)]
        make(tmp_path, {"a.json": document([image(1)], boxes, categories=listed)})
        result = scan(tmp_path / "a.json", "detectron2-retinanet")
        assert indices(result) == {0: 0, 1: 1}
        assert not errors(result)

    def test_a_default_of_80_is_told_once(self, tmp_path):
        path = coco(tmp_path, [(1, "cat")])
        stated = Classes(count=80, by_default=True, stated_in="config.yaml")
        result = scan(path, "detectron2-retinanet", classes=stated)
        assert not errors(result)
        assert result.findings.counts["CLS020"] == 1


class TestMmdet:
    MM = "mmdet-retinanet_fpn"

    def test_the_order_of_the_configuration_plays_no_part(self, tmp_path):
        result = scan(coco(tmp_path, [(1, "cat"), (2, "dog")]), self.MM, classes=named("dog", "cat"))
        assert indices(result) == {1: 0, 2: 1}
        assert "'cat' is index 0, which it calls 'dog'" in errors(result)["CLS012"]

    def test_a_val_file_in_another_order_has_other_indices(self, tmp_path):
        coco(tmp_path, [(1, "cat"), (2, "dog")], split="train")
        coco(tmp_path, [(2, "dog"), (1, "cat")], split="val", start=9)
        result = scan(tmp_path, self.MM)
        assert {(row.name, row.index, row.splits) for row in result.classes.rows} == {
            ("cat", 0, ("train",)),
            ("dog", 1, ("train",)),
            ("cat", 1, ("val",)),
            ("dog", 0, ("val",)),
        }
        assert "'cat' is 0 in train and 1 in val" in errors(result)["CLS013"]
        assert "CLS013" not in errors(scan(tmp_path, "detectron2-retinanet"))

    def test_a_name_that_the_file_lacks_moves_those_after_it(self, tmp_path):
        path = coco(tmp_path, [(1, "cat"), (2, "dog")])
        found = errors(scan(path, self.MM, classes=named("cat", "bird", "dog")))
        assert "'dog' is index 1, which it calls 'bird'" in found["CLS012"]
        assert "'bird'" in found["CLS011"]

    @pytest.mark.parametrize("name", ["Cat", "cat ", "catt", "c at"])
    def test_a_name_that_differs_loses_its_boxes(self, tmp_path, name):
        result = scan(coco(tmp_path, [(1, name), (2, "dog")]), self.MM, classes=named("cat", "dog"))
        assert "silently drops its boxes" in errors(result)["CLS010"]
        assert f"the data have {name.strip()!r}" in errors(result)["CLS011"].replace("'cat '", "'cat'")
        assert result.loaded.box_fate.tolist()[0] != 0

    def test_the_names_of_coco_count_where_none_are_stated(self, tmp_path):
        stated = Classes(names=("person", "cat", "dog"), by_default=True, stated_in="config.py")
        result = scan(coco(tmp_path, [(1, "dog"), (2, "helmet")]), self.MM, classes=stated)
        assert indices(result) == {1: 0, 2: None}
        assert "'helmet'" in errors(result)["CLS010"]
        assert "CLS011" not in errors(result)

    def test_a_name_listed_twice_takes_two_indices(self, tmp_path):
        path = coco(tmp_path, [(1, "cat"), (2, "cat"), (3, "dog")])
        stated = Classes(names=("cat", "dog"), count=2, stated_in="config.py")
        result = scan(path, self.MM, classes=stated)
        assert indices(result) == {1: 0, 2: 1, 3: 2}
        assert "RUN007" in errors(result)

    def test_texts_on_both_sides_are_fine(self, tmp_path):
        path = coco(tmp_path, [("1", "cat"), ("2", "dog")])
        assert indices(scan(path, self.MM)) == {"1": 0, "2": 1}
        assert not errors(scan(path, self.MM))

    def test_a_text_against_a_number_is_dropped_in_silence(self, tmp_path):
        result = scan(coco(tmp_path, [("1", "cat")], [1]), self.MM)
        assert "silently drops these boxes" in errors(result)["CLS016"]

    def test_the_number_of_classes_against_the_names(self, tmp_path):
        path = coco(tmp_path, [(1, "cat"), (2, "dog")])
        stated = Classes(names=("cat", "dog"), count=80, stated_in="config.py")
        assert (
            "built with 80 classes, and config.py lists 2"
            in errors(scan(path, self.MM, classes=stated))["CLS017"]
        )

    def test_heads_that_disagree(self, tmp_path):
        path = coco(tmp_path, [(1, "cat"), (2, "dog")])
        heads = {"model.roi_head.bbox_head[0].num_classes": 2, "model.roi_head.bbox_head[1].num_classes": 80}
        stated = Classes(count=2, heads=heads, stated_in="config.py")
        assert "bbox_head[1].num_classes 80" in errors(scan(path, self.MM, classes=stated))["CLS017"]


class TestYolox:
    def test_names_are_shown_in_the_order_of_the_file(self, tmp_path):
        found = errors(scan(coco(tmp_path, [(2, "dog"), (1, "cat")]), "yolox"))
        assert "index 1 is 'dog', and is shown as 'cat'" in found["CLS012"]
        assert not errors(scan(coco(tmp_path, [(1, "cat"), (2, "dog")]), "yolox"))

    def test_of_an_id_listed_twice_the_first_place_counts(self, tmp_path):
        table = scan(coco(tmp_path, [(1, "a"), (1, "b"), (2, "c")], [1, 2]), "yolox").classes
        assert {row.name: row.index for row in table.rows} == {"a": 0, "b": 0, "c": 2}

    def test_a_text_against_a_number_stops(self, tmp_path):
        path = coco(tmp_path, [("7", "a")], [7])
        assert "ValueError: 7 is not in list" in errors(scan(path, "yolox"))["CLS016"]


class TestDetr:
    @pytest.mark.parametrize("name", ["detr", "hf-detr"])
    def test_the_last_class_of_ids_from_1_is_no_object(self, tmp_path, name):
        path = coco(tmp_path, [(1, "cat"), (2, "dog")])
        result = scan(path, name, classes=built(2))
        assert [row.outcome for row in result.classes.rows] == ["trains", "background"]
        assert "subtract 1 from all ids, or build the model with one class more" in errors(result)["CLS014"]
        assert not errors(scan(path, name, classes=built(3)))

    def test_an_id_above_the_count_stops(self, tmp_path):
        path = coco(tmp_path, [(0, "a"), (1, "cat"), (4, "dog")])
        assert "IndexError" in errors(scan(path, "detr", classes=built(2)))["CLS015"]

    def test_rt_detr_needs_one_class_more_than_ids_from_1(self, tmp_path):
        path = coco(tmp_path, [(1, "a"), (2, "b"), (3, "c")])
        result = scan(path, "rt-detr", classes=built(3))
        assert [row.outcome for row in result.classes.rows] == ["trains", "trains", "raises"]
        assert "ids run 1 to 3, 0 is unused" in errors(result)["CLS014"]
        assert not errors(scan(path, "rt-detr", classes=built(4)))

    def test_the_table_of_ms_coco_moves_ids_of_ones_own(self, tmp_path):
        result = scan(coco(tmp_path, [(11, "a"), (12, "b"), (13, "c")]), "rt-detr-mscoco")
        assert indices(result) == {11: 10, 12: None, 13: 11}

    @pytest.mark.parametrize(("boxes", "wanted"), [([1], {0: None, 1: 0}), ([0, 1], {0: 0, 1: 1})])
    def test_rf_detr_leaves_out_a_group_without_boxes(self, tmp_path, boxes, wanted):
        listed = [
            {"id": 0, "name": "pets", "supercategory": "none"},
            {"id": 1, "name": "cat", "supercategory": "pets"},
        ]
        made = [annotation(n, n, BOX, category_id=i, area=11026) for n, i in enumerate(boxes, 1)]
        shown = [image(n) for n, _ in enumerate(boxes, 1)]
        make(tmp_path, {"a.json": document(shown, made, categories=listed)})
        assert indices(scan(tmp_path / "a.json", "rf-detr")) == wanted


class TestTensorFlow:
    def test_id_0_is_reserved(self, tmp_path):
        result = scan(coco(tmp_path, [(0, "cat"), (1, "dog")]), "tf-od-ssd_mobilenet_v2")
        assert "Label map id 0 is reserved" in result.classes.labels.error("id_zero")
        assert "CLS015" in errors(result)

    def test_a_name_that_the_label_map_lacks_is_dropped(self, tmp_path):
        from tests.test_voc import xml

        make(tmp_path, {"Annotations/a.xml": xml(("cat", 9, 9, 90, 90), ("dog", 9, 9, 90, 90))})
        stated = Classes(names=("cat",), ids=(1,), stated_in="label_map.pbtxt")
        found = errors(scan(tmp_path, "tf-od-ssd_mobilenet_v2", classes=stated))
        assert "class 'dog' (1 box) is not in label_map.pbtxt" in found["CLS010"]


@pytest.mark.parametrize(
    ("loader", "error"),
    [
        ("yolox-voc", "KeyError: 'dog'"),
        ("simple-faster-rcnn", "ValueError: tuple.index(x): x not in tuple"),
        ("py-faster-rcnn", "KeyError: 'dog'"),
        ("ssd-pytorch", "KeyError: 'dog'"),
        ("detectron2", "ValueError: 'dog' is not in list"),
    ],
)
def test_a_voc_name_that_the_list_lacks_stops(tmp_path, loader, error):
    from tests.test_voc import xml

    make(tmp_path, {"Annotations/a.xml": xml(("cat", 9, 9, 90, 90), ("dog", 9, 9, 90, 90))})
    make(tmp_path, {"JPEGImages/a.jpg": (640, 480)})
    result = anchoraudit.audit(tmp_path, None, loader=loader, classes=named("cat"))
    assert error in errors(result)["CLS010"]
    assert result.loaded.raising == 1


def test_a_converter_that_subtracts_1_from_ids_that_begin_at_0(tmp_path):
    found = errors(scan(coco(tmp_path, [(0, "cat"), (1, "dog")]), "yolov5"))
    assert (
        "the category ids run 0 to 1, and the conversion to label files for yolov5 subtracts 1"
        in found["CLS014"]
    )


# Ordinary data, on which no framework stumbles.


def yolo(root, names="nc: 2\nnames: [cat, dog]\n", ids=(0, 1)):
    label = "".join(f"{i} .5 .5 .2 .2\n" for i in ids)
    files = {"labels/train/a.txt": label, "images/train/a.jpg": (640, 480)}
    if names:
        files["data.yaml"] = f"{names}train: images/train\nval: images/train\n"
    make(root, files)
    return root


EVERYBODY = sorted({*preset_names(), *class_rules_names()})


@pytest.mark.parametrize("stated", [None, named("cat", "dog")], ids=["silent", "named"])
@pytest.mark.parametrize("framework", EVERYBODY)
def test_label_files_with_a_data_yaml(tmp_path, framework, stated):
    assert not errors(scan(yolo(tmp_path), framework, classes=stated))


@pytest.mark.parametrize("stated", [None, named("cat", "dog")], ids=["silent", "named"])
@pytest.mark.parametrize("framework", EVERYBODY)
def test_names_without_ids(tmp_path, framework, stated):
    from tests.test_voc import xml

    make(tmp_path, {"Annotations/a.xml": xml(("cat", 9, 9, 90, 90), ("dog", 9, 9, 90, 90))})
    make(tmp_path, {"JPEGImages/a.jpg": (640, 480)})
    assert not errors(scan(tmp_path, framework, classes=stated))


@pytest.mark.parametrize("framework", EVERYBODY)
def test_ids_from_1_without_a_gap(tmp_path, framework):
    """Whoever takes ids as they are, and counts from 0, builds the model with one class more."""
    result = scan(coco(tmp_path, [(1, "cat"), (2, "dog")]), framework)
    assert not errors(result)


def test_label_files_without_names_have_no_count(tmp_path):
    """The classes run 1 to 3 there, and nobody said how many there are."""
    assert not errors(scan(yolo(tmp_path, "", (1, 2, 3)), "yolov5"))


@pytest.mark.parametrize("loader", ["detectron2", "keras-retinanet", "py-faster-rcnn", "ssd-pytorch"])
def test_persons_beside_classes_of_one_s_own(tmp_path, loader):
    from tests.test_voc import xml

    make(tmp_path, {"Annotations/a.xml": xml(("person", 9, 9, 90, 90), ("helmet", 9, 9, 90, 90))})
    make(tmp_path, {"JPEGImages/a.jpg": (640, 480)})
    assert "helmet" not in anchoraudit.audit(tmp_path, None, loader=loader).loaded.reason_of_image(0)


# What is the same for all.


@pytest.mark.parametrize("name", class_rules_names())
def test_rules_say_where_they_were_read(name):
    rules = class_rules(name)
    assert rules.name == name
    assert rules.sources
    assert set(rules.loaders) <= set(loader_names())


def test_every_loader_numbers_classes_in_one_way():
    claimed = [loader for name in class_rules_names() for loader in class_rules(name).loaders]
    assert sorted(claimed) == sorted(set(loader_names()) - {"none"})


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_of_a_framework_has_rules(name):
    detector = load_detector(name)
    if detector.class_rules:
        assert class_rules(detector.class_rules)
    else:
        # An example and this package's own reference: their users' data sets number the classes.
        assert name in ("reference", "keras-io-retinanet")


def test_a_chosen_loader_numbers_the_classes():
    assert rules_for(load_detector(DENSE), "mmdet-coco").name == "mmdet"
    assert rules_for(load_detector(DENSE), None).name == "torchvision"
    assert rules_for(load_detector("reference"), None) is None


def test_unknown_rules_are_an_error_that_names_the_nearest():
    with pytest.raises(anchoraudit.AnchorauditError, match="no class rules 'mmdett'") as caught:
        class_rules("mmdett")
    assert "Did you mean mmdet?" in caught.value.remedy


@pytest.mark.parametrize("first", ["background", "__background__", "BG", "_background_"])
def test_a_background_that_is_listed_is_index_0(tmp_path, first):
    assert has_background([first, "cat"])
    path = coco(tmp_path, [(1, "cat"), (2, "dog")])
    result = scan(path, TWO_STAGE, classes=named(first, "cat", "dog"))
    assert result.classes.stated.count == 3
    assert not errors(result)


@pytest.mark.parametrize("framework", [TWO_STAGE, SSD, DENSE])
def test_a_list_of_names_is_that_of_a_model_with_a_background_too(tmp_path, framework):
    result = scan(coco(tmp_path, [(1, "cat"), (2, "dog")]), framework, classes=named("cat", "dog"))
    assert result.classes.stated.count == 3
    assert not errors(result)


def test_boxes_are_counted_by_class_and_file(tmp_path):
    coco(tmp_path, [(1, "cat"), (2, "dog")], [1, 1, 2], split="train")
    coco(tmp_path, [(2, "dog"), (1, "cat")], [2], split="val", start=9)
    table = class_table(anchoraudit.read(tmp_path), class_rules("mmdet"))
    assert table.boxes.tolist() == [[2, 1], [0, 1]]
    assert sum(row.boxes for row in table.rows) == 4
    boxes = table.box_indices()
    assert boxes is not None
    assert boxes.tolist() == [0, 0, 1, 0]


def test_groups_are_asked_for_only_where_they_count(tmp_path):
    def never():
        raise AssertionError

    dataset = anchoraudit.read(coco(tmp_path, [(1, "cat")]))
    assert class_indices(dataset, class_rules("detectron2"), Classes(), never) == [{0: 0}]


def test_names_one_off_are_not_said_to_be_unused(tmp_path):
    label = "{} 0.5 0.5 0.4 0.5\n"
    make(tmp_path, {"images/a.jpg": (640, 480), "labels/a.txt": label.format(1) + label.format(2)})
    found = errors(scan(tmp_path, "yolov5", classes=named("cat", "dog")))
    assert "CLS014" in found
    assert "CLS011" not in found


def test_a_class_that_the_data_declare_and_never_use_is_no_error(tmp_path):
    path = coco(tmp_path, [(1, "cat"), (2, "dog")], [1])
    assert not errors(scan(path, TWO_STAGE, classes=named("cat", "dog")))
    assert "'bird'" in errors(scan(path, TWO_STAGE, classes=named("cat", "dog", "bird")))["CLS011"]


def test_no_name_is_no_framework(tmp_path):
    with pytest.raises(AnchorauditError, match="no class rules ''"):
        scan(coco(tmp_path, [(1, "cat")]), "")


class TestTableAsText:
    def shown(self, path, categories, stated):
        result = scan(coco(path, categories), "mmdet", classes=stated)
        console = Console(file=StringIO(), width=80)
        for part in report_table(result.classes):
            console.print(part)
        return console.file.getvalue()

    def test_of_very_many_classes_those_first_that_do_not_train(self, tmp_path):
        names = [f"species {number}" for number in range(1, 501)]
        text = self.shown(tmp_path, list(enumerate(names, 1)), named(*names[:-1]))
        assert "species 500" in text
        assert "species 199" in text
        assert "species 200" not in text
        assert "... and 300 more (all with --output-format json)" in text

    def test_names_that_are_long_or_blank(self, tmp_path):
        text = self.shown(tmp_path, [(1, "x" * 5000), (2, "cat "), (3, "")], named("cat"))
        assert len(text.splitlines()) < 15
        assert "'cat '" in text
        assert "''" in text


# The page.

PAGE = Path(__file__).resolve().parents[1] / "docs" / "classes.md"
START, END = (
    "<!-- frameworks: written by `python -m tests.test_class_rules` -->\n",
    "<!-- end of frameworks -->\n",
)


def frameworks():
    """The table of all class rules."""
    lines = ["| name | framework | index | background |", "|---|---|---|---|"]
    for name in class_rules_names():
        rules = class_rules(name)
        by_format = {"": rules.index} if isinstance(rules.index, str) else rules.index
        parts = [f"{key + ': ' if key else ''}{INDEX_MEANING[index]}" for key, index in by_format.items()]
        if rules.first:
            parts.append(f"counted from {rules.first}")
        if rules.fold != "none":
            parts.append(
                {"strip": "names are stripped", "lower_strip": "names are lowered and stripped"}[rules.fold]
            )
        index = "; ".join(parts).replace("*:", "`*`:")
        lines.append(f"| `{name}` | {rules.framework} | {index} | {rules.background.replace('_', ' ')} |")
    return "".join(f"{line}\n" for line in lines)


def test_the_page_has_all_frameworks():
    before, _, rest = PAGE.read_text("utf-8").partition(START)
    assert before
    assert rest.partition(END)[0] == frameworks()


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    head, _, tail = text.partition(START)
    PAGE.write_text(f"{head}{START}{frameworks()}{END}{tail.partition(END)[2]}", "utf-8")
