"""What a COCO file says beyond boxes: stated sizes, absent keys, unknown classes, and segmentations."""

import json
import math

import numpy as np
import pytest

from anchoraudit import read as read_dataset
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.coco import chunks, segmentations
from anchoraudit.formats.coco.segmentations import segmentation_traits
from tests.builders import annotation, document, image, make

NONE, ABSENT = BoxTrait(0), object()
TRIANGLE, BOX = [1, 2, 30, 2, 30, 40], [1, 2, 3, 4]
# An entry that only a reader of single values takes: its image id is a float.
ODD = annotation(900, 1.0)


def read(tmp_path, content):
    make(tmp_path, {"some.json": content})
    return read_dataset(tmp_path / "some.json")


def without(entry, *keys):
    return {key: value for key, value in entry.items() if key not in keys and value is not ABSENT}


def box(**values):
    return without(annotation(**{"area": 5.0, "bbox": [400.5, 360.0, 74.0, 149.0], **values}))


# Of values that msgspec takes for the format's, both tiers must say the same.
PLAIN = [
    (box(), NONE),
    (box(bbox=[1, 2, 3, 4.0]), NONE),
    (box(bbox=[1.0, 2.0, 3.0, 4.0]), NONE),
    (box(bbox=[1, 2, 3, 4]), BoxTrait.WHOLE_NUMBERS),
    (box(bbox=[1.5, 2, 3, 4]), NONE),
    (box(bbox=[1e1, 2, 3, 4]), NONE),
    (box(iscrowd=ABSENT), BoxTrait.NO_ISCROWD),
    (box(iscrowd=True), NONE),
    (without(box(), "area"), BoxTrait.NO_AREA),
    ({**box(), "area": None}, BoxTrait.AREA_NOT_A_NUMBER),
    (box(ignore=0), NONE),
    (box(ignore=1), BoxTrait.IGNORE),
    (box(ignore="yes"), BoxTrait.IGNORE),
]
STRANGE = [
    ({**box(), "area": "5"}, BoxTrait.AREA_NOT_A_NUMBER),
    ({**box(), "area": "x"}, BoxTrait.AREA_NOT_A_NUMBER),
    (box(iscrowd="0"), BoxTrait.ISCROWD_NOT_A_NUMBER),
    (box(iscrowd=None), BoxTrait.ISCROWD_NOT_A_NUMBER | BoxTrait.ISCROWD_NULL),
    (without(box(), "bbox"), BoxTrait.NO_BBOX),
    (box(bbox=[]), BoxTrait.BBOX_NOT_FOUR_NUMBERS),
    (box(bbox=None), BoxTrait.BBOX_NOT_FOUR_NUMBERS),
    (box(bbox=[1, 2, 3]), BoxTrait.BBOX_NOT_FOUR_NUMBERS),
    (box(bbox=[1, 2, "3", 4]), BoxTrait.BBOX_NOT_FOUR_NUMBERS),
    (box(bbox=[1, 2, 3, 4], iscrowd="0"), BoxTrait.ISCROWD_NOT_A_NUMBER | BoxTrait.WHOLE_NUMBERS),
    (box(bbox=[1, 2, 10**400, 4]), NONE),
    (box(iscrowd=10**400), NONE),
]


@pytest.mark.parametrize("strange", [False, True], ids=["plain", "strange"])
@pytest.mark.parametrize("rest", [[], [ODD]], ids=["at once", "one by one"])
def test_traits_of_annotations(tmp_path, rest, strange):
    entries = [*PLAIN, *(STRANGE if strange else [])]
    numbered = [{**entry, "id": number} for number, (entry, _) in enumerate(entries)]
    boxes = read(tmp_path, document(annotations=[*numbered, *rest])).boxes
    assert [BoxTrait(bits) for bits in boxes.traits[: len(entries)].tolist()] == [each for _, each in entries]


def test_a_crowd_of_any_number_is_one(tmp_path):
    values = [0, 1, 2, 0.0, 1.5, True, False, "1", "0", None]
    entries = [annotation(number, iscrowd=value) for number, value in enumerate(values)]
    crowd = read(tmp_path, document(annotations=entries)).boxes.crowd.tolist()
    assert crowd == [False, True, True, False, True, True, False, True, False, False]


@pytest.mark.parametrize("odd", [False, True], ids=["at once", "one by one"])
def test_sizes_as_they_are_stated(tmp_path, odd):
    images = [
        image(1),
        image(2, width=0, height=0),
        without(image(3), "width"),
        {**image(4), "height": None},
        *([{**image(5), "width": "960", "height": "x"}] if odd else []),
    ]
    found = read(tmp_path, document(images=images)).images
    nan = math.nan
    wanted = [[960, 720], [0, 0], [nan, 720], [960, nan], [960, nan]][: len(images)]
    np.testing.assert_array_equal(found.declared, wanted)
    strange = [False, False, False, True, True][: len(images)]
    assert found.has(ImageTrait.SIZE_NOT_A_NUMBER).tolist() == strange
    assert np.isnan(found.width).tolist() == [False, True, True, True, True][: len(images)]


def test_images_that_no_entry_names_state_no_size(tmp_path):
    files = {"annotations/train.json": document(), "images/1.jpg": (960, 720), "images/2.jpg": (30, 20)}
    found = read_dataset(make(tmp_path, files), unlisted=True).images
    np.testing.assert_array_equal(found.declared, [[960, 720], [math.nan, math.nan]])
    assert found.traits.tolist() == [0, 0]


def test_ids_of_no_class_are_kept_as_written(tmp_path):
    ids = [1, 7, "1", 'a"b', -1, 10**30]
    entries = [annotation(number, category_id=identity) for number, identity in enumerate(ids)]
    stray = annotation(50, 99, category_id=3)  # of no image: no row
    bare = without(annotation(51), "category_id")
    boxes = read(tmp_path, document(annotations=[stray, *entries, bare])).boxes
    assert boxes.class_texts == {1: "7", 2: '"1"', 3: r'"a\"b"', 4: "-1", 5: str(10**30)}
    assert boxes.category.tolist() == [0, -1, -1, -1, -1, -1, -1]


# Segmentations

STATES = [
    (ABSENT, BoxTrait.NO_SEGMENTATION),
    ([], BoxTrait.EMPTY_SEGMENTATION),
    ([TRIANGLE], NONE),
    ([[*TRIANGLE, 5, 6]], NONE),
    ([TRIANGLE, TRIANGLE], NONE),
    ([BOX, TRIANGLE], BoxTrait.FOUR_NUMBERS),
    ([TRIANGLE, BOX], NONE),
    ([BOX], BoxTrait.SHORT_SEGMENTATION | BoxTrait.FOUR_NUMBERS),
    ([[*BOX, 5]], BoxTrait.SHORT_SEGMENTATION),
    ([[*TRIANGLE, 5]], BoxTrait.SHORT_SEGMENTATION),
    ([[*TRIANGLE, 5], TRIANGLE], NONE),
    ([[1, 2]], BoxTrait.SHORT_SEGMENTATION | BoxTrait.NO_MASK),
    ([[]], BoxTrait.SHORT_SEGMENTATION | BoxTrait.NO_MASK),
    ([["a", 1, 1, 1, 1, "b,c"]], BoxTrait.NO_MASK),
    (TRIANGLE, BoxTrait.FLAT_SEGMENTATION | BoxTrait.FLAT_OF_INTEGERS),
    ([TRIANGLE, 5.5], BoxTrait.FLAT_SEGMENTATION),
    ([1.0, *TRIANGLE], BoxTrait.FLAT_SEGMENTATION | BoxTrait.FLAT_OF_FLOATS),
    ([None], BoxTrait.FLAT_SEGMENTATION),
    (7, BoxTrait.FLAT_SEGMENTATION),
    (None, BoxTrait.NO_MASK),
    ({}, BoxTrait.NO_MASK),
    ("", BoxTrait.NO_MASK),
    ("abcdefgh", BoxTrait.NO_MASK | BoxTrait.SHORT_SEGMENTATION),
    ({"counts": [1, 2, 3], "size": [2, 3]}, NONE),
    ({"counts": "abc", "size": [2, 3]}, BoxTrait.NO_MASK),
    ({"counts": [1, 2, 3]}, BoxTrait.BROKEN_RLE),
    ({"counts": [1, 2, 3], "size": [6]}, BoxTrait.BROKEN_RLE),
    ({"size": [2, 3]}, BoxTrait.BROKEN_RLE),
    ([{"counts": [1, 2, 3], "size": [2, 3]}], BoxTrait.SHORT_SEGMENTATION),
    ([{"counts": "abc", "size": [2, 3]}], BoxTrait.SHORT_SEGMENTATION | BoxTrait.NO_MASK),
    ([[TRIANGLE]], BoxTrait.SHORT_SEGMENTATION | BoxTrait.NO_MASK),
]
ENTRIES = [without(annotation(number, segmentation=value)) for number, (value, _) in enumerate(STATES)]
WANTED = [each for _, each in STATES]


def looked(dataset):
    return [BoxTrait(bits) for bits in segmentation_traits(dataset).tolist()]


@pytest.mark.parametrize("rest", [[], [ODD, 5]], ids=["at once", "one by one"])
@pytest.mark.parametrize("indent", [None, 1])
def test_segmentations(tmp_path, indent, rest):
    stray = annotation(800, 99)  # of no image: the rows are not the entries
    dataset = read(tmp_path, json.dumps(document(annotations=[stray, *ENTRIES, *rest]), indent=indent))
    assert looked(dataset)[: len(STATES)] == WANTED


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("first", ["images", "annotations"])
def test_segmentations_on_two_cores(tmp_path, monkeypatch, indent, first):
    """Wherever the file is cut: between two annotations, in a polygon, among the images."""
    monkeypatch.setattr(segmentations, "WORTH_IT", 0)
    monkeypatch.setattr(segmentations, "helpers", lambda *_, **__: 1)
    for count in (1, 3, 60):
        whole = document(images=[image(number) for number in range(1, count + 1)], annotations=ENTRIES)
        ordered = {first: whole[first], **whole}
        dataset = read(tmp_path, json.dumps(ordered, indent=indent))
        assert looked(dataset) == WANTED


def test_one_half_is_not_taken_for_the_whole(tmp_path, monkeypatch):
    """A half that cannot be read, such as one with NaN, is read with the other in one piece."""
    monkeypatch.setattr(segmentations, "WORTH_IT", 0)
    monkeypatch.setattr(segmentations, "helpers", lambda *_, **__: 1)
    entries = [*ENTRIES, annotation(77, bbox=[math.nan, 1, 1, 1])]
    assert looked(read(tmp_path, document(annotations=entries)))[: len(STATES)] == WANTED
    assert chunks.MARK.encode() in segmentations._CLOSING


def test_segmentations_of_each_file_are_its_own(tmp_path):
    files = {
        "annotations/instances_a.json": document(annotations=ENTRIES[:2]),
        "annotations/instances_b.json": document([image(2)], [{**ENTRIES[2], "image_id": 2}]),
        "annotations/instances_c.json": document([image(3)], []),
    }
    dataset = read_dataset(make(tmp_path, files))
    assert looked(dataset) == WANTED[:3]
    (tmp_path / "annotations/instances_a.json").unlink()
    assert looked(dataset) == [NONE, NONE, WANTED[2]]
    for other in ("{", json.dumps(document([image(2)], []))):
        (tmp_path / "annotations/instances_b.json").write_text(other)
        with pytest.raises(AnchorauditError, match="changed while it was read"):
            looked(dataset)
