"""The anchors near a box: all that reach a given IoU with it, found without listing the whole grid.

IoU >= t needs an intersection of at least t / (1 + t) of both areas together. The overlap along y is at most
the smaller height. So the overlap along x has a least value, and the columns that reach it are a short
interval around the box's centre. The same holds for rows. The IoUs of the anchors in this window are computed
in the framework's own precision and order of operations (`LevelAxis.edges`), so ties and equalities are those
of the framework.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.spec import Border, Detector
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.grid import LevelAxis, axes_of, extents, inside

_AT_ONCE = 1 << 20  # candidates in memory at a time
# Larger than any rounding error of an edge or an IoU in float32, so that no candidate is missed in any
# precision. An edge below 2^17 px, the largest canvas (100,000 px), is off by 2^-7 px = 0.008 px at most.
_SLACK_PX, _SLACK_IOU = 1e-2, 1e-4


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a box and an anchor, C of them.

    box: int64 [C], index of the box. anchor: int64 [C], index of the anchor among all of its canvas, in the
    order of `all_anchors`.
    iou: [C], in the anchors' precision. counts: bool [C], whether the border rule lets the anchor count.
    cell: int64 [C], index of the anchor's cell among all cells of all levels.
    """

    box: Int
    anchor: Int
    iou: Floating
    counts: Bool
    cell: Int


def first_anchors(canvases: Canvases, detector: Detector) -> tuple[Int, Int]:
    """Return the index of each level's first anchor, and of its first cell, on each of D canvases.

    int64 [L + 1, D] both; the last row is the total number.
    """
    anchors, cells = [np.zeros(len(canvases.width), dtype=np.int64)], []
    cells.append(anchors[0])
    for along_x, along_y in axes_of(detector.anchors):
        count = along_x.cells(canvases.width) * along_y.cells(canvases.height)
        cells.append(cells[-1] + count)
        anchors.append(anchors[-1] + count * len(along_x.sizes))
    return np.array(anchors), np.array(cells)


def counting_anchors(canvases: Canvases, detector: Detector) -> Int:
    """Return the number of anchors that count on each canvas: int64 [D]."""
    border = detector.border
    if border.pixels is None:
        every: Int = first_anchors(canvases, detector)[0][-1]
        return every
    number = np.zeros(len(canvases.width), dtype=np.int64)
    for axes in axes_of(detector.anchors):
        for k in range(len(axes[0].sizes)):
            along = []
            for a, axis in enumerate(axes):
                pairs = zip(*(extent.tolist() for extent in extents(canvases, a, border)), strict=True)
                along.append(np.array([_counting_cells(axis, *pair, k, border) for pair in pairs], np.int64))
            number += along[0] * along[1]
    return number


@lru_cache(maxsize=1 << 16)
def _counting_cells(axis: LevelAxis, extent: float, against: float, k: int, border: Border) -> int:
    """Return the number of cells along an axis that hold a counting anchor of shape k."""
    if np.isnan(extent):
        return 0
    index = np.arange(int(axis.cells(extent)))
    return int(np.count_nonzero(inside(*axis.edges(index, extent, k), against, border)))


def candidates(boxes: OnCanvas, at_least: Float, detector: Detector) -> Candidates:
    """Return every pair of a box and an anchor whose IoU is at least the box's `at_least` [n].

    Where `at_least` is 0, only some of the anchors are returned that do not overlap the box.
    """
    found = list(_found(boxes, at_least, detector))
    if not found:
        nothing = np.zeros(0, dtype=np.int64)
        return Candidates(
            nothing, nothing, np.zeros(0, dtype=detector.anchors.precision), nothing == 1, nothing
        )
    return Candidates(*(np.concatenate([getattr(c, name) for c in found]) for name in Candidates.__slots__))


def first_of_each_box(found: Candidates, rows: Int) -> Int:
    """Return, of the candidates in the given rows, the row of each box's first anchor."""
    ordered = rows[np.lexsort([found.anchor[rows], found.box[rows]])]
    first: Int = ordered[np.unique(found.box[ordered], return_index=True)[1]]
    return first


def _found(boxes: OnCanvas, at_least: Float, detector: Detector) -> Iterator[Candidates]:
    x1, y1, x2, y2 = boxes.boxes.T
    sides = x2 - x1, y2 - y1
    centres = (x1 + x2) / 2, (y1 + y2) / 2
    area = sides[0] * sides[1]
    threshold = np.maximum(at_least - _SLACK_IOU * np.maximum(at_least, 1e-3), 0.0)
    share = threshold / (1.0 + threshold)
    anchor_start, cell_start = first_anchors(boxes.canvases, detector)
    for number, axes in enumerate(axes_of(detector.anchors)):
        for k in range(len(axes[0].sizes)):
            own = [np.asarray(axis.size(boxes.canvases.along(a)[0], k)) for a, axis in enumerate(axes)]
            own = [np.broadcast_to(side, boxes.canvases.width.shape)[boxes.of] for side in own]
            needed = share * (own[0] * own[1] + area)
            most = [np.minimum(own[a], sides[a]) for a in (0, 1)]
            possible = np.flatnonzero(most[0] * most[1] * (1 + 1e-3) >= needed)
            if not len(possible):
                continue
            first, span = [], []
            for a, axis in enumerate(axes):
                with np.errstate(divide="ignore", invalid="ignore"):
                    overlap = np.nan_to_num(needed[possible] / most[1 - a][possible])
                reach = (own[a][possible] + sides[a][possible]) / 2 - overlap * (1 - 1e-3)
                low, high = _interval(axis, boxes, possible, centres[a][possible], reach)
                first.append(low)
                span.append(np.maximum(high - low + 1, 0))
            start = anchor_start[number], cell_start[number]
            windows = _Windows(axes, k, possible, first, span, *start)
            yield from _expand(boxes, at_least, windows, detector)


def _interval(axis: LevelAxis, boxes: OnCanvas, rows: Int, centre: Float, reach: Float) -> tuple[Int, Int]:
    """Return the first and last cell whose centre is within `reach` of each box's centre, along an axis."""
    extent = boxes.canvases.along(axis.axis)[0]
    of = boxes.of[rows]
    stride, offset, cells = axis.stride(extent)[of], axis.offset(extent)[of], axis.cells(extent)[of]
    reach = reach + _SLACK_PX
    low = np.maximum(np.ceil((centre - reach - offset) / stride), 0)
    high = np.minimum(np.floor((centre + reach - offset) / stride), cells - 1)
    return low.astype(np.int64), high.astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Windows:
    """The cells to examine for shape k of a level, for some boxes.

    rows: the boxes. first: first column and first row for each box. span: number of columns and of rows.
    anchor, cell: int64 [D], the level's first anchor and cell on each canvas.
    """

    axes: tuple[LevelAxis, LevelAxis]
    k: int
    rows: Int
    first: list[Int]
    span: list[Int]
    anchor: Int
    cell: Int


def _expand(boxes: OnCanvas, at_least: Float, windows: _Windows, detector: Detector) -> Iterator[Candidates]:
    """Compute the IoUs with the anchors in each box's window, for some boxes at a time."""
    axes, rows = windows.axes, windows.rows
    columns, lines = windows.span
    sizes = columns * lines
    group = np.cumsum(sizes) // _AT_ONCE
    for cut in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(group)) + 1):
        repeat = np.repeat(cut, sizes[cut])
        if not len(repeat):
            continue
        begin = np.cumsum(sizes[cut]) - sizes[cut]
        within = np.arange(len(repeat)) - np.repeat(begin, sizes[cut])
        column = windows.first[0][repeat] + within % columns[repeat]
        line = windows.first[1][repeat] + within // columns[repeat]
        box = rows[repeat]
        iou, counts = exact_ious(boxes, box, (column, line), (axes, windows.k), detector)
        kept = np.flatnonzero(iou >= at_least[box])
        of = boxes.of[box[kept]]
        cell = line[kept] * axes[0].cells(boxes.canvases.width)[of] + column[kept]
        anchor = windows.anchor[of] + cell * len(axes[0].sizes) + windows.k
        yield Candidates(box[kept], anchor, iou[kept], counts[kept], windows.cell[of] + cell)


def exact_ious(
    boxes: OnCanvas,
    box: Int,
    cell: tuple[Int, Int],
    where: tuple[tuple[LevelAxis, LevelAxis], int],
    detector: Detector,
) -> tuple[Floating, Bool]:
    """Return IoUs of boxes with anchors of shape k in the given columns and rows, and which count. [C].

    The order of operations is that of `boxes.iou_with_each`, which the definition uses.
    """
    axes, k = where
    of = boxes.of[box]
    sides: list[tuple[Floating, Floating, Floating]] = []
    counts = np.ones(len(box), dtype=np.bool_)
    for a, axis in enumerate(axes):
        canvas, against = extents(boxes.canvases, a, detector.border)
        low, high = axis.edges(cell[a], canvas[of], k)
        if detector.border.pixels is not None:
            counts &= inside(low, high, against[of], detector.border)
        anchor = axis.compared(low, high, canvas[of], k)
        own = axis.compared(boxes.boxes[box, a], boxes.boxes[box, a + 2], canvas[of])
        overlap = np.minimum(anchor.high, own.high) - np.maximum(anchor.low, own.low)
        sides.append((np.maximum(overlap, axis.number(0)), anchor.length, own.length))
    intersection = sides[0][0] * sides[1][0]
    areas, area = sides[0][1] * sides[1][1], sides[0][2] * sides[1][2]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(intersection / (areas + area - intersection)), counts
