"""ATSS: a threshold for each box, from the anchors nearest to its centre.

Of every level and shape the `candidates` anchors whose centres are nearest to the box's; the threshold is the
mean plus the standard deviation (unbiased) of all their IoUs; a candidate at or above it is positive if its
centre lies more than 0.01 px inside the box. An anchor that several boxes claim goes to the highest IoU. All
others are negative. Source: mmdetection `task_modules/assigners/atss_assigner.py: ATSSAssigner.assign`; Zhang
et al., "Bridging the Gap Between Anchor-based and Anchor-free Detection", algorithm 1.

Only a few cells around the box can be candidates, so the fast engine looks at a window of them
(`atss_candidates`), and the tests hold the window against the whole grid. Which of several anchors as near as
the last one are taken is PyTorch's choice (`atss_ties`).
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Float, Int, Int8, for_each_block
from anchoraudit.boxes import iou_with_each
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.atss_bound import surely_positive
from anchoraudit.encoding.atss_candidates import positive_candidates, threshold_of
from anchoraudit.encoding.atss_ties import smallest
from anchoraudit.encoding.atss_window import INSIDE
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.definition import DenseLabels, anchors_of
from anchoraudit.encoding.grid import axes_of
from anchoraudit.encoding.iou.closed_form import levels_of
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.encoding.unmatched import STRIDE
from anchoraudit.encoding.window import first_anchors

KINDS = ("atss",)

_ROWS = 8192  # boxes at a time: their windows stay in a core's cache


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Best IoU over all anchors, and whether a candidate is positive; none is forced."""
    n = len(boxes.boxes)
    best, matched = np.zeros(n), np.zeros(n, dtype=np.bool_)
    levels = levels_of(boxes.canvases, detector)

    def sure(block: slice) -> None:
        some = OnCanvas(boxes.boxes[block], boxes.of[block], boxes.canvases)
        best[block], matched[block] = surely_positive(some, levels, detector)

    for_each_block(n, sure)
    rest = np.flatnonzero(~matched)

    def decide(block: slice) -> None:
        for start in range(block.start, block.stop, _ROWS):
            part = rest[start : min(start + _ROWS, block.stop)]
            _, _, positive = positive_candidates(boxes.take(part), detector, which=False)
            matched[part] = positive.any(axis=1)

    for_each_block(len(rest), decide)
    return Judged(best, matched, np.zeros(n, dtype=np.bool_))


def causes(sizes: Float, detector: Detector) -> Int8:
    """Why boxes of these sizes [N, 2] are unmatched: for where they stand. int8 [N].

    The nearest anchor, centred freely, has its centre inside the box and the highest IoU of all.
    """
    return np.full(len(sizes), STRIDE, dtype=np.int8)


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count positive anchors of M images; all others are negative."""
    total = first_anchors(boxes.canvases, detector)[0][-1][of_image]
    start = np.cumsum(total) - total
    anchor, iou, positive = positive_candidates(boxes, detector)
    box, place = np.nonzero(positive)
    key, value = (start[image[box]] + anchor[box, place]), iou[box, place]
    # By anchor, then the highest IoU first, then the first box.
    order = np.lexsort([box, -value, key])
    key, box = key[order], box[order]
    first = np.concatenate([[True], key[1:] != key[:-1]]) if len(key) else np.zeros(0, dtype=np.bool_)
    positives = np.bincount(image[box[first]], minlength=len(of_image))
    counts = np.column_stack([positives, total - positives, np.zeros_like(total)])
    return Counted(counts, np.bincount(box[first], minlength=len(boxes.boxes)))


def replay(
    boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None = None
) -> DenseLabels:
    """Label every anchor of one image."""
    del image
    own = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    anchors, counts = anchors_of(width, height, detector, None)
    labels = np.full(len(anchors), -1, dtype=np.int8)
    matched = np.full(len(anchors), -1, dtype=np.int64)
    highest = np.full(len(anchors), -np.inf)
    best, best_anchor = np.zeros(len(own)), np.full(len(own), -1, dtype=np.int64)
    above = np.zeros(len(own), dtype=np.bool_)
    number = anchors.dtype.type
    centres = (anchors[:, :2] + anchors[:, 2:]) / number(2)
    one = Canvases(*(np.array([float(v)]) for v in (width, height, width, height)))
    starts = first_anchors(one, detector)[0][:, 0]
    for i, box in enumerate(own.astype(number)):
        iou = iou_with_each(box, anchors)
        best_anchor[i] = int(np.argmax(iou))
        best[i] = iou[best_anchor[i]]
        apart = centres - (box[:2] + box[2:]) / number(2)
        distance = np.sqrt(apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1])
        chosen: list[Int] = []
        for axes, begin, end in zip(axes_of(detector.anchors), starts[:-1], starts[1:], strict=True):
            for k in range(len(axes[0].sizes)):
                level = np.arange(begin + k, end, len(axes[0].sizes))
                if len(level):
                    wanted = min(detector.match.candidates, len(level))
                    chosen.append(level[smallest(distance[level], wanted)])
        nearest = np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
        limit = number(INSIDE)
        held = (centres[nearest] - box[:2] > limit).all(axis=1) & (box[2:] - centres[nearest] > limit).all(
            axis=1
        )
        positive = nearest[(iou[nearest] >= threshold_of(iou[nearest][None])[0]) & held]
        above[i] = len(positive) > 0
        better = positive[iou[positive] > highest[positive]]
        highest[better], matched[better] = iou[better], i
        labels[positive] = 1
    assigned = np.bincount(matched[labels == 1], minlength=len(own))
    forced = np.zeros(len(own), dtype=np.bool_)
    return DenseLabels(anchors, labels, counts, matched, best, best_anchor, above, forced, assigned)
