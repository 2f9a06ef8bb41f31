"""From rows and columns to a data set: what every format shares."""

import math

import numpy as np
import pytest

from anchoraudit.dataset.columns import Boxes, Category, Source
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, require_known_splits
from anchoraudit.formats._builder import (
    NO_BOX,
    BoxRow,
    ImageRow,
    Part,
    Where,
    blank_counts,
    class_codes,
    classes_by_name,
    complete_sizes,
    join,
    read_files,
    report_not_finite,
)
from tests.builders import make


def rows_of(path, remarks):
    if path.name == "b.own":
        remarks.classes.append("zebra")
        yield ImageRow("only.png", [BoxRow((1, 2, 3, 4), "ant", crowd=True, entry=7)], width=9, height=9)
        return
    remarks.notes.append("polygons are not read")
    yield ImageRow("x.png", [BoxRow((0, 0, 5, 5), "cat"), BoxRow(NO_BOX), BoxRow((0, 0, math.inf, 1), "ant")])
    yield ImageRow("y.png", id="why", place="row 2")


def read(root, **options):
    files = [(root / "a.own", "a"), (root / "b.own", "b")]
    detection = Detection("own", root, "two files")
    return read_files(detection, ReadOptions(**options), files, rows_of, recognised="own: two", item="row")


def test_rows_become_a_data_set(tmp_path):
    make(tmp_path, {"images/x.png": (30, 20)})
    dataset = read(tmp_path)
    assert (dataset.format, dataset.recognised, dataset.splits) == ("own", "own: two", ("a", "b"))
    assert dataset.sources[0] == Source(tmp_path / "a.own", "a", tmp_path / "images", "row")
    assert dataset.images.ids == ["x.png", "why", "only.png"]
    assert dataset.images.width.tolist()[::2] == [30, 9]
    assert math.isnan(dataset.images.width[1])
    assert dataset.images.measured.tolist() == [True, True, False]
    assert dataset.images.split.tolist() == dataset.images.source.tolist() == [0, 0, 1]
    assert dataset.categories == (Category(1, "ant"), Category(2, "cat"), Category(3, "zebra"))
    assert dataset.boxes.image.tolist() == [0, 0, 0, 2]
    assert dataset.boxes.category.tolist() == [1, -1, 0, 0]
    assert dataset.boxes.crowd.tolist() == [False, False, False, True]
    assert dataset.boxes.entry.tolist() == [0, 1, 2, 7]
    assert np.isnan(dataset.boxes.xyxy[1]).all()


def test_what_is_missing_is_reported(tmp_path):
    make(tmp_path, {"images/x.png": (30, 20)})
    dataset = read(tmp_path)
    assert [(f.code, f.place, f.evidence, f.thing) for f in dataset.findings] == [
        ("IMG001", "row 2", "y.png", "image why"),
        ("IMG002", "row 2", "y.png", "image why"),
        ("BOX001", "row 3", "0, 0, inf, 1", "image x.png"),
    ]
    assert dataset.notes == [
        "polygons are not read",
        f"{tmp_path}/b.own: no images found beside it, so missing images were not checked; {tmp_path}/images "
        f"has 1 image file of other names (--image-folder {tmp_path}/images)",
    ]


def test_a_split_is_read_alone(tmp_path):
    dataset = read(tmp_path, splits=("b",))
    assert (dataset.splits, dataset.images.ids) == (("b",), ["only.png"])
    with pytest.raises(AnchorauditError, match=r"unknown split 'c'\n  Choose from: a, b\."):
        read(tmp_path, splits=("c",))
    with pytest.raises(AnchorauditError, match=r"unknown split ''\n  This data set has no splits\."):
        require_known_splits([""], ["", ""], tmp_path)


def part(name, ids, image, category, categories):
    count = len(image)
    boxes = Boxes(
        image=np.array(image),
        annotation_ids=None,
        category=np.array(category),
        xyxy=np.zeros((count, 4)),
        crowd=np.zeros(count, dtype=bool),
        difficult=np.zeros(count, dtype=bool),
    )
    source = Source(name, name)
    return Part((source,), ids, [f"{i}.png" for i in ids], np.ones((len(ids), 2)), name, boxes, categories)


def test_parts_share_classes_by_id_and_name(tmp_path):
    first = part("a", [1, 2], [0, 1], [1, -1], [Category(1, "cat"), Category(2, "dog")])
    second = part("b", [1], [0, 0], [0, 1], [Category(2, "dog"), Category(1, "cow")])
    dataset = join(Detection("own", tmp_path, ""), [first, second], recognised="")
    assert [(c.id, c.name) for c in dataset.categories] == [(1, "cat"), (2, "dog"), (1, "cow")]
    assert dataset.boxes.category.tolist() == [1, -1, 1, 2]
    assert dataset.boxes.image.tolist() == [0, 1, 2, 2]
    assert dataset.images.entry is dataset.boxes.entry is dataset.boxes.area is None


def test_columns_of_one_part_are_not_copied(tmp_path):
    only = part("a", [1, 2], [0, 1], [1, -1], [Category(1, "cat"), Category(2, "dog")])
    dataset = join(Detection("own", tmp_path, ""), [only], recognised="")
    for name in ("image", "category", "xyxy", "crowd", "difficult"):
        assert getattr(dataset.boxes, name) is getattr(only.boxes, name)
    assert dataset.images.ids is only.ids


def test_nothing_was_read(tmp_path):
    dataset = join(Detection("own", tmp_path, ""), [], recognised="")
    assert (len(dataset.images), len(dataset.boxes), dataset.splits) == (0, 0, ("",))
    assert dataset.boxes.xyxy.shape == (0, 4)


def test_impossible_sizes_are_measured(tmp_path):
    make(tmp_path, {"a.png": (30, 20)})
    sizes = np.array([[5.0, 6], [0, 7], [1e9, 1], [np.nan, 8], [np.inf, 8]])
    measured, found = complete_sizes(
        sizes,
        lambda i: tmp_path / "a.png" if i == 1 else None,
        lambda i: Where("f", f"row {i}"),
        lambda i: ("unknown", str(i)),
    )
    assert measured.tolist() == [False, True, True, True, True]
    assert sizes[:2].tolist() == [[5, 6], [30, 20]]
    assert np.isnan(sizes[2:]).all()
    assert [(f.code, f.path, f.place, f.evidence) for f in found] == [
        ("IMG002", "f", f"row {i}", str(i)) for i in (2, 3, 4)
    ]


def test_boxes_that_could_not_be_read_are_reported_once():
    xyxy = np.array([[0, 0, 1, 1], [np.nan] * 4, [np.nan] * 4])
    found = report_not_finite(xyxy, lambda row: Where("f", f"row {row}"), np.array([False, True, False]))
    assert [(f.code, f.place) for f in found] == [("BOX001", "row 2")]


def test_classes_and_counts():
    classes = classes_by_name(["b", "", "a", "b"])
    assert classes == (Category(1, "a"), Category(2, "b"))
    assert class_codes(["b", "", "c", "a"], classes).tolist() == [1, -1, -1, 0]
    reasons = [(0, "without a label file"), (2, "with an empty one")]
    assert blank_counts([("train", 8, [(0, "without a label file")]), ("val", 9, reasons)]) == [
        "val: taken as blank, of 9 images: 2 with an empty one"
    ]
    assert blank_counts([("train", 8, [(3, "without a label file")]), ("val", 9, reasons)]) == [
        "taken as blank, of 17 images: 3 without a label file (train 3), 2 with an empty one (val 2)"
    ]
    assert blank_counts([("", 9, [(0, "without a label file")])]) == []
