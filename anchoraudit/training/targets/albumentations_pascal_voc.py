"""Dicts as Albumentations returns them, with boxes of its format "pascal_voc": x1, y1, x2, y2 in pixels.

An image each, in a list, or all in one dict of lists; an array or a tensor each.

Source: albumentations 2.0.8 core/bbox_utils.py: BboxProcessor (formats).
"""

from __future__ import annotations

from typing import Any

from anchoraudit.training.fed import Fed
from anchoraudit.training.targets._plain_dicts import read_plain_dicts, recognises_dicts

NAME = "albumentations-pascal-voc"
TITLE = "[{'image', 'bboxes': [n, 4] x1, y1, x2, y2 in pixels, 'labels': [n]}, ...]"
RESIZED = False
_ORDER = "corners"


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    return recognises_dicts(batch, _ORDER)


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    return read_plain_dicts(batch, _ORDER)
