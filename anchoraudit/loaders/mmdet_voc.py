"""open-mmlab/mmdetection's VOC data set: `mmdet/datasets/xml_style.py`, with
`configs/_base_/datasets/voc0712.py`.

It truncates each coordinate to an integer and subtracts 1 (`_parse_instance_info`); a coordinate that is not
finite raises an error. Difficult objects and boxes below 32 pixels wide or high in the original image
(`bbox_min_size=32`) are kept as regions to ignore. The base configs do not use these, so they train as
background. It drops images without an object and images with a side below 32 pixels (`filter_data`). An image
whose objects are all ignored stays.

In data that were not read from VOC, coordinates are unchanged and no object is difficult; the limits of 32
pixels apply. mmdetection skips an object whose `name` is present but empty; here it counts as an object
without a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._rules import IGNORED, Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "mmdet-voc"
READS = "`VOCDataset` of mmdetection 3.3.0 with the base configuration"

_PARSE = "mmdet/datasets/xml_style.py `_parse_instance_info`"
_FILTER = "mmdet/datasets/xml_style.py `filter_data`"
NAMELESS = Rule("raises", "object without a name", _PARSE, "voc")
NOT_FINITE = Rule("raises", "coordinate missing or not finite", _PARSE, "voc")
CUT = Rule("moves", "cut to integers, 1 subtracted from all four", _PARSE, "voc")
DIFFICULT = Rule("box", f"{IGNORED}difficult", _PARSE, "voc")
SMALL_BOX = Rule("box", f"{IGNORED}a side below 32 pixels", _PARSE)
NO_ANNOTATION = Rule("image", "no annotation", _FILTER)
SMALL = Rule("image", "a side below 32 pixels", _FILTER)
RULES = (NAMELESS, NOT_FINITE, CUT, DIFFICULT, SMALL_BOX, NO_ANNOTATION, SMALL)
_LEAST_SIDE = 32  # pixels: `bbox_min_size` and `min_size` of the base configuration


def _read_voc(sieve: Sieve) -> None:
    import numpy as np

    from anchoraudit.loaders._sieve import any_of_four

    sieve.drop_images_of(NAMELESS, sieve.boxes.category < 0)
    sieve.drop_images_of(NOT_FINITE, any_of_four(~np.isfinite(sieve.boxes.xyxy)))
    sieve.move(CUT, np.trunc(sieve.boxes.xyxy) - 1.0)
    sieve.drop_boxes(DIFFICULT, sieve.boxes.difficult)


READERS = {"voc": _read_voc}


def load(sieve: Sieve) -> None:
    """Apply the rules, in the framework's order."""
    import numpy as np

    sieve.read(READERS)
    width, height = sieve.sides()
    sieve.drop_boxes(SMALL_BOX, (width < _LEAST_SIDE) | (height < _LEAST_SIDE))
    sieve.drop_images(NO_ANNOTATION, ~sieve.images_of(np.ones(len(sieve.boxes), dtype=np.bool_)))
    side = np.minimum(sieve.images.width, sieve.images.height)
    sieve.drop_images(SMALL, side < _LEAST_SIDE)
