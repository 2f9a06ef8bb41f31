"""Loaders: every rule of every profile on small literal data, and what holds for all of them on any data.

The answers are those of the frameworks' own code, read in the files that each rule names. `python -m
tests.test_loaders` writes what docs/loaders.md says of the profiles anew, after a change of one.
"""

import io
import json
import re
import subprocess
import sys
import warnings
from copy import deepcopy
from dataclasses import fields
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from anchoraudit import loaders
from anchoraudit.dataset.fates import DROPPED, KEPT, MOVED, RAISED
from anchoraudit.dataset.parts import of_images
from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import read
from anchoraudit.images.inspection import look
from anchoraudit.loaders import WITH_IMAGE, load_as, loader_names
from anchoraudit.loaders._coco_file import say_size
from anchoraudit.loaders._rules import Rule
from anchoraudit.loaders._sieve import Sieve
from anchoraudit.loaders._voc import opened_name
from anchoraudit.report.text.loaders import loaders_csv, loaders_json, loaders_parts
from anchoraudit.report.text.terminal import to_text
from tests.builders import make
from tests.loader_cases import (
    GOOD,
    HALF_SIZE,
    NO_BOX,
    NO_SIZE,
    NO_WIDTH,
    SECOND,
    TWO,
    Box,
    Picture,
    all_cases,
    data,
    facts,
    moved,
)

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "loaders.md"
NAN, INF = float("nan"), float("inf")
CASES = all_cases()
OF = {"image": "image", "raises": "image", "box": "box", "moves": "moves", "stops": "stops"}


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda i: f"{CASES[i].loader}-{i}")
def test_a_loader_leaves_what_its_framework_leaves(number):
    wanted = CASES[number]
    loaded = load_as(
        wanted.dataset, wanted.loader, wanted.files, classes=wanted.classes, detector=wanted.detector
    )
    assert loaded.dropped_images == wanted.dropped_images
    assert loaded.dropped_boxes == wanted.dropped_boxes
    assert loaded.images.tolist() == wanted.images
    assert loaded.boxes.tolist() == wanted.boxes
    assert loaded.moves == wanted.moves
    as_they_were = wanted.dataset.boxes.xyxy[wanted.boxes]
    xyxy = as_they_were if wanted.xyxy is None else wanted.xyxy
    handed = loaded.dataset.boxes.xyxy[loaded.boxes]
    np.testing.assert_array_equal(handed, np.reshape(xyxy, (-1, 4)))
    same = (handed == as_they_were) | (np.isnan(handed) & np.isnan(as_they_were))
    changed = ~np.all(same, axis=1)
    assert loaded.moved == changed.sum()
    stops = {i: loaded.rules[rule - 1].reason for i, rule in enumerate(loaded.stop_rule.tolist()) if rule}
    assert stops == wanted.stops
    assert {image: loaded.words(image) for image in wanted.words} == wanted.words
    assert len(loaded.whole) == bool(wanted.whole)
    assert not wanted.whole or loaded.whole[0].startswith(wanted.whole)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("detectron2", ["AssertionError: No valid data found in <the name of the data set>."]),
        (
            "torchvision",
            ["ValueError: num_samples should be a positive integer value, but got num_samples=0"],
        ),
        ("mmdet-coco", []),
    ],
)
def test_what_a_framework_says_of_a_data_set_without_an_image_left(name, words):
    assert load_as(data(images=TWO), name).whole == tuple(f"{w}, as no image is left" for w in words)
    assert load_as(data(GOOD, images=TWO), name).whole == ()
    # It has stopped before.
    assert load_as(data(GOOD, images=(Picture(declared=False),)), name).whole == ()
    assert load_as(data(images=()), name).whole == ()


@pytest.mark.parametrize("name", loader_names())
def test_every_rule_has_a_case_and_no_other_reason_occurs(name):
    own = [each for each in CASES if each.loader == name]
    for what, met in (
        ("image", {reason for each in own for reason in each.dropped_images}),
        ("box", {reason for each in own for reason in each.dropped_boxes} - {WITH_IMAGE}),
        ("moves", {reason for each in own for reason in each.moves}),
        ("stops", {reason for each in own for reason in each.stops.values()}),
    ):
        rules = [rule for rule in loaders.loaders()[name].RULES if OF[rule.what] == what]
        assert met == {rule.told for rule in rules}, what


@pytest.mark.parametrize("name", loader_names())
def test_only_what_annotations_ask_for_is_expected(name):
    """Of everything else that is lost, a user is warned."""
    rules = [rule for rule in loaders.loaders()[name].RULES if rule.what in ("box", "image")]
    asked = {
        *("crowd", "ignored: crowd", "difficult", "ignored: difficult", "annotation with `ignore`"),
        *("equal to an earlier box", "equal to an earlier label"),
        "no XML file, and no split list names the image",
    }
    assert {rule.reason for rule in rules if rule.expected} == {rule.reason for rule in rules} & asked
    assert not any(rule.expected for rule in loaders.loaders()[name].RULES if rule not in rules)


@pytest.mark.parametrize("name", loader_names())
def test_rules_of_a_format_are_asked_of_that_format_only(name):
    for rule in loaders.loaders()[name].RULES:
        formats = {
            each.dataset.format
            for each in CASES
            if each.loader == name
            and rule.told
            in {
                "image": each.dropped_images,
                "box": each.dropped_boxes,
                "moves": each.moves,
                "stops": each.stops.values(),
            }[OF[rule.what]]
        }
        assert not rule.only or formats == {rule.only}, rule.reason


# What holds for every loader


def assert_same(some, others, rows, but=()):
    """Columns of `some` are those of `others` at `rows`."""
    for field in fields(some):
        if field.name in (*but, "fate"):  # which only what a loader hands over has
            continue
        ours, theirs = getattr(some, field.name), getattr(others, field.name)
        assert (ours is None) == (theirs is None), field.name
        if isinstance(ours, dict):
            assert ours == theirs
        elif isinstance(ours, list):  # of ids, which are integers and strings
            assert ours == np.array(theirs, dtype=object)[rows].tolist()
        elif ours is not None:
            np.testing.assert_array_equal(ours, theirs[rows], err_msg=field.name)


ANY = st.one_of(
    st.sampled_from([NAN, INF, -INF, 0.0, -0.0, 1.0, 32.0, 639.0, 640.0, 641.0, 1e300, -1e300, 5e-324]),
    st.floats(-50, 700),
    st.floats(allow_nan=True, allow_infinity=True),
)
SIDE = st.sampled_from([NAN, 1.0, 9.0, 10.0, 31.0, 32.0, 480.0, 640.0])
TRAITS = {kind: st.just(0) | st.sampled_from(list(kind)) for kind in (ImageTrait, BoxTrait)}
IDS = st.sampled_from([1, 2, 3, 10**18, "", "1", "a"])


@st.composite
def datasets(draw):
    images = [
        Picture(
            draw(SIDE),
            draw(SIDE),
            id=draw(st.none() | IDS),
            entry=draw(st.sampled_from([0, 0, 0, -1])),
            declared=draw(st.booleans()),
            source=number % 2,
            stated=draw(st.sampled_from([None, None, (0.0, 480.0), (320.0, 480.0), (NAN, 480.0)])),
            traits=draw(TRAITS[ImageTrait]),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    boxes = [
        Box(
            *(draw(ANY) for _ in range(4)),
            image=draw(st.integers(0, len(images) - 1)),
            crowd=draw(st.booleans()),
            difficult=draw(st.booleans()),
            category=draw(st.integers(-1, 1)),
            area=draw(ANY),
            id=draw(st.none() | IDS),
            traits=draw(TRAITS[BoxTrait]),
        )
        for _ in range(draw(st.integers(0, 6)) if images else 0)
    ]
    boxes.sort(key=lambda box: box.image)
    return data(*boxes, images=images, format=draw(st.sampled_from(["coco", "voc", "yolo"])), files=2)


@settings(deadline=None, max_examples=30)
@given(datasets(), st.sampled_from(loader_names()))
def test_any_data_set_is_loaded_and_everything_in_it_accounted_for(dataset, name):
    before = deepcopy(dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load_as(dataset, name)
    assert_same(dataset.images, before.images, slice(None))
    assert_same(dataset.boxes, before.boxes, slice(None))
    assert len(loaded.image_fate) == len(before.images) and len(loaded.box_fate) == len(before.boxes)
    assert sum(loaded.dropped_images.values()) == len(before.images) - len(loaded.images)
    assert sum(loaded.dropped_boxes.values()) == len(before.boxes) - len(loaded.boxes)
    handed = loaded.dataset
    resized = ("width", "height")  # as the loader opens the images
    assert_same(handed.images, before.images, slice(None), but=resized)
    ids = before.boxes.annotation_ids
    # A loader that takes the last annotation of an id takes all its values.
    if ids is None or len(set(ids.tolist())) == len(ids):
        assert_same(handed.boxes, before.boxes, slice(None), but=("image", "xyxy"))
    gone = ~loaded.trains
    if not gone.all():
        assert (loaded.image_fate[handed.boxes.image[loaded.boxes]] == KEPT).all()
    np.testing.assert_array_equal(handed.boxes.xyxy[gone], before.boxes.xyxy[gone])
    # A box is in the image it was in, or in a later one of the same id.
    ids = before.images.ids
    assert [ids[i] for i in handed.boxes.image.tolist()] == [ids[i] for i in before.boxes.image.tolist()]
    assert loaded.moved <= min(len(loaded.boxes), sum(loaded.moves.values()))
    for image in np.flatnonzero(loaded.image_fate > KEPT).tolist():
        assert loaded.reason_of_image(image)
    for row in np.flatnonzero(gone).tolist():
        assert loaded.reason_of_box(row)
    assert loaded.sentences()[0].startswith(f"loader {name} drops ")


@settings(deadline=None, max_examples=20)
@given(datasets())
def test_none_is_the_data_set_itself(dataset):
    loaded = load_as(dataset, "none")
    assert_same(loaded.dataset.images, dataset.images, slice(None))
    assert_same(loaded.dataset.boxes, dataset.boxes, slice(None))
    assert loaded.sentences() == ["loader none drops nothing"]


def test_a_loader_reads_the_files_whatever_was_added_to_their_coordinates():
    """xmin 0 wraps round in uint16, though the user has added 1."""
    dataset = data(Box(1, 10, 51, 61), format="voc")
    dataset.offset = (1.0, 1.0, 1.0, 1.0)
    loaded = load_as(dataset, "py-faster-rcnn")
    assert loaded.dataset.boxes.xyxy.tolist() == [[65535, 8, 49, 59]]
    assert load_as(dataset, "none").dataset.boxes.xyxy.tolist() == [[1, 10, 51, 61]]


def test_a_box_moves_where_a_number_becomes_another_or_stops_being_one():
    box = (1.0, 2.0, 3.0, 4.0)
    rows = [(box, box, False), ((NAN,) * 4, (NAN,) * 4, False)]
    for column in range(4):
        other, unread = list(box), list(box)
        other[column], unread[column] = 5.0, NAN
        rows += [(box, other, True), (box, unread, True), (unread, box, True), (unread, unread, False)]
        rows += [(other, unread, True), (unread, other, True)]
    before, after, moves = ([row[part] for row in rows] for part in range(3))
    dataset = data(*(Box(*numbers) for numbers in before))
    sieve = Sieve(dataset, "none")
    rule = Rule("moves", "another place", "a test")
    sieve.move(rule, np.array(after))
    loaded = sieve.loaded()
    assert (loaded.box_fate == MOVED).tolist() == moves
    assert loaded.moves == {"another place": sum(moves)}
    assert np.array_equal(loaded.dataset.boxes.xyxy, np.array(after), equal_nan=True)


def test_what_is_left_once_nothing_raises():
    """Of an image at which the loader raises, boxes that a rule had dropped before are dropped still."""
    dataset = data(GOOD, GOOD, GOOD, GOOD, moved(GOOD, image=1), images=TWO)
    sieve = Sieve(dataset, "none")
    for row in (0, 2):  # by the first rule and by the second
        sieve.drop_boxes(Rule("box", f"row {row}", "a test"), np.arange(5) == row)
    sieve.drop_images(Rule("raises", "at the first image", "a test"), np.array([True, False]))
    loaded = sieve.loaded()
    assert loaded.image_fate.tolist() == [RAISED, KEPT]
    assert loaded.box_fate.tolist() == [RAISED] * 4 + [KEPT]
    mended = loaded.as_if_mended()
    assert mended.images.fate.tolist() == [KEPT, KEPT]
    assert mended.boxes.fate.tolist() == [DROPPED, KEPT, DROPPED, KEPT, KEPT]


@pytest.mark.parametrize("loader", ["mmdet-coco", "detectron2", "py-faster-rcnn"])
def test_parts_list_reasons_in_the_order_of_the_whole(loader):
    """Each box breaks another rule, and each part has other ones."""
    boxes = [
        Box(0, 0, 100, 100, crowd=True),
        Box(100, 100, 100.5, 100.5),
        Box(900, 900, 950, 950),
        Box(-5, -5, 700, 700),
    ]
    dataset = data(*[moved(box, image=i) for i, box in enumerate(boxes)], images=(Picture(),) * 5)
    whole = load_as(dataset, loader).tally
    every = [load_as(of_images(dataset, np.array([i])), loader).tally for i in range(5)]
    assert len(whole.images | whole.boxes | whole.moves) > 2
    for order in ((0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3)):
        together = reduce(add, [every[i] for i in order])
        assert together.sentences() == whole.sentences()
        assert [*together.boxes.items()] == [*whole.boxes.items()]


def test_the_side_that_a_framework_asks_for_first():
    sides = np.array([(NAN, 5), (5, NAN), (NAN, NAN), (5, 5)])
    dataset = data(*[moved(GOOD, image=i) for i in range(4)], images=(Picture(),) * 4)
    dataset.images.declared = sides
    for first, words in (("width", ["width", "height", "width"]), ("height", ["width", "height", "height"])):
        say = say_size(Sieve(dataset, "none"), first)
        assert [say(image) for image in range(4)] == [f"KeyError: '{key}'" for key in (*words, first)]


# OpenCV turns an image by its EXIF orientation, and so do Detectron2 and Ultralytics; Pillow alone does not.
AS_STORED = ("keras-retinanet", "rt-detr", "simple-faster-rcnn", "torchvision", "torchvision-coco")
AS_STORED += ("torchvision-voc",)


@pytest.mark.parametrize("name", [name for name in loader_names() if name != "none"])
@pytest.mark.parametrize("format", ["coco", "voc"])
def test_images_have_the_size_with_which_the_loader_opens_them(name, format):
    """Stored with 640x480; from orientation 5 on that is shown as 480x640. The data set may state either."""
    for orientation in (0, 1, 4, 5, 8):
        turned = orientation >= 5 and name not in AS_STORED
        shown = (480, 640) if turned else (640, 480)
        images = tuple(
            Picture(*size, orientation=orientation, stored=(640, 480)) for size in (shown, shown[::-1])
        )
        boxes = (GOOD, moved(GOOD, image=1))
        loaded = load_as(data(*boxes, images=images, format=format), name, facts(images))
        assert loaded.image_fate[0] == KEPT
        found = loaded.dataset.images
        assert [(found.width[i], found.height[i]) for i in loaded.images.tolist()] == [shown] * len(
            loaded.images
        )
    alone = data(GOOD, images=(Picture(300, 200),), format=format)
    assert load_as(alone, name).dataset.images.width.tolist() == [300]


def test_the_file_that_a_loader_of_voc_opens():
    """ID.jpg for an XML file, whatever it states; the file itself where another format was converted."""
    images = (Picture(id="a", name="b.png"),)
    for format, opened in (("voc", "a.jpg"), ("coco", "b.png")):
        assert opened_name(Sieve(data(GOOD, images=images, format=format), "none"), 0) == opened


def test_half_a_size_is_none():
    dataset = data(GOOD, SECOND, moved(GOOD, image=2), images=HALF_SIZE)
    dataset.images.measured = None
    assert load_as(dataset, "torchvision").dropped_images == {f"the loader raises: {NO_WIDTH}": 2}
    assert load_as(dataset, "yolov5").dropped_images == {f"the loader raises: {NO_WIDTH}": 2}
    dataset = data(GOOD, SECOND, moved(GOOD, image=2), images=HALF_SIZE, format="yolo")
    assert load_as(dataset, "yolov5").dropped_images == {"unknown image size": 2}


def test_a_label_without_pixels_is_no_missing_box():
    """Where labels are parts of an image of unknown size, all coordinates are NaN."""
    dataset = data(GOOD, Box(*NO_BOX, image=1), images=NO_SIZE, format="yolo")
    for name in ("torchvision", "detectron2", "mmdet-coco", "keras-retinanet"):
        assert load_as(dataset, name).images.tolist() == [0, 1]
    broken = data(GOOD, Box(*NO_BOX, image=1), images=TWO, format="yolo")
    assert load_as(broken, "torchvision").raising == 1


def test_ids_are_those_of_a_file():
    """Two annotations of the second file have the id of one in the first, which is none of its business."""
    images = tuple(Picture(id=1, source=i) for i in range(2))
    boxes = (moved(GOOD, id=4), moved(SECOND, id=4), moved(SECOND, id=4))
    loaded = load_as(data(*boxes, images=images, files=2), "detectron2")
    assert loaded.dropped_images == {"the loader raises: annotation ids are not unique": 1}
    assert loaded.images.tolist() == [0]


def test_a_broken_image_is_refused_as_each_loader_refuses_it(tmp_path):
    """Ultralytics and YOLOv5 decode a JPEG without an end, YOLOv7 does not; none reads the end of one."""
    stream = io.BytesIO()
    Image.effect_noise((64, 48), 80).save(stream, "JPEG")
    whole = stream.getvalue()
    make(tmp_path, {"data.yaml": "train: images\nnames: [a]\n"})
    for name, content in (
        ("a", whole),
        ("b", whole[:-2]),
        ("c", whole[: len(whole) // 2] + b"\xff\xd9"),
        ("d", b"no image"),
    ):
        make(tmp_path, {f"images/{name}.jpg": content, f"labels/{name}.txt": "0 .5 .5 .2 .2\n"})
    dataset = read(tmp_path)
    files = look(dataset, "decode")
    for name, kept in (("ultralytics", [0, 2]), ("yolov5", [0, 2]), ("yolov7", [0, 1, 2])):
        loaded = load_as(dataset, name, files)
        assert loaded.images.tolist() == kept
        assert loaded.words(3) == "not an image that training loads"
    assert load_as(dataset, "yolov5", files).words(1).startswith("image file is truncated (")


# Names


def test_the_loaders_are_found_by_themselves_and_none_comes_first():
    stems = {path.stem for path in Path(loaders.__file__).parent.glob("[a-z]*.py")}
    modules = {stem.replace("8_3", "8.3").replace("_", "-") for stem in stems}
    assert loader_names() == ["none", *sorted(modules - {"none"})]
    assert [module.NAME for module in loaders.loaders().values()] == loader_names()


def test_naming_loaders_costs_no_numpy():
    code = (
        "import sys; from anchoraudit.loaders import loader_names, loaders; "
        "loader_names(), loaders(); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_new_loader_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "no_dogs.py").write_text(
        "from anchoraudit.loaders import Rule\n"
        "NAME, READS = 'no-dogs', 'cats only'\n"
        "DOG = Rule('box', 'a dog', 'no_dogs.py')\n"
        "RULES = (DOG,)\n"
        "def load(sieve):\n    sieve.drop_boxes(DOG, sieve.boxes.category == 1)\n"
    )
    monkeypatch.setattr(loaders, "__path__", [*loaders.__path__, str(tmp_path)])
    assert loader_names()[0] == "none" and "no-dogs" in loader_names()
    assert load_as(data(GOOD, moved(GOOD, category=1)), "no-dogs").dropped_boxes == {"a dog": 1}
    sys.modules.pop("anchoraudit.loaders.no_dogs")


@pytest.mark.parametrize(("name", "near"), [("torchvison", "torchvision"), ("mmdet", "mmdet-"), ("zzz", "")])
def test_an_unknown_loader_is_an_error_that_names_the_nearest(name, near):
    with pytest.raises(AnchorauditError) as error:
        load_as(data(GOOD), name)
    assert error.value.message == f"no loader {name!r}"
    assert ("Did you mean" in error.value.remedy) == bool(near)
    assert near in error.value.remedy and "keras-retinanet" in error.value.remedy


# Reports


MIXED = data(
    GOOD,
    moved(GOOD, crowd=True),
    moved(GOOD, crowd=True),
    Box(-5, 5, 50, 50),
    moved(SECOND, area=NAN),
    images=(*TWO, *(Picture() for _ in range(3))),
)


def test_a_loader_says_what_it_did():
    assert load_as(MIXED, "torchvision").sentences() == [
        "loader torchvision drops 4 of 5 images (no annotation: 3, "
        "the loader raises: annotation without an area: 1) and 3 of 5 boxes (crowd: 2, "
        "in an image that is dropped: 1)",
        "loader torchvision changes the coordinates of 1 of 2 boxes it keeps (clipped to the image: 1)",
        "loader torchvision stops with an error on 1 image: nothing trains until it is fixed",
    ]
    assert load_as(data(GOOD, images=TWO), "detectron2").sentences() == [
        "loader detectron2 drops 1 of 2 images (no annotation: 1)"
    ]
    assert load_as(data(Box(0, 5, 50, 50), format="voc"), "keras-retinanet").sentences() == [
        "loader keras-retinanet drops 1 of 1 box (over the left or top edge: 1)"
    ]
    two = data(moved(GOOD, category=-1), moved(SECOND, category=-1), images=TWO)
    assert load_as(two, "detectron2").sentences()[-1] == (
        "loader detectron2 stops with an error on 2 images: nothing trains until they are fixed"
    )


def test_boxes_that_are_set_aside_are_counted():
    loaded = load_as(MIXED, "mmdet-coco")
    assert (loaded.ignored, loaded.raising) == (2, 1)
    assert load_as(MIXED, "torchvision").ignored == 0


ROWS = [load_as(MIXED, name) for name in ("none", "torchvision", "keras-retinanet")]


def test_the_table_has_a_row_a_loader():
    text = to_text(*loaders_parts(ROWS))
    assert "read  data: made up\n      5 images, 5 boxes\n" in text
    lines = text[text.index("Loaders\n") :].splitlines()
    assert lines[1].split() == ["loader", "images", "images", "boxes", "boxes", "boxes", "main", "reasons"]
    assert lines[2].split() == ["dropped", "dropped", "moved"]
    assert lines[3].split() == ["none", "5", "0", "5", "0", "0", "-"]
    assert lines[4].split()[:6] == ["torchvision", "1", "4", "2", "3", "1"]
    told = " ".join(text.split())
    assert "crowd (2 boxes), over the left or top edge (1 box)" in told
    # An error comes first, and is told again below; the rest by their number.
    assert "the loader raises: annotation without an area (1 image), no" in re.sub(r"\s+", " ", text)
    assert "error loader torchvision stops with an error on 1 image" in told


def test_the_table_of_clean_data_speaks_of_no_error():
    text = to_text(*loaders_parts([load_as(data(GOOD), name) for name in loader_names()]))
    assert "error" not in text
    count = len(loader_names())
    assert [line.split()[-1] for line in text.splitlines()[-count:]] == ["-"] * count


def test_names_of_data_do_not_drive_the_terminal():
    dataset = data(GOOD)
    dataset.recognised = "a\x1b[31mred"
    assert "\x1b" not in to_text(*loaders_parts([load_as(dataset, "none")]))


def test_json_and_csv_have_every_reason():
    told = json.loads(loaders_json(ROWS))
    assert {key: told[key] for key in ("dataset", "images", "boxes")} == {
        "dataset": "data",
        "images": 5,
        "boxes": 5,
    }
    assert told["loaders"][1] == {
        "loader": "torchvision",
        "images": 1,
        "images_dropped": 4,
        "images_raising": 1,
        "boxes": 2,
        "boxes_dropped": 3,
        "boxes_ignored": 0,
        "boxes_moved": 1,
        "why_images": {"no annotation": 3, "the loader raises: annotation without an area": 1},
        "why_boxes": {"crowd": 2, WITH_IMAGE: 1},
        "why_moved": {"clipped to the image": 1},
    }
    lines = loaders_csv(ROWS).splitlines()
    assert lines[0].split(",") == list(told["loaders"][0])
    assert lines[1] == "none,5,0,0,5,0,0,0,,,"
    assert lines[2] == (
        "torchvision,1,4,1,2,3,0,1,no annotation: 3; the loader raises: annotation without an area: 1,"
        "crowd: 2; in an image that is dropped: 1,clipped to the image: 1"
    )


# The page


def page_part(text):
    """What stands before, between and behind the marks of the profiles."""
    return re.fullmatch(
        r"(.*<!-- loaders: [^\n]* -->\n)(.*)(<!-- end of loaders -->\n.*)", text, re.S
    ).groups()


FORMAT_WORDS = {"": "all", "coco": "COCO", "voc": "Pascal VOC", "yolo": "YOLO", "table": "CSV"}


def feeds_preset(loader, name):
    """Whether a preset names a loader for some format."""
    named = load_detector(name).loader
    return loader in ([named] if isinstance(named, str) else named.values())


def describe_loaders():
    """What docs/loaders.md says of the profiles: a table of all, and one of the rules of each."""
    known = loaders.loaders().values()
    lines = ["", "| loader | what it is | feeds |", "|---|---|---|"]
    for module in known:
        feeds = ", ".join(f"`{name}`" for name in preset_names() if feeds_preset(module.NAME, name))
        lines.append(f"| [{module.NAME}](#{module.NAME.replace('.', '')}) | {module.READS} | {feeds} |")
    for module in known:
        said = [" ".join(part.split()) for part in module.__doc__.strip().split("\n\n")]
        lines += ["", f"### {module.NAME}", "", *"\n\n".join(said).split("\n")]
        if module.RULES:
            lines += ["", "| asked | what goes, or moves | of | source |", "|---|---|---|---|"]
        for rule in module.RULES:
            what = {"moves": "moves a box", "stops": "goes wrong right after"}.get(rule.what, rule.what)
            lines.append(f"| {what} | {rule.because} | {FORMAT_WORDS[rule.only]} | {rule.source} |")
    return "\n".join(lines) + "\n\n"


def test_the_page_says_what_the_profiles_do():
    before, generated, after = page_part(PAGE.read_text())
    assert generated == describe_loaders(), "`python -m tests.test_loaders` writes it anew"
    assert before and after


def test_every_rule_names_a_file_and_a_function():
    for module in loaders.loaders().values():
        for rule in module.RULES:
            assert re.search(r"\.(py|yaml) `\w+`", rule.source), rule


if __name__ == "__main__":
    start, _, end = page_part(PAGE.read_text())
    PAGE.write_text(start + describe_loaders() + end)
