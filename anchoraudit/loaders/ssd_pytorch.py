"""amdegroot/ssd.pytorch: `data/voc0712.py`.

`VOCAnnotationTransform` skips objects whose `<difficult>` is 1, takes each coordinate with `int()`, which
accepts neither "45.7" nor "45.0", subtracts 1, and divides by the size of the image as OpenCV opens it. It
lowers a name and strips it before it looks it up in its list of classes: the 20 names of Pascal VOC, or the
data set's own where most objects have other names; one of these that has capitals is never found. An image
without an object, or with difficult ones only, raises an error. It opens `<name>.jpg` with `cv2.imread`,
which turns it by its EXIF orientation and reads a file that is cut off. Boxes of no area and inverted ones
stay; `encode` then takes the logarithm of a width of 0 or below, and the loss is infinite or NaN.

It reads Pascal VOC only. Data of other formats are treated as if they had been converted unchanged: their
coordinates and names as they stand, no object difficult.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "ssd-pytorch"
READS = "`VOCDetection` with `VOCAnnotationTransform`, as `train.py` makes it"

_PULL = "data/voc0712.py `pull_item`"
_CALL = "data/voc0712.py `VOCAnnotationTransform`"
WITHOUT_XML = voc.without_xml(_PULL)
ABSENT = Rule("raises", "its image is absent", _PULL)
OTHER_NAME = voc.other_names(_PULL)
BROKEN = Rule("raises", "its image cannot be read", _PULL, error=voc.NO_SHAPE)
NO_DIFFICULT = Rule("raises", "object without <difficult>", _CALL, "voc", voc.NO_TEXT)
ODD_DIFFICULT = Rule("raises", "a <difficult> that is no integer", _CALL, "voc")
DIFFICULT = Rule("box", "difficult", _CALL, "voc", expected=True)
NAMELESS = Rule("raises", "object without a name", _CALL, "voc")
NOT_AN_INTEGER = Rule("raises", "a coordinate that is no integer", _CALL, "voc")
UNKNOWN_CLASS = Rule("raises", "its name, lowered, is not in the list of classes", _CALL, "voc")
MINUS_ONE = Rule("moves", "1 subtracted from all four", _CALL, "voc")
NOTHING = Rule(
    "raises",
    "no object, or difficult ones only",
    _PULL,
    error="IndexError: too many indices for array: array is 1-dimensional, but 2 were indexed",
)
NO_AREA = Rule(
    "stops",
    "x2 <= x1 or y2 <= y1: the encoding is NaN or infinite",
    "layers/box_utils.py `encode`",
    error="the loss is NaN or infinite",
)
RULES = (
    *WITHOUT_XML,
    ABSENT,
    OTHER_NAME,
    BROKEN,
    NO_DIFFICULT,
    ODD_DIFFICULT,
    DIFFICULT,
    NAMELESS,
    NOT_AN_INTEGER,
    UNKNOWN_CLASS,
    MINUS_ONE,
    NOTHING,
    NO_AREA,
)


def _read_voc(sieve: Sieve) -> None:
    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.loaders._voc_names import name_of, never_found, unknown

    boxes = sieve.boxes
    sieve.drop_images_of(NO_DIFFICULT, boxes.has(BoxTrait.NO_DIFFICULT))
    sieve.drop_images_of(ODD_DIFFICULT, boxes.has(BoxTrait.ODD_DIFFICULT))
    sieve.drop_boxes(DIFFICULT, boxes.difficult & ~boxes.has(BoxTrait.OTHER_DIFFICULT))
    no_method = "AttributeError: 'NoneType' object has no attribute 'lower'"
    sieve.drop_images_of(NAMELESS, boxes.category < 0, voc.say_nameless(sieve, no_method))
    say = voc.say_not_an_integer(sieve, range(4))
    sieve.drop_images_of(NOT_AN_INTEGER, boxes.has(BoxTrait.NOT_AN_INTEGER), say)
    strange = unknown(sieve, strips=True, lowers=True)
    sieve.drop_images_of(UNKNOWN_CLASS, strange, lambda row: f"KeyError: {name_of(sieve, row).lower()!r}")
    never_found(sieve, "KeyError: {name!r}")
    sieve.move(MINUS_ONE, boxes.xyxy - 1.0)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    sieve.read({"voc": lambda of_voc: voc.read_lists(of_voc, WITHOUT_XML)})
    voc.open_images(sieve, ABSENT, OTHER_NAME, voc.NO_SHAPE)
    sieve.drop_images(BROKEN, voc.unreadable(sieve, cut_off=False))
    sieve.read({"voc": _read_voc})
    sieve.drop_images(NOTHING, ~sieve.images_of(sieve.left))
    sieve.opens_as(*sieve.opened(turned=True))
    width, height = sieve.sides()
    sieve.stop_at_images_of(NO_AREA, (width <= 0) | (height <= 0))
