"""ATSS on all boxes of a data set: which of them are matched, and how many anchors each gets.

Most boxes need no list of candidates. Take the best anchor of a box among those whose centre is inside the
box. If its IoU is above every threshold that the candidates could make, the box is matched
(`surely_positive`).

How large a threshold can be follows from the nearest anchor of each shape: no other anchor of that shape
overlaps the box more. So each candidate's IoU is at most that of the nearest anchor of its shape. For a given
sum S of the IoUs, mean plus deviation is largest if the candidates with the largest bounds reach them and the
others are 0. Then the squares sum up to c + u S, where u is the bound of the shape whose candidates are
partly used, and c is constant while S stays within that shape. The threshold is

    S / n + sqrt((c + u S - S^2 / n) / (n - 1)),

for n candidates, and its maximum over S has a closed form (`largest_threshold`).
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, for_each_block
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.atss.candidates import positive_candidates
from anchoraudit.encoding.atss.contested import overlapping_most
from anchoraudit.encoding.atss.definition import reaches
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.iou.closed_form import Cells, ious_of_nearest, levels_of, of_boxes
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.encoding.window import first_anchors

_ROWS = 8192  # boxes whose candidates are in memory at a time
_RELATIVE = 1e-5  # far more than float32 rounding changes a mean, a deviation or an IoU


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Best IoU of each box over all anchors, and whether a candidate is positive. None is forced."""
    n = len(boxes.boxes)
    best, matched = np.zeros(n), np.zeros(n, dtype=np.bool_)
    levels = levels_of(boxes.canvases, detector)

    def surely(block: slice) -> None:
        some = boxes.block(block)
        best[block], matched[block] = surely_positive(some, levels, detector)

    for_each_block(n, surely)
    rest = np.flatnonzero(~matched)

    def by_candidates(block: slice) -> None:
        for start in range(block.start, block.stop, _ROWS):
            rows = rest[start : min(start + _ROWS, block.stop)]
            positive = positive_candidates(boxes.take(rows), detector, which=False)[2]
            matched[rows] = positive.any(axis=1)

    for_each_block(len(rest), by_candidates)
    return Judged.of(best, matched)


def levels(boxes: OnCanvas, detector: Detector) -> Bool:
    """Tell on which of the L levels each box has a positive anchor: bool [n, L]."""
    counts = np.array([level.count for level in detector.anchors.levels]) * detector.match.candidates
    first = np.cumsum(counts) - counts
    found = np.zeros((len(boxes.boxes), len(counts)), dtype=np.bool_)
    for start in range(0, len(found), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(found)))
        positive = positive_candidates(boxes.take(rows), detector)[2]
        found[rows] = np.logical_or.reduceat(positive, first, axis=1)
    return found


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count the positive anchors of M images, and those assigned to each box. All others are negative.

    image: int64 [n], the image of each box. of_image: int64 [M], the canvas of each image.
    """
    total = first_anchors(boxes.canvases, detector)[0][-1][of_image]
    start = np.cumsum(total) - total
    anchor, iou, positive = positive_candidates(boxes, detector)
    box, place = np.nonzero(positive)
    key, value = start[image[box]] + anchor[box, place], iou[box, place]
    order = np.lexsort([box, -value, key])  # by anchor, the highest IoU first, then the first box
    key, box = key[order], box[order]
    first = np.append(True, key[1:] != key[:-1])[: len(key)]
    winner = box[first]
    positives = np.bincount(image[winner], minlength=len(of_image))
    counts = np.column_stack([positives, total - positives, np.zeros_like(total)])
    if detector.match.contested == "all":
        contested = np.flatnonzero(np.diff(np.append(np.flatnonzero(first), len(key))) > 1)
        own = image[winner[contested]]
        anchor = key[first][contested] - start[own]
        winner[contested] = overlapping_most(boxes, image, own, anchor, detector)
    return Counted(counts, np.bincount(winner, minlength=len(boxes.boxes)))


def surely_positive(
    boxes: OnCanvas, levels: list[tuple[Cells, Cells]], detector: Detector
) -> tuple[Float, Bool]:
    """Best IoU of each box over all anchors, and whether a candidate is surely positive. [n] each.

    levels: both axes of each level, on the boxes' canvases.
    """
    n = len(boxes.boxes)
    inside_iou, sure = np.zeros(n), np.ones(n, dtype=np.bool_)
    bounds = []
    moved, slack = _rounding(boxes, levels, detector)
    columns = np.ascontiguousarray(boxes.boxes.T)
    for axes in levels:
        ious, apart = ious_of_nearest(columns, boxes.of, axes, np.float64)
        inside, cells = np.ones(n, dtype=np.bool_), np.ones(n)
        for a, axis in enumerate(axes):
            half = (boxes.boxes[:, a + 2] - boxes.boxes[:, a]) / 2
            inside &= apart[a] < half - detector.match.inside - moved
            # Far from the grid, distances to neighbouring cells may be rounded to the same number.
            inside &= apart[a] <= of_boxes(axis.stride, boxes.of)
            cells *= of_boxes(np.where(axis.nothing, 0.0, axis.last + 1.0), boxes.of)
        sure &= cells >= detector.match.candidates
        for iou in ious:
            bounds.append(iou)
            np.maximum(inside_iou, np.where(inside, iou, 0.0), out=inside_iou)
    highest = np.sort(np.array(bounds), axis=0)[::-1]
    limit = largest_threshold(highest, detector.match.candidates) * (1.0 + _RELATIVE) + slack
    return highest[0], sure & reaches(inside_iou, limit, detector)


def _rounding(boxes: OnCanvas, levels: list[tuple[Cells, Cells]], detector: Detector) -> tuple[float, float]:
    """How far the framework's rounding moves an anchor's centre, in pixels, and an IoU towards a threshold.

    Both are upper bounds for all boxes and levels.

    An edge is rounded three times, each time by at most half an epsilon of the largest number involved. The
    overlap along each axis and the anchor's area move with two edges: an IoU moves by at most 12 times what
    an edge does, divided by the anchor's shortest side. If all IoUs move, the one that is compared moves by
    that, the mean by that again, and the deviation by at most 1.42 times that.
    """
    anchors = detector.anchors
    epsilon = max(float(np.finfo(name).eps) for name in (anchors.precision, anchors.sides_precision))
    sides = [size for axes in levels for axis in axes for size in axis.sizes]
    offsets = [np.abs(axis.offset) for axes in levels for axis in axes]
    numbers = sides, offsets, [np.abs(boxes.boxes)]
    edge = 2.0 * epsilon * sum(max(float(v.max(initial=0.0)) for v in values) for values in numbers)
    return 2.0 * edge, (1.0 + 1.0 + 1.42) * 12.0 * edge / min(float(side.min()) for side in sides)


def largest_threshold(bounds: Float, each: int) -> Float:
    """Return the largest mean plus unbiased standard deviation that values within the bounds can have: [n].

    bounds: [G, n], of G groups of `each` values, the largest bound first. No value is below 0.
    """
    n = float(each * len(bounds))
    if n < 2:
        only: Float = bounds[0]
        return only
    largest, begin, squares = np.zeros((3, bounds.shape[1]))
    k = (n - 1.0) / n
    for u in bounds:
        c = squares - u * begin
        end = begin + each * u
        best = 0.5 * n * (u + np.sqrt(k / (1.0 + k) * (u * u + 4.0 * c / n)))
        s = np.clip(best, begin, end)
        variance = np.maximum(c + u * s - s * s / n, 0.0) / (n - 1.0)
        np.maximum(largest, s / n + np.sqrt(variance), out=largest)
        squares += each * u * u
        begin = end
    return largest
