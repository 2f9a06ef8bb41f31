"""Matching by IoU: best IoU of all boxes of a data set, and which are matched or forced.

The closed form is enough for nearly all boxes. For a box within NEAR of a threshold, `window` computes the
IoUs of all anchors that could reach it, in the framework's own precision and order of operations.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int, Int8
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
    return _judged(boxes, None, best_ious(boxes, detector), detector)


def statuses(boxes: OnCanvas, detector: Detector) -> Int8:
    """Return the statuses of `judge`, for which a best IoU only matters near a threshold: int8 [n]."""
    match, near = detector.match, 2 * NEAR[detector.anchors.precision]
    lowest = min(match.foreground_from, match.threshold) - near
    if match.forces and detector.border.stage == "after":
        return judge(boxes, detector).status  # the best IoU is compared with that of anchors that cross
    status = np.full(len(boxes.boxes), STATUS_CODE["unmatched"], dtype=np.int8)
    rows, best = deciding_ious(boxes, detector, (lowest, match.threshold + near))
    status[rows] = _judged(boxes, rows, best, detector).status
    return status


def _judged(boxes: OnCanvas, some: Int | None, best: Float, detector: Detector) -> Judged:
    """Judge boxes by their best IoUs [n], which are made exact where they are near a threshold.

    some: int64 [n], which of the boxes; None for all of them. Few are looked at.
    """

    def of_rows(rows: Int) -> OnCanvas:
        return boxes.take(rows if some is None else some.take(rows))

    number = np.dtype(detector.anchors.precision).type
    exact = best.astype(number)
    near = NEAR[detector.anchors.precision]
    doubtful = np.abs(best - detector.match.threshold) < near
    forces = detector.match.force != "none"
    if forces:
        doubtful |= np.abs(best - detector.match.force_floor) < near * (detector.match.force_floor > 0)
    rows = np.flatnonzero(doubtful)
    exact[rows] = _exact_best(of_rows(rows), best[rows] - 2 * near, detector)
    best[rows] = exact[rows]
    matched = reaches_positive(exact, detector)
    forced = np.zeros(len(best), dtype=np.bool_)
    if forces:
        lost = np.flatnonzero(~matched)
        if detector.border.stage == "after" and detector.border.pixels is not None:
            forced[lost] = survives(of_rows(lost), best[lost], detector)
        else:
            counting = counting_anchors(boxes.canvases, detector) > 0
            forced[lost] = reaches_floor(exact[lost], detector) & counting[of_rows(lost).of]
    return Judged.of(best, matched, forced)


def _exact_best(boxes: OnCanvas, at_least: Float, detector: Detector) -> npt.NDArray[np.floating]:
    """Return the best IoU over counting anchors, in the anchors' precision. [n]."""
    found = candidates(boxes, np.maximum(at_least, 0.0), detector)
    best = np.zeros(len(boxes.boxes), dtype=found.iou.dtype)
    counting = np.flatnonzero(found.counts)
    np.maximum.at(best, found.box[counting], found.iou[counting])
    return best
