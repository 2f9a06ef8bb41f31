"""Data sets in memory: DataFrames, dicts, and what a torch Dataset hands over."""

import enum
import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import anchoraudit
from anchoraudit import AnchorauditError, read
from anchoraudit.manifest.keeping import kept_by
from anchoraudit.manifest.writing import write_manifest
from anchoraudit.report import outputs
from tests.builders import GOOD, document, make

CAT = [GOOD[0], GOOD[1], GOOD[0] + GOOD[2], GOOD[1] + GOOD[3]]


def entry(**more):
    return {"width": 960, "height": 720, "boxes": [CAT], "labels": [1], **more}


def found(dataset):
    return [(f.code, f.location, f.message) for f in dataset.findings]


class Tensor:
    """What is known of a tensor without its library."""

    def __init__(self, values, **more):
        self.values, self.shape, self.dtype = values, np.shape(values), "torch.float32"
        self.__dict__.update(more)

    def tolist(self):
        return self.values


class Order(enum.Enum):
    XYWH = "XYWH"


class Pictures:
    """A torch Dataset: a length and entries, and no end when it is iterated over."""

    def __init__(self, *entries):
        self.entries = entries

    def __len__(self):
        return len(self.entries)

    def __getitem__(self, i):
        return self.entries[i % len(self.entries)]


def test_dicts_become_a_data_set():
    dataset = read(
        [
            entry(image_id=7, file_name="a.jpg", iscrowd=[True]),
            entry(image_id=np.int64(8), boxes=np.array([CAT, CAT]), labels=np.array([3, 1])),
            {"width": 5.5, "height": 6, "boxes": [], "labels": []},
        ]
    )
    assert (dataset.format, dataset.splits) == ("records", ("",))
    assert dataset.images.ids == [7, 8, 2]
    assert dataset.images.file_names == ["a.jpg", "8", "2"]
    assert dataset.images.width.tolist() == [960, 960, 5.5]
    assert dataset.boxes.xyxy.tolist() == [CAT] * 3
    assert dataset.boxes.image.tolist() == [0, 1, 1]
    assert dataset.boxes.crowd.tolist() == [True, False, False]
    assert [(c.id, c.name) for c in dataset.categories] == [(1, "1"), (3, "3")]
    assert dataset.boxes.category.tolist() == [0, 1, 0]
    assert dataset.declares_ids
    assert found(dataset) == []


def test_labels_may_be_names():
    dataset = read([entry(labels=["cat"]), entry(labels=[5])])
    assert [(c.id, c.name) for c in dataset.categories] == [(1, "5"), (2, "cat")]
    assert not dataset.declares_ids


def test_a_data_set_of_a_framework_says_the_sizes_of_its_images():
    target = {"boxes": Tensor([CAT]), "labels": Tensor([1.0]), "image_id": Tensor([4])}
    dataset = read(
        Pictures(
            (Tensor(np.zeros((3, 720, 960)).tolist()), target),
            (np.zeros((720, 960, 3)), target),
            (np.zeros((3, 720, 960)), target),
            (np.zeros((720, 960)), target),
            (Image.new("L", (960, 720)), target),
        )
    )
    assert dataset.images.width.tolist() == [960.0] * 5
    assert dataset.images.height.tolist() == [720.0] * 5
    assert dataset.images.ids == [4] * 5
    assert dataset.categories[0].id == 1


def test_boxes_may_say_what_they_are():
    boxes = Tensor([[float(v) for v in GOOD]], format=Order.XYWH, canvas_size=(720, 960))
    dataset = read([{"boxes": boxes, "labels": [1]}])
    assert dataset.boxes.xyxy.tolist() == [CAT]
    assert (dataset.images.width[0], dataset.images.height[0]) == (960, 720)
    same = read([entry(boxes=[GOOD])], box_convention="xywh")
    assert same.boxes.xyxy.tolist() == [CAT]


@pytest.mark.parametrize(
    "wrong, code, place, words",
    [
        ({"boxes": [CAT, [1, 2, 3]], "labels": [1, 1]}, "PAR003", "[1]['boxes'][1]", "3 numbers, not four"),
        ({"boxes": [[1, "2", 3, 4]]}, "PAR004", "[1]['boxes'][0]", "y1 is '2', not a number"),
        ({"boxes": [[1, True, 3, 4]]}, "PAR004", "[1]['boxes'][0]", "y1 is True, not a number"),
        ({"boxes": [[1, 10**400, 3, 4]]}, "PAR004", "[1]['boxes'][0]", "not a number"),
        ({"boxes": CAT}, "PAR003", "[1]['boxes'][0]", "not four numbers"),
        ({"boxes": "none"}, "PAR003", "[1]['boxes']", "not a list of boxes"),
        ({"boxes": [[1, math.nan, 3, 4]]}, "BOX001", "[1]['boxes'][0]", "not finite"),
        ({"labels": []}, "PAR003", "[1]['labels']", "labels: 0, boxes: 1"),
        ({"labels": [None]}, "PAR003", "[1]['labels'][0]", "a label is None, not a class"),
        ({"width": "wide"}, "PAR004", "[1]['width']", "width is 'wide', not a number"),
        ({"width": None}, "IMG002", "[1]", "has no declared size"),
    ],
)
def test_a_value_that_cannot_be_read_is_a_finding(wrong, code, place, words):
    """At its place, and the other images are read."""
    dataset = read([entry(), entry(**wrong)])
    first = next(f for f in dataset.findings if f.code == code)
    assert first.location == f"<records>, {place}"
    assert words in first.message
    assert len(dataset.boxes) == 1 + len(wrong.get("boxes", [0])) if wrong.get("boxes") != "none" else True
    assert not np.isnan(dataset.boxes.xyxy[0]).any()


def test_an_image_whose_boxes_cannot_be_read_is_not_blank():
    result = anchoraudit.audit([entry(), entry(boxes="none"), entry(boxes=CAT)])
    assert result.summary()["verdicts"]["blank"] == 0
    assert result.summary()["verdicts"]["ok"] == 1


def test_rules_say_where_an_entry_stands():
    result = anchoraudit.audit([entry(), entry(boxes=[CAT, [50, 50, 50, 60]], labels=[1, 1], split="val")])
    places = {f.code: f.location for f in result.findings}
    assert places["BOX002"] == "<records>, [1]['boxes'][1]"
    of_val = anchoraudit.audit(read([entry(), entry(boxes=[], labels=[], split="val")], splits=("val",)))
    assert {f.code: f.location for f in of_val.findings}["ANC008"] == "<records>, [1]"


def test_a_class_with_the_id_0_is_background_to_faster_rcnn():
    result = anchoraudit.audit([entry(labels=[0])], "torchvision-fasterrcnn_resnet50_fpn")
    assert "RUN007" in result.findings.counts


def test_splits_are_read_apart():
    both = [entry(split="train", boxes=[[1, 2, 3]]), entry(split="val", boxes=[[4, 5, 6]])]
    assert read(both).splits == ("train", "val")
    dataset = read(both, splits=("val",))
    assert dataset.images.ids == [1]
    assert [f.place for f in dataset.findings] == ["[1]['boxes'][0]"]
    with pytest.raises(AnchorauditError, match="unknown split 'test'"):
        read(both, splits=("test",))


def test_images_are_found_where_their_names_lead(tmp_path):
    make(tmp_path, {"pictures/a.png": (30, 20)})
    without = {"boxes": [[1, 2, 3, 4]], "labels": [1]}
    for name, folder in (("a.png", tmp_path / "pictures"), (str(tmp_path / "pictures/a.png"), None)):
        dataset = read([{**without, "file_name": name}], image_folder=folder)
        assert (dataset.images.width[0], dataset.images.height[0]) == (30, 20)
        assert dataset.image_path(0) == tmp_path / "pictures" / "a.png"
    gone = read([{**without, "file_name": n} for n in ("a.png", "b.png")], image_folder=tmp_path / "pictures")
    assert ("IMG001", "<records>, [1]") in [f[:2] for f in found(gone)]


@pytest.mark.parametrize(
    "source, words",
    [
        (None, "cannot read a data set from None"),
        (5, "a value of type int"),
        (np.zeros((2, 4)), "a value of type ndarray"),
        ({"boxes": []}, "from one dict (its keys: 'boxes')"),
        ([5], "[0]: the entry is of type int, not a dict: 5"),
        ([("x", [])], "[0]: the second part of the pair is of type list"),
        ([{"box": [], "width": 5}], "Did you mean boxes?"),
        ([("x", [{"bbox": [1, 2, 3, 4]}])], "give the path of their JSON file"),
        ([(("x",), ({"boxes": []},))], "give the data set itself, not a DataLoader"),
        (pd.DataFrame({"a": [1]}), "<DataFrame>: columns not understood: a"),
    ],
)
def test_what_is_no_data_set_is_refused(source, words):
    with pytest.raises(AnchorauditError) as error:
        read(source)
    assert words in str(error.value)
    assert error.value.remedy


def test_whatever_names_a_path_is_one(tmp_path):
    class Named:
        def __fspath__(self):
            return str(make(tmp_path, {"a.json": document()}) / "a.json")

    assert read(Named()).format == "coco"


def test_what_is_in_memory_has_no_format_to_choose():
    with pytest.raises(AnchorauditError, match="not read as 'coco'"):
        read([entry()], format="coco")
    assert len(read([]).images) == 0


def frame():
    return pd.DataFrame(
        {
            "image_id": [1, 1, 2, 3],
            "label": ["cat", "dog", "cat", None],
            "x1": [CAT[0], CAT[0], CAT[0], None],
            "y1": CAT[1],
            "x2": [CAT[2], CAT[2], "wide", None],
            "y2": [CAT[3], CAT[3], CAT[3], None],
            "width": 960,
            "height": 720,
        },
        index=[10, 11, 12, 13],
    )


def test_a_table_in_memory_is_read_as_its_file_is(tmp_path):
    table = frame()
    table.to_csv(tmp_path / "boxes.csv", index=False)
    ours, theirs = read(table), read(tmp_path / "boxes.csv")
    assert ours.images.ids == theirs.images.ids == ["1", "2", "3"]
    assert np.array_equal(ours.boxes.xyxy, theirs.boxes.xyxy, equal_nan=True)
    assert ours.categories == theirs.categories
    assert ours.format == theirs.format
    assert ("PAR004", "<DataFrame>, iloc[2]", "x2 is 'wide', not a number") in found(ours)


def test_frames_of_an_audit_can_be_read_again():
    result = anchoraudit.audit("sample_data/coco")
    sizes = result.images_frame()[["image_id", "width", "height"]]
    again = read(result.boxes_frame().merge(sizes, on="image_id"))
    assert len(again.boxes) == len(result.dataset.boxes)


def test_what_is_in_memory_can_be_reported_and_filtered(tmp_path):
    result = anchoraudit.audit([entry(), entry(boxes=[CAT, [1, 2, 3]], labels=["cat", "<dog>"])])
    for name in outputs.names():
        assert "".join(outputs.render(name, result))
    written = write_manifest(result, kept_by(result), tmp_path / "clean.json")
    assert written.images == 2
    assert read(tmp_path / "clean.json").boxes.xyxy.tolist() == [CAT, CAT]
