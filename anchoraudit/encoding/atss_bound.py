"""Boxes that ATSS surely gives a positive anchor, told from one anchor of each shape.

The nearest anchor of a shape is always a candidate, and none of that shape overlaps the box more. So of the
`n` candidates' IoUs a bound is known for each, u of its shape, and mean plus standard deviation is largest,
for a given sum S, where the largest bounds are used up first: then the squares sum to c + u S with c and u
constant as long as S stays within a shape, and what is to be maximised is

    S / n + sqrt((c + u S - S^2 / n) / (n - 1)),

whose maximum has a closed form. A box whose best anchor with its centre inside reaches that is positive,
whatever the other candidates are. `atss` decides the rest.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.atss_window import INSIDE
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.iou.closed_form import Cells, ious_of_nearest

# Far above what the framework's rounding moves: a threshold by 1e-6 of itself, a centre by 1e-3 px.
_SLACK_IOU, _SLACK_PX = 1e-4, 0.1


def surely_positive(
    boxes: OnCanvas, levels: list[tuple[Cells, Cells]], detector: Detector
) -> tuple[Float, Bool]:
    """Best IoU of each box over all anchors, and whether one is positive for sure. [n] both.

    levels: all of them, on the boxes' canvases, every anchor counting.
    """
    bounds, enough = [], np.ones(len(boxes.boxes), dtype=np.bool_)
    held = np.zeros(len(boxes.boxes))
    for axes in levels:
        ious, apart = ious_of_nearest(boxes.boxes, boxes.of, axes, np.float64)
        inside = np.ones(len(boxes.boxes), dtype=np.bool_)
        for a in (0, 1):
            side = boxes.boxes[:, a + 2] - boxes.boxes[:, a]
            inside &= apart[a] < side * 0.5 - INSIDE - _SLACK_PX
        enough &= _cells(axes, boxes) >= detector.match.candidates
        for iou in ious:
            bounds.append(iou)
            np.maximum(held, np.where(inside, iou, 0.0), out=held)
    highest = np.sort(np.array(bounds), axis=0)[::-1]
    limit = largest_threshold(highest, detector.match.candidates) * (1.0 + _SLACK_IOU) + _SLACK_IOU
    return highest[0], enough & (held >= limit)


def _cells(axes: tuple[Cells, Cells], boxes: OnCanvas) -> Float:
    """How many cells the level has on each box's canvas."""
    columns, rows = (np.where(axis.nothing, 0.0, axis.last + 1.0) for axis in axes)
    cells = columns * rows
    return cells if cells.ndim == 0 else cells[boxes.of]


def largest_threshold(bounds: Float, each: int) -> Float:
    """Bound of mean plus unbiased standard deviation: [n].

    bounds: [G, n], descending, of the values of G groups of `each` values; no value is below 0.
    """
    n = float(each * len(bounds))
    largest = np.zeros(bounds.shape[1])
    if n < 2:
        return bounds[0] if len(bounds) else largest
    k = (n - 1.0) / n
    begin, squares = np.zeros(bounds.shape[1]), np.zeros(bounds.shape[1])
    for u in bounds:
        c = squares - u * begin
        end = begin + each * u
        best = 0.5 * n * (u + np.sqrt(k / (1.0 + k) * (u * u + 4.0 * c / n)))
        s = np.clip(best, begin, end)
        apart = np.maximum(c + u * s - s * s / n, 0.0)
        np.maximum(largest, s / n + np.sqrt(apart / (n - 1.0)), out=largest)
        squares += each * u * u
        begin = end
    return largest
