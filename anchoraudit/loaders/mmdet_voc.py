"""open-mmlab/mmdetection's VOC data set: `mmdet/datasets/xml_style.py`, with
`configs/_base_/datasets/voc0712.py`.

It skips an object whose name, exactly as written, is not in its list of classes: the 20 names of Pascal VOC,
or the data set's own where most objects have other names. It truncates each coordinate to an integer and
subtracts 1 (`_parse_instance_info`); a coordinate that is no finite number raises an error. Difficult objects
and boxes below 32 pixels wide or high in the original image (`bbox_min_size=32`) are kept as regions to
ignore. The base configs do not use these, so they train as background. It drops images without an object, or
whose objects were all skipped (`filter_empty_gt=True`), and images that state a side below 32 pixels
(`min_size=32`; both in `filter_data`). An image whose objects are all ignored stays. A detector's
configuration may say otherwise in `filter_cfg` of its data set. It opens `<name>.jpg` with OpenCV and turns
it by its EXIF orientation; a file that is cut off raises an error (in OpenCV 5; OpenCV 4 reads what is
there).

In data that were not read from VOC, coordinates are unchanged, every name is known and no object is
difficult; the limits of 32 pixels apply.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._order import as_listed
from anchoraudit.loaders._rules import IGNORED, Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Float
    from anchoraudit.detectors.spec import Detector
    from anchoraudit.loaders._sieve import Sieve

NAME = "mmdet-voc"
READS = "`VOCDataset` of mmdetection 3.3.0 with the base configuration, or the detector's `filter_cfg`"
ORDERS = {"voc": as_listed}

_LOAD = "mmdet/datasets/xml_style.py `load_data_list`"
_SIZE = "mmdet/datasets/xml_style.py `parse_data_info`"
_PARSE = "mmdet/datasets/xml_style.py `_parse_instance_info`"
_FILTER = "mmdet/datasets/xml_style.py `filter_data`"
_OPEN = "mmcv/transforms/loading.py `LoadImageFromFile`"
WITHOUT_XML = voc.without_xml(_LOAD)
ODD_SIZE = Rule("raises", "a <size> that is not two integers", _SIZE, "voc")
UNMEASURED = Rule("raises", "no <size>, and no image to measure", _SIZE, "voc")
NAMELESS = Rule("raises", "object without a name", _PARSE, "voc", voc.NO_TEXT)
UNKNOWN_CLASS = Rule("box", "its name is not in the list of classes", _PARSE, "voc")
ODD_DIFFICULT = Rule("raises", "a <difficult> that is no integer", _PARSE, "voc")
NOT_FINITE = Rule("raises", "coordinate missing or not finite", _PARSE, "voc")
CUT = Rule("moves", "cut to integers, 1 subtracted from all four", _PARSE, "voc")
DIFFICULT = Rule("box", f"{IGNORED}difficult", _PARSE, "voc", expected=True)
SMALL_BOX = Rule("box", f"{IGNORED}a side below 32 pixels", _PARSE)
NO_ANNOTATION = Rule("image", "no annotation", _FILTER, option="filter_empty_gt=True")
SMALL = Rule("image", "a side below 32 pixels", _FILTER, option="min_size=32")
ABSENT = Rule("raises", "its image is absent", _OPEN)
OTHER_NAME = voc.other_names(_LOAD)
BROKEN = Rule("raises", "its image cannot be read", _OPEN)
RULES = (
    *WITHOUT_XML,
    ODD_SIZE,
    UNMEASURED,
    NAMELESS,
    UNKNOWN_CLASS,
    ODD_DIFFICULT,
    NOT_FINITE,
    CUT,
    DIFFICULT,
    SMALL_BOX,
    NO_ANNOTATION,
    SMALL,
    ABSENT,
    OTHER_NAME,
    BROKEN,
)
_LEAST_SIDE = 32.0  # pixels: `bbox_min_size` and `min_size` of the base configuration


def settings(detector: Detector | None) -> tuple[bool, float, float]:
    """Return whether images without objects stay, and the least side of an image and of a box in pixels."""
    if detector is None:
        return False, _LEAST_SIDE, _LEAST_SIDE
    stated = detector.loading_by(NAME)
    sides = stated.image_side(_LEAST_SIDE), stated.box_side(_LEAST_SIDE)
    return stated.keeps_blank(usually=False), *sides


def _with_side(rule: Rule, least: float) -> Rule:
    """Return a rule about a side below 32 pixels with another limit."""
    if least == _LEAST_SIDE:
        return rule
    pixels = "1 pixel" if least == 1 else f"{least:g} pixels"
    reason = rule.reason.replace("32 pixels", pixels)
    return replace(rule, reason=reason, option=rule.option and f"min_size={least:g}")


def _skip(sieve: Sieve) -> None:
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait, ImageTrait
    from anchoraudit.loaders._voc_names import unknown

    boxes, images = sieve.boxes, sieve.images
    voc.read_lists(sieve, WITHOUT_XML)
    sieve.drop_images(ODD_SIZE, images.has(ImageTrait.ODD_SIZE), voc.say_odd_size(sieve))
    if images.declared is not None:
        unstated, broken = np.isnan(images.declared[:, 0]), voc.unreadable(sieve, cut_off=True)
        absent = sieve.absent()

        def say(image: int) -> str:
            if absent[image]:
                return voc.NOT_FOUND.format(name=voc.opened_name(sieve, image))
            return voc.NO_SHAPE if broken[image] else ""

        sieve.drop_images(UNMEASURED, unstated & (broken | absent | np.isnan(images.width)), say)
    empty = boxes.has(BoxTrait.EMPTY_NAME)
    sieve.drop_images_of(NAMELESS, (boxes.category < 0) & ~empty)
    sieve.drop_boxes(UNKNOWN_CLASS, unknown(sieve, strips=False) | empty)


def _parse(sieve: Sieve) -> None:
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.loaders._sieve import any_of_four

    boxes = sieve.boxes
    sieve.drop_images_of(ODD_DIFFICULT, boxes.has(BoxTrait.ODD_DIFFICULT))
    sieve.drop_images_of(NOT_FINITE, any_of_four(~np.isfinite(boxes.xyxy)), voc.say_not_finite(sieve))
    sieve.move(CUT, np.trunc(boxes.xyxy) - 1.0)
    sieve.drop_boxes(DIFFICULT, boxes.difficult)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    sieve.read({"voc": _skip})
    with_object = sieve.images_of(sieve.left)
    sieve.read({"voc": _parse})
    width, height = sieve.sides()
    keeps_blank, image_side, box_side = settings(sieve.detector)
    if box_side:  # 0 asks nothing: not of inverted boxes, whose sides are below 0, either
        sieve.drop_boxes(_with_side(SMALL_BOX, box_side), (width < box_side) | (height < box_side))
    if not keeps_blank:
        sieve.drop_images(NO_ANNOTATION, ~with_object)
    sieve.drop_images(_with_side(SMALL, image_side), _smaller_side(sieve) < image_side)
    voc.open_images(sieve, ABSENT, OTHER_NAME)
    words = "AssertionError: failed to load image: {name}"
    sieve.drop_images(BROKEN, voc.unreadable(sieve, cut_off=True), voc.say_unreadable(sieve, words))
    sieve.opens_as(*sieve.opened(turned=True))


def _smaller_side(sieve: Sieve) -> Float:
    """Return the smaller side that an image's entry states, else that of the image, in pixels: [N]."""
    import numpy as np

    images = sieve.images
    known = np.minimum(images.width, images.height)
    if images.declared is None:
        return known
    stated: Float = images.declared.min(axis=1)
    return np.where(np.isnan(stated), known, stated)
