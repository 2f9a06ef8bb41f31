"""chenyuntc/simple-faster-rcnn-pytorch: `data/voc_dataset.py`.

`VOCBboxDataset` skips objects whose `<difficult>` is 1, takes each coordinate with `int()`, which accepts
neither "45.7" nor "45.0", and subtracts 1. It lowers a name and strips it before it looks it up in its list
of classes: the 20 names of Pascal VOC, or the data set's own where most objects have other names; one of
these that has capitals is never found. An image without an object, or with difficult ones only, raises an
error. It opens `<name>.jpg` with Pillow, as stored; a file that is cut off raises an error. Boxes of no area,
inverted ones and those outside the image stay as they are.

It reads Pascal VOC only. Data of other formats are treated as if they had been converted unchanged: their
coordinates and names as they stand, no object difficult.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "simple-faster-rcnn"
READS = "`VOCBboxDataset`, as `train.py` makes it"

_GET = "data/voc_dataset.py `get_example`"
_OPEN = "data/util.py `read_image`"
WITHOUT_XML = voc.without_xml(_GET)
NO_DIFFICULT = Rule("raises", "object without <difficult>", _GET, "voc", voc.NO_TEXT)
ODD_DIFFICULT = Rule("raises", "a <difficult> that is no integer", _GET, "voc")
DIFFICULT = Rule("box", "difficult", _GET, "voc", expected=True)
NOT_AN_INTEGER = Rule("raises", "a coordinate that is no integer", _GET, "voc")
NAMELESS = Rule("raises", "object without a name", _GET, "voc")
UNKNOWN_CLASS = Rule(
    "raises",
    "its name, lowered, is not in the list of classes",
    _GET,
    "voc",
    "ValueError: tuple.index(x): x not in tuple",
)
MINUS_ONE = Rule("moves", "1 subtracted from all four", _GET, "voc")
NOTHING = Rule(
    "raises", "no object, or difficult ones only", _GET, error="ValueError: need at least one array to stack"
)
ABSENT = Rule("raises", "its image is absent", _OPEN)
OTHER_NAME = voc.other_names(_GET)
BROKEN = Rule("raises", "its image cannot be read", _OPEN)
RULES = (
    *WITHOUT_XML,
    NO_DIFFICULT,
    ODD_DIFFICULT,
    DIFFICULT,
    NOT_AN_INTEGER,
    NAMELESS,
    UNKNOWN_CLASS,
    MINUS_ONE,
    NOTHING,
    ABSENT,
    OTHER_NAME,
    BROKEN,
)
_ORDER = (1, 0, 3, 2)  # ymin, xmin, ymax, xmax


def _read_voc(sieve: Sieve) -> None:
    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.loaders._voc_names import never_found, unknown

    boxes = sieve.boxes
    voc.read_lists(sieve, WITHOUT_XML)
    sieve.drop_images_of(NO_DIFFICULT, boxes.has(BoxTrait.NO_DIFFICULT))
    sieve.drop_images_of(ODD_DIFFICULT, boxes.has(BoxTrait.ODD_DIFFICULT))
    sieve.drop_boxes(DIFFICULT, boxes.difficult & ~boxes.has(BoxTrait.OTHER_DIFFICULT))
    say = voc.say_not_an_integer(sieve, _ORDER)
    sieve.drop_images_of(NOT_AN_INTEGER, boxes.has(BoxTrait.NOT_AN_INTEGER), say)
    no_method = "AttributeError: 'NoneType' object has no attribute 'lower'"
    sieve.drop_images_of(NAMELESS, boxes.category < 0, voc.say_nameless(sieve, no_method))
    sieve.drop_images_of(UNKNOWN_CLASS, unknown(sieve, strips=True, lowers=True))
    never_found(sieve, "ValueError: tuple.index(x): x not in tuple")
    sieve.move(MINUS_ONE, boxes.xyxy - 1.0)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    sieve.read({"voc": _read_voc})
    sieve.drop_images(NOTHING, ~sieve.images_of(sieve.left))
    voc.open_images(sieve, ABSENT, OTHER_NAME)
    sieve.drop_images(BROKEN, voc.unreadable(sieve, cut_off=True), voc.say_unreadable(sieve))
    sieve.opens_as(*sieve.opened(turned=False))
