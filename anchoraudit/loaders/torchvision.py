"""torchvision's reference training scripts: pytorch/vision `references/detection/coco_utils.py`, split train.

First the scripts drop images, judged by all their annotations, crowds too
(`_coco_remove_images_without_annotations`). Then they drop crowds, and boxes with nothing inside the image
(`ConvertCocoPolysToMask`). An image that loses its last box at this step stays, and trains as background. A
box with a NaN coordinate passes the first step and is dropped in the second.

The scripts read COCO only. VOC data are treated as if they had been converted unchanged: without offset, and
with difficult objects. The scripts also need `iscrowd` and `segmentation` in every annotation. This is not
replayed, because a `Dataset` does not hold it. Rounding to float32 is a step of the encoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders import _coco_file as coco
from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "torchvision"
READS = "the reference training scripts, `references/detection`, split train"

_FILTER = "references/detection/coco_utils.py `_coco_remove_images_without_annotations`"
_CONVERT = "references/detection/coco_utils.py `ConvertCocoPolysToMask`"
_GROUP = "references/detection/group_by_aspect_ratio.py `_compute_aspect_ratios_coco_dataset`"
WITHOUT_BOX = Rule("raises", "annotation without a box", _FILTER)
NO_ANNOTATION = Rule("image", "no annotation", _FILTER)
ALL_THIN = Rule("image", "every box has a side of 1 pixel or less", _FILTER)
UNSIZED = Rule("raises", "no width and height in the image's entry", _GROUP, "coco")
CROWD = Rule("box", "crowd", _CONVERT)
UNDECLARED_AREA = Rule("raises", "annotation without an area", _CONVERT, "coco")
CLIPPED = Rule("moves", "clipped to the image", _CONVERT)
OUTSIDE = Rule("box", "nothing of it inside the image", _CONVERT)
RULES = (
    *coco.READING,
    coco.LATER_BOX,
    WITHOUT_BOX,
    NO_ANNOTATION,
    ALL_THIN,
    UNSIZED,
    CROWD,
    UNDECLARED_AREA,
    CLIPPED,
    OUTSIDE,
)


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    import numpy as np

    from anchoraudit.boxes import has_area
    from anchoraudit.loaders._sieve import ROUNDING

    coco.read_index(sieve)
    coco.take_last(sieve)
    sieve.drop_images_of(WITHOUT_BOX, sieve.without_box())
    sieve.drop_images(NO_ANNOTATION, ~sieve.images_of(sieve.left))
    width, height = sieve.sides()
    thin = (width <= 1 + ROUNDING) | (height <= 1 + ROUNDING)
    sieve.drop_images(ALL_THIN, ~sieve.images_of(~thin))
    sieve.drop_images(UNSIZED, coco.undeclared(sieve))
    sieve.drop_boxes(CROWD, sieve.boxes.crowd)
    if sieve.boxes.area is not None:
        sieve.drop_images_of(UNDECLARED_AREA, np.isnan(sieve.boxes.area))
    sieve.clip(CLIPPED)
    sieve.drop_boxes(OUTSIDE, ~has_area(sieve.boxes.xyxy))
