"""Candidates are the points near a box's centre: YOLOX.

Sources: YOLOX `models/yolo_head.py: get_geometry_constraint` (6ddff482: near the centre only) and
`get_in_boxes_info` (0.3.0: near the centre or in the box); mmdetection
`models/task_modules/assigners/sim_ota_assigner.py: get_in_gt_and_in_center_info` (the same as 0.3.0). All are
float32.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
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

KINDS = ("centre_radius",)
# YOLOX `yolo_head.py: dynamic_k_matching` (n_candidate_k), mmdetection `SimOTAAssigner` (candidate_topk).
MOST_CHOSEN = 10


def candidates(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which points are near the centre of each box, or inside it where that counts too: bool [N, P]."""
    found = near_centre(boxes, points, detector)
    return found | inside(boxes, points) if detector.match.or_in_box else found


def preferred(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which points are both near the centre of each box and inside it: bool [N, P].

    Others cost so much that they are taken only if there are too few of these.
    """
    near = near_centre(boxes, points, detector)
    return near & inside(boxes, points) if detector.match.or_in_box else near


def inside(boxes: Float, points: AllPoints) -> Bool:
    """Tell which points lie inside each box, not on its edge: bool [N, P]."""
    found = np.ones((len(boxes), len(points.xy)), dtype=np.bool_)
    for axis in (0, 1):
        (low, high), place = edges(boxes, axis, points.xy.dtype), points.xy[:, axis]
        found &= (place - low[:, None] > 0) & (high[:, None] - place > 0)
    return found


def near_centre(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which points are within `radius` strides of the centre of each box, in x and in y: bool [N, P]."""
    reach = points.xy.dtype.type(detector.match.radius) * points.size
    found = np.ones((len(boxes), len(points.xy)), dtype=np.bool_)
    for axis in (0, 1):
        centre = centres(boxes, axis, points.xy.dtype)[:, None]
        place = points.xy[:, axis]
        if detector.match.radius_as == "distance":
            found &= np.abs(place - centre) < reach
        else:
            found &= (place - (centre - reach) > 0) & ((centre + reach) - place > 0)
    return found


def centres(boxes: Float, axis: int, number: npt.DTypeLike) -> Floating:
    """Return the centres of boxes [n, 4] along an axis, in the precision of the points: [n].

    The sum of two float32 edges is exact in float64, so it is rounded once, as in the framework. Where that
    has centre and size, the edges are float64, and their sum gives that centre back.
    """
    middle: Floating = ((boxes[:, axis] + boxes[:, axis + 2]) / 2).astype(number)
    return middle


def rectangles(boxes: OnCanvas, level: int, detector: Detector) -> list[Rectangle]:
    """Return the square of points of a level near each centre; also those inside the box where they count."""
    axes = point_axes_of(detector.points)[level]
    near_x, near_y = (span_near(boxes, axis, detector) for axis in axes)
    near = Rectangle(near_x, near_y)
    if not detector.match.or_in_box:
        return [near]
    x, y = (span_inside(boxes, axis, edges(boxes.boxes, axis.axis, axis.number)) for axis in axes)
    return [near, Rectangle(x, y), Rectangle(near_x.within(x), near_y.within(y), sign=-1)]


def surely_have(boxes: OnCanvas, near: Float, detector: Detector) -> Bool:
    """Tell which boxes lie on canvases where a point is near enough to every place: bool [n]."""
    radius = detector.match.radius * np.array(detector.points.strides)[:, None, None]
    everywhere = np.asarray((near + SLACK < radius).all(axis=2).any(axis=0), dtype=np.bool_)
    found: Bool = everywhere[boxes.of]
    return found


def preferred_rectangle(boxes: OnCanvas, level: int, detector: Detector) -> Rectangle:
    """Return the rectangle of points of a level near each centre, and inside the box where that counts."""
    every = rectangles(boxes, level, detector)
    return Rectangle(every[-1].x, every[-1].y)


def span_near(boxes: OnCanvas, axis: PointAxis, detector: Detector) -> Span:
    """Return the points along an axis that are within `radius` strides of each centre."""
    centre = centres(boxes.boxes, axis.axis, axis.number)
    reach = axis.number(detector.match.radius) * axis.number(axis.size)
    extent = boxes.canvases.along(axis.axis)[0]
    stride = axis.stride(extent)[boxes.of]
    by_distance = detector.match.radius_as == "distance"
    left, right = centre - reach, centre + reach

    def after(index: Int) -> Bool:
        place = axis.at(index, stride)
        near: Bool = centre - place < reach if by_distance else place - left > 0
        return near

    def before(index: Int) -> Bool:
        place = axis.at(index, stride)
        near: Bool = place - centre < reach if by_distance else right - place > 0
        return near

    return Span.on_grid(
        lowest(after, axis.first_right_of(left, stride)),
        highest(before, axis.last_left_of(right, stride)),
        axis.cells(extent)[boxes.of],
    )
