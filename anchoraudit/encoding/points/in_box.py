"""Candidates are the points inside a box: Ultralytics v8 to v26, YOLOv6, v9, v10, RTMDet, PP-YOLOE, TOOD.

Sources: ultralytics `utils/tal.py: TaskAlignedAssigner.select_candidates_in_gts` (8.0.100 to 8.4.190; sides
are widened from 8.4.0 on); mmdetection `models/task_modules/assigners/dynamic_soft_label_assigner.py` and
`task_aligned_assigner.py`. Points and boxes are float32 there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.lattice import (
    AllPoints,
    PointAxis,
    Rectangle,
    Span,
    highest,
    lowest,
    point_axes_of,
)
from anchoraudit.encoding.points.rules import SLACK

KINDS = ("in_box",)


def candidates(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which points are farther than `inset` inside each box, short sides widened: bool [N, P]."""
    inset = points.xy.dtype.type(detector.match.inset)
    found = np.ones((len(boxes), len(points.xy)), dtype=np.bool_)
    for axis in (0, 1):
        low, high = widened(*edges(boxes, axis, points.xy.dtype), detector)
        place = points.xy[:, axis]
        found &= (place - low[:, None] > inset) & (high[:, None] - place > inset)
    return found


def rectangles(boxes: OnCanvas, level: int, detector: Detector) -> list[Rectangle]:
    """Return the rectangle of points of a level inside each box."""
    x, y = (
        span_inside(
            boxes, axis, widened(*edges(boxes.boxes, axis.axis, axis.number), detector), detector.match.inset
        )
        for axis in point_axes_of(detector.points)[level]
    )
    return [Rectangle(x, y)]


def surely_have(boxes: OnCanvas, near: Float, detector: Detector) -> Bool:
    """Tell which boxes are longer than two points are apart, on the finest level: bool [n]."""
    match, level = detector.match, int(np.argmin(detector.points.strides))
    enough = 2 * (near[level] + match.inset + SLACK)
    found = np.ones(len(boxes.of), dtype=np.bool_)
    for axis in (0, 1):
        side = boxes.boxes[:, axis + 2] - boxes.boxes[:, axis]
        if match.narrow_below:
            other = np.where(side < match.narrow_below - SLACK, match.widened_to, side)
            rounded = np.abs(side - match.narrow_below) <= SLACK  # rounding decides whether it is widened
            side = np.where(rounded, np.minimum(side, match.widened_to), other)
        found &= side > enough[:, axis][boxes.of]
    return found


def widened(low: Floating, high: Floating, detector: Detector) -> tuple[Floating, Floating]:
    """Return the edges of boxes [n] along an axis after short sides were widened, in their precision.

    A framework that widens computes all edges anew from centre and side, also those of long sides.
    """
    match, number = detector.match, low.dtype.type
    if not match.narrow_below:
        return low, high
    centre, side = (low + high) / number(2), high - low
    half = np.where(side < number(match.narrow_below), number(match.widened_to), side) / number(2)
    return centre - half, centre + half


def edges(boxes: Float, axis: int, number: npt.DTypeLike) -> tuple[Floating, Floating]:
    """Return low and high edge of boxes [n, 4] along an axis, in the precision of the points. [n] both."""
    return boxes[:, axis].astype(number), boxes[:, axis + 2].astype(number)


def span_inside(
    boxes: OnCanvas, axis: PointAxis, sides: tuple[Floating, Floating], inset: float = 0.0
) -> Span:
    """Return the points along an axis that are farther than `inset` from both sides [n], inside."""
    low, high = sides
    extent = boxes.canvases.along(axis.axis)[0]
    stride: Float = axis.stride(extent)[boxes.of]
    least = axis.number(inset)

    def right(index: Int) -> Bool:
        inside: Bool = axis.at(index, stride) - low > least
        return inside

    def left(index: Int) -> Bool:
        inside: Bool = high - axis.at(index, stride) > least
        return inside

    return Span.on_grid(
        lowest(right, axis.first_right_of(low + least, stride)),
        highest(left, axis.last_left_of(high - least, stride)),
        axis.cells(extent)[boxes.of],
    )
