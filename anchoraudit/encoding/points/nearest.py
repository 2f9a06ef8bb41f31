"""Which point is nearest to a box that has no candidate, and by how much it misses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.points.in_box import edges, widened
from anchoraudit.encoding.points.lattice import AllPoints


@dataclass(frozen=True, slots=True)
class Nearest:
    """The point nearest to being a candidate of a box, in pixels of the canvas.

    stride: of its level. misses_x, misses_y: how far it lies outside the place where it would count, 0 for
    inside or on its edge. strides: of the levels that can learn a box of this size. side: if both sides of
    the box are above this number of pixels, it has a candidate wherever it lies.
    """

    x: float
    y: float
    stride: float
    misses_x: float
    misses_y: float
    strides: tuple[float, ...]
    side: float


def nearest_point(box: Float, points: AllPoints, detector: Detector) -> Nearest:
    """Return the point nearest to being a candidate of a box without one. box: float64 [4], canvas pixels."""
    low, high = _where_points_count(box, points, detector)
    place = points.xy.astype(np.float64)
    outside = np.maximum(np.maximum(low - place, place - high), 0.0)
    miss = outside.max(axis=1)
    able = np.ones(len(place), dtype=np.bool_)
    if detector.match.ranges:
        least = np.array(detector.match.ranges, dtype=np.float64)[points.level, 0]
        able = _can_learn(box, (low, high), least)
        farthest = np.maximum(place - box[:2], box[2:] - place).max(axis=1)
        miss = np.maximum(miss, least - farthest)
    if not able.any():
        able[:] = True
    chosen = int(np.lexsort([outside.sum(axis=1), np.where(able, miss, np.inf)])[0])
    strides = np.unique(points.size[able]).astype(np.float64)
    x, y = place[chosen].tolist()
    beside_x, beside_y = outside[chosen].tolist()
    # A range of distances sends the box to one or two levels; else the finest one alone is enough.
    side = float(strides.max() if detector.match.ranges else strides.min())
    return Nearest(x, y, float(points.size[chosen]), beside_x, beside_y, tuple(strides.tolist()), side)


def _where_points_count(box: Float, points: AllPoints, detector: Detector) -> tuple[Float, Float]:
    """Return for each point the rectangle in which it would be a candidate: float64 [P, 2], low and high."""
    match = detector.match
    lows, highs = [], []
    for axis in (0, 1):
        first, last = widened(*edges(box[None], axis, points.xy.dtype), detector)
        low, high = (np.full(len(points.xy), float(edge[0])) for edge in (first, last))
        if match.ranges:
            most = np.array(match.ranges, dtype=np.float64)[points.level, 1]
            centre, reach = (low + high) / 2, match.radius * points.size.astype(np.float64)
            low, high = np.maximum(low, high - most), np.minimum(high, low + most)
            if match.radius:
                low, high = np.maximum(low, centre - reach), np.minimum(high, centre + reach)
        lows.append(low)
        highs.append(high)
    return np.stack(lows, axis=1), np.stack(highs, axis=1)


def _can_learn(box: Float, where: tuple[Float, Float], least: Float) -> Bool:
    """Tell which points are of a level that can learn the box: bool [P].

    The place where they would count is not empty, and some of it is as far from a side as their level asks.
    """
    low, high = where
    most = np.maximum(high - box[:2], box[2:] - low).max(axis=1)
    able: Bool = (low < high).all(axis=1) & (most > least)
    return able
