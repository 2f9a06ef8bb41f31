"""CenterNet, objects as points: the cell of a box's centre. No prediction decides.

A cell of several boxes learns size and offset of the last one; the heat map of each class keeps all. Source:
mmdetection `models/dense_heads/centernet_head.py: CenterNetHead.get_targets`, in float32.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.in_box import edges
from anchoraudit.encoding.points.lattice import AllPoints, PointAxis, Rectangle, Span, as_index, point_axes_of

KINDS = ("centre_cell",)


def candidates(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which point stands for the cell of each box's centre: bool [N, P]."""
    found = np.ones((len(boxes), len(points.xy)), dtype=np.bool_)
    (axes,) = point_axes_of(detector.points)
    for axis in axes:
        cell = _cells(*edges(boxes, axis.axis, axis.number), axis)
        own = np.round(points.xy[:, axis.axis] / points.size - detector.points.offset).astype(np.int64)
        found &= np.minimum(cell, own.max(initial=0))[:, None] == own
    return found


def rectangles(boxes: OnCanvas, level: int, detector: Detector) -> list[Rectangle]:
    """Return the single cell of each box's centre."""
    x, y = (_cell_of(boxes, axis) for axis in point_axes_of(detector.points)[level])
    return [Rectangle(x, y)]


def _cell_of(boxes: OnCanvas, axis: PointAxis) -> Span:
    """Return the cell of each centre along an axis, kept within the grid."""
    cells = axis.cells(boxes.canvases.along(axis.axis)[0])[boxes.of]
    cell = np.minimum(_cells(*edges(boxes.boxes, axis.axis, axis.number), axis), cells - 1)
    return Span(cell, cell)


def _cells(low: Floating, high: Floating, axis: PointAxis) -> Int:
    """Return the cell of each centre along an axis: int64 [n]."""
    scale = axis.number(1) / axis.number(axis.size)
    centre = (low + high) * scale / axis.number(2)
    return np.maximum(as_index(np.trunc(centre), 0.0), 0)


def priority(boxes: Float, detector: Detector) -> Floating:
    """Return 0 for every box: the last one learns a cell. [N]."""
    del detector
    return np.zeros(len(boxes), dtype=np.float64)
