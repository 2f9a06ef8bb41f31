"""The same answer as `dense`, without the anchors: the best anchor of every box of a data set.

Along x, the overlap of a box with the anchor in column i is `min(X2, a2 + i S) - max(X1, a1 + i S)`: a
symmetric trapezoid around the column whose centre is the box's centre. The border rule leaves an interval
of columns. So the best column is one of the two around the box's centre, clamped into that interval; the
same holds for rows; and IoU grows with the product of the two overlaps. The best anchor of a shape costs
a few operations per box, whatever the image's size and the number of anchors.

Every step rounds monotonically and uses the arithmetic of `grid`, so where the anchors' edges are exact
(dyadic strides and shapes, as the reference's) the result is that of `dense` to the last bit. Otherwise a
box within NEAR of the threshold is decided by `dense`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from anchoraudit.blocks import for_each_block
from anchoraudit.detectors.spec import Detector, Level
from anchoraudit.encoding import dense
from anchoraudit.encoding.grid import anchor_edges, cells, centres, inside
from anchoraudit.geometry import Bool, Float

Int = npt.NDArray[np.int64]

# Larger than any rounding error of an IoU in float64 (a few 1e-16), smaller than any distance that matters.
NEAR = 1e-9


def best_ious(boxes: Float, width: Float, height: Float, detector: Detector) -> Float:
    """IoU of each box with its best counting anchor: float64 [N], 0 where no anchor overlaps.

    boxes: float64 [N, 4], finite and with area, on canvases of `width` [N] x `height` [N] px.
    """
    best = np.zeros(len(boxes))
    margin = detector.border.pixels
    axes = [
        (
            _Axis(level, [w for w, _ in level.shapes], width, margin),
            _Axis(level, [h for _, h in level.shapes], height, margin),
        )
        for level in detector.anchors.levels
    ]

    def run(block: slice) -> None:
        _best_of_block(np.ascontiguousarray(boxes[block].T), axes, block, best[block])

    for_each_block(len(boxes), run)
    if not _exact(detector):
        _decide_near(boxes, width, height, detector, best)
    return best


class _Axis:
    """Centres of the first and last counting anchor of each size along one axis, by the canvas' extent."""

    def __init__(self, level: Level, sizes: list[float], extents: Float, margin: float | None) -> None:
        self.level = level
        constant = len(extents) == 0 or bool(np.all(extents == extents[0]))
        self.distinct, of = (extents[:1], None) if constant else np.unique(extents, return_inverse=True)
        self.of = of
        self.bounds = [self._bounds(size, margin) for size in sizes]

    def _bounds(self, size: float, margin: float | None) -> tuple[Float, Float]:
        """First and last centre for each distinct extent."""
        found = [_first_and_last(extent, size, self.level, margin) for extent in self.distinct.tolist()]
        bounds = np.array(found, dtype=np.float64).reshape(-1, 2)
        return bounds[:, 0], bounds[:, 1]

    def bounds_of(self, number: int, block: slice) -> tuple[Float, Float]:
        """First and last centre for the boxes of a block, or for all of them."""
        first, last = self.bounds[number]
        return (first, last) if self.of is None else (first[self.of[block]], last[self.of[block]])


@lru_cache(maxsize=1 << 16)
def _first_and_last(extent: float, size: float, level: Level, margin: float | None) -> tuple[float, float]:
    """First and last centre of counting anchors along an axis; inf and -inf where none counts."""
    index = cells(extent, level)
    counting = index[inside(*anchor_edges(index, size, level), extent, margin)]
    if not len(counting):
        return np.inf, -np.inf
    first, last = centres(counting[[0, -1]], level).tolist()
    return first, last


def _best_of_block(columns: Float, axes: list[tuple[_Axis, _Axis]], block: slice, best: Float) -> None:
    """Raise `best` [n] to the best IoU of the boxes of a block, given as columns [4, n]."""
    x1, y1, x2, y2 = columns
    area = (x2 - x1) * (y2 - y1)
    for along_x, along_y in axes:
        columns_near = _centres_around(x1, x2, along_x.level)
        rows_near = _centres_around(y1, y2, along_y.level)
        for k, (w, h) in enumerate(along_x.level.shapes):
            intersection = _overlap(x1, x2, columns_near, w * 0.5, along_x.bounds_of(k, block))
            intersection *= _overlap(y1, y2, rows_near, h * 0.5, along_y.bounds_of(k, block))
            np.maximum(best, intersection / (w * h + area - intersection), out=best)


def _centres_around(low: Float, high: Float, level: Level) -> tuple[Float, Float]:
    """Centres of the two cells around the box's centre, which may lie outside the grid. [N], [N]."""
    before = np.floor(((low + high) * 0.5 - level.offset) / level.stride)
    return centres(before, level), centres(before + 1.0, level)


def _overlap(
    low: Float, high: Float, near: tuple[Float, Float], half: float, bounds: tuple[Float, Float]
) -> Float:
    """Largest overlap along one axis of boxes [low, high] with counting anchors of size `2 * half`. [N].

    near: the centres around the box's own. bounds: the first and last counting centre; with none, clamping
    leaves an infinite one, whose overlap is below 0.
    """
    first, last = bounds
    overlap: Float | None = None
    for centre in near:
        clamped = np.maximum(np.minimum(centre, last), first)
        here = np.minimum(high, clamped + half)
        here -= np.maximum(low, clamped - half)
        overlap = here if overlap is None else np.maximum(overlap, here, out=overlap)
    assert overlap is not None
    return np.maximum(overlap, 0.0, out=overlap)


def _exact(detector: Detector) -> bool:
    """Tell whether every anchor edge and area is exact in float64: multiples of 1/1024 px, below 2^20 px."""
    numbers = [
        v
        for level in detector.anchors.levels
        for v in (level.stride, level.offset, *(side * 0.5 for shape in level.shapes for side in shape))
    ]
    return all(v * 1024.0 == np.floor(v * 1024.0) and abs(v) < 2.0**20 for v in numbers)


def _decide_near(boxes: Float, width: Float, height: Float, detector: Detector, best: Float) -> None:
    """Replace the best IoU of boxes near the threshold by the definition's; equal boxes are asked once."""
    near = np.flatnonzero(np.abs(best - detector.match.positive) < NEAR)
    if not len(near):
        return
    keys = np.column_stack([boxes[near], width[near], height[near]])
    distinct, of = np.unique(keys, axis=0, return_inverse=True)
    decided = np.array(
        [dense.replay(key[None, :4], key[4], key[5], detector).best_iou[0] for key in distinct]
    )
    best[near] = decided[of.reshape(-1)]


def has_foreground(best: Float, detector: Detector) -> Bool:
    """Tell which boxes are matched, by their best IoUs: at or above the positive threshold. [N]."""
    return best >= detector.match.positive
