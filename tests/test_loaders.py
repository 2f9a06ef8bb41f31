"""Loaders: every rule of every profile on small literal data, and what holds for all of them on any data.

The answers are those of the frameworks' own code, read in the files that each rule names. `python -m
tests.test_loaders` writes what docs/loaders.md says of the profiles anew, after a change of one.
"""

import json
import re
import subprocess
import sys
import warnings
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import loaders
from anchoraudit.dataset import Boxes, Category, Dataset, Images, Source
from anchoraudit.detectors import preset_names
from anchoraudit.errors import AnchorauditError
from anchoraudit.findings import Finding
from anchoraudit.loaders import WITH_IMAGE, load_as, loader_names, loader_of
from anchoraudit.places import Places
from anchoraudit.report.loaders import loaders_csv, loaders_json, loaders_parts
from anchoraudit.report.terminal import to_text
from tests.builders import AS_READ

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "loaders.md"
NAN, INF = float("nan"), float("inf")
NO_BOX = (NAN, NAN, NAN, NAN)


@dataclass(frozen=True)
class Box:
    """An annotation of image `image`; id: its COCO id, a number of its own by default."""

    x1: float
    y1: float
    x2: float
    y2: float
    image: int = 0
    crowd: bool = False
    difficult: bool = False
    category: int = 0
    area: float = 1.0
    id: Any = None


@dataclass(frozen=True)
class Picture:
    """An image; declared: its entry has a width and a height."""

    width: float = 640
    height: float = 480
    id: Any = None
    entry: int = 0
    declared: bool = True
    source: int = 0


GOOD = Box(100, 100, 200, 200)


def column(values, kind):
    made = np.empty(len(values), dtype=kind)
    made[:] = values
    return made


def data(*boxes, images=(Picture(),), format="coco", files=1):
    """A data set as its format's reader would make it."""
    coco = format == "coco"
    ids = [number if b.id is None else b.id for number, b in enumerate(boxes, 1)]
    kind = np.int64 if all(isinstance(i, int) for i in ids) else object
    splits = ["", "train", "val"][:files] if files == 1 else ["train", "val"]
    return Dataset(
        root=Path("data"),
        format=format,
        recognised="made up",
        sources=tuple(Source(Path(f"{name}.json"), name) for name in splits),
        splits=tuple(splits),
        images=Images(
            ids=[number if i.id is None else i.id for number, i in enumerate(images, 1)],
            file_names=[f"{number}.jpg" for number in range(1, len(images) + 1)],
            width=column([i.width for i in images], np.float64),
            height=column([i.height for i in images], np.float64),
            split=column([i.source for i in images], np.int64),
            source=column([i.source for i in images], np.int64),
            entry=column([i.entry for i in images], np.int64) if coco else None,
            measured=column([not i.declared for i in images], np.bool_) if coco else None,
        ),
        boxes=Boxes(
            image=column([b.image for b in boxes], np.int64),
            annotation_ids=column(ids, kind) if coco else None,
            category=column([b.category for b in boxes], np.int64),
            xyxy=np.array([(b.x1, b.y1, b.x2, b.y2) for b in boxes], dtype=np.float64).reshape(-1, 4),
            crowd=column([b.crowd for b in boxes], np.bool_),
            difficult=column([b.difficult for b in boxes], np.bool_),
            entry=np.arange(len(boxes)) if coco else None,
            area=column([b.area for b in boxes], np.float64) if coco else None,
        ),
        categories=(Category(1, "cat"), Category(2, "dog")),
        findings=[Finding("PAR003", "made up")],
        notes=["a note"],
        **AS_READ[format],
    )


def moved(box, **changes):
    return replace(box, **changes)


@dataclass(frozen=True)
class Case:
    """A data set, and what the loader leaves of it: images, boxes, and the reasons of what goes.

    xyxy: the coordinates of the kept boxes, where they are not those of the data set.
    """

    loader: str
    dataset: Dataset
    images: list
    boxes: list
    dropped_images: dict
    dropped_boxes: dict
    moves: dict
    xyxy: list | None = None


def case(loader, dataset, images, boxes, dropped_images=None, dropped_boxes=None, moves=None, xyxy=None):
    return Case(loader, dataset, images, boxes, dropped_images or {}, dropped_boxes or {}, moves or {}, xyxy)


def raising(loader, words, dataset, boxes=1):
    """A case in which the second of two images makes the loader raise."""
    rest = list(range(len(dataset.boxes) - boxes))
    return case(
        loader,
        dataset,
        [0],
        rest,
        {f"the loader raises: {words}": 1},
        {WITH_IMAGE: boxes} if boxes else {},
    )


TWO = (Picture(), Picture())
SECOND = moved(GOOD, image=1)
UNSIZED = data(GOOD, SECOND, images=(Picture(), Picture(declared=False)))
NO_SIZE = (Picture(), Picture(width=NAN, height=NAN))
HALF_SIZE = (Picture(), Picture(height=NAN), Picture(width=NAN))
BOXLESS = data(GOOD, Box(*NO_BOX, image=1), images=TWO)
UNKNOWN = data(GOOD, moved(SECOND, category=-1), images=TWO)
REPEATED_IDS = data(GOOD, moved(SECOND, id=7), moved(SECOND, id=7), images=TWO)
WITHOUT_AREA = data(GOOD, moved(SECOND, area=NAN), images=TWO)
NO_WIDTH = "no width and height in the image's entry"


def of_coco_files(loader, later_box=None):
    """Cases of `pycocotools`, the same for every loader that begins with it."""
    same_id = data(
        GOOD, Box(1, 1, 50, 50, image=1), images=(Picture(id=5), Picture(id=5, width=300), Picture(id=6))
    )
    last = {"detectron2": [1], "mmdet-coco": [1], "torchvision": [1], "keras-retinanet": [1, 2]}[loader]
    blank = {
        "detectron2": {"no annotation": 1},
        "torchvision": {"no annotation": 1},
        "mmdet-coco": {"no annotation of a listed category": 1},
        "keras-retinanet": {},
    }[loader]
    yield case(loader, same_id, last, [0, 1], {"a later image has its id, and gets its boxes": 1, **blank})
    unlisted = data(GOOD, images=(Picture(), Picture(id="new.jpg", entry=-1, declared=False)))
    yield case(loader, unlisted, [0], [0], {"no entry in the file names it": 1})
    yield raising(loader, "annotation without an id", data(GOOD, moved(SECOND, id=""), images=TWO))
    # The same ids in two files are none twice.
    files = data(
        moved(GOOD, id=1),
        moved(SECOND, id=1),
        images=(Picture(id=1), Picture(id=1, source=1)),
        files=2,
    )
    yield case(loader, files, [0, 1], [0, 1])
    yield raising(loader, NO_WIDTH, UNSIZED)
    if later_box:
        early, late = moved(GOOD, id=7), Box(10, 10, 50, 60, image=1, id=7, category=1)
        reason = {"replaced by a later annotation of the same id": 1}
        xyxy = [[10, 10, 50, 60], [10, 10, 50, 60]]
        yield case(loader, data(early, late, images=TWO), [0, 1], [0, 1], moves=reason, xyxy=xyxy)
        named = data(moved(early, id="a"), moved(late, id="a"), images=TWO)
        yield case(loader, named, [0, 1], [0, 1], moves=reason, xyxy=xyxy)
    else:
        yield raising(loader, "annotation ids are not unique", REPEATED_IDS, boxes=2)
        texts = data(GOOD, moved(SECOND, id="a"), moved(SECOND, id="a"), images=TWO)
        yield raising(loader, "annotation ids are not unique", texts, boxes=2)


def torchvision_cases():
    tv = "torchvision"
    yield from of_coco_files(tv, later_box=True)
    yield raising(tv, "annotation without a box", BOXLESS)
    yield raising(tv, "annotation without an area", WITHOUT_AREA)
    # A crowd is gone before anyone looks at its area.
    yield case(tv, data(GOOD, moved(GOOD, crowd=True, area=NAN)), [0], [0], dropped_boxes={"crowd": 1})
    yield case(tv, data(GOOD, images=TWO), [0], [0], {"no annotation": 1})
    # One side of 1 pixel is enough, for each box: wide or tall. Above 1 on both sides, and the image stays.
    thin = (Box(1.03, 5, 1.03 + 1.0, 300, image=1), Box(5, 1.07, 300, 1.07 + 1.0, image=1))
    words = "every box has a side of 1 pixel or less"
    yield case(tv, data(GOOD, *thin, images=TWO), [0], [0], {words: 1}, {WITH_IMAGE: 2})
    wider = Box(0, 5, 1.01, 300, image=1)
    yield case(tv, data(GOOD, *thin, wider, images=TWO), [0, 1], [0, 1, 2, 3])
    # A crowd keeps its image, which then trains as background.
    crowd = data(GOOD, moved(SECOND, crowd=True), images=TWO)
    yield case(tv, crowd, [0, 1], [0], dropped_boxes={"crowd": 1})
    over = data(Box(-10, 400, 700, 500), Box(640, 0, 700, 50), Box(50, 50, 50, 90), Box(90, 50, 50, 90))
    yield case(
        tv,
        over,
        [0],
        [0],
        dropped_boxes={"nothing of it inside the image": 3},
        moves={"clipped to the image": 1},
        xyxy=[[0, 400, 640, 480]],
    )
    # NaN is no side of 1 pixel or less, so the image stays; and nothing of it is inside.
    yield case(
        tv,
        data(Box(NAN, 5, NAN, 300), Box(5, NAN, 50, NAN)),
        [0],
        [],
        dropped_boxes={"nothing of it inside the image": 2},
    )
    yield case(
        tv, data(Box(5, 5, INF, 300)), [0], [0], moves={"clipped to the image": 1}, xyxy=[[5, 5, 640, 300]]
    )
    # Where the size is not known, the right and the bottom edge are not, either.
    yield case(
        tv,
        data(Box(-5, 5, 9000, 300), images=[Picture(NAN, NAN)], format="yolo"),
        [0],
        [0],
        moves={"clipped to the image": 1},
        xyxy=[[0, 5, 9000, 300]],
    )
    # VOC data as they stand: no offset, and difficult objects like others.
    yield case(tv, data(GOOD, moved(GOOD, difficult=True), format="voc"), [0], [0, 1])


def detectron2_cases():
    d2 = "detectron2"
    yield from of_coco_files(d2)
    yield raising(d2, "category that the file does not list", UNKNOWN)
    yield raising(d2, "annotation without a box", BOXLESS)
    yield case(d2, data(GOOD, moved(GOOD, crowd=True)), [0], [0], dropped_boxes={"crowd": 1})
    crowds = data(GOOD, moved(SECOND, crowd=True), images=(*TWO, Picture()))
    yield case(d2, crowds, [0], [0], {"no annotation": 1, "crowds only": 1}, {WITH_IMAGE: 1})
    # A crowd without a box never meets the mapper.
    yield case(d2, data(GOOD, Box(*NO_BOX, crowd=True)), [0], [0], dropped_boxes={"crowd": 1})
    turned = data(Box(200, 300, 100, 100), Box(300, 40, 200, 50), Box(5, 60, 9, 50))
    yield case(
        d2,
        turned,
        [0],
        [0, 1, 2],
        moves={"corners put in order": 3},
        xyxy=[[100, 100, 200, 300], [200, 40, 300, 50], [5, 50, 9, 60]],
    )
    edges = data(Box(-5, -5, 5, 5), Box(640, 5, 650, 50), Box(9, 9, 9.000009, 50), Box(9, 9, 9.00002, 50))
    yield case(
        d2,
        edges,
        [0],
        [0, 3],
        dropped_boxes={"nothing of it inside the image": 2},
        moves={"clipped to the image": 1},
        xyxy=[[0, 0, 5, 5], [9, 9, 9.00002, 50]],
    )
    # An image that loses its only box to the mapper trains as background; NaN is above no side.
    yield case(
        d2,
        data(Box(NAN, 5, NAN, 50), Box(5, 5, 50, NAN)),
        [0],
        [],
        dropped_boxes={"nothing of it inside the image": 2},
    )
    voc = data(Box(1, 1, 640, 480), Box(0, 5, 10, 20, difficult=True), format="voc")
    yield case(
        d2,
        voc,
        [0],
        [0, 1],
        moves={"1 subtracted from x1 and y1": 2, "clipped to the image": 1},
        xyxy=[[0, 0, 640, 480], [0, 4, 10, 20]],
    )
    nameless = data(GOOD, moved(SECOND, category=-1), images=TWO, format="voc")
    unsized = data(GOOD, SECOND, images=NO_SIZE, format="voc")
    for words, dataset in (("object without a name", nameless), ("no usable size", unsized)):
        yield case(
            d2,
            dataset,
            [0],
            [0],
            {f"the loader raises: {words}": 1},
            {WITH_IMAGE: 1},
            {"1 subtracted from x1 and y1": 1},
            [[99, 99, 200, 200]],
        )


def mmdet_coco_cases():
    mm = "mmdet-coco"
    yield from of_coco_files(mm)
    yield raising(mm, "annotation without a box", BOXLESS)
    yield raising(mm, "annotation without an area", WITHOUT_AREA)
    # What does not overlap is skipped before its area is asked for; NaN overlaps nothing.
    outside = data(
        GOOD,
        Box(640, 5, 700, 50, area=NAN),
        Box(-9, 5, 0, 50),
        Box(5, 480, 50, 500),
        Box(5, 50, 50, 5),
        Box(NAN, 5, NAN, 50),
        Box(5, 5, 50, NAN),
    )
    yield case(mm, outside, [0], [0], dropped_boxes={"no overlap with the image": 6})
    # Boxes that overlap stay as they are: nothing is clipped here, infinite ones included.
    yield case(mm, data(Box(-50, -50, 900, 900), Box(5, 5, INF, 50)), [0], [0, 1])
    yield case(
        mm,
        data(GOOD, moved(GOOD, area=0), moved(GOOD, area=-1)),
        [0],
        [0],
        dropped_boxes={"declared area of 0 or less": 2},
    )
    # 0.13 + 1 - 0.13 is below 1, but the file says 1.
    sides = data(
        Box(0.13, 5, 0.13 + 1.0, 50), Box(5, 0.15, 50, 0.15 + 1.0), Box(5, 5, 5.99, 50), Box(5, 5, 50, 5.5)
    )
    yield case(mm, sides, [0], [0, 1], dropped_boxes={"a side below 1 pixel": 2})
    words = {"category that the file does not list": 1}
    yield case(mm, data(GOOD, moved(GOOD, category=-1)), [0], [0], dropped_boxes=words)
    yield case(mm, data(GOOD, moved(GOOD, crowd=True)), [0], [0], dropped_boxes={"ignored: crowd": 1})
    # Images are filtered by annotations as such: one with a crowd or a box outside stays, without boxes.
    background = data(
        GOOD,
        moved(SECOND, crowd=True),
        Box(700, 5, 800, 50, image=2),
        moved(GOOD, image=3, category=-1),
        images=(*TWO, Picture(), Picture(), Picture()),
    )
    yield case(
        mm,
        background,
        [0, 1, 2],
        [0],
        {"no annotation of a listed category": 2},
        {"no overlap with the image": 1, "ignored: crowd": 1, WITH_IMAGE: 1},
    )
    small = tuple(Box(1, 1, 20, 20, image=i) for i in range(3))
    sizes = (Picture(31, 480), Picture(640, 31.5), Picture(32, 32))
    yield case(mm, data(*small, images=sizes), [2], [2], {"a side below 32 pixels": 2}, {WITH_IMAGE: 2})
    # Other formats have no area of their own, and an unknown size asks nothing.
    yield case(mm, data(Box(5, 5, 9000, 50), images=[Picture(NAN, NAN)], format="yolo"), [0], [0])
    yield case(mm, data(GOOD, moved(GOOD, difficult=True), format="voc"), [0], [0, 1])


def mmdet_voc_cases():
    mm = "mmdet-voc"
    cut = {"cut to integers, 1 subtracted from all four": 1}
    yield case(
        mm,
        data(Box(0.9, 1.2, 40.7, 50), format="voc"),
        [0],
        [0],
        moves=cut,
        xyxy=[[-1, 0, 39, 49]],
    )
    # 32 pixels are asked of the cut coordinates, of the width as of the height.
    limits = data(
        Box(1, 1, 33, 33), Box(1.9, 1, 33.1, 40), Box(1, 1, 32.9, 40), Box(1, 1, 40, 32), format="voc"
    )
    yield case(
        mm,
        limits,
        [0],
        [0, 1],
        dropped_boxes={"ignored: a side below 32 pixels": 2},
        moves={"cut to integers, 1 subtracted from all four": 2},
        xyxy=[[0, 0, 32, 32], [0, 0, 32, 39]],
    )
    # An image whose objects are all ignored stays; one without an object goes.
    ignored = data(moved(GOOD, difficult=True), Box(1, 1, 9, 9, difficult=True), images=TWO, format="voc")
    yield case(mm, ignored, [0], [], {"no annotation": 1}, {"ignored: difficult": 2})
    sizes = data(GOOD, SECOND, images=(Picture(640, 31), Picture(640, 32)), format="voc")
    yield case(
        mm,
        sizes,
        [1],
        [1],
        {"a side below 32 pixels": 1},
        {WITH_IMAGE: 1},
        cut,
        [[99, 99, 199, 199]],
    )
    for wrong in (NO_BOX, (5, 5, NAN, 50), (5, 5, INF, 50)):
        broken = data(GOOD, Box(*wrong, image=1), images=TWO, format="voc")
        reason = {"the loader raises: coordinate missing or not finite": 1}
        yield case(mm, broken, [0], [0], reason, {WITH_IMAGE: 1}, cut, [[99, 99, 199, 199]])
    nameless = data(GOOD, moved(SECOND, category=-1), images=TWO, format="voc")
    reason = {"the loader raises: object without a name": 1}
    yield case(mm, nameless, [0], [0], reason, {WITH_IMAGE: 1}, cut, [[99, 99, 199, 199]])
    # Not VOC: coordinates stand, nothing is difficult, NaN is below nothing.
    other = data(Box(5.5, 5, 50, 50, difficult=True), Box(NAN, 5, 90, 50), Box(5, 5, 36, 50))
    yield case(mm, other, [0], [0, 1], dropped_boxes={"ignored: a side below 32 pixels": 1})


def keras_cases():
    kr = "keras-retinanet"
    yield from of_coco_files(kr, later_box=True)
    yield raising(kr, "category that the file does not list", UNKNOWN)
    yield raising(kr, "annotation without a box", BOXLESS)
    yield case(kr, data(GOOD, moved(GOOD, crowd=True)), [0], [0], dropped_boxes={"crowd": 1})
    # Below 1 pixel goes first, whatever its category; 1 pixel stays.
    thin = data(
        Box(0.13, 5, 0.13 + 1.0, 50),
        Box(5, 0.15, 50, 0.15 + 1.0),
        Box(5, 5, 5.9, 50, category=-1),
        Box(50, 5, 5, 50),
    )
    yield case(kr, thin, [0], [0, 1], dropped_boxes={"a side below 1 pixel": 2})
    # The whole of the image is allowed, a thousandth of a pixel more is not. No image goes.
    edges = data(
        Box(0, 0, 640, 480),
        Box(-0.001, 5, 50, 50),
        Box(5, -1, 50, 50),
        Box(5, 5, 640.001, 50),
        Box(5, 5, 50, 481, image=1),
        images=TWO,
    )
    yield case(
        kr,
        edges,
        [0, 1],
        [0],
        dropped_boxes={"over the left or top edge": 2, "over the right or bottom edge": 2},
    )
    # NaN fails no comparison, so that what becomes NaN in the loss is kept.
    yield case(kr, data(Box(NAN, 5, NAN, 50), Box(5, 5, 50, NAN)), [0], [0, 1])
    flat = data(Box(5, 5, 5, 50), Box(5, 50, 50, 40), format="yolo")
    yield case(kr, flat, [0], [], dropped_boxes={"x2 <= x1 or y2 <= y1": 2})
    unknown = data(Box(5, 5, 9000, 50), images=[Picture(NAN, NAN)], format="yolo")
    yield case(kr, unknown, [0], [0])
    # A VOC box that begins at 0 begins at -1; the last pixel of a 1-based box is inside.
    voc = data(
        Box(1, 1, 641, 481),
        Box(0, 5, 50, 50),
        Box(5, 0.5, 50, 50),
        Box(5, 5, 641.5, 50),
        Box(9, 9, 50, 50, difficult=True),
        format="voc",
    )
    yield case(
        kr,
        voc,
        [0],
        [0, 4],
        dropped_boxes={"over the left or top edge": 2, "over the right or bottom edge": 1},
        moves={"1 subtracted from all four": 2},
        xyxy=[[0, 0, 640, 480], [8, 8, 49, 49]],
    )
    for words, wrong in (
        ("object without a name", moved(SECOND, category=-1)),
        ("annotation without a box", Box(*NO_BOX, image=1)),
    ):
        yield case(
            kr,
            data(GOOD, wrong, images=TWO, format="voc"),
            [0],
            [0],
            {f"the loader raises: {words}": 1},
            {WITH_IMAGE: 1},
            {"1 subtracted from all four": 1},
            [[99, 99, 199, 199]],
        )


def yolov5_cases():
    v5 = "yolov5"
    below, above = "a label below 0, or not a number", "a label above 1"
    yield case(
        v5, data(GOOD, SECOND, images=NO_SIZE), [0], [0], {"its size is not to be had": 1}, {WITH_IMAGE: 1}
    )
    sizes = (Picture(9, 480), Picture(640, 9), Picture(10, 10))
    small = tuple(Box(1, 1, 5, 5, image=i) for i in range(3))
    yield case(v5, data(*small, images=sizes), [2], [2], {"a side below 10 pixels": 2}, {WITH_IMAGE: 2})
    # Images without labels stay, also those that lose theirs in the conversion.
    crowd = data(GOOD, moved(SECOND, crowd=True), images=(*TWO, Picture()))
    yield case(v5, crowd, [0, 1, 2], [0], dropped_boxes={"crowd": 1})
    # COCO's converter leaves out what has no area; a native label of no width is kept, one below 0 is not.
    flat = (GOOD, Box(5, 5, 5, 50), Box(5, 5, 50, 5), Box(50, 5, 5, 50), Box(5, 5, NAN, 50))
    yield case(v5, data(*flat), [0], [0], dropped_boxes={"no width or no height": 4})
    yield case(v5, data(*flat[:3], format="yolo"), [0], [0, 1, 2])
    inverted = data(GOOD, SECOND, Box(50, 5, 5, 50, image=1), images=TWO, format="yolo")
    yield case(v5, inverted, [0], [0], {below: 1}, {WITH_IMAGE: 2})
    # A box may cross an edge as long as its centre does not; beyond, its image goes with all its labels.
    left = data(Box(-49, 5, 51, 50), moved(SECOND), Box(-51, 5, 49, 50, image=1), images=TWO, format="yolo")
    yield case(v5, left, [0], [0], {below: 1}, {WITH_IMAGE: 2})
    right = data(Box(600, 5, 680, 50), SECOND, Box(600, 5, 681, 50, image=1), images=TWO)
    yield case(v5, right, [0], [0], {above: 1}, {WITH_IMAGE: 2})
    # As wide as the image is 1; float32 takes 1 + 1e-8 for 1, six digits of COCO's converter 1 + 4e-6.
    wide = data(Box(0, 5, 640, 50), Box(0, 5, 640 + 6e-6, 50), Box(0, 5, 640.0026, 50, image=1), images=TWO)
    yield case(v5, wide, [0, 1], [0, 2], dropped_boxes={"equal to an earlier label": 1})
    exact = data(Box(0, 5, 640 + 6e-6, 50), Box(0, 5, 640.0026, 50, image=1), images=TWO, format="yolo")
    yield case(v5, exact, [0], [0], {above: 1}, {WITH_IMAGE: 1})
    yield case(
        v5,
        data(GOOD, Box(5, 5, NAN, 50, image=1), images=TWO, format="yolo"),
        [0],
        [0],
        {below: 1},
        {WITH_IMAGE: 1},
    )
    # Equal: of one image and class, to the last digit; what was left out before is nobody's twin.
    twins = data(
        moved(GOOD, crowd=True),
        GOOD,
        GOOD,
        moved(GOOD, category=1),
        moved(GOOD, x1=100.01),
        GOOD,
        SECOND,
        images=TWO,
    )
    yield case(v5, twins, [0, 1], [1, 3, 4, 6], dropped_boxes={"crowd": 1, "equal to an earlier label": 2})
    yield raising(v5, "annotation without a box", BOXLESS)
    minus = {"1 subtracted from the centre": 1}
    voc = data(moved(GOOD, difficult=True), GOOD, GOOD, Box(0, 5, 1, 50, image=1), images=TWO, format="voc")
    yield case(
        v5,
        voc,
        [0],
        [1],
        {below: 1},
        {"difficult": 1, "equal to an earlier label": 1, WITH_IMAGE: 1},
        minus,
        [[99, 99, 199, 199]],
    )
    for words, wrong in (
        ("object without a name", moved(SECOND, category=-1)),
        ("object without a box", Box(*NO_BOX, image=1)),
    ):
        yield case(
            v5,
            data(GOOD, wrong, images=TWO, format="voc"),
            [0],
            [0],
            {f"the loader raises: {words}": 1},
            {WITH_IMAGE: 1},
            minus,
            [[99, 99, 199, 199]],
        )


def raw_cases():
    hostile = data(Box(*NO_BOX), Box(-5, 50, 5, 5, crowd=True), images=(Picture(NAN, NAN), Picture()))
    yield case("raw", hostile, [0, 1], [0, 1])
    yield case("raw", data(Box(0, 0, 9, 9, difficult=True), format="voc"), [0], [0])


CASES = [
    *raw_cases(),
    *torchvision_cases(),
    *detectron2_cases(),
    *mmdet_coco_cases(),
    *mmdet_voc_cases(),
    *keras_cases(),
    *yolov5_cases(),
]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda i: f"{CASES[i].loader}-{i}")
def test_a_loader_leaves_what_its_framework_leaves(number):
    wanted = CASES[number]
    loaded = load_as(wanted.dataset, wanted.loader)
    assert loaded.dropped_images == wanted.dropped_images
    assert loaded.dropped_boxes == wanted.dropped_boxes
    assert loaded.images.tolist() == wanted.images
    assert loaded.boxes.tolist() == wanted.boxes
    assert loaded.moves == wanted.moves
    as_they_were = wanted.dataset.boxes.xyxy[wanted.boxes]
    xyxy = as_they_were if wanted.xyxy is None else wanted.xyxy
    np.testing.assert_array_equal(loaded.dataset.boxes.xyxy, np.reshape(xyxy, (-1, 4)))
    changed = ~np.all((loaded.dataset.boxes.xyxy == as_they_were) | np.isnan(as_they_were), axis=1)
    assert loaded.moved == changed.sum()


@pytest.mark.parametrize("name", loader_names())
def test_every_rule_has_a_case_and_no_other_reason_occurs(name):
    own = [each for each in CASES if each.loader == name]
    for what, met in (
        ("image", {reason for each in own for reason in each.dropped_images}),
        ("box", {reason for each in own for reason in each.dropped_boxes} - {WITH_IMAGE}),
        ("moves", {reason for each in own for reason in each.moves}),
    ):
        assert met == {rule.reason for rule in loaders.loaders()[name].RULES if rule.what == what}, what


@pytest.mark.parametrize("name", loader_names())
def test_rules_of_a_format_are_asked_of_that_format_only(name):
    for rule in loaders.loaders()[name].RULES:
        formats = {
            each.dataset.format
            for each in CASES
            if each.loader == name
            and rule.reason
            in {"image": each.dropped_images, "box": each.dropped_boxes}.get(rule.what, each.moves)
        }
        assert not rule.only or formats == {rule.only}, rule.reason


# What holds for every loader


def assert_same(some, others, rows, but=()):
    """Columns of `some` are those of `others` at `rows`."""
    for field in fields(some):
        if field.name in but:
            continue
        ours, theirs = getattr(some, field.name), getattr(others, field.name)
        assert (ours is None) == (theirs is None), field.name
        if isinstance(ours, list):  # of ids, which are integers and strings
            assert ours == np.array(theirs, dtype=object)[rows].tolist()
        elif ours is not None:
            np.testing.assert_array_equal(ours, theirs[rows], err_msg=field.name)


ANY = st.one_of(
    st.sampled_from([NAN, INF, -INF, 0.0, -0.0, 1.0, 32.0, 639.0, 640.0, 641.0, 1e300, -1e300, 5e-324]),
    st.floats(-50, 700),
    st.floats(allow_nan=True, allow_infinity=True),
)
SIDE = st.sampled_from([NAN, 1.0, 9.0, 10.0, 31.0, 32.0, 480.0, 640.0])
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
        )
        for _ in range(draw(st.integers(0, 6)) if images else 0)
    ]
    boxes.sort(key=lambda box: box.image)
    return data(*boxes, images=images, format=draw(st.sampled_from(["coco", "voc", "yolo"])), files=2)


@settings(deadline=None, max_examples=150)
@given(datasets(), st.sampled_from(loader_names()))
def test_any_data_set_is_loaded_and_everything_in_it_accounted_for(dataset, name):
    before = deepcopy(dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load_as(dataset, name)
    left = loaded.dataset
    assert_same(dataset.images, before.images, slice(None))
    assert_same(dataset.boxes, before.boxes, slice(None))
    assert loaded.images.tolist() == sorted(set(loaded.images.tolist()) & set(range(len(before.images))))
    assert loaded.boxes.tolist() == sorted(set(loaded.boxes.tolist()) & set(range(len(before.boxes))))
    assert loaded.images_before == len(before.images) and loaded.boxes_before == len(before.boxes)
    assert_same(left.images, before.images, loaded.images)
    if "replaced by a later annotation of the same id" not in loaded.moves:
        assert_same(left.boxes, before.boxes, loaded.boxes, but=("image", "xyxy", "entry"))
    # A box is in the image it was in, or in a later one of the same id.
    ids, all_ids = left.images.ids, before.images.ids
    was = [all_ids[i] for i in before.boxes.image[loaded.boxes].tolist()]
    assert [ids[i] for i in left.boxes.image.tolist()] == was
    assert loaded.moved <= min(len(loaded.boxes), sum(loaded.moves.values()))
    assert loaded.sentences()[0].startswith(f"loader {name} drops ")
    assert replace(left, images=before.images, boxes=before.boxes) == replace(
        before, images=before.images, boxes=before.boxes
    )


@settings(deadline=None, max_examples=40)
@given(datasets())
def test_raw_is_the_data_set_itself(dataset):
    loaded = load_as(dataset, "raw")
    assert_same(loaded.dataset.images, dataset.images, slice(None))
    assert_same(loaded.dataset.boxes, dataset.boxes, slice(None))
    assert loaded.sentences() == ["loader raw drops nothing"]


def test_what_is_left_can_be_changed_without_the_original():
    dataset = data(GOOD)
    left = load_as(dataset, "raw").dataset
    left.findings.append(Finding("PAR001", "later"))
    left.notes.append("later")
    assert (len(dataset.findings), dataset.notes) == (1, ["a note"])


def test_an_object_is_still_told_by_its_number_when_others_are_gone():
    dataset = data(GOOD, moved(SECOND, difficult=True), moved(SECOND, x2=300), images=TWO, format="voc")
    dataset.sources = (Source(Path("Annotations"), "", None, "object", ".xml"),)
    loaded = load_as(dataset, "mmdet-voc")
    assert loaded.boxes.tolist() == [0, 2]
    assert [Places(loaded.dataset).of_box(row).place for row in (0, 1)] == ["object 1", "object 2"]
    assert dataset.boxes.entry is None


def test_half_a_size_is_none():
    dataset = data(GOOD, SECOND, moved(GOOD, image=2), images=HALF_SIZE)
    dataset.images.measured = None
    assert load_as(dataset, "torchvision").dropped_images == {f"the loader raises: {NO_WIDTH}": 2}
    assert load_as(dataset, "yolov5").dropped_images == {"its size is not to be had": 2}


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


# Names


def test_the_loaders_are_found_by_themselves_and_raw_comes_first():
    assert loader_names() == [
        "raw",
        "detectron2",
        "keras-retinanet",
        "mmdet-coco",
        "mmdet-voc",
        "torchvision",
        "yolov5",
    ]
    assert [module.NAME for module in loaders.loaders().values()] == loader_names()


def test_naming_loaders_costs_no_numpy():
    code = (
        "import sys; from anchoraudit.loaders import loader_names, loader_of; "
        "loader_names(), loader_of('yolov5'); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_new_loader_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "no_dogs.py").write_text(
        "from anchoraudit.loaders import Rule\n"
        "NAME, READS, FEEDS, FORMATS = 'no-dogs', 'cats only', ('mine-*',), ()\n"
        "DOG = Rule('box', 'a dog', 'no_dogs.py')\n"
        "RULES = (DOG,)\n"
        "def load(sieve):\n    sieve.drop_boxes(DOG, sieve.boxes.category == 1)\n"
    )
    monkeypatch.setattr(loaders, "__path__", [*loaders.__path__, str(tmp_path)])
    assert loader_names()[0] == "raw" and "no-dogs" in loader_names()
    assert load_as(data(GOOD, moved(GOOD, category=1)), "no-dogs").dropped_boxes == {"a dog": 1}
    assert loader_of("mine-2") == "no-dogs"
    sys.modules.pop("anchoraudit.loaders.no_dogs")


@pytest.mark.parametrize(("name", "near"), [("torchvison", "torchvision"), ("mmdet", "mmdet-"), ("zzz", "")])
def test_an_unknown_loader_is_an_error_that_names_the_nearest(name, near):
    with pytest.raises(AnchorauditError) as error:
        load_as(data(GOOD), name)
    assert error.value.message == f"no loader {name!r}"
    assert ("Did you mean" in error.value.remedy) == bool(near)
    assert near in error.value.remedy and "keras-retinanet" in error.value.remedy


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_fed_by_the_loader_of_their_framework(name):
    families = {
        "torchvision-": "torchvision",
        "detectron2-": "detectron2",
        "mmdet-": "mmdet-coco",
        "keras-retinanet": "keras-retinanet",
        "yolov5": "yolov5",
        "reference": "raw",
    }
    wanted = next((loader for start, loader in families.items() if name.startswith(start)), None)
    assert loader_of(name) == loader_of(name, "yolo") == wanted
    assert loader_of(name, "voc") == ("mmdet-voc" if wanted == "mmdet-coco" else wanted)


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
        "loader torchvision stops with an error on 1 image: nothing trains until it is mended",
    ]
    assert load_as(data(GOOD, images=TWO), "detectron2").sentences() == [
        "loader detectron2 drops 1 of 2 images (no annotation: 1)"
    ]
    assert load_as(data(Box(0, 5, 50, 50), format="voc"), "keras-retinanet").sentences() == [
        "loader keras-retinanet drops 1 of 1 box (over the left or top edge: 1)"
    ]
    two = data(moved(GOOD, category=-1), moved(SECOND, category=-1), images=TWO)
    assert load_as(two, "detectron2").sentences()[-1] == (
        "loader detectron2 stops with an error on 2 images: nothing trains until they are mended"
    )


def test_boxes_that_are_set_aside_are_counted():
    loaded = load_as(MIXED, "mmdet-coco")
    assert (loaded.ignored, loaded.raising) == (2, 1)
    assert load_as(MIXED, "torchvision").ignored == 0


ROWS = [load_as(MIXED, name) for name in ("raw", "torchvision", "keras-retinanet")]


def test_the_table_has_a_row_a_loader():
    text = to_text(*loaders_parts(ROWS))
    assert "read  data: made up\n      5 images, 5 boxes\n" in text
    lines = text[text.index("Loaders\n") :].splitlines()
    assert lines[1].split() == ["loader", "images", "dropped", "boxes", "dropped", "moved", "main", "reasons"]
    assert lines[2].split() == ["raw", "5", "0", "5", "0", "0", "-"]
    assert lines[3].split()[:6] == ["torchvision", "1", "4", "2", "3", "1"]
    told = " ".join(text.split())
    assert "crowd (2 boxes), over the left or top edge (1 box)" in told
    # An error comes first, and is told again below; the rest by their number.
    assert "the loader raises: annotation without an area (1 image), no" in re.sub(r"\s+", " ", text)
    assert "error loader torchvision stops with an error on 1 image" in told


def test_the_table_of_clean_data_speaks_of_no_error():
    text = to_text(*loaders_parts([load_as(data(GOOD), name) for name in loader_names()]))
    assert "error" not in text
    assert [line.split()[-1] for line in text.splitlines()[-7:]] == ["-"] * 7


def test_names_of_data_do_not_drive_the_terminal():
    dataset = data(GOOD)
    dataset.recognised = "a\x1b[31mred"
    assert "\x1b" not in to_text(*loaders_parts([load_as(dataset, "raw")]))


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
    assert lines[1] == "raw,5,0,0,5,0,0,0,,,"
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


FORMAT_WORDS = {"": "all", "coco": "COCO", "voc": "Pascal VOC"}


def describe_loaders():
    """What docs/loaders.md says of the profiles: a table of all, and one of the rules of each."""
    known = loaders.loaders().values()
    lines = ["", "| loader | what it is | feeds |", "|---|---|---|"]
    for module in known:
        feeds = ", ".join(f"`{pattern}`" for pattern in module.FEEDS)
        feeds += " with Pascal VOC" if module.FORMATS == ("voc",) else ""
        lines.append(f"| [{module.NAME}](#{module.NAME}) | {module.READS} | {feeds} |")
    for module in known:
        said = [" ".join(part.split()) for part in module.__doc__.strip().split("\n\n")]
        lines += ["", f"### {module.NAME}", "", *"\n\n".join(said).split("\n")]
        if module.RULES:
            lines += ["", "| asked | what goes, or moves | of | source |", "|---|---|---|---|"]
        for rule in module.RULES:
            what = {"image": "image", "box": "box", "moves": "moves a box"}[rule.what]
            lines.append(f"| {what} | {rule.reason} | {FORMAT_WORDS[rule.only]} | {rule.source} |")
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
