"""Matching by IoU: best IoU of all boxes of a data set, and which are matched or forced.

The closed form is enough for nearly all boxes. For a box within NEAR of a threshold, `window` computes the
IoUs of all anchors that could reach it, in the framework's own precision and order of operations.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int8
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.definition import reaches_floor, reaches_positive
from anchoraudit.encoding.iou.closed_form import NEAR, best_ious
from anchoraudit.encoding.iou.most_alike import deciding_ious
from anchoraudit.encoding.iou.surviving import survives
from anchoraudit.encoding.results import Judged
from anchoraudit.encoding.statuses import STATUS_CODE
from anchoraudit.encoding.window import candidates, counting_anchors


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Return the best IoU of every box, and whether it is matched or forced."""
    return _judged(boxes, best_ious(boxes, detector), detector)


def statuses(boxes: OnCanvas, detector: Detector) -> Int8:
    """Return the statuses of `judge`, for which a best IoU only matters near a threshold: int8 [n]."""
    match, near = detector.match, 2 * NEAR[detector.anchors.precision]
    lowest = min(match.foreground_from, match.threshold) - near
    if match.forces and detector.border.stage == "after":
        return judge(boxes, detector).status  # the best IoU is compared with that of anchors that cross
    status = np.full(len(boxes.boxes), STATUS_CODE["unmatched"], dtype=np.int8)
    rows, best = deciding_ious(boxes, detector, (lowest, match.threshold + near))
    status[rows] = _judged(boxes.take(rows), best, detector).status
    return status


def _judged(boxes: OnCanvas, best: Float, detector: Detector) -> Judged:
    """Judge boxes by their best IoUs [n], which are made exact where they are near a threshold."""
    number = np.dtype(detector.anchors.precision).type
    exact = best.astype(number)
    near = NEAR[detector.anchors.precision]
    doubtful = np.abs(best - detector.match.threshold) < near
    forces = detector.match.force != "none"
    if forces:
        doubtful |= np.abs(best - detector.match.force_floor) < near * (detector.match.force_floor > 0)
    rows = np.flatnonzero(doubtful)
    exact[rows] = _exact_best(boxes.take(rows), best[rows] - 2 * near, detector)
    best[rows] = exact[rows]
    matched = reaches_positive(exact, detector)
    forced = np.zeros(len(best), dtype=np.bool_)
    if forces:
        if detector.border.stage == "after" and detector.border.pixels is not None:
            lost = np.flatnonzero(~matched)
            forced[lost] = survives(boxes.take(lost), best[lost], detector)
        else:
            some = counting_anchors(boxes.canvases, detector) > 0
            forced = reaches_floor(exact, detector) & ~matched & some[boxes.of]
    return Judged.of(best, matched, forced)


def _exact_best(boxes: OnCanvas, at_least: Float, detector: Detector) -> npt.NDArray[np.floating]:
    """Return the best IoU over counting anchors, in the anchors' precision. [n]."""
    found = candidates(boxes, np.maximum(at_least, 0.0), detector)
    best = np.zeros(len(boxes.boxes), dtype=found.iou.dtype)
    counting = np.flatnonzero(found.counts)
    np.maximum.at(best, found.box[counting], found.iou[counting])
    return best
