"""The best IoU of every box of a data set, as in `definition`, without listing the anchors.

Along x, the overlap of a box with the anchor in column i is `min(X2, a2 + i S) - max(X1, a1 + i S)`. As a
function of the column's position it is a symmetric trapezoid around the box's centre. The border rule leaves
an interval of columns. So the best column is the one nearest to the box's centre, clamped into that interval.
The same holds for rows, and IoU grows with the product of the two overlaps. The best anchor of a shape costs
a few operations per box, whatever the image's size and the number of anchors.

Rounding is not replayed here. The caller must decide a box within NEAR of a threshold through `window`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Float, Int, for_each_block
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors.spec import Border, Detector
from anchoraudit.encoding.canvas import Canvases, OnCanvas, distinct
from anchoraudit.encoding.grid import LevelAxis, axes_of, compared_boxes, extents, inside

# Larger than any difference between this IoU and the framework's. An edge in float32 is off by up to 2^-14 px
# = 6e-5 px below 2048 px, and no preset has anchors smaller than 4 px: that is 1.5e-5 of a side, and the IoU
# is off by a few times that.
NEAR = {"float64": 1e-9, "float32": 1e-4}
# Share of a block's boxes below which copying them out costs less than computing the level for all.
_WORTH_TAKING = 0.6
_FEW_CANVASES = 1024


# Of a box beyond the largest numbers, an IoU is 0, or no number: then `fmax` leaves it out, which is 0, too.
@np.errstate(over="ignore", invalid="ignore")
def best_ious(boxes: OnCanvas, detector: Detector, within: tuple[float, float] = (0.0, 1.0)) -> Float:
    """Return the IoU of each box with its best counting anchor: float64 [n], 0 where no anchor overlaps.

    within: the values that matter. In place of one that is lower or higher, another one on the same side may
    be returned, which takes less time. Boxes must be finite; a box without area has IoU 0. The result is
    within NEAR of the framework's.
    """
    best = np.zeros(len(boxes.boxes))
    if not len(best):
        return best  # and perhaps no canvas, of which a shape has a size
    levels = [_Level(axes, *_areas(axes)) for axes in levels_of(boxes.canvases, detector)]
    number = np.dtype(detector.anchors.precision).type

    def run(block: slice) -> None:
        columns = compared_corners(boxes.boxes[block], detector)
        _best_of_block(columns, boxes.of[block], levels, best[block], number=number, within=within)

    for_each_block(len(best), run)
    return best


def compared_corners(boxes: Float, detector: Detector) -> Float:
    """Return the corners that the framework compares with anchors, of boxes [n, 4]: float64 [4, n].

    Corners computed from centre and size are rounded. Far from 0, a thin box loses part of its width.
    """
    if detector.anchors.compared_as == "centre_size":
        boxes = compared_boxes(boxes, np.nan, np.nan, detector.anchors).corners.astype(np.float64)
    return np.ascontiguousarray(boxes.T)


def compared_sides(boxes: Float, detector: Detector) -> Float:
    """Return the widths and heights of the same boxes [n, 4]: float64 [2, n]."""
    if detector.anchors.compared_as == "centre_size":
        columns = compared_corners(boxes, detector)
        return columns[2:] - columns[:2]
    return box_sizes(boxes).T


def levels_of(canvases: Canvases, detector: Detector) -> list[tuple[Cells, Cells]]:
    """Return both axes of every level."""
    border = detector.border
    return [(_cells(x, canvases, border), _cells(y, canvases, border)) for x, y in axes_of(detector.anchors)]


def _cells(axis: LevelAxis, canvases: Canvases, border: Border) -> Cells:
    """Return a level along an axis: for few canvases, the same as the last time, as in each part of a set."""
    extent, against = extents(canvases, axis.axis, border)
    if len(extent) > _FEW_CANVASES:
        return Cells(axis, extent, against, border)
    return _known_cells(axis, extent.tobytes(), against.tobytes(), border)


@lru_cache(maxsize=256)
def _known_cells(axis: LevelAxis, extent: bytes, against: bytes, border: Border) -> Cells:
    return Cells(axis, np.frombuffer(extent), np.frombuffer(against), border)


class Cells:
    """One level along one axis, for each of D canvases: its cells, and which of them count for a shape.

    stride, offset: of the cells. last: index of the last cell. nothing: the grid has no cells. sizes: side of
    each shape. bounds: for each shape the first and last centre of an anchor that counts, inf and -inf if no
    anchor counts; None where all count. [D] each, or a single number where all canvases agree.
    """

    def __init__(self, axis: LevelAxis, extent: Float, against: Float, border: Border) -> None:
        self.stride = _scalar(axis.stride(extent))
        self.offset = _scalar(axis.offset(extent))
        self.last = _scalar(np.maximum(axis.cells(extent) - 1.0, 0.0))
        self.nothing = _scalar(axis.cells(extent) == 0)
        self.sizes = [_scalar(np.asarray(axis.size(extent, k))) for k in range(len(axis.sizes))]
        self.bounds: list[tuple[Float, Float]] | None = None
        if border.pixels is not None:
            pairs = np.column_stack([extent, against])
            first, of = distinct(pairs)
            some = pairs[first].tolist()
            self.bounds = [
                _transposed([_first_and_last(axis, *pair, k, border) for pair in some], of)
                for k in range(len(self.sizes))
            ]


def _scalar(values: Float) -> Float:
    """Return one value if all canvases have the same, so that none need be looked up for each box."""
    if values.size and bool(np.all(values == values.flat[0])):
        return values.reshape(-1)[:1].reshape(())
    return values


def _transposed(pairs: list[tuple[float, float]], of: Int) -> tuple[Float, Float]:
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)[of]
    return _scalar(table[:, 0]), _scalar(table[:, 1])


def of_boxes(values: Float, of: Int) -> Float:
    """Return each box's value: that of its canvas of `values` [D], or the one number for all."""
    return values if values.ndim == 0 else values[of]


@lru_cache(maxsize=1 << 16)
def _first_and_last(
    axis: LevelAxis, extent: float, against: float, k: int, border: Border
) -> tuple[float, float]:
    """Return the first and last centre of counting anchors of shape k along an axis."""
    if np.isnan(extent):
        return np.inf, -np.inf
    index = np.arange(int(axis.cells(extent)))
    counting = index[inside(*axis.edges(index, extent, k), against, border)]
    if not len(counting):
        return np.inf, -np.inf
    first, last = (axis.offset(extent) + counting[[0, -1]] * axis.stride(extent)).tolist()
    return first, last


class _Level(NamedTuple):
    """A level along both axes. smallest, largest: the areas of its shapes on any canvas."""

    axes: tuple[Cells, Cells]
    smallest: float
    largest: float


def _best_of_block(
    columns: Float,
    of: Int,
    levels: list[_Level],
    best: Float,
    *,
    number: type[np.floating],
    within: tuple[float, float],
) -> None:
    """Raise `best` [n] to the best IoU of boxes, whose columns are [4, n].

    IoU is at most the ratio of the areas, so a level is skipped for boxes that already have a better anchor.
    The levels nearest in size therefore go first. In the same way a level is skipped for boxes to which it
    offers too little to matter, or which have more than that.
    """
    lowest, highest = within
    area = _area(columns)
    middle = float(area[len(area) // 2]) if len(area) else 0.0  # only the order depends on it
    order = sorted(levels, key=lambda level: _apart(middle, level.smallest, level.largest))
    for level in order:
        rows: Int | None = None
        if level is not order[0] or lowest > 0:
            most = _most(area, level.smallest, level.largest)
            active = np.flatnonzero((most > best) & (most >= lowest) & (best <= highest))
            if len(active) < _WORTH_TAKING * len(area):
                rows = active
        if rows is None:
            np.fmax(best, _best_of_level(columns, of, level.axes, number, lowest), out=best)
        elif len(rows):
            own = columns.take(rows, axis=1)
            best[rows] = np.fmax(best[rows], _best_of_level(own, of[rows], level.axes, number, lowest))


def _area(columns: Float) -> Float:
    x1, y1, x2, y2 = columns
    area: Float = (x2 - x1) * (y2 - y1)
    return area


def _most(area: Float, smallest: float, largest: float) -> Float:
    """Return the highest IoU that boxes of these areas can have with shapes of areas between two numbers."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        most: Float = np.minimum(area / smallest, largest / area)
    return most


def _areas(axes: tuple[Cells, Cells]) -> tuple[float, float]:
    """Return the least and largest area of a level's shapes."""
    areas = [_areas_of(axes, k) for k in range(len(axes[0].sizes))]
    return min(least for least, _ in areas), max(most for _, most in areas)


def _areas_of(axes: tuple[Cells, Cells], k: int) -> tuple[float, float]:
    """Return the least and largest area of a level's shape k among the canvases."""
    areas = axes[0].sizes[k] * axes[1].sizes[k]
    return float(areas.min()), float(areas.max())


def _apart(area: float, smallest: float, largest: float) -> float:
    if largest == 0:  # torchvision rounds sides below 0.5 px to 0
        return math.inf
    return max(smallest / area, area / largest) if area > 0 else smallest


def _best_of_level(
    columns: Float, of: Int, axes: tuple[Cells, Cells], number: type[np.floating], lowest: float
) -> Float:
    """Return the best IoU of boxes with the anchors of a level, as far as it is not too low. [n]."""
    top = np.zeros(len(of), dtype=number)
    shapes = _worth(_area(columns), axes, lowest) if lowest > 0 else None
    for iou in ious_of_nearest(columns, of, axes, number, shapes)[0]:
        np.fmax(top, iou, out=top)
    return top


def _worth(area: Float, axes: tuple[Cells, Cells], lowest: float) -> list[int]:
    """Return the shapes of a level near enough in area [n] to one of the boxes for this IoU at least."""
    least, most = float(np.fmin.reduce(area)), float(np.fmax.reduce(area))
    ranges = ((k, *_areas_of(axes, k)) for k in range(len(axes[0].sizes)))
    return [k for k, small, large in ranges if most >= lowest * small and large >= lowest * least]


def ious_of_nearest(
    columns: Float,
    of: Int,
    axes: tuple[Cells, Cells],
    number: type[np.floating],
    shapes: Sequence[int] | None = None,
) -> tuple[Iterator[Float], list[Float]]:
    """Return the IoU of boxes with the nearest counting anchor, for each shape of a level. [n] each.

    columns: of the boxes, float64 [4, n]. shapes: some shapes by number, ascending; all of them by default.

    Also returns the distances, along x and y, of the boxes' centres from the nearest cell, counting or not.
    Distances are computed in float64, since they are small differences of large numbers. The rest is computed
    in the anchors' precision, which is enough there; float32 is twice as fast.
    """
    low, high = columns[:2], columns[2:]
    centre = (low + high) * 0.5
    near = [nearest(centre[a], axis, of) for a, axis in enumerate(axes)]
    apart = [np.abs(centre[a] - near[a]) for a in (0, 1)]
    exact = high - low
    side = exact.astype(number, copy=False)

    def ious() -> Iterator[Float]:
        area = side[0] * side[1]
        half = exact * 0.5
        free = [half[a] - apart[a] for a in (0, 1)]
        reach = [each.astype(number, copy=False) for each in free]
        bounded, before = axes[0].bounds is not None, -1
        for k in range(len(axes[0].sizes)) if shapes is None else shapes:
            if bounded and not (before >= 0 and all(_same_bounds(axis, before, k) for axis in axes)):
                reach = [
                    _within(free[a], (low[a], high[a]), axis, k, of).astype(number, copy=False)
                    for a, axis in enumerate(axes)
                ]
            w, h = (of_boxes(axis.sizes[k], of).astype(number) for axis in axes)
            overlap = overlaps(reach[0], w, side[0], number)
            overlap *= overlaps(reach[1], h, side[1], number)
            union = area + w * h
            union -= overlap
            yield np.divide(overlap, union, out=overlap)
            before = k

    return ious(), apart


def _same_bounds(axis: Cells, one: int, other: int) -> bool:
    """Tell whether the same cells count for two shapes."""
    assert axis.bounds is not None
    return all(map(np.array_equal, axis.bounds[one], axis.bounds[other]))


def nearest(centre: Float, axis: Cells, of: Int) -> Float:
    """Return the centre of the cell nearest to each box's centre, inf in a grid without cells. [n]."""
    stride, offset = of_boxes(axis.stride, of), of_boxes(axis.offset, of)
    index = np.rint((centre - offset) / stride)
    np.clip(index, 0.0, of_boxes(axis.last, of), out=index)
    index *= stride
    index += offset
    if bool(np.any(axis.nothing)):
        index[np.broadcast_to(of_boxes(axis.nothing, of), index.shape)] = np.inf
    return index


def _within(free: Float, edges: tuple[Float, Float], axis: Cells, k: int, of: Int) -> Float:
    """Return how far boxes reach beyond the nearest cell whose shape k counts, minus infinity if none does.

    edges: of the boxes along the axis, low and high. free: half of each box minus the distance to the nearest
    cell. Where that lies before the first cell that counts, or after the last one, the box reaches from its
    far edge to that one.
    """
    assert axis.bounds is not None
    first, last = (of_boxes(bound, of) for bound in axis.bounds[k])
    reach = edges[1] - first
    np.minimum(reach, free, out=reach)
    return np.minimum(reach, last - edges[0], out=reach)


def overlaps(reach: Float, size: Float, side: Float, number: type[np.floating]) -> Float:
    """Return the overlap along one axis of boxes with anchors of `size`.

    reach: half the box minus the distance between both centres. side: of the boxes.
    """
    overlap = reach + size * number(0.5)
    np.minimum(overlap, side, out=overlap)
    if np.ndim(size):
        np.minimum(overlap, size, out=overlap)
        return np.maximum(overlap, number(0), out=overlap)
    return np.clip(overlap, number(0), size, out=overlap)  # three times as fast
