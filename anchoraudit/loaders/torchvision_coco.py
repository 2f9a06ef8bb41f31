"""torchvision's own data set for COCO: `CocoDetection`, wrapped for `torchvision.transforms.v2`.

It drops nothing: not crowds, not boxes outside the image, not those without a width. `dataset[i]` opens the
image with Pillow, as stored, and needs a `bbox` and a category id that are numbers. Nothing else is asked of
an annotation.

What follows stops training: the models of torchvision raise an error at a box without a positive width and
height, and an image without annotations has no boxes in its target at all. The reference scripts leave both
out (loader `torchvision`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders import _pictures as pictures
from anchoraudit.loaders._order import by_id
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "torchvision-coco"
READS = "`wrap_dataset_for_transforms_v2(CocoDetection(...))` of torchvision 0.29.1, without a filter"
ORDERS = {"coco": by_id}

_OPEN = "torchvision/datasets/coco.py `_load_image`"
_WRAP = "torchvision/tv_tensors/_dataset_wrapper.py `coco_dectection_wrapper_factory`"
_MODEL = "torchvision/models/detection/generalized_rcnn.py `forward`"
NAMELESS = Rule("raises", "no file name in the image's entry", _OPEN, "coco", "KeyError: 'file_name'")
OPENING = (pictures.absent(_OPEN), pictures.broken(_OPEN))
WITHOUT_BOX = Rule("raises", "annotation without a box", _WRAP)
TEXT_CLASS = Rule(
    "raises", "a category id that is a text", _WRAP, "coco", "ValueError: too many dimensions 'str'"
)
NO_TARGET = Rule(
    "stops", "an image without annotations has no boxes in its target", _WRAP, "", "KeyError: 'boxes'"
)
NO_AREA = Rule(
    "stops",
    "the model asks for boxes with x2 > x1 and y2 > y1",
    _MODEL,
    "",
    "AssertionError: All bounding boxes should have positive height and width.",
)
RULES = (
    *coco.READING,
    coco.TEXT_ID,
    coco.LATER_BOX,
    NAMELESS,
    *OPENING,
    WITHOUT_BOX,
    TEXT_CLASS,
    NO_TARGET,
    NO_AREA,
)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    coco.read_index(sieve)
    sieve.drop_images(coco.TEXT_ID, coco.text_ids(sieve), coco.say_text_id(sieve))
    coco.take_last(sieve)
    sieve.read({"coco": _name})
    pictures.open_all(sieve, OPENING, turned=False)
    sieve.drop_images_of(WITHOUT_BOX, coco.without_box(sieve), coco.say_bbox(sieve))
    sieve.drop_images_of(TEXT_CLASS, coco.text_class(sieve))
    sieve.stop_at(NO_TARGET, ~sieve.images_of(sieve.left))
    x1, y1, x2, y2 = coco.as_tensor(sieve)
    sieve.stop_at_images_of(NO_AREA, (x2 <= x1) | (y2 <= y1))


def _name(sieve: Sieve) -> None:
    sieve.drop_images(NAMELESS, coco.nameless(sieve))
