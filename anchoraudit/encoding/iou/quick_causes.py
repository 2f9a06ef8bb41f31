"""The causes of `causes_by_size` for matching by IoU, with a few comparisons for each box and shape.

All depends on whether an IoU reaches the threshold t.

stride: freely centred, `overlap / (area + A - overlap) >= t` is `(1 + t) / t * overlap - A >= area`, with the
area A of the shape. So the shape with the largest left side decides.

small, large: at its best scale, a box of aspect r has the area of a shape of aspect a. They share q of it,
`q^2 = min(r / a, a / r)`, and `q / (2 - q) >= t` is `q >= 2 t / (1 + t)`: limits of r alone. The box must be
scaled down if it is larger than the smallest shape of that aspect, and up if it is smaller than the largest.

A box so near one of these limits that rounding could decide is left to `causes_by_size`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Bool, Float, Int8, at_most
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.causes_by_size import BY_IOU, ELONGATED, LARGE, SMALL, STRIDE, by_aspect, causes_by

# Relative to the numbers compared. Far more than rounding adds up to in a dozen operations on float64.
_NEAR = 1e-9


class _Limit(NamedTuple):
    """A number that others are compared with. They are beyond doubt where below `below` or above `above`."""

    below: float
    above: float

    @classmethod
    def at(cls, value: float) -> _Limit:
        return cls(value * (1 - _NEAR), value * (1 + _NEAR))


class _Aspect(NamedTuple):
    """Shapes of one aspect.

    low, high: between them are the aspects of boxes that become like enough to them. smallest, largest: their
    areas.
    """

    low: _Limit
    high: _Limit
    smallest: _Limit
    largest: _Limit


def causes(sizes: Float, detector: Detector) -> Int8:
    """Return why boxes of sizes [N, 2] are unmatched, as `causes_by` does with BY_IOU: int8 [N]."""
    threshold, shapes = detector.match.foreground_from, detector.shapes
    if not (0 < threshold <= 1 and (shapes > 0).all()):
        return causes_by(BY_IOU, sizes, detector)
    cause = np.full(len(sizes), ELONGATED, dtype=np.int8)
    with np.errstate(all="ignore"):
        is_sure = _mark(cause, sizes, shapes, threshold)
    doubtful = np.flatnonzero(~is_sure)
    if len(doubtful):
        cause[doubtful] = causes_by(BY_IOU, sizes.take(doubtful, axis=0), detector)
    return cause


def _mark(cause: Int8, sizes: Float, shapes: Float, threshold: float) -> Bool:
    """Mark the causes of sizes [N, 2] that are not "elongated". Tell which are beyond doubt: bool [N]."""
    width, height = np.ascontiguousarray(sizes.T)
    area, aspect = width * height, width / height
    sure: Bool = (width > 0) & (area > 0) & (area < np.inf)
    large, small = (np.zeros(len(sizes), dtype=np.bool_) for _ in range(2))
    for one in _aspects(shapes.tobytes(), threshold):
        likely = (aspect > one.low.below) & (aspect < one.high.above)
        reached = (aspect > one.low.above) & (aspect < one.high.below)
        larger, smaller = area > one.smallest.above, area < one.largest.below
        told = reached & (larger | (area < one.smallest.below)) & (smaller | (area > one.largest.above))
        sure &= told | ~likely
        large |= reached & larger
        small |= reached & smaller
    np.copyto(cause, LARGE, where=large)
    np.copyto(cause, SMALL, where=small)  # where both apply, "small" wins
    factor = (1 + threshold) / threshold
    free = np.full(len(sizes), -np.inf)
    for w, h in shapes.tolist():
        overlap = at_most(width, w)
        overlap *= at_most(height, h)
        overlap *= factor
        overlap -= w * h
        np.maximum(free, overlap, out=free)
    free -= area
    np.copyto(cause, STRIDE, where=free > 0)  # which comes before both
    area += factor * float(shapes.prod(axis=1).max())
    area *= _NEAR
    sure &= np.abs(free, out=free) > area
    return sure


@lru_cache(maxsize=64)
def _aspects(shapes: bytes, threshold: float) -> list[_Aspect]:
    """Return the limits of shapes, the bytes of float64 [K, 2]."""
    alike = (2 * threshold / (1 + threshold)) ** 2
    found = []
    for own in by_aspect(np.frombuffer(shapes).reshape(-1, 2)):
        area, aspect = own.prod(axis=1), float(own[0, 0] / own[0, 1])
        limits = aspect * alike, aspect / alike, float(area.min()), float(area.max())
        found.append(_Aspect(*map(_Limit.at, limits)))
    return found
