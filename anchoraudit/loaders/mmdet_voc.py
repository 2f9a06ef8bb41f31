"""open-mmlab/mmdetection's VOC data set: `mmdet/datasets/xml_style.py`, with
`configs/_base_/datasets/voc0712.py`.

Each coordinate is cut to an integer and 1 is subtracted (`_parse_instance_info`); what is not finite cannot
be cut, and raises. Difficult objects, and boxes below 32 pixels wide or high (`bbox_min_size=32`, of the
original image), are kept as regions to ignore, which the base configs do not use: they train as background.
Images without an object and those with a side below 32 pixels are left out (`filter_data`); one whose
objects are all ignored stays.

Of data that were not read from VOC, coordinates stand and nothing is difficult; the limits of 32 pixels
hold. An object whose `name` is empty, not absent, is skipped there; here both are without a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._rules import IGNORED, RAISES, Rule

if TYPE_CHECKING:
    from anchoraudit.loaders._sieve import Sieve

NAME = "mmdet-voc"
READS = "`VOCDataset` of mmdetection 3.3.0 with the base configuration"
FEEDS = ("mmdet-*",)
FORMATS = ("voc",)

_PARSE = "mmdet/datasets/xml_style.py `_parse_instance_info`"
_FILTER = "mmdet/datasets/xml_style.py `filter_data`"
NAMELESS = Rule("image", f"{RAISES}object without a name", _PARSE, "voc")
NOT_FINITE = Rule("image", f"{RAISES}coordinate missing or not finite", _PARSE, "voc")
CUT = Rule("moves", "cut to integers, 1 subtracted from all four", _PARSE, "voc")
DIFFICULT = Rule("box", f"{IGNORED}difficult", _PARSE, "voc")
SMALL_BOX = Rule("box", f"{IGNORED}a side below 32 pixels", _PARSE)
NO_ANNOTATION = Rule("image", "no annotation", _FILTER)
SMALL = Rule("image", "a side below 32 pixels", _FILTER)
RULES = (NAMELESS, NOT_FINITE, CUT, DIFFICULT, SMALL_BOX, NO_ANNOTATION, SMALL)
_LEAST_SIDE = 32


def _read_voc(sieve: Sieve) -> None:
    import numpy as np

    from anchoraudit.loaders._sieve import any_of_four

    sieve.drop_images_of(NAMELESS, sieve.boxes.category < 0)
    sieve.drop_images_of(NOT_FINITE, any_of_four(~np.isfinite(sieve.boxes.xyxy)))
    sieve.move(CUT, np.trunc(sieve.boxes.xyxy) - 1.0)
    sieve.drop_boxes(DIFFICULT, sieve.boxes.difficult)


READERS = {"voc": _read_voc}


def load(sieve: Sieve) -> None:
    """Replay it."""
    import numpy as np

    sieve.read(READERS)
    width, height = sieve.sides()
    sieve.drop_boxes(SMALL_BOX, (width < _LEAST_SIDE) | (height < _LEAST_SIDE))
    sieve.drop_images(NO_ANNOTATION, ~sieve.images_of(np.ones(len(sieve.boxes), dtype=np.bool_)))
    side = np.minimum(sieve.images.width, sieve.images.height)
    sieve.drop_images(SMALL, side < _LEAST_SIDE)
