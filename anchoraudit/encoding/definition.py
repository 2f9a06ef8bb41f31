"""The definition of matching by IoU: every anchor of one image, its overlap with every box, its label.

It is plain and slow. `explain` shows its labels and `encode` returns them. The tests compare the fast engine
with it, and compare it with labels that the frameworks' own code gave. Rules that do not use IoU have their
own definitions (`shape`, `atss.definition`).

Sources: the steps come in the order of each framework's matcher, which the presets cite. Thresholds come
first, then forcing, then the border rule if it follows the matching (detectron2, keras-retinanet).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.boxes import iou_with_each
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.grid import (
    Regions,
    all_anchors,
    axes_of,
    compared_anchors,
    compared_boxes,
    count_anchors,
)

_MOST_CACHED = 500_000  # anchors of a grid kept in memory: 4 edges of up to 8 bytes each, at most 16 MB


@dataclass(frozen=True, slots=True)
class DenseLabels:
    """Labels of all A anchors of one image with N boxes; anchors ordered by level, row, column, shape.

    An anchor counts unless the border rule drops it.

    anchors: [A, 4], pixels of the canvas, as `LevelAxis.edges` computes them.
    labels: int8 [A]; 1 positive, -1 negative, 0 ignored or dropped.
    counts: bool [A], False where the border rule drops the anchor.
    matched: int64 [A], the box a positive anchor is trained towards. For other anchors, the box that it
        overlaps most, the first one on ties; -1 in an image without boxes.
    best_iou: float64 [N], over the anchors that count, 0 if no anchor counts.
    best_anchor: int64 [N], the anchor with that IoU, -1 if no anchor counts.
    above: bool [N], an anchor that counts reaches the positive threshold with this box.
    forced: bool [N], forcing made an anchor that counts positive for this box.
    assigned: int64 [N], the number of positive anchors that are trained towards this box.
    """

    anchors: Float
    labels: Int8
    counts: Bool
    matched: Int
    best_iou: Float
    best_anchor: Int
    above: Bool
    forced: Bool
    assigned: Int

    @property
    def positives(self) -> int:
        """The number of positive anchors."""
        return int(np.count_nonzero(self.labels == 1))

    @property
    def negatives(self) -> int:
        """The number of negative anchors."""
        return int(np.count_nonzero(self.labels == -1))

    @property
    def ignored(self) -> int:
        """The number of anchors that are neither, including those that the border rule drops."""
        return len(self.labels) - self.positives - self.negatives


def replay(
    boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None = None
) -> DenseLabels:
    """Label every anchor of one image by IoU.

    boxes: float64 [N, 4] on a canvas of `width` x `height` px. image: size of the resized image on it, None
    if it fills the canvas. Boxes are neither clipped nor dropped here. One NaN box spoils all labels of
    the image, as in the frameworks: its IoU is neither above nor below any threshold, so no anchor becomes
    negative, and every anchor is matched to that box.
    """
    border = detector.border
    anchors, counts = anchors_of(width, height, detector, image)
    own = compared_boxes(np.asarray(boxes, dtype=np.float64), width, height, detector.anchors)
    after = border.stage == "after"
    candidates = np.arange(len(anchors)) if after else np.flatnonzero(counts)
    every = compared_anchors(anchors, width, height, detector.anchors)
    seen = Regions(every.corners[candidates], every.areas[candidates])
    allowed = _cells_of_centres(boxes, width, height, detector)[candidates]
    any_positive = np.zeros(len(candidates), dtype=np.bool_)
    all_negative = np.ones(len(candidates), dtype=np.bool_)
    best = np.full(len(candidates), -np.inf)
    matched = np.full(len(candidates), -1, dtype=np.int64)
    best_iou, best_anchor = np.zeros(len(boxes)), np.full(len(boxes), -1, dtype=np.int64)
    above = np.zeros(len(boxes), dtype=np.bool_)

    def iou_of(i: int) -> Float:
        return iou_with_each(own.corners[i], seen.corners, (own.areas[i], seen.areas))

    for i in range(len(boxes)):
        iou = iou_of(i)
        reaches = reaches_positive(iou, detector) & allowed
        any_positive |= reaches
        all_negative &= stays_negative(iou, detector)
        # As np.argmax over the boxes: the first maximum, but the first NaN before any number.
        better = (iou > best) | (np.isnan(iou) & ~np.isnan(best))
        best[better], matched[better] = iou[better], i
        counting = counts[candidates] & allowed
        above[i] = bool((reaches & counting).any())
        if counting.any():
            top = int(np.argmax(np.where(counting, iou, -1.0)))
            best_iou[i], best_anchor[i] = iou[top], candidates[top]
    found = np.zeros(len(candidates), dtype=np.int8)
    found[any_positive] = 1
    found[all_negative & ~any_positive] = -1
    forced = _force(map(iou_of, range(len(boxes))), allowed, (found, matched), detector)
    labels = np.zeros(len(anchors), dtype=np.int8)
    labels[candidates] = found
    labels[~counts] = 0
    every_match = np.full(len(anchors), -1, dtype=np.int64)
    every_match[candidates] = matched
    return DenseLabels(
        anchors,
        labels,
        counts,
        every_match,
        best_iou,
        best_anchor,
        above,
        np.array([bool(counts[candidates[f]].any()) for f in forced], dtype=np.bool_).reshape(len(boxes)),
        np.bincount(every_match[labels == 1], minlength=len(boxes)),
    )


def reaches_positive(iou: Float, detector: Detector) -> Bool:
    """Tell which IoUs make an anchor positive, in their own precision."""
    threshold = detector.match.threshold
    reached: Bool = iou >= threshold if detector.match.positive_inclusive else iou > threshold
    return reached


def stays_negative(iou: Float, detector: Detector) -> Bool:
    """Tell which best IoUs leave an anchor negative, in their own precision."""
    threshold = detector.match.negative or 0.0
    stays: Bool = iou <= threshold if detector.match.negative_inclusive else iou < threshold
    return stays


def reaches_floor(iou: Float, detector: Detector) -> Bool:
    """Tell which best IoUs of boxes let forcing happen, in their own precision."""
    floor = detector.match.force_floor
    reached: Bool = iou >= floor if detector.match.floor_inclusive else iou > floor
    return reached


def _force(ious: Iterable[Float], allowed: Bool, results: tuple[Int8, Int], detector: Detector) -> list[Int]:
    """Make each box's best anchors positive, box by box; return the anchors that each box forces.

    ious: for each box, its IoU with the anchors that take part in matching. allowed: which of these may
    become positive. results: their labels and matched boxes; both arrays are changed.
    """
    found, matched = results
    match = detector.match
    nothing = np.zeros(0, dtype=np.int64)
    if match.force == "none" or not allowed.any():
        return [nothing for _ in ious]
    forced: list[Int] = []
    taken = np.zeros(len(found), dtype=np.bool_)
    for i, of_box in enumerate(ious):
        iou = np.where(allowed, of_box, np.array(-1, dtype=of_box.dtype))
        top = iou.max()
        if not reaches_floor(top, detector):
            forced.append(nothing)
            continue
        best = np.flatnonzero(iou == top) if match.force == "ties" else np.array([int(np.argmax(iou))])
        forced.append(best)
        found[best] = 1
        if match.forced_to == "last":
            matched[best] = i
        elif match.forced_to == "first":
            matched[best[~taken[best]]] = i
        taken[best] = True
    return forced


def _cells_of_centres(boxes: Float, width: float, height: float, detector: Detector) -> Bool:
    """Tell which anchors may become positive: all, or those in a cell with a box's centre. [A].

    Source: mmdetection, `YOLOAnchorGenerator.responsible_flags`.
    """
    if detector.match.cells == "all":
        return np.ones(len(anchors_of(width, height, detector, None)[0]), dtype=np.bool_)
    boxes = np.asarray(boxes).astype(detector.anchors.precision)
    flags: list[Bool] = []
    for along_x, along_y in axes_of(detector.anchors):
        flag = np.zeros((int(along_y.cells(height)), int(along_x.cells(width)), len(along_x.sizes)), np.bool_)
        column = cell_of(boxes[:, 0], boxes[:, 2], float(along_x.stride(width)), flag.shape[1])
        row = cell_of(boxes[:, 1], boxes[:, 3], float(along_y.stride(height)), flag.shape[0])
        flag[row, column] = True
        flags.append(flag.reshape(-1))
    return np.concatenate(flags)


def cell_of(low: Float, high: Float, stride: Float | float, cells: Int | int) -> Int:
    """Return the index of the cell that holds each centre of boxes [low, high] along an axis. [N]."""
    centre = (low + high) * np.asarray(0.5, dtype=low.dtype)
    return np.clip(np.floor(centre / stride), 0, np.asarray(cells) - 1).astype(np.int64)


def anchors_of(
    width: float, height: float, detector: Detector, image: tuple[float, float] | None
) -> tuple[Float, Bool]:
    """Return all anchors, and which of them count.

    Most images of a data set share a canvas, so a few grids are cached.
    """
    small = count_anchors(width, height, detector) <= _MOST_CACHED
    return (_cached_anchors if small else all_anchors)(width, height, detector, image)


@lru_cache(maxsize=8)
def _cached_anchors(
    width: float, height: float, detector: Detector, image: tuple[float, float] | None
) -> tuple[Float, Bool]:
    anchors, counts = all_anchors(width, height, detector, image)
    anchors.flags.writeable = counts.flags.writeable = False
    return anchors, counts
