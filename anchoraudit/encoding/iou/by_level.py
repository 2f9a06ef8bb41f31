"""The levels on which each box has a positive anchor, under matching by IoU."""

from __future__ import annotations

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.iou.closed_form import NEAR, best_ious
from anchoraudit.encoding.iou.judging import judge, statuses
from anchoraudit.encoding.statuses import has
from anchoraudit.encoding.window import candidates, first_anchors

_SLACK = 1e-3  # far more than rounding changes an area


def levels(boxes: OnCanvas, detector: Detector) -> Bool:
    """Tell on which of the L levels each box has a positive anchor, matched or forced: bool [n, L]."""
    count = len(detector.anchors.levels)
    found = np.zeros((len(boxes.boxes), count), dtype=np.bool_)
    area = box_sizes(boxes.boxes).prod(axis=1)
    least = detector.match.threshold * (1 - _SLACK)
    alone = [_only(detector, number) for number in range(count)]
    for number, one in enumerate(alone):
        # The IoU of two rectangles is at most the ratio of their areas.
        areas = one.shapes.prod(axis=1)
        rows = np.flatnonzero((area >= areas.min() * least) & (area * least <= areas.max()))
        found[rows, number] = has(statuses(boxes.take(rows), one), "matched")
    if detector.match.forces:
        rest = np.flatnonzero(~found.any(axis=1))
        rest = rest[judge(boxes.take(rest), detector).forced]
        found[rest] = _of_forced(boxes.take(rest), alone, detector)
    return found


def _only(detector: Detector, number: int) -> Detector:
    """Return the detector with this level alone, and without forcing."""
    anchors = msgspec.structs.replace(detector.anchors, levels=(detector.anchors.levels[number],))
    match = msgspec.structs.replace(detector.match, force="none")
    return msgspec.structs.replace(detector, anchors=anchors, match=match)


def _of_forced(boxes: OnCanvas, alone: list[Detector], detector: Detector) -> Bool:
    """Tell on which levels the anchors stand that boxes force: bool [n, L]. alone: a detector a level."""
    if not len(boxes.boxes):
        return np.zeros((0, len(alone)), dtype=np.bool_)
    best = np.column_stack([best_ious(boxes, one) for one in alone])
    top = best.max(axis=1)
    near = 2 * NEAR[detector.anchors.precision]
    found: Bool = best >= (top - near)[:, None]
    # A box that overlaps no anchor forces all that overlap nothing (detectron2, torchvision), on every level.
    doubtful = np.flatnonzero((found.sum(axis=1) > 1) & (top > near))
    found[doubtful] = _exactly(boxes.take(doubtful), top[doubtful] - near, detector)
    return found


def _exactly(boxes: OnCanvas, at_least: np.ndarray, detector: Detector) -> Bool:
    """Tell the same from all anchors that could be the best one."""
    near = candidates(boxes, np.maximum(at_least, 0.0), detector)
    border, match = detector.border, detector.match
    takes_part = near.counts | (border.pixels is not None and border.stage == "after")
    best = np.zeros(len(boxes.boxes), dtype=near.iou.dtype)
    np.maximum.at(best, near.box[takes_part], near.iou[takes_part])
    chosen = np.flatnonzero(takes_part & (near.iou == best[near.box]))
    if match.force == "best":  # the first of those that tie
        order = chosen[np.lexsort((near.anchor[chosen], near.box[chosen]))]
        chosen = order[np.unique(near.box[order], return_index=True)[1]]
    chosen = chosen[near.counts[chosen]]
    found = np.zeros((len(boxes.boxes), len(detector.anchors.levels)), dtype=np.bool_)
    box = near.box[chosen]
    found[box, _level(near.anchor[chosen], boxes.of[box], boxes, detector)] = True
    return found


def _level(anchor: Int, of: Int, boxes: OnCanvas, detector: Detector) -> Int:
    """Return the level of each anchor on its canvas: int64 [C]."""
    starts = first_anchors(boxes.canvases, detector)[0]
    level: Int = (anchor >= starts[1:, of]).sum(axis=0)
    return level
