"""The causes of `causes_by_size` for matching by IoU, with a few comparisons for each box and shape.

All depends on whether an IoU reaches the threshold t.

stride: as `free_centre` has it.

small, large: at its best scale, a box of aspect r has the area of a shape of aspect a. They share q of it,
`q^2 = min(r / a, a / r)`, and `q / (2 - q) >= t` is `q >= 2 t / (1 + t)`: limits of r alone. The box must be
scaled down if it is larger than the smallest shape of that aspect, and up if it is smaller than the largest.

So all sizes of a cell of `size_cells` have the same cause, but where one of these limits goes through it.
Many boxes are looked up in a table of the cells. A box so near a limit that rounding could decide is left to
`causes_by_size`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Float, Int8, for_each_block
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.causes_by_size import BY_IOU, ELONGATED, LARGE, SMALL, STRIDE, by_aspect, causes_by
from anchoraudit.encoding.iou.free_centre import NEAR, surplus, tolerance
from anchoraudit.encoding.iou.size_cells import TABLES, Bounds, are_worth_a_table, bounds, looked_up

_DOUBTFUL = -1


class _Limit(NamedTuple):
    """A number that others are compared with. They are beyond doubt where below `below` or above `above`."""

    below: float
    above: float

    @classmethod
    def at(cls, value: float) -> _Limit:
        return cls(value * (1 - NEAR), value * (1 + NEAR))


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
    if are_worth_a_table(len(sizes), shapes.tobytes(), threshold):
        table = _of_cells(shapes.tobytes(), threshold)
        cause = looked_up(table, len(sizes), lambda block: np.ascontiguousarray(sizes[block].T))
    else:
        cause = np.full(len(sizes), _DOUBTFUL, dtype=np.int8)
    rest = np.flatnonzero(cause == _DOUBTFUL)

    def compare(block: slice) -> None:
        width, height = np.ascontiguousarray(sizes.take(rest[block], axis=0).T)
        cause[rest[block]] = _causes(Bounds(width, width, height, height), shapes, threshold)

    for_each_block(len(rest), compare)
    doubtful = np.flatnonzero(cause == _DOUBTFUL)
    if len(doubtful):
        cause[doubtful] = causes_by(BY_IOU, sizes.take(doubtful, axis=0), detector)
    return cause


@lru_cache(maxsize=TABLES)
def _of_cells(shapes: bytes, threshold: float) -> Int8:
    """Return the cause of all sizes of each cell, or _DOUBTFUL: int8 [SIDES * SIDES]."""
    return _causes(bounds(), np.frombuffer(shapes).reshape(-1, 2), threshold).reshape(-1)


@np.errstate(all="ignore")
def _causes(sizes: Bounds, shapes: Float, threshold: float) -> Int8:
    """Return the cause that all sizes between two have, or _DOUBTFUL: int8, as many as there are bounds."""
    narrowest, widest, lowest, highest = sizes
    least, most = narrowest * lowest, widest * highest
    thinnest, flattest = narrowest / highest, widest / lowest
    is_small, may_be_small, is_large, may_be_large = (np.zeros(least.shape, dtype=np.bool_) for _ in range(4))
    for one in _aspects(shapes.tobytes(), threshold):
        reached = (thinnest > one.low.above) & (flattest < one.high.below)
        is_small |= reached & (most < one.largest.below)
        is_large |= reached & (least > one.smallest.above)
        likely = (flattest > one.low.below) & (thinnest < one.high.above)
        may_be_small |= likely & (least < one.largest.above)
        may_be_large |= likely & (most > one.smallest.below)
    cause = np.full(least.shape, _DOUBTFUL, dtype=np.int8)
    np.copyto(cause, ELONGATED, where=~(may_be_small | may_be_large))
    np.copyto(cause, LARGE, where=is_large & ~may_be_small)
    np.copyto(cause, SMALL, where=is_small)  # where both apply, "small" wins
    near = tolerance(most, shapes, threshold)
    anywhere = surplus(narrowest, lowest, shapes, threshold) - most > near
    nowhere = surplus(widest, highest, shapes, threshold) - least < -near
    np.copyto(cause, STRIDE, where=anywhere)  # which comes before both
    measured = (narrowest > 0) & (lowest > 0) & (least > 0) & (most < np.inf)
    np.copyto(cause, _DOUBTFUL, where=~(measured & (anywhere | nowhere)))
    return cause


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
