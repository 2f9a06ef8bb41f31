"""The anchors around a box, axis by axis: what ATSS chooses its candidates from.

Arrays have the cells first and the boxes last, so that every operation runs over long rows.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Floating, Int
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.grid import LevelAxis

INSIDE = 0.01  # px, of an anchor's centre from the box's edges


class Along:
    """A window of `size` cells along one axis from cell `first` [n] on: [S, n] each, own: box sides [n].

    square: squared distance of the centres, infinite past the grid's end. overlap, length: of the anchors.
    held: the anchor's centre lies inside the box.
    """

    def __init__(self, boxes: OnCanvas, axis: LevelAxis, k: int, first: Int, size: int) -> None:
        number, two = axis.number, axis.number(2)
        extent = boxes.canvases.along(axis.axis)[0]
        cells = axis.cells(extent)[boxes.of]
        size = int(min(size, cells.max(initial=0)))
        first = np.clip(first, 0, np.maximum(cells - size, 0))
        self.cell = first + np.arange(size)[:, None]
        low, high = axis.edges(self.cell, extent[boxes.of], k)
        own_low, own_high = (boxes.boxes[:, axis.axis + side].astype(number) for side in (0, 2))
        centre = (low + high) / two
        apart = centre - (own_low + own_high) / two
        self.square = apart * apart
        self.square[self.cell >= cells] = np.inf
        self.overlap = np.maximum(np.minimum(high, own_high) - np.maximum(low, own_low), number(0))
        self.length = high - low
        self.held = (centre - own_low > number(INSIDE)) & (own_high - centre > number(INSIDE))
        self.own = own_high - own_low


def table(x: Floating, y: Floating, combine: np.ufunc) -> Floating:
    """Every row with every column of a window: [rows * columns, n]."""
    made: Floating = combine(x[None, :, :], y[:, None, :]).reshape(len(x) * len(y), x.shape[1])
    return made


def ious(x: Along, y: Along) -> Floating:
    """IoU of every box with the anchors of its window: [rows * columns, n]."""
    intersection = table(x.overlap, y.overlap, np.multiply)
    union = table(x.length, y.length, np.multiply)
    union += x.own * y.own
    union -= intersection
    iou: Floating = np.divide(intersection, union, out=intersection)
    return iou


def distances(x: Along, y: Along) -> Floating:
    """Distance of every box's centre from those of the anchors of its window: [rows * columns, n]."""
    squares = table(x.square, y.square, np.add)
    root: Floating = np.sqrt(squares, out=squares)
    return root


def windows(
    boxes: OnCanvas, axes: tuple[LevelAxis, LevelAxis], wanted: int
) -> list[tuple[Int, list[Int], int]]:
    """Rows of boxes, the first cell of their windows along x and y, and the windows' size.

    The nine lattice points nearest to a point inside the lattice are at most 1.81 cells away, so they lie in
    the 4 x 4 cells around it; where those reach over the grid's edge a wider window is taken, as wide as
    `wanted` where the grid is so narrow that the other axis must give.
    """
    place = [_position(boxes, axis) for axis in axes]
    inner = np.ones(len(boxes.boxes), dtype=np.bool_)
    for floor, cells in place:
        inner &= (floor >= 1) & (floor + 2 < cells)
    inner &= wanted <= 9
    rows, others = np.flatnonzero(inner), np.flatnonzero(~inner)
    narrow = min((int(cells[others].min(initial=1 << 30)) for _, cells in place), default=0)
    side = int(np.ceil(np.sqrt(wanted)))
    wide = 2 * side if narrow >= side + 2 else 2 * wanted + 1
    return [
        (own, [floor[own] - before for floor, _ in place], size)
        for own, size, before in ((rows, 4, 1), (others, wide, (wide - 1) // 2))
    ]


def _position(boxes: OnCanvas, axis: LevelAxis) -> tuple[Int, Int]:
    """Cell at or before each box's centre along an axis, and the number of cells. [n] both."""
    extent = boxes.canvases.along(axis.axis)[0]
    low, high = boxes.boxes[:, axis.axis], boxes.boxes[:, axis.axis + 2]
    cell = np.floor(((low + high) / 2 - axis.offset(extent)[boxes.of]) / axis.stride(extent)[boxes.of])
    return cell.astype(np.int64), axis.cells(extent)[boxes.of]
