"""The rule of ATSS, and its replay on one image: plain and slow, what the fast engine is tested against.

1. The candidates of a box are the `candidates` anchors of each level and shape whose centres are nearest to
   the centre of the box (all anchors, where there are fewer). `ties` chooses among equally near ones.
2. The threshold of the box is the mean plus the unbiased standard deviation of its candidates' IoUs.
3. A candidate is positive if its IoU is at or above the threshold (above it, without `threshold_inclusive`)
   and its centre lies more than `inside` px inside the box.
4. An anchor that is positive for several boxes goes to the one with the highest IoU, or the first of those:
   of these boxes, or of all boxes of the image (`contested`).
5. All other anchors are negative.

Sources: mmdetection, `task_modules/assigners/atss_assigner.py: ATSSAssigner.assign` (at or above, 0.01 px, of
these boxes); meituan/YOLOv6, `yolov6/assigners/atss_assigner.py: ATSSAssigner`, `assigner_utils.py`, and
mmyolo, `task_modules/assigners/batch_atss_assigner.py: BatchATSSAssigner`, `utils.py` (above, 1e-9 px, of all
boxes); Zhang et al., "Bridging the Gap Between Anchor-based and Anchor-free Detection via Adaptive Training
Sample Selection", algorithm 1.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.boxes import iou_with_each
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.atss.ties import smallest
from anchoraudit.encoding.canvas import Canvases
from anchoraudit.encoding.definition import DenseLabels, anchors_of
from anchoraudit.encoding.grid import axes_of
from anchoraudit.encoding.window import first_anchors


def replay(
    boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None = None
) -> DenseLabels:
    """Label every anchor of one image.

    boxes: [N, 4], in pixels of the canvas of `width` x `height` px. image: unused, since ATSS has no border
    rule.

    Raises AnchorauditError if the canvas has too many anchors to list.
    """
    del image
    match = detector.match
    anchors, counts = anchors_of(width, height, detector, None)
    number = anchors.dtype.type
    own = np.asarray(boxes, dtype=np.float64).reshape(-1, 4).astype(number)
    centres = (anchors[:, :2] + anchors[:, 2:]) / number(2)
    groups = _levels_and_shapes(width, height, detector)
    labels = np.full(len(anchors), -1, dtype=np.int8)
    matched = np.full(len(anchors), -1, dtype=np.int64)
    highest = np.full(len(anchors), -np.inf)
    best, best_anchor = np.zeros(len(own)), np.full(len(own), -1, dtype=np.int64)
    above = np.zeros(len(own), dtype=np.bool_)
    claims = np.zeros(len(anchors), dtype=np.int64)
    for i, box in enumerate(own):
        iou = iou_with_each(box, anchors)
        if len(iou):
            best_anchor[i] = np.argmax(iou)
            best[i] = iou[best_anchor[i]]
        apart = centres - (box[:2] + box[2:]) / number(2)
        distance = np.sqrt(apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1])
        nearest = np.zeros(0, dtype=np.int64)
        for group in groups:
            chosen = smallest(distance[group], min(match.candidates, len(group)))
            nearest = np.append(nearest, group[chosen])
        from_edges = np.hstack([centres[nearest] - box[:2], box[2:] - centres[nearest]])
        inside = (from_edges > number(match.inside)).all(axis=1)
        positive = nearest[reaches(iou[nearest], threshold_of(iou[None, nearest]), detector) & inside]
        above[i] = len(positive) > 0
        labels[positive] = 1
        claims[positive] += 1
        better = positive[iou[positive] > highest[positive]]
        highest[better], matched[better] = iou[better], i
    contested = np.flatnonzero(claims > 1)
    if match.contested == "all" and len(contested):
        matched[contested] = np.argmax([iou_with_each(box, anchors[contested]) for box in own], axis=0)
    assigned = np.bincount(matched[labels == 1], minlength=len(own))
    forced = np.zeros(len(own), dtype=np.bool_)
    return DenseLabels(anchors, labels, counts, matched, best, best_anchor, above, forced, assigned)


def _levels_and_shapes(width: float, height: float, detector: Detector) -> list[Int]:
    """Indices of the anchors of each level and shape that has any."""
    canvas = Canvases(*(np.array([float(side)]) for side in (width, height, width, height)))
    starts = first_anchors(canvas, detector)[0][:, 0].tolist()
    groups = []
    for (axis, _), start, end in zip(axes_of(detector.anchors), starts[:-1], starts[1:], strict=True):
        shapes = len(axis.sizes)
        groups += [np.arange(start + k, end, shapes) for k in range(shapes) if end > start]
    return groups


def reaches(iou: Floating, threshold: Floating, detector: Detector) -> Bool:
    """Tell which IoUs are high enough for their box's threshold; the arguments are broadcast."""
    inclusive = detector.match.threshold_inclusive
    reached: Bool = iou >= threshold if inclusive else iou > threshold
    return reached


def threshold_of(iou: Floating) -> Floating:
    """Mean plus unbiased standard deviation of the IoUs in each row of [n, C]: [n], in their precision.

    A NaN stands for a candidate that does not exist. With fewer than two candidates the threshold is NaN,
    which no IoU reaches.

    The order of the candidates does not matter: their differences from the lowest IoU are added up in
    float64, from the lowest to the highest. So candidates of equal IoU have exactly that IoU as their
    threshold. PyTorch rounds its mean after every addition, in an order that depends on the CPU and on the
    number of boxes in the image, so it does not define the last bit of a threshold.
    """
    values = np.ascontiguousarray(np.sort(iou, axis=1).T, dtype=np.float64)  # NaN comes last
    missing = np.isnan(values)
    count = (~missing).sum(axis=0).astype(np.float64)
    lowest = values[:1].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        above = np.where(missing, 0.0, values - lowest)
        mean = _sum(above) / count
        apart = np.where(missing, 0.0, above - mean)
        deviation = np.sqrt(_sum(apart * apart) / (count - 1.0))
    threshold: Floating = (lowest + mean).astype(iou.dtype) + deviation.astype(iou.dtype)
    return threshold


def _sum(values: Float) -> Float:
    """Sum over the first axis, one row after the other; the order of `np.sum` depends on the shape."""
    total = np.zeros(values.shape[1])
    for row in values:
        total += row
    return total
