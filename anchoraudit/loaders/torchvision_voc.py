"""torchvision's own VOC data set: `torchvision/datasets/voc.py` `VOCDetection`, wrapped for transforms v2 by
`torchvision/tv_tensors/_dataset_wrapper.py` (0.29.1).

It takes each coordinate with `int()`, which accepts neither "45.7" nor "45.0", and subtracts nothing. It
strips a name and looks it up in its list of classes: the 20 names of Pascal VOC, or the data set's own where
most objects have other names. Difficult objects are kept. An image without an object raises an error. It
opens `<name>.jpg` with Pillow, as stored; a file that is cut off raises an error. Nothing is clipped or
dropped: torchvision's models then stop at a box of no area and at an inverted one. An object without
`<bndbox>`, or without a name, is left out of the boxes, or of the labels, only: they no longer correspond.

It reads Pascal VOC only. Data of other formats are treated as if they had been converted unchanged: their
coordinates and names as they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._order import as_listed
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "torchvision-voc"
READS = "`VOCDetection` of torchvision 0.29.1 with `wrap_dataset_for_transforms_v2`"
ORDERS = {"voc": as_listed}

_INIT = "torchvision/datasets/voc.py `_VOCBase`"
_ITEM = "torchvision/datasets/voc.py `VOCDetection`"
_WRAP = "torchvision/tv_tensors/_dataset_wrapper.py `voc_detection_wrapper_factory`"
ABSENT = Rule("raises", "its image is absent", _ITEM)
OTHER_NAME = voc.other_names(_INIT)
BROKEN = Rule("raises", "its image cannot be read", _ITEM)
WITHOUT_XML = voc.without_xml(_ITEM)
NO_OBJECT = Rule("raises", "no object", _WRAP, error="KeyError: 'bndbox'")
BOXLESS = Rule("raises", "no object with a <bndbox>", _WRAP, "voc", "KeyError: 'bndbox'")
WITHOUT_BOX = Rule("box", "no <bndbox>: from here on, its image's labels belong to other boxes", _WRAP, "voc")
NOT_AN_INTEGER = Rule("raises", "a coordinate that is no integer", _WRAP, "voc")
UNNAMED = Rule("raises", "no object with a name", _WRAP, "voc", "KeyError: 'name'")
UNKNOWN_CLASS = Rule("raises", "its name is not in the list of classes", _WRAP, "voc")
NAMELESS = Rule(
    "stops",
    "object without a name: fewer labels than boxes",
    "torchvision/models/detection/roi_heads.py `assign_targets_to_proposals`",
    "voc",
    "IndexError: index is out of bounds for dimension 0",
)
NO_AREA = Rule(
    "stops",
    "x2 <= x1 or y2 <= y1",
    "torchvision/models/detection/generalized_rcnn.py `forward`",
    error="AssertionError: All bounding boxes should have positive height and width.",
)
RULES = (
    ABSENT,
    OTHER_NAME,
    BROKEN,
    *WITHOUT_XML,
    NO_OBJECT,
    BOXLESS,
    NOT_AN_INTEGER,
    UNNAMED,
    UNKNOWN_CLASS,
    NAMELESS,
    WITHOUT_BOX,
    NO_AREA,
)


def _read_voc(sieve: Sieve) -> None:
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.loaders._voc_names import name_of, unknown

    boxes = sieve.boxes
    boxless, nameless = boxes.has(BoxTrait.NO_BNDBOX), boxes.category < 0
    sieve.drop_images(BOXLESS, sieve.images_of(boxless) & ~sieve.images_of(~boxless))
    odd = boxes.has(BoxTrait.NOT_AN_INTEGER) & ~boxless
    sieve.drop_images_of(NOT_AN_INTEGER, odd, voc.say_not_an_integer(sieve, range(4)))
    # A name of white space alone is a name here.
    blank = nameless & boxes.has(BoxTrait.PADDED_NAME)
    strange = unknown(sieve, strips=True) | blank
    sieve.drop_images(UNNAMED, sieve.images_of(nameless) & ~sieve.images_of(~nameless | blank))
    sieve.drop_images_of(UNKNOWN_CLASS, strange, lambda row: f"KeyError: {name_of(sieve, row)!r}")
    labels, held = (
        np.bincount(boxes.image[these], minlength=len(sieve.images)) for these in (~nameless, ~boxless)
    )
    sieve.stop_at_images_of(NAMELESS, nameless & (labels < held)[boxes.image])
    sieve.drop_boxes(WITHOUT_BOX, boxless)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    voc.open_images(sieve, ABSENT, OTHER_NAME)
    sieve.drop_images(BROKEN, voc.unreadable(sieve, cut_off=True), voc.say_unreadable(sieve))
    sieve.read({"voc": lambda of_voc: voc.read_lists(of_voc, WITHOUT_XML)})
    sieve.drop_images(NO_OBJECT, ~sieve.images_of(sieve.left))
    sieve.read({"voc": _read_voc})
    sieve.opens_as(*sieve.opened(turned=False))
    width, height = sieve.sides()
    sieve.stop_at_images_of(NO_AREA, (width <= 0) | (height <= 0))
