"""open-mmlab/mmdetection's COCO data set: `mmdet/datasets/coco.py`, with
`configs/_base_/datasets/coco_detection.py`.

First it drops boxes, one by one (`parse_data_info`): boxes that do not overlap their image, that declare an
area of 0 or less, that are below 1 pixel wide or high, or whose category is not among the configured ones:
the file does not list it, or the configuration states names and it is none of them. A box with a NaN
coordinate overlaps nothing. Crowds are kept as regions to ignore. The base configs do not use these
(`ignore_iof_thr=-1`), so they train as background.

All of that uses the width and height that the file states, not those of the image. Annotations with `ignore`
are dropped first.

Then it drops images (`filter_data`): those without any annotation of a configured category
(`filter_empty_gt=True`), and those with a side below 32 pixels (`min_size=32`). Dropped boxes count here, so
an image that lost all its boxes in the first step stays, and trains as background. A detector's configuration
may say otherwise in `filter_cfg` of its data set, as those of YOLOX, DINO and Deformable DETR do: with
`filter_empty_gt=False` images without boxes stay, and train as background.

Last, it opens the images, turned by their EXIF orientation. Boxes are clipped when the image is resized,
which is a step of the encoder.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders import _pictures as pictures
from anchoraudit.loaders._order import as_read
from anchoraudit.loaders._rules import IGNORED, Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool
    from anchoraudit.detectors.spec import Detector
    from anchoraudit.loaders._sieve import Sieve

NAME = "mmdet-coco"
READS = "`CocoDataset` of mmdetection 3.3.0 with the base configuration, or the detector's `filter_cfg`"
ORDERS = {"coco": as_read}

_READ = "mmdet/datasets/coco.py `load_data_list`"
_PARSE = "mmdet/datasets/coco.py `parse_data_info`"
_FILTER = "mmdet/datasets/coco.py `filter_data`"
REPEATED = Rule("raises", "annotation ids are not unique", _READ, "coco")
NAMELESS = Rule("raises", "no file name in the image's entry", _PARSE, "coco", "KeyError: 'file_name'")
UNSIZED = Rule("raises", "no width and height in the image's entry", _PARSE, "coco")
ODD_SIZE = Rule("raises", "a width or height that is no number", _PARSE, "coco")
IGNORE = Rule("box", "annotation with `ignore`", _PARSE, "coco", expected=True)
WITHOUT_BOX = Rule("raises", "annotation without a box", _PARSE)
OUTSIDE = Rule("box", "no overlap with the image", _PARSE)
UNDECLARED_AREA = Rule("raises", "annotation without an area", _PARSE, "coco", "KeyError: 'area'")
ODD_AREA = Rule("raises", "an area that is no number", _PARSE, "coco")
NO_AREA = Rule("box", "declared area of 0 or less", _PARSE, "coco")
THIN = Rule("box", "a side below 1 pixel", _PARSE)
UNKNOWN_CLASS = Rule("box", "category that the file does not list", _PARSE)
NOT_CONFIGURED = Rule("box", "category whose name the configuration lacks", _PARSE)
CROWD = Rule("box", f"{IGNORED}crowd", _PARSE, expected=True)
NO_ANNOTATION = Rule("image", "no annotation of a listed category", _FILTER, option="filter_empty_gt=True")
SMALL = Rule("image", "a side below 32 pixels", _FILTER, option="min_size=32")
_OPEN = "mmcv/transforms/loading.py `LoadImageFromFile`"
OPENING = (pictures.absent(_OPEN), pictures.broken(_OPEN))
RULES = (
    *coco.READING,
    REPEATED,
    NAMELESS,
    UNSIZED,
    IGNORE,
    ODD_SIZE,
    WITHOUT_BOX,
    OUTSIDE,
    UNDECLARED_AREA,
    ODD_AREA,
    NO_AREA,
    THIN,
    UNKNOWN_CLASS,
    NOT_CONFIGURED,
    CROWD,
    NO_ANNOTATION,
    SMALL,
    *OPENING,
)
_LEAST_IMAGE_SIDE = 32.0  # pixels: `filter_cfg.min_size` of the base configuration


def settings(detector: Detector | None) -> tuple[bool, float]:
    """Return whether images without annotations stay, and the least side of an image in pixels."""
    if detector is None:
        return False, _LEAST_IMAGE_SIDE
    stated = detector.loading_by(NAME)
    return stated.keeps_blank(usually=False), stated.image_side(_LEAST_IMAGE_SIDE)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.loaders._sieve import ROUNDING

    coco.read_index(sieve)
    sieve.drop_images_of(REPEATED, coco.repeated(sieve), coco.say_repeated(sieve))
    sieve.drop_images(NAMELESS, coco.nameless(sieve, reads_lvis=True))
    sieve.drop_images(UNSIZED, coco.undeclared(sieve), coco.say_size(sieve, "height"))
    boxes = sieve.boxes
    annotated = sieve.images_of(sieve.left)
    sieve.drop_boxes(IGNORE, boxes.has(BoxTrait.IGNORE))
    sieve.drop_images_of(WITHOUT_BOX, coco.without_box(sieve), coco.say_bbox(sieve))
    sieve.drop_images(ODD_SIZE, coco.odd_size(sieve) & annotated)
    x1, y1, x2, y2 = boxes.xyxy.T
    sides = coco.declared(sieve)
    right, bottom = (np.where(np.isnan(side), np.inf, side)[boxes.image] for side in sides)
    across = np.minimum(x2, right) > np.maximum(x1, 0)
    down = np.minimum(y2, bottom) > np.maximum(y1, 0)
    sieve.drop_boxes(OUTSIDE, ~(across & down))
    if boxes.area is not None:
        sieve.drop_images_of(UNDECLARED_AREA, coco.without_area(sieve))
        text = "TypeError: '<=' not supported between instances of 'str' and 'int'"
        sieve.drop_images_of(ODD_AREA, coco.odd_area(sieve), coco.say_odd_area(sieve, text))
        sieve.drop_boxes(NO_AREA, boxes.area <= 0)
    width, height = sieve.sides()
    sieve.drop_boxes(THIN, (width < 1 - ROUNDING) | (height < 1 - ROUNDING))
    configured = _configured(sieve)
    sieve.drop_boxes(UNKNOWN_CLASS, boxes.category < 0)
    sieve.drop_boxes(NOT_CONFIGURED, ~configured)
    # null is no crowd to `ann.get('iscrowd', False)`, but any text is, also "0".
    sieve.drop_boxes(CROWD, coco.crowds(sieve) & ~boxes.has(BoxTrait.ISCROWD_NULL))
    keeps_blank, least = settings(sieve.detector)
    if not keeps_blank:
        sieve.drop_images(NO_ANNOTATION, ~sieve.images_of(configured))
    sieve.drop_images(ODD_SIZE, coco.odd_size(sieve))
    sieve.drop_images(_small(least), np.minimum(*sides) < least)
    words = (pictures.NOT_FOUND, "AssertionError: failed to load image: {}")
    pictures.open_all(sieve, OPENING, turned=True, words=words)


def _small(least: float) -> Rule:
    """Return the rule about small images, with this least side in pixels."""
    if least == _LEAST_IMAGE_SIDE:
        return SMALL
    pixels = "1 pixel" if least == 1 else f"{least:g} pixels"
    return replace(SMALL, reason=f"a side below {pixels}", option=f"min_size={least:g}")


def _configured(sieve: Sieve) -> Bool:
    """Tell which annotations have a class that the file lists and the configuration names: bool [M]."""
    import numpy as np

    known: Bool = sieve.boxes.category >= 0
    names = set(sieve.class_names)
    if not names:
        return known
    named = [category.name in names for category in sieve.dataset.categories]
    return np.array([*named, False], dtype=np.bool_)[sieve.boxes.category]
