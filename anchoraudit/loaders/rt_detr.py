"""RT-DETR and D-FINE: lyuwenyu/RT-DETR `rtdetrv2_pytorch/src/data`, with its `dataloader.yml`.

`ConvertCocoPolysToMask` drops crowds, clips the boxes to the image and drops those with nothing inside it.
Then `SanitizeBoundingBoxes(min_size=1)` drops boxes below 1 pixel wide or high, once before and once after
the image is stretched to 640x640. So boxes below 1 pixel of the network's image go, too; and so do boxes that
touch the right or bottom edge, where the image's side times float32(640 / side) is more than 640: at 40 of
the sides from 100 to 2000 px, 600 among them. No image is dropped: one without boxes trains as background.

Images are opened with Pillow, as stored. `iscrowd` may be absent; `area` may not, though it is not used.
The size and the least side are those of the detector's configuration where it states others (`Resize`, and
`min_size` of both `SanitizeBoundingBoxes`).

Category ids are taken as they are (`remap_mscoco_category: False`), so an id that the file does not list is
no error here. The random steps of training (zoom out, IoU crop) are not replayed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders import _pictures as pictures
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.detectors.spec import Detector
    from anchoraudit.loaders._sieve import Sieve

NAME = "rt-detr"
READS = "`CocoDetection` of rtdetrv2_pytorch with `include/dataloader.yml`, without its random steps"

_DATA = "rtdetrv2_pytorch/src/data/dataset/coco_dataset.py"
_INDEX = "faster_coco_eval/core/coco.py `createIndex`"
_OPEN = "torchvision/datasets/coco.py `_load_image`"
_CONVERT = f"{_DATA} `ConvertCocoPolysToMask`"
_SANITIZE = "torchvision/transforms/v2/_misc.py `SanitizeBoundingBoxes`"
TEXT_ID = Rule("raises", "an image id that is a text", _INDEX, "coco")
NAMELESS = Rule("raises", "no file name in the image's entry", _OPEN, "coco", "KeyError: 'file_name'")
OPENING = (pictures.absent(_OPEN), pictures.broken(_OPEN))
CROWD = Rule("box", "crowd", _CONVERT, expected=True)
WITHOUT_BOX = Rule("raises", "annotation without a box", _CONVERT)
CLIPPED = Rule("moves", "clipped to the image", _CONVERT)
TEXT_CLASS = Rule(
    "raises", "a category id that is a text", _CONVERT, "coco", "ValueError: too many dimensions 'str'"
)
UNDECLARED_AREA = Rule("raises", "annotation without an area", _CONVERT, "coco", "KeyError: 'area'")
ODD_AREA = Rule("raises", "an area that is no number", _CONVERT, "coco")
OUTSIDE = Rule("box", "nothing of it inside the image", _CONVERT)
THIN = Rule("box", "a side below 1 pixel", _SANITIZE)
THIN_AT_640 = Rule("box", "a side below 1 pixel at 640x640", _SANITIZE)
AT_THE_EDGE = Rule("box", "it ends at the edge, which is rounded to more than 640", _SANITIZE)
RULES = (
    *coco.READING,
    TEXT_ID,
    coco.LATER_BOX,
    NAMELESS,
    *OPENING,
    CROWD,
    WITHOUT_BOX,
    TEXT_CLASS,
    UNDECLARED_AREA,
    ODD_AREA,
    CLIPPED,
    OUTSIDE,
    THIN,
    THIN_AT_640,
    AT_THE_EDGE,
)
_SIDE = 640  # pixels: `Resize, size: [640, 640]`
_LEAST = 1.0  # pixels: `SanitizeBoundingBoxes, min_size: 1`


def settings(detector: Detector | None) -> tuple[int, int, float]:
    """Return width and height to which images are stretched, and the least side of a box, in pixels."""
    if detector is None or not detector.resize.is_fixed_size:
        return _SIDE, _SIDE, _LEAST
    own = detector.labels if detector.loader == NAME else None
    stated = own.least_side if own is not None and own.limits_by == "loader" else 0.0
    return detector.resize.width, detector.resize.height, max(stated, _LEAST)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    import numpy as np

    coco.read_index(sieve)
    coco.take_last(sieve)
    sieve.read({"coco": _read_coco})
    pictures.open_all(sieve, OPENING, turned=False)
    sieve.drop_boxes(CROWD, coco.crowds(sieve))
    sieve.drop_images_of(WITHOUT_BOX, coco.without_box(sieve), coco.say_bbox(sieve))
    sieve.drop_images_of(TEXT_CLASS, coco.text_class(sieve))
    sieve.drop_images_of(UNDECLARED_AREA, coco.without_area(sieve))
    sieve.drop_images_of(ODD_AREA, coco.odd_area(sieve))
    sieve.clip(CLIPPED)
    x1, y1, x2, y2 = coco.as_tensor(sieve)
    sieve.drop_boxes(OUTSIDE, ~((x2 > x1) & (y2 > y1)))
    width, height, least = settings(sieve.detector)
    thin, thin_resized, at_the_edge = _named(width, height, least)
    sieve.drop_boxes(thin, ~((x2 - x1 >= least) & (y2 - y1 >= least)))
    with np.errstate(divide="ignore"):
        across, down = (
            np.nan_to_num(to / side, nan=1.0).astype(np.float32)[sieve.boxes.image]
            for to, side in ((width, sieve.images.width), (height, sieve.images.height))
        )
    wide, high = x2 * across - x1 * across >= least, y2 * down - y1 * down >= least
    sieve.drop_boxes(thin_resized, ~(wide & high))
    known = ~np.isnan(sieve.images.width + sieve.images.height)[sieve.boxes.image]
    sieve.drop_boxes(at_the_edge, known & ((x2 * across > width) | (y2 * down > height)))


def _named(width: int, height: int, least: float) -> tuple[Rule, Rule, Rule]:
    """Return the last three rules, with the size and the least side in their reasons."""
    if (width, height, least) == (_SIDE, _SIDE, _LEAST):
        return THIN, THIN_AT_640, AT_THE_EDGE
    pixels = "1 pixel" if least == 1 else f"{least:g} pixels"
    to = f"{width}" if width == height else f"{width}x{height}"
    return (
        replace(THIN, reason=f"a side below {pixels}"),
        replace(THIN_AT_640, reason=f"a side below {pixels} at {width}x{height}"),
        replace(AT_THE_EDGE, reason=f"it ends at the edge, which is rounded to more than {to}"),
    )


def _read_coco(sieve: Sieve) -> None:
    def say(image: int) -> str:
        return f"ValueError: invalid literal for int() with base 10: {sieve.images.ids[image]!r}"

    sieve.drop_images(TEXT_ID, coco.no_integer_id(sieve), say)
    sieve.drop_images(NAMELESS, coco.nameless(sieve))
