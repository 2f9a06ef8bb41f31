"""torchvision's reference training scripts: pytorch/vision `references/detection/coco_utils.py`, split train.

First the scripts drop images, judged by all their annotations, crowds too
(`_coco_remove_images_without_annotations`). Then they drop crowds, and boxes with nothing inside the image
(`ConvertCocoPolysToMask`). The image is opened with Pillow, as stored. Every annotation that is no crowd
needs a category id that is a number, and a `segmentation` of which pycocotools makes a mask, though Faster
R-CNN does not use it. An image that loses its last box at this step stays, and trains as background. A box
with a NaN coordinate passes the first step and is dropped in the second.

The scripts read COCO only. VOC data are treated as if they had been converted unchanged: without offset, and
with difficult objects. Rounding to float32 is a step of the encoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders import _pictures as pictures
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "torchvision"
READS = "the reference training scripts, `references/detection`, split train"

_FILTER = "references/detection/coco_utils.py `_coco_remove_images_without_annotations`"
_CONVERT = "references/detection/coco_utils.py `ConvertCocoPolysToMask`"
_MASK = "references/detection/coco_utils.py `convert_coco_poly_to_mask`"
_OPEN = "torchvision/datasets/coco.py `_load_image`"
_GROUP = "references/detection/group_by_aspect_ratio.py `_compute_aspect_ratios_coco_dataset`"
WITHOUT_BOX = Rule("raises", "annotation without a box", _FILTER)
NO_ANNOTATION = Rule("image", "no annotation", _FILTER)
ALL_THIN = Rule("image", "every box has a side of 1 pixel or less", _FILTER)
UNSIZED = Rule("raises", "no width and height in the image's entry", _GROUP, "coco")
ODD_SIZE = Rule("raises", "a width or height that is no number", _GROUP, "coco")
NO_HEIGHT = Rule(
    "raises", "the entry states a height of 0", _GROUP, "coco", "ZeroDivisionError: float division by zero"
)
OPENING = (pictures.absent(_OPEN), pictures.broken(_OPEN))
NO_ISCROWD = Rule("raises", "annotation without `iscrowd`", _CONVERT, "coco", "KeyError: 'iscrowd'")
CROWD = Rule("box", "crowd", _CONVERT, expected=True)
TEXT_CLASS = Rule(
    "raises",
    "a category id that is a text",
    _CONVERT,
    "coco",
    "ValueError: too many dimensions 'str'",
)
NO_SEGMENTATION = Rule(
    "raises", "annotation without a segmentation", _CONVERT, "coco", "KeyError: 'segmentation'"
)
EMPTY_SEGMENTATION = Rule(
    "raises", "an empty segmentation", _MASK, "coco", "IndexError: list index out of range"
)
FOUR_NUMBERS = Rule(
    "raises",
    "a segmentation whose first polygon has four numbers",
    _MASK,
    "coco",
    "TypeError: Argument 'bb' has incorrect type (expected numpy.ndarray, got list)",
)
FLAT = Rule("raises", "a segmentation that is no list of polygons", _MASK, "coco")
NO_MASK = Rule("raises", "a segmentation that makes no mask", _MASK, "coco")
UNDECLARED_AREA = Rule("raises", "annotation without an area", _CONVERT, "coco", "KeyError: 'area'")
ODD_AREA = Rule("raises", "an area that is no number", _CONVERT, "coco")
CLIPPED = Rule("moves", "clipped to the image", _CONVERT)
OUTSIDE = Rule("box", "nothing of it inside the image", _CONVERT)
RULES = (
    *coco.READING,
    coco.LATER_BOX,
    WITHOUT_BOX,
    NO_ANNOTATION,
    ALL_THIN,
    UNSIZED,
    ODD_SIZE,
    NO_HEIGHT,
    *OPENING,
    NO_ISCROWD,
    CROWD,
    TEXT_CLASS,
    NO_SEGMENTATION,
    EMPTY_SEGMENTATION,
    FOUR_NUMBERS,
    FLAT,
    NO_MASK,
    UNDECLARED_AREA,
    ODD_AREA,
    CLIPPED,
    OUTSIDE,
)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    from anchoraudit.loaders._sieve import ROUNDING

    coco.look_at_segmentations(sieve)
    coco.read_index(sieve)
    coco.take_last(sieve)
    # `getAnnIds` finds no annotation of an image whose id is a text.
    sieve.drop_images(NO_ANNOTATION, ~sieve.images_of(sieve.left) | coco.text_ids(sieve))
    sieve.drop_images_of(WITHOUT_BOX, coco.without_box(sieve), coco.say_bbox(sieve))
    width, height = sieve.sides()
    thin = (width <= 1 + ROUNDING) | (height <= 1 + ROUNDING)
    sieve.drop_images(ALL_THIN, ~sieve.images_of(~thin))
    none_left = "ValueError: num_samples should be a positive integer value, but got num_samples=0"
    sieve.stop_without_images(none_left)
    sieve.drop_images(UNSIZED, coco.undeclared(sieve), coco.say_size(sieve, "width"))
    sieve.drop_images(ODD_SIZE, coco.no_size(sieve))
    sieve.drop_images(NO_HEIGHT, coco.declared(sieve)[1] == 0)
    pictures.open_all(sieve, OPENING, turned=False)
    _convert(sieve)
    sieve.clip(CLIPPED)
    x1, y1, x2, y2 = coco.as_tensor(sieve)
    sieve.drop_boxes(OUTSIDE, ~((x2 > x1) & (y2 > y1)))


def _convert(sieve: Sieve) -> None:
    """Raise at what `ConvertCocoPolysToMask` cannot make tensors of, in its order."""
    from anchoraudit.dataset.traits import BoxTrait

    boxes = sieve.boxes
    sieve.drop_images_of(NO_ISCROWD, boxes.has(BoxTrait.NO_ISCROWD))
    sieve.drop_boxes(CROWD, coco.crowds(sieve))
    sieve.drop_images_of(TEXT_CLASS, coco.text_class(sieve))
    says = {FLAT: coco.say_flat(sieve)}
    for rule, traits in (
        (NO_SEGMENTATION, BoxTrait.NO_SEGMENTATION),
        (EMPTY_SEGMENTATION, BoxTrait.EMPTY_SEGMENTATION),
        (FOUR_NUMBERS, BoxTrait.FOUR_NUMBERS),
        (FLAT, BoxTrait.FLAT_SEGMENTATION),
        (NO_MASK, BoxTrait.NO_MASK | BoxTrait.BROKEN_RLE),
    ):
        sieve.drop_images_of(rule, boxes.has(traits), says.get(rule))
    sieve.drop_images_of(UNDECLARED_AREA, coco.without_area(sieve))
    sieve.drop_images_of(ODD_AREA, coco.odd_area(sieve))
