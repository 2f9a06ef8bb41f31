"""rbgirshick/py-faster-rcnn and its many descendants: `lib/datasets/pascal_voc.py`, `lib/datasets/imdb.py`,
`lib/fast_rcnn/train.py`. NumPy before 2.

`_load_pascal_annotation` skips objects whose `<difficult>` is not 0, subtracts 1 from each coordinate and
puts it into an array of uint16: the fraction goes, and a coordinate below 0 begins again at 65535, so xmin 0
becomes 65535. (NumPy 2 raises an OverflowError instead.) A coordinate that is no finite number raises an
error. It lowers a name and strips it before it looks it up in its list of classes: the 20 names of Pascal
VOC, or the data set's own where most objects have other names; one of these that has capitals is never found.
`append_flipped_images` mirrors each box in the same arithmetic at the width of the image as stored, and
raises an error where the result is inverted: at boxes beyond the right edge, and most inverted ones. Then
`filter_roidb` drops images without an object. A box whose width or height is below 0 in the end makes
`bbox_transform` take the logarithm of a negative number, and the loss becomes NaN.

It opens `<name>.jpg`: Pillow reads the width, then `cv2.imread` the image, which turns it by its EXIF
orientation and reads a file that is cut off. Data of other formats than Pascal VOC are treated as if they had
been converted unchanged: 1 is not subtracted, every name is known, and no object is difficult.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool, Float
    from anchoraudit.loaders._sieve import Sieve

NAME = "py-faster-rcnn"
READS = "`pascal_voc` as `get_training_roidb` and `filter_roidb` treat it, with NumPy 1.26"

_LOAD = "lib/datasets/pascal_voc.py `_load_pascal_annotation`"
_PATH = "lib/datasets/pascal_voc.py `image_path_from_index`"
_FLIP = "lib/datasets/imdb.py `append_flipped_images`"
WITHOUT_XML = voc.without_xml(_LOAD)
NO_DIFFICULT = Rule("raises", "object without <difficult>", _LOAD, "voc", voc.NO_TEXT)
ODD_DIFFICULT = Rule("raises", "a <difficult> that is no integer", _LOAD, "voc")
DIFFICULT = Rule("box", "difficult", _LOAD, "voc", expected=True)
NAMELESS = Rule("raises", "object without a name", _LOAD, "voc")
UNKNOWN_CLASS = Rule("raises", "its name, lowered, is not in the list of classes", _LOAD, "voc")
MINUS_ONE = Rule("moves", "1 subtracted from all four", _LOAD, "voc")
NOT_FINITE = Rule("raises", "coordinate missing, not finite, or above 2^63", _LOAD)
WRAPPED = Rule("moves", "cut to uint16: no fraction, and -1 is 65535", _LOAD)
ABSENT = Rule("raises", "its image is absent", _PATH)
OTHER_NAME = voc.other_names(_PATH)
BROKEN = Rule("raises", "its image cannot be read", "lib/datasets/imdb.py `_get_widths`")
FLIPPED = Rule(
    "raises",
    "inverted when mirrored in uint16",
    _FLIP,
    error="append_flipped_images: AssertionError (boxes[:, 2] >= boxes[:, 0]).all()",
)
NO_OBJECT = Rule("image", "no object, or difficult ones only", "lib/fast_rcnn/train.py `filter_roidb`")
NOT_A_NUMBER = Rule(
    "stops",
    "inverted: its targets are NaN or infinite",
    "lib/fast_rcnn/bbox_transform.py `bbox_transform`",
    error="bbox_transform gives NaN or inf",
)
RULES = (
    *WITHOUT_XML,
    NO_DIFFICULT,
    ODD_DIFFICULT,
    DIFFICULT,
    NAMELESS,
    UNKNOWN_CLASS,
    MINUS_ONE,
    NOT_FINITE,
    WRAPPED,
    ABSENT,
    OTHER_NAME,
    BROKEN,
    FLIPPED,
    NO_OBJECT,
    NOT_A_NUMBER,
)
_UINT16 = 65536.0
_LONG = 2.0**63  # what a C long does not hold
_SHORT_SIDE, _LONG_SIDE = 600.0, 1000.0  # pixels: `TRAIN.SCALES` and `TRAIN.MAX_SIZE`


def _read_voc(sieve: Sieve) -> None:
    from anchoraudit.dataset.traits import BoxTrait
    from anchoraudit.loaders._voc_names import name_of, never_found, unknown

    boxes = sieve.boxes
    voc.read_lists(sieve, WITHOUT_XML)
    sieve.drop_images_of(NO_DIFFICULT, boxes.has(BoxTrait.NO_DIFFICULT))
    sieve.drop_images_of(ODD_DIFFICULT, boxes.has(BoxTrait.ODD_DIFFICULT))
    sieve.drop_boxes(DIFFICULT, boxes.difficult)
    no_method = "AttributeError: 'NoneType' object has no attribute 'lower'"
    sieve.drop_images_of(NAMELESS, boxes.category < 0, voc.say_nameless(sieve, no_method))
    strange = unknown(sieve, strips=True, lowers=True)
    sieve.drop_images_of(UNKNOWN_CLASS, strange, lambda row: f"KeyError: {name_of(sieve, row).lower()!r}")
    never_found(sieve, "KeyError: {name!r}")
    sieve.move(MINUS_ONE, boxes.xyxy - 1.0)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    sieve.read({"voc": _read_voc})
    _wrap(sieve)
    voc.open_images(sieve, ABSENT, OTHER_NAME, "AssertionError: Path does not exist: {name}")
    broken = voc.unreadable(sieve, cut_off=False)
    words = "PIL.UnidentifiedImageError: cannot identify image file '{name}'"
    sieve.drop_images(BROKEN, broken, voc.say_unreadable(sieve, words))
    stored = sieve.opened(turned=False)
    sieve.drop_images_of(FLIPPED, _inverted_when_flipped(sieve, stored[0]))
    sieve.drop_images(NO_OBJECT, ~sieve.images_of(sieve.left))
    width, height = sieve.sides()
    scale = _scale(*stored)[sieve.boxes.image]
    nan = (width * scale + 1 <= 0) | (height * scale + 1 <= 0)
    sieve.stop_at_images_of(NOT_A_NUMBER, nan)
    sieve.opens_as(*sieve.opened(turned=True))


def _wrap(sieve: Sieve) -> None:
    """Put the coordinates into uint16: Python's int() of each, then its last 16 bits."""
    import numpy as np

    from anchoraudit.loaders._sieve import any_of_four

    xyxy = sieve.boxes.xyxy
    wrong = any_of_four(~((xyxy < _LONG) & (xyxy >= -_LONG)))
    sieve.drop_images_of(NOT_FINITE, wrong, voc.say_not_finite(sieve))
    if not any_of_four((xyxy != np.trunc(xyxy)) | ~((xyxy >= 0) & (xyxy < _UINT16))).any():
        return
    sieve.move(WRAPPED, np.mod(np.trunc(xyxy), _UINT16))


def _inverted_when_flipped(sieve: Sieve, stored: Float) -> Bool:
    """Tell which boxes are inverted when mirrored at the width of their image, float64 [N]: bool [M]."""
    import numpy as np

    x1, x2 = sieve.boxes.xyxy[:, 0], sieve.boxes.xyxy[:, 2]
    last = (np.where(np.isnan(stored), _UINT16, stored) - 1)[sieve.boxes.image]
    inverted: Bool = np.mod(last - x1, _UINT16) < np.mod(last - x2, _UINT16)
    return inverted


def _scale(width: Float, height: Float) -> Float:
    """Return by how much images are enlarged for the network: [N], 1 for those of unknown size."""
    import numpy as np

    short, long = np.minimum(width, height), np.maximum(width, height)
    scale = _SHORT_SIDE / np.where(short > 0, short, _SHORT_SIDE)
    too_long = np.round(scale * long) > _LONG_SIDE
    found: Float = np.where(too_long, _LONG_SIDE / np.where(too_long, long, _LONG_SIDE), scale)
    return found
