"""FCOS: of the points inside a box, those whose level is made for its size. No prediction decides.

From a point to the farthest side of its box it must be as far as the level's range says. A point of several
boxes learns the one with the smallest area. Sources: torchvision `models/detection/fcos.py:
FCOS.compute_loss` (areas told apart in steps of 8 square pixels, because it takes the largest of 1e8 - area
in float32); detectron2 `modeling/meta_arch/fcos.py: FCOS._match_anchors` (the same); mmdetection
`models/dense_heads/fcos_head.py: _get_targets_single` (the ranges have their ends). All are float32.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.centre_radius import inside, near_centre, span_near
from anchoraudit.encoding.points.in_box import edges, span_inside
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

KINDS = ("level_range",)


def candidates(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which points are inside each box, near its centre and of the level for their distance: [N, P]."""
    match = detector.match
    found = inside(boxes, points)
    if match.radius:
        found &= near_centre(boxes, points, detector)
    farthest = np.zeros((len(boxes), len(points.xy)), dtype=points.xy.dtype)
    for axis in (0, 1):
        (left, right), place = edges(boxes, axis, points.xy.dtype), points.xy[:, axis]
        np.maximum(farthest, place - left[:, None], out=farthest)
        np.maximum(farthest, right[:, None] - place, out=farthest)
    low, high = np.array(match.ranges, dtype=points.xy.dtype)[points.level].T
    if match.ranges_inclusive:
        found &= (farthest >= low) & (farthest <= high)
    else:
        found &= (farthest > low) & (farthest < high)
    return found


def rectangles(boxes: OnCanvas, level: int, detector: Detector) -> list[Rectangle]:
    """Return the points of a level near enough to all sides, less those that are too near."""
    match, axes = detector.match, point_axes_of(detector.points)[level]
    low, high = match.ranges[level]
    x, y = (_span_on_level(boxes, axis, high, detector) for axis in axes)
    if low <= 0:  # every point inside is farther than 0 from some side
        return [Rectangle(x, y)]
    near_x, near_y = (
        _span_closer(boxes, axis, low, detector, ends=not match.ranges_inclusive) for axis in axes
    )
    return [Rectangle(x, y), Rectangle(x.within(near_x), y.within(near_y), sign=-1)]


def _span_on_level(boxes: OnCanvas, axis: PointAxis, most: float, detector: Detector) -> Span:
    """Return the points along an axis inside each box, near its centre, and not too far from both sides."""
    span = span_inside(boxes, axis, edges(boxes.boxes, axis.axis, axis.number))
    if detector.match.radius:
        span = span.within(span_near(boxes, axis, detector))
    return span.within(_span_closer(boxes, axis, most, detector, ends=detector.match.ranges_inclusive))


def _span_closer(boxes: OnCanvas, axis: PointAxis, most: float, detector: Detector, *, ends: bool) -> Span:
    """Return the points along an axis that are closer than `most` pixels to both sides of each box.

    ends: also those at exactly that distance.
    """
    low, high = edges(boxes.boxes, axis.axis, axis.number)
    extent = boxes.canvases.along(axis.axis)[0]
    stride, limit = axis.stride(extent)[boxes.of], axis.number(most)

    def closer(distance: Floating) -> Bool:
        near: Bool = distance <= limit if ends else distance < limit
        return near

    def to_high(index: Int) -> Bool:
        return closer(high - axis.at(index, stride))

    def to_low(index: Int) -> Bool:
        return closer(axis.at(index, stride) - low)

    return Span.on_grid(
        lowest(to_high, axis.first_right_of(high - limit, stride)),
        highest(to_low, axis.last_left_of(low + limit, stride)),
        axis.cells(extent)[boxes.of],
    )


def may_have(boxes: Float, level: int, detector: Detector) -> Bool:
    """Tell which boxes [n, 4] may have a candidate on a level: bool [n].

    From a point inside, the farthest side is between half the longer side and all of it away.
    """
    longer = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    low, high = detector.match.ranges[level]
    able: Bool = (longer >= low - SLACK) & (longer <= 2 * high + SLACK)
    return able


def surely_have(boxes: OnCanvas, near: Float, detector: Detector) -> Bool:
    """Tell which boxes have the point of their likely level that is nearest to the centre: bool [n].

    It is inside, and not farther from the farthest side than half the longer side and its own distance.
    """
    match, level = detector.match, likely_level(boxes.boxes, detector)
    (x1, y1, x2, y2), at = boxes.boxes.T, level * near.shape[1] + boxes.of
    width, height, (away_x, away_y) = (
        x2 - x1,
        y2 - y1,
        ((near[..., axis].ravel() + SLACK)[at] for axis in (0, 1)),
    )
    low, high = np.array(match.ranges).T
    found: Bool = (width > 2 * away_x) & (height > 2 * away_y)
    found &= np.maximum(width, height) >= (2 * (low + SLACK))[level]
    found &= np.maximum(width / 2 + away_x, height / 2 + away_y) <= (high - SLACK)[level]
    if match.radius:
        found &= np.maximum(away_x, away_y) < (match.radius * np.array(detector.points.strides))[level]
    return found


def likely_level(boxes: Float, detector: Detector) -> Int:
    """Return the level on which most candidates of each box [n, 4] lie: int64 [n].

    From the middle of a box its farthest side is half its longer side away.
    """
    half = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) / 2
    limits = [high for _, high in detector.match.ranges[:-1]]
    return np.searchsorted(limits, half).astype(np.int64)


def priority(boxes: Float, detector: Detector) -> Floating:
    """Return the areas of boxes as the framework tells them apart: the smallest learns a point. [N]."""
    own = boxes.astype(detector.points.precision)
    area: Floating = (own[:, 2] - own[:, 0]) * (own[:, 3] - own[:, 1])
    if not detector.match.areas_from:
        return area
    turned: Floating = area - own.dtype.type(detector.match.areas_from)
    return turned
