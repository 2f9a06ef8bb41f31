"""Matching by IoU: the engine for it."""

from __future__ import annotations

from anchoraudit.arrays import Float
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.causes_by_size import BY_IOU, scale_by
from anchoraudit.encoding.definition import replay
from anchoraudit.encoding.iou.by_level import levels
from anchoraudit.encoding.iou.counting import count
from anchoraudit.encoding.iou.judging import judge, statuses
from anchoraudit.encoding.iou.quick_causes import causes

__all__ = [
    "KINDS",
    "STATUSES_TELL_LEVELS",
    "causes",
    "count",
    "judge",
    "levels",
    "replay",
    "scale_to_match",
    "statuses",
]

KINDS = ("iou",)
STATUSES_TELL_LEVELS = True  # a box is only ever shadowed by one that is matched or forced itself


def scale_to_match(size: Float, detector: Detector, *, up: bool) -> float:
    """Return the factor nearest 1 by which a box of size [1, 2] must be scaled to match."""
    return scale_by(BY_IOU, size, detector, up=up)
