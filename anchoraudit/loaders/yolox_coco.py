"""YOLOX on COCO: Megvii-BaseDetection/YOLOX `yolox/data/datasets/coco.py`, and `TrainTransform` of
`yolox/data/data_augment.py`.

`load_anno_from_ids` drops crowds and annotations with a declared area of 0 or less. A box that begins left of
the image or above it is moved to begin at 0; its width and height stay. A negative width or height becomes 0.
Then the box is cut at the width and height that the file states, and dropped if it ends before it begins. If
these are not the size of the image, the boxes do not fit it: they are scaled by one size and the image by the
other. The image is opened with `cv2.imread`, which turns it by its EXIF orientation and reads a JPEG file
that ends early. No image is dropped: one without boxes trains as background.

`TrainTransform` drops boxes of 1 pixel or less wide or high once the image is scaled to fit 640x640. If that
would drop all boxes of an image, it puts all of them back, points among them. It keeps the first 120 boxes of
an image (`max_labels`, as with mosaic; 50 without). Mosaic, mixup and mirroring are not replayed. The size is
that of the detector's configuration where it states another one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders import _pictures as pictures
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Float
    from anchoraudit.detectors.spec import Detector
    from anchoraudit.loaders._sieve import Sieve

NAME = "yolox-coco"
READS = "`COCODataset` of YOLOX, and `TrainTransform(max_labels=120)` at 640x640"

_LOAD = "yolox/data/datasets/coco.py `load_anno_from_ids`"
_OPEN = "yolox/data/datasets/coco.py `load_image`"
_TRANSFORM = "yolox/data/data_augment.py `TrainTransform`"
UNSIZED = Rule("raises", "no width and height in the image's entry", _LOAD, "coco")
NO_ISCROWD = Rule("raises", "annotation without `iscrowd`", _LOAD, "coco", "KeyError: 'iscrowd'")
CROWD = Rule("box", "crowd", _LOAD, expected=True)
WITHOUT_BOX = Rule("raises", "annotation without a box", _LOAD)
ODD_SIZE = Rule("raises", "a width or height that is no number", _LOAD, "coco")
UNDECLARED_AREA = Rule("raises", "annotation without an area", _LOAD, "coco", "KeyError: 'area'")
ODD_AREA = Rule("raises", "an area that is no number", _LOAD, "coco")
NO_AREA = Rule("box", "declared area of 0 or less", _LOAD, "coco")
TO_ZERO = Rule("moves", "moved to begin at 0, with its width and height", _LOAD)
CUT = Rule("moves", "cut at the right or bottom edge, or a negative side made 0", _LOAD)
OUTSIDE = Rule("box", "it ends before it begins", _LOAD)
UNKNOWN_CLASS = Rule("raises", "category that the file does not list", _LOAD, "coco")
NO_SIZE = Rule(
    "raises", "the entry states a width or height of 0", _LOAD, "coco", "ZeroDivisionError: division by zero"
)
OPENING = (pictures.absent(_OPEN), pictures.broken(_OPEN))
SCALED = Rule("moves", "scaled by the size that the file states, not the image's", _LOAD)
THIN = Rule("box", "a side of 1 pixel or less at 640x640", _TRANSFORM)
LATE = Rule("box", "beyond the first 120 of its image", _TRANSFORM)
ALL_THIN = Rule(
    "stops",
    "every box has a side of 1 pixel or less at 640x640, so all are put back",
    _TRANSFORM,
)
RULES = (
    *coco.READING,
    coco.TEXT_ID,
    coco.LATER_BOX,
    UNSIZED,
    NO_ISCROWD,
    CROWD,
    WITHOUT_BOX,
    ODD_SIZE,
    UNDECLARED_AREA,
    ODD_AREA,
    NO_AREA,
    TO_ZERO,
    CUT,
    OUTSIDE,
    UNKNOWN_CLASS,
    NO_SIZE,
    *OPENING,
    SCALED,
    THIN,
    LATE,
    ALL_THIN,
)
_SIDE = 640  # pixels: `input_size`, and `img_size` of the data set
_MOST = 120  # `max_labels`


def settings(detector: Detector | None) -> tuple[int]:
    """Return the side of the square into which images are fitted, in pixels."""
    return ((detector is not None and detector.resize.square) or _SIDE,)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    import numpy as np

    from anchoraudit.dataset.traits import BoxTrait

    coco.read_index(sieve)
    sieve.drop_images(coco.TEXT_ID, coco.text_ids(sieve), coco.say_text_id(sieve))
    sieve.drop_images(UNSIZED, coco.undeclared(sieve), coco.say_size(sieve, "width"))
    sieve.drop_images_of(NO_ISCROWD, sieve.boxes.has(BoxTrait.NO_ISCROWD))
    sieve.drop_boxes(CROWD, coco.crowds(sieve))
    coco.take_last(sieve)
    sieve.drop_images_of(WITHOUT_BOX, coco.without_box(sieve), coco.say_bbox(sieve))
    sieve.drop_images(ODD_SIZE, coco.odd_size(sieve))
    sieve.drop_images_of(UNDECLARED_AREA, coco.without_area(sieve))
    text = "TypeError: '>' not supported between instances of 'str' and 'int'"
    sieve.drop_images_of(ODD_AREA, coco.odd_area(sieve), coco.say_odd_area(sieve, text))
    if (area := sieve.boxes.area) is not None:
        sieve.drop_boxes(NO_AREA, ~(area > 0))
    width, height = coco.declared(sieve)
    _clean(sieve, width, height)
    words = "ValueError: {} is not in list"
    sieve.drop_images_of(UNKNOWN_CLASS, sieve.boxes.category < 0, coco.say_class(sieve, words))
    sieve.drop_images(NO_SIZE, (width == 0) | (height == 0))
    name = "AssertionError: file named {} not found"
    pictures.open_all(sieve, OPENING, turned=True, cut_off=True, words=(name, name))
    (side,) = settings(sieve.detector)
    with np.errstate(divide="ignore"):
        _transform(sieve, np.minimum(side / height, side / width), side)


def _clean(sieve: Sieve, width: Float, height: Float) -> None:
    """Move boxes to the right and down, cut them, and drop those that end before they begin."""
    import numpy as np

    def cut(xyxy: Float) -> Float:
        right, bottom = (np.where(np.isnan(side), np.inf, side)[image] for side in (width, height))
        return np.concatenate(
            [xyxy[:, :2], np.minimum(xyxy[:, 2:], np.stack([right, bottom], axis=1))], axis=1
        )

    image, xyxy = sieve.boxes.image, sieve.boxes.xyxy
    low = np.maximum(xyxy[:, :2], 0.0)
    outside = low != xyxy[:, :2]
    if outside.any():
        moved = xyxy.copy()
        moved[:, 2:][outside] += (low - xyxy[:, :2])[outside]
        moved[:, :2] = low
        sieve.move(TO_ZERO, moved)
    xyxy = sieve.boxes.xyxy
    with_sides = np.concatenate([xyxy[:, :2], np.maximum(xyxy[:, 2:], xyxy[:, :2])], axis=1)
    sieve.move(CUT, cut(with_sides))
    x1, y1, x2, y2 = sieve.boxes.xyxy.T
    sieve.drop_boxes(OUTSIDE, ~((x2 >= x1) & (y2 >= y1)))


def _transform(sieve: Sieve, scale: Float, side: int) -> None:
    """Drop what is too small for `TrainTransform`, and what is too much for it.

    scale: of the boxes to the data set's `img_size`, by the size that the file states: float64 [N]. side: of
    the square that this is, in pixels.
    """
    import numpy as np

    images, image = sieve.images, sieve.boxes.image
    # As the image itself is scaled, and then once more if rounding has left a side of 639 pixels.
    with np.errstate(divide="ignore"):
        own = np.minimum(side / images.height, side / images.width)
        shorter = np.stack([np.floor(images.width * own), np.floor(images.height * own)])
        again = np.min(side / shorter, axis=0)
    net = np.where(np.isfinite(scale * again), scale * again, 1.0)
    x1, y1, x2, y2 = sieve.boxes.xyxy.T
    thin = ~(np.minimum(x2 - x1, y2 - y1) * net[image] > 1)
    fits = scale / own
    fits[~np.isfinite(fits)] = 1.0
    if (fits != 1).any():
        sieve.move(SCALED, sieve.boxes.xyxy * fits[image][:, None])
    put_back = ~sieve.images_of(sieve.left & ~thin)
    at = f"at {side}x{side}"
    too_thin, all_thin = (
        replace(rule, reason=rule.reason.replace("at 640x640", at)) for rule in (THIN, ALL_THIN)
    )
    sieve.drop_boxes(too_thin, thin & ~put_back[image])
    sieve.stop_at(all_thin, put_back & sieve.images_of(sieve.left))
    sieve.drop_boxes(LATE, _positions_left(sieve) >= _MOST)


def _positions_left(sieve: Sieve) -> Float:
    """Return the position of each box among those of its image that are left: float64 [M], NaN for others."""
    import numpy as np

    rows = np.flatnonzero(sieve.left)
    positions = np.full(len(sieve.boxes), np.nan)
    positions[rows] = sieve.boxes.take(rows).positions()
    return positions
