"""Which boxes match an anchor that is freely centred: no anchor that lies on a grid can be more like them.

`overlap / (area + A - overlap) >= t` is `(1 + t) / t * overlap - A >= area`, with the area A of a shape. So
of all shapes the one with the largest left side decides.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from anchoraudit.arrays import Float, Int16, at_most
from anchoraudit.boxes import wh_iou
from anchoraudit.encoding.iou.size_cells import SIDES, TABLES, bounds

# Relative to the numbers compared. Far more than rounding adds up to in a dozen operations on float64.
NEAR = 1e-9
_INSIDE = 1.01  # times its least sides, a size is inside its cell, which is 1.5 to 3 % wide


def surplus(width: Float, height: Float, shapes: Float, threshold: float) -> Float:
    """Return the largest left side for boxes of a width and height, which broadcast, with shapes [K, 2]."""
    factor = (1 + threshold) / threshold
    largest = np.full(np.broadcast_shapes(width.shape, height.shape), -np.inf)
    for w, h in shapes.tolist():
        overlap = at_most(width, w) * at_most(height, h)
        overlap *= factor
        overlap -= w * h
        np.maximum(largest, overlap, out=largest)
    return largest


def tolerance(area: Float, shapes: Float, threshold: float) -> Float:
    """Return by how much a surplus and an area must differ to be different beyond doubt."""
    return NEAR * (area + (1 + threshold) / threshold * float(shapes.prod(axis=1).max(initial=0.0)))


@lru_cache(maxsize=TABLES)
def likest_shapes(shapes: bytes, threshold: float) -> Int16:
    """Return for each cell of `size_cells` the shape most like the sizes in it: int16 [SIDES * SIDES].

    shapes: the bytes of float64 [K, 2], without 0. threshold: above 0. -1 where no size of the cell reaches
    it with any shape.
    """
    known, cells = np.frombuffer(shapes).reshape(-1, 2), bounds()
    # An IoU is at most the ratio of two sides, so most cells are too small or too large.
    (least_w, least_h), (most_w, most_h) = known.min(axis=0) * threshold, known.max(axis=0) / threshold
    rows = np.flatnonzero((cells.widest[:, 0] > least_w / 2) & (cells.narrowest[:, 0] < most_w * 2))
    columns = np.flatnonzero((cells.highest > least_h / 2) & (cells.lowest < most_h * 2))
    narrowest, widest = cells.narrowest[rows], cells.widest[rows]
    lowest, highest = cells.lowest[columns], cells.highest[columns]
    area = narrowest * lowest
    short = area - surplus(widest, highest, known, threshold)
    inside = np.broadcast_arrays(narrowest * _INSIDE, lowest * _INSIDE)
    alike = np.argmax(wh_iou(np.stack(inside, axis=-1).reshape(-1, 2), known), axis=1).reshape(area.shape)
    found = np.full((SIDES, SIDES), -1, dtype=np.int16)
    found[np.ix_(rows, columns)] = np.where(short > tolerance(area, known, threshold), -1, alike)
    return found.reshape(-1)
