"""Megvii-BaseDetection/YOLOX: `yolox/data/datasets/voc.py`, `yolox/data/data_augment.py`, input 640x640.

`AnnotationTransform` truncates each coordinate to an integer and subtracts 1; a coordinate that is no finite
number raises an error. It strips a name and looks it up in its list of classes: the 20 names of Pascal VOC,
or the data set's own where most objects have other names. Difficult objects are kept. It scales the boxes by
the size that the XML file states, which must be there and not 0, and the image by its own: where the two
differ, the boxes move. It opens `<name>.jpg` with `cv2.imread`, which turns it by its EXIF orientation and
reads a file that is cut off. `TrainTransform` then drops boxes with a side of 1 pixel or less at 640, and all
after the first 120 (`max_labels` of `MosaicDetection`'s own). If it drops all boxes of an image for their
size, it puts all of them back, inverted ones too. An image without a box stays.

It reads Pascal VOC only. Data of other formats are treated as if they had been converted unchanged: their
coordinates, sizes and names as they stand.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anchoraudit.loaders import _voc as voc
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool, Float, Int
    from anchoraudit.detectors.spec import Detector
    from anchoraudit.loaders._sieve import Sieve

NAME = "yolox-voc"
READS = "`VOCDetection` with `TrainTransform`, as `exps/example/yolox_voc` makes it"

_LOAD = "yolox/data/datasets/voc.py `load_anno_from_ids`"
_CALL = "yolox/data/datasets/voc.py `AnnotationTransform`"
_IMAGE = "yolox/data/datasets/voc.py `load_image`"
_TRAIN = "yolox/data/data_augment.py `TrainTransform`"
WITHOUT_XML = voc.without_xml(_LOAD)
ODD_DIFFICULT = Rule("raises", "a <difficult> that is no integer", _CALL, "voc")
NAMELESS = Rule("raises", "object without a name", _CALL, "voc")
NOT_FINITE = Rule("raises", "coordinate missing or not finite", _CALL, "voc")
UNKNOWN_CLASS = Rule("raises", "its name is not in the list of classes", _CALL, "voc")
ODD_SIZE = Rule("raises", "a <size> that is not two integers", _CALL, "voc")
NO_SIZE = Rule(
    "raises", "no <size>", _CALL, "voc", "AttributeError: 'NoneType' object has no attribute 'find'"
)
ZERO_SIZE = Rule("raises", "a <size> of 0", _LOAD, "voc", "ZeroDivisionError: division by zero")
CUT = Rule("moves", "cut to integers, 1 subtracted from all four", _CALL, "voc")
ABSENT = Rule("raises", "its image is absent", _IMAGE)
OTHER_NAME = voc.other_names(_IMAGE)
BROKEN = Rule("raises", "its image cannot be read", _IMAGE)
SCALED = Rule("moves", "scaled by the size that is stated, not the image's own", _LOAD, "voc")
FLOAT32 = Rule("moves", "far outside: rounded to float32", _TRAIN)
SMALL = Rule("box", "a side of 1 pixel or less at 640", _TRAIN)
TOO_MANY = Rule("box", "after the first 120 boxes", _TRAIN)
PUT_BACK = Rule("stops", "every box has a side of 1 pixel or less at 640: all are put back", _TRAIN)
RULES = (
    *WITHOUT_XML,
    ODD_DIFFICULT,
    NAMELESS,
    NOT_FINITE,
    UNKNOWN_CLASS,
    ODD_SIZE,
    NO_SIZE,
    ZERO_SIZE,
    CUT,
    ABSENT,
    OTHER_NAME,
    BROKEN,
    SCALED,
    FLOAT32,
    SMALL,
    TOO_MANY,
    PUT_BACK,
)
_SIDE = 640.0  # pixels: `input_size`
_LEAST_SIDE = 1.0  # pixels of the network's input
_MAX_LABELS = 120
_DIGITS_GO = 16384.0  # pixels: a float32 at the fourfold of this has steps of 1/128 pixel


def settings(detector: Detector | None) -> tuple[float]:
    """Return the side of the square into which images are fitted, in pixels."""
    return (float(detector is not None and detector.resize.square) or _SIDE,)


def _read_voc(sieve: Sieve) -> None:
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait, ImageTrait
    from anchoraudit.loaders._sieve import any_of_four
    from anchoraudit.loaders._voc_names import name_of, unknown

    boxes, images = sieve.boxes, sieve.images
    voc.read_lists(sieve, WITHOUT_XML)
    sieve.drop_images_of(ODD_DIFFICULT, boxes.has(BoxTrait.ODD_DIFFICULT))
    no_method = "AttributeError: 'NoneType' object has no attribute 'strip'"
    sieve.drop_images_of(NAMELESS, boxes.category < 0, voc.say_nameless(sieve, no_method))
    sieve.drop_images_of(NOT_FINITE, any_of_four(~np.isfinite(boxes.xyxy)), voc.say_not_finite(sieve))
    strange = unknown(sieve, strips=True)
    sieve.drop_images_of(UNKNOWN_CLASS, strange, lambda row: f"KeyError: {name_of(sieve, row)!r}")
    sieve.drop_images(ODD_SIZE, images.has(ImageTrait.ODD_SIZE), voc.say_odd_size(sieve))
    if images.declared is not None:
        sieve.drop_images(NO_SIZE, np.isnan(images.declared[:, 0]) | np.isnan(images.declared[:, 1]))
        wide, high = images.declared.T
        sieve.drop_images(ZERO_SIZE, (wide == 0) | (high == 0))
    sieve.move(CUT, np.trunc(boxes.xyxy) - 1.0)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    import numpy as np

    sieve.read({"voc": _read_voc})
    not_found = "AssertionError: file named {name} not found"
    voc.open_images(sieve, ABSENT, OTHER_NAME, not_found)
    broken = voc.unreadable(sieve, cut_off=False)
    sieve.drop_images(BROKEN, broken, voc.say_unreadable(sieve, not_found))
    width, height = sieve.opened(turned=True)
    (side,) = settings(sieve.detector)
    own = _ratio(width, height, side)
    stated = _stated_ratio(sieve, own, side)
    tiny = _tiny(sieve, stated, _ratio(np.trunc(width * own), np.trunc(height * own), side))
    differs = (stated != own)[sieve.boxes.image]
    if differs.any():
        factor = (stated / own)[sieve.boxes.image]
        scaled = np.where(differs[:, None], sieve.boxes.xyxy * factor[:, None], sieve.boxes.xyxy)
        sieve.read({"voc": lambda of_voc: of_voc.move(SCALED, scaled)})
    sieve.opens_as(width, height)
    _hold_as_float32(sieve, own)
    back = sieve.images_of(tiny & sieve.left) & ~sieve.images_of(~tiny & sieve.left)
    small, put_back = (
        replace(rule, reason=rule.reason.replace(f"at {_SIDE:g}", f"at {side:g}"))
        for rule in (SMALL, PUT_BACK)
    )
    sieve.stop_at(put_back, back)
    sieve.drop_boxes(small, tiny & ~back[sieve.boxes.image])
    sieve.drop_boxes(TOO_MANY, _place_among(sieve, sieve.left) >= _MAX_LABELS)


def _ratio(width: Float, height: Float, side: float) -> Float:
    """Return by how much images are enlarged to fit into a square; 1 for those of unknown size: [N]."""
    import numpy as np

    known = (width > 0) & (height > 0)
    safe_width, safe_height = np.where(known, width, side), np.where(known, height, side)
    ratio: Float = np.minimum(side / safe_height, side / safe_width)
    return ratio


def _stated_ratio(sieve: Sieve, own: Float, side: float) -> Float:
    """Return by how much the boxes of each image are enlarged: by the size that its XML file states. [N]."""
    import numpy as np

    declared = sieve.images.declared
    if declared is None:
        return own
    known = (declared != 0).all(axis=1) & ~np.isnan(declared).any(axis=1)
    sides = np.where(known[:, None], declared, side)
    return np.where(known, (side / sides).min(axis=1), own)


def _tiny(sieve: Sieve, enlarged: Float, again: Float) -> Bool:
    """Tell which boxes have a side of 1 pixel or less on the input, in the framework's order: [M].

    enlarged, again: float64 [N], the factors of `load_anno_from_ids` and of `preproc`.
    """
    image = sieve.boxes.image
    x1, y1, x2, y2 = sieve.boxes.xyxy.T * enlarged[image]
    width, height = (x2 - x1) * again[image], (y2 - y1) * again[image]
    tiny: Bool = ~((width > _LEAST_SIDE) & (height > _LEAST_SIDE))
    return tiny


def _hold_as_float32(sieve: Sieve, enlarged: Float) -> None:
    """Round what is far outside: centre and size at 640 are float32, and there it takes hundredths of pixels.

    enlarged: float64 [N].
    """
    import numpy as np

    from anchoraudit.loaders._sieve import any_of_four

    xyxy = sieve.boxes.xyxy
    rows = np.flatnonzero(any_of_four(np.abs(xyxy) > _DIGITS_GO))
    if not len(rows):
        return
    factor = enlarged[sieve.boxes.image[rows], None]
    corners = xyxy[rows] * factor
    size = corners[:, 2:] - corners[:, :2]
    held = np.concatenate([corners[:, :2] + size * 0.5, size], axis=1).astype(np.float32).astype(np.float64)
    centre, size = held[:, :2], held[:, 2:]
    rounded = xyxy.copy()
    rounded[rows] = np.concatenate([centre - size / 2, centre + size / 2], axis=1) / factor
    sieve.move(FLOAT32, rounded)


def _place_among(sieve: Sieve, these: Bool) -> Int:
    """Return the position of each of these boxes among those of its image: int64 [M].

    0 for the others, and for all if no image has more than `max_labels`.
    """
    import numpy as np

    rows = np.flatnonzero(these)
    place = np.zeros(len(these), dtype=np.int64)
    if not len(rows) or np.bincount(sieve.boxes.image[rows]).max() <= _MAX_LABELS:
        return place
    rows = rows[np.argsort(sieve.boxes.image[rows], kind="stable")]
    image = sieve.boxes.image[rows]
    place[rows] = np.arange(len(rows)) - np.searchsorted(image, image)
    return place
