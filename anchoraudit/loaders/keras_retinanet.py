"""fizyr/keras-retinanet: `preprocessing/{generator,coco,pascal_voc}.py`.

`Generator.filter_annotations` drops, with a warning, every box that is inverted, has no area, or crosses an
edge of its image, even by one pixel. No image is dropped. Before that, `CocoGenerator` drops crowds and boxes
below 1 pixel wide or high. `PascalVocGenerator` subtracts 1 from all four coordinates, so a box that begins
at 0 is dropped; difficult objects are kept. A box with a NaN coordinate passes every comparison and is kept.
In an image of unknown size, no box crosses the right or bottom edge.

Data of other formats are treated like CSV, which has no rules of its own. The framework also requires
`truncated` and `difficult` in each object of an XML file. This is not replayed, because a `Dataset` does not
hold it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "keras-retinanet"
READS = "`CocoGenerator` or `PascalVocGenerator`, as `bin/train.py` makes them"

_RATIO = "keras_retinanet/preprocessing/coco.py `image_aspect_ratio`"
_COCO = "keras_retinanet/preprocessing/coco.py `load_annotations`"
_VOC = "keras_retinanet/preprocessing/pascal_voc.py `__parse_annotation`"
_FILTER = "keras_retinanet/preprocessing/generator.py `filter_annotations`"
UNSIZED = Rule("raises", "no width and height in the image's entry", _RATIO, "coco")
CROWD = Rule("box", "crowd", _COCO)
WITHOUT_BOX = Rule("raises", "annotation without a box", f"{_COCO}, {_VOC}")
THIN = Rule("box", "a side below 1 pixel", _COCO, "coco")
UNKNOWN_CLASS = Rule("raises", "category that the file does not list", _COCO, "coco")
NAMELESS = Rule("raises", "object without a name", _VOC, "voc")
MINUS_ONE = Rule("moves", "1 subtracted from all four", _VOC, "voc")
NO_AREA = Rule("box", "x2 <= x1 or y2 <= y1", _FILTER)
LEFT_OR_TOP = Rule("box", "over the left or top edge", _FILTER)
RIGHT_OR_BOTTOM = Rule("box", "over the right or bottom edge", _FILTER)
RULES = (
    *coco.READING,
    UNSIZED,
    CROWD,
    coco.LATER_BOX,
    WITHOUT_BOX,
    THIN,
    UNKNOWN_CLASS,
    NAMELESS,
    MINUS_ONE,
    NO_AREA,
    LEFT_OR_TOP,
    RIGHT_OR_BOTTOM,
)


def _read_coco(sieve: Sieve) -> None:
    from anchoraudit.loaders._sieve import ROUNDING

    coco.take_last(sieve)
    sieve.drop_images_of(WITHOUT_BOX, sieve.without_box())
    width, height = sieve.sides()
    sieve.drop_boxes(THIN, (width < 1 - ROUNDING) | (height < 1 - ROUNDING))
    sieve.drop_images_of(UNKNOWN_CLASS, sieve.boxes.category < 0)


def _read_voc(sieve: Sieve) -> None:
    _read_other(sieve)
    sieve.drop_images_of(NAMELESS, sieve.boxes.category < 0)
    sieve.move(MINUS_ONE, sieve.boxes.xyxy - 1.0)


def _read_other(sieve: Sieve) -> None:
    sieve.drop_images_of(WITHOUT_BOX, sieve.without_box())


READERS = {"coco": _read_coco, "voc": _read_voc, "": _read_other}


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    coco.read_index(sieve)
    sieve.drop_images(UNSIZED, coco.undeclared(sieve))
    sieve.drop_boxes(CROWD, sieve.boxes.crowd)
    sieve.read(READERS)
    x1, y1, x2, y2 = sieve.boxes.xyxy.T
    right, bottom = sieve.limits()
    sieve.drop_boxes(NO_AREA, (x2 <= x1) | (y2 <= y1))
    sieve.drop_boxes(LEFT_OR_TOP, (x1 < 0) | (y1 < 0))
    sieve.drop_boxes(RIGHT_OR_BOTTOM, (x2 > right) | (y2 > bottom))
