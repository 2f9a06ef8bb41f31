"""Anchors over a canvas: cells, centres, and which anchors the border rule lets count.

One arithmetic for both engines: the centre of cell i is `offset + i * stride`, an edge is that plus or
minus half the shape's size, in float64. With dyadic strides and shapes every edge is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anchoraudit.detectors.spec import Detector, Level
from anchoraudit.geometry import Bool, Float

Int = npt.NDArray[np.int64]


def cell_count(extent: Float | float, level: Level) -> Int:
    """Cells of a level along an axis of `extent` pixels: `ceil(extent / stride)`."""
    return np.ceil(np.asarray(extent) / level.stride).astype(np.int64)


def cells(extent: float, level: Level) -> Float:
    """Indices of the cells of a level along an axis of `extent` pixels, as float64."""
    return np.arange(int(cell_count(extent, level)), dtype=np.float64)


def centres(index: Float, level: Level) -> Float:
    """Centres of the cells `index` along one axis, in pixels. [N]."""
    return level.offset + index * level.stride


def anchor_edges(index: Float, size: float, level: Level) -> tuple[Float, Float]:
    """Lower and upper edge of an anchor of `size` px in the cells `index`, along one axis. [N], [N]."""
    centre = centres(index, level)
    return centre - size * 0.5, centre + size * 0.5


def inside(low: Float, high: Float, extent: Float | float, margin: float | None) -> Bool:
    """Tell where anchors count along one axis: `low > -margin and high < extent + margin`."""
    if margin is None:
        return np.ones(np.shape(low), dtype=np.bool_)
    return (low > -margin) & (high < extent + margin)


def all_anchors(width: float, height: float, detector: Detector) -> tuple[Float, Bool]:
    """Every anchor over a canvas of `width` x `height` px, and whether the border rule lets it count.

    Returns anchors float64 [A, 4] and counts bool [A], ordered level, row, column, shape.
    """
    anchors: list[Float] = []
    counts: list[Bool] = []
    margin = detector.border.pixels
    for level in detector.anchors.levels:
        columns = cells(width, level)
        rows = cells(height, level)
        shape = (len(rows), len(columns), len(level.shapes))
        grid = np.empty((*shape, 4))
        count = np.empty(shape, dtype=np.bool_)
        for k, (w, h) in enumerate(level.shapes):
            x1, x2 = anchor_edges(columns, w, level)
            y1, y2 = anchor_edges(rows, h, level)
            grid[:, :, k, 0::2] = np.stack([x1, x2], axis=1)[None, :, :]
            grid[:, :, k, 1::2] = np.stack([y1, y2], axis=1)[:, None, :]
            count[:, :, k] = inside(y1, y2, height, margin)[:, None] & inside(x1, x2, width, margin)
        anchors.append(grid.reshape(-1, 4))
        counts.append(count.reshape(-1))
    return np.concatenate(anchors), np.concatenate(counts)
