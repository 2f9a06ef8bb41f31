"""Why a box is unmatched: the one change after which it would match.

The first cause that applies counts, in this order:

edge: the box matches once the border rule is off.
stride: it matches when the anchor, or a point, may be placed freely.
level: a point of another level than its own lies inside it.
unused: it matches once the anchor most like it is on a level.
small, large: it matches once the box may be scaled up, or down, with its aspect kept.
elongated: none of these, because no anchor has a shape like it.

This module decides between "edge" and the others. The engine of the detector's kind of matching finds the
others, most of them with `causes_by_size`.
"""

from __future__ import annotations

import msgspec
import numpy as np

from anchoraudit.arrays import Float, Int, Int8
from anchoraudit.boxes import wh_iou
from anchoraudit.detectors.spec import Border, Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.causes_by_size import CAUSES, EDGE
from anchoraudit.encoding.statuses import FOREGROUND, has

__all__ = ["CAUSES", "MEANING", "causes_of", "meaning_of", "most_alike", "nearest_shape"]

# Each cause in a few plain words, for reports.
MEANING = {
    "edge": "matching anchors cross the border and are ignored",
    "stride": "anchors fit, but the grid is too coarse",
    "level": "points lie inside it, but none on the level for its size",
    "unused": "the most similar anchor is on no level (darknet: in no mask)",
    "small": "too small for every anchor",
    "large": "too large for every anchor",
    "elongated": "longer or thinner than every anchor",
}


# The same where points take the place of anchors.
_OF_POINTS = {"stride": "no point lies inside it", "level": MEANING["level"]}


def meaning_of(cause: str, detector: Detector) -> str:
    """Return in a few plain words what a cause means under this detector.

    Examples
    --------
    >>> meaning_of("stride", load_detector("ultralytics-yolo11-8.3"))
    'no point lies inside it'
    """
    if detector.match.unit != "point":
        return MEANING[cause]
    if cause == "stride" and detector.match.radius:
        return "no point lies inside it and near its centre"
    return _OF_POINTS[cause]


def causes_of(boxes: OnCanvas, detector: Detector) -> Int8:
    """Return the cause of each box, all of them unmatched: int8 [n], index into CAUSES."""
    if not len(boxes.boxes):
        return np.zeros(0, dtype=np.int8)
    cause = engines.causes(boxes, detector)
    if detector.border.pixels is not None:
        everywhere = msgspec.structs.replace(detector, border=Border(margin="off"))
        cause[has(engines.statuses(boxes, everywhere), *FOREGROUND)] = EDGE
    return cause


def most_alike(size: Float, detector: Detector) -> tuple[float, float]:
    """Return width and height of the competing shape most like a box size [1, 2]; the first on ties."""
    w, h = detector.compared[int(np.argmax(wh_iou(size, detector.compared)))].tolist()
    return w, h


def nearest_shape(sizes: Float, detector: Detector) -> Int:
    """Return the index of the anchor shape most like each box size [N, 2], both freely centred: int64 [N]."""
    nearest: Int = np.argmax(wh_iou(sizes, detector.shapes), axis=1)
    return nearest
