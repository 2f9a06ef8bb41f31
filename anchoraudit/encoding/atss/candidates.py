"""The candidates of ATSS: the anchors nearest to each box, found in a window of cells around its centre.

Along each axis the distance of the cells from the box's centre only grows on both sides. So if the cells next
to a window are farther away than the last candidate, all others outside it are, too. A window where they are
not is widened along that axis. Distances are computed as in the definition, to the last bit, so rounding
cannot make a difference.

Several anchors may be as far away as the last candidate. Which of them are taken depends on all anchors of
the level (`ties`), and is slow to compute. Mostly it does not matter: those anchors overlap the box alike,
and too little to be positive. So it is computed only where it can change a label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isqrt

import numpy as np

from anchoraudit.arrays import Bool, Floating, Int
from anchoraudit.detectors.spec import Detector, Match
from anchoraudit.encoding.atss.definition import reaches, threshold_of
from anchoraudit.encoding.atss.ties import smallest
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.grid import LevelAxis, axes_of
from anchoraudit.encoding.window import first_anchors

Axes = tuple[LevelAxis, LevelAxis]
# A choice among anchors whose IoUs differ by less than _ALIKE moves a threshold by less than _CLOSE.
_ALIKE, _CLOSE = 1e-6, 1e-5
_AT_ONCE = 1 << 17  # cells in all windows at a time, so that they stay in a core's cache


def positive_candidates(
    boxes: OnCanvas, detector: Detector, *, which: bool = True
) -> tuple[Int, Floating, Bool]:
    """Find the C candidates of n boxes: their anchors, their IoUs, and whether each is positive. [n, C] each.

    The anchor is its index in the dense order of the box's canvas; the IoU is in the anchors' precision.
    Where a level has too few anchors, the IoU is NaN, the candidate is not positive and its anchor means
    nothing.

    which: False if it only matters whether a box has a positive candidate, and not which one: that is faster.
    """
    starts = first_anchors(boxes.canvases, detector)[0]
    match = detector.match
    wanted = match.candidates
    places = [
        (axes, k, starts[level][boxes.of])
        for level, axes in enumerate(axes_of(detector.anchors))
        for k in range(len(axes[0].sizes))
    ]
    parts = [_nearest(boxes, axes, k, match) for axes, k, _ in places]
    anchor = np.hstack([start[:, None] + p.anchor for (_, _, start), p in zip(places, parts, strict=True)])
    iou = np.hstack([part.iou for part in parts])
    held = np.hstack([part.held for part in parts])
    threshold = threshold_of(iou)

    matters = _choice_matters(parts, iou, threshold, which)
    for row in np.flatnonzero(np.any(matters, axis=0)).tolist():
        box = boxes.take(np.array([row]))
        for i, (axes, k, start) in enumerate(places):
            if matters[i][row]:
                own = _as_chosen_by_torch(box, axes, k, match)
                columns = slice(i * wanted, (i + 1) * wanted)
                anchor[row, columns] = start[row] + own[0]
                iou[row, columns], held[row, columns] = own[1:]
        threshold[row] = threshold_of(iou[[row]])[0]
    return anchor, iou, reaches(iou, threshold[:, None], detector) & held


@dataclass(frozen=True, slots=True)
class _Nearest:
    """Candidates of n boxes among the anchors of one shape on a level, C of each.

    anchor: int64 [n, C], the anchor's index on its level. iou: [n, C], in the anchors' precision, NaN where
    the level has too few anchors. held: bool [n, C], whether the anchor's centre lies inside the box.

    The last candidate may be one of several anchors at the same distance, not all of which are taken. Of all
    of those, low, high: [n], the lowest and the highest IoU (inf and -inf where there is no such choice);
    some_held, all_held: bool [n], whether the centres of some or of all lie inside the box.
    """

    anchor: Int
    iou: Floating
    held: Bool
    low: Floating
    high: Floating
    some_held: Bool
    all_held: Bool

    @classmethod
    def empty(cls, n: int, each: int, number: type[np.floating]) -> _Nearest:
        """Make room for `each` candidates of n boxes, without a choice."""
        return cls(
            np.zeros((n, each), dtype=np.int64),
            np.full((n, each), np.nan, dtype=number),
            np.zeros((n, each), dtype=np.bool_),
            np.full(n, np.inf, dtype=number),
            np.full(n, -np.inf, dtype=number),
            np.zeros(n, dtype=np.bool_),
            np.zeros(n, dtype=np.bool_),
        )

    def put(self, rows: Int, found: _Nearest, done: Bool) -> None:
        """Store in `rows` what was found and is done; it may have fewer candidates of each box."""
        for name in _Nearest.__slots__:
            values, target = getattr(found, name), getattr(self, name)
            if values.ndim == 2:
                target = target[:, : values.shape[1]]
            target[rows[done]] = values[done]


def _choice_matters(parts: list[_Nearest], iou: Floating, threshold: Floating, which: bool) -> list[Bool]:
    """Tell for which boxes a label depends on the choice among anchors at the same distance.

    Returns bool [n] for each part. iou: [n, C], of the candidates in all parts. which: as in
    `positive_candidates`.
    """
    with np.errstate(invalid="ignore"):
        unclear = (np.abs(iou - threshold[:, None]) <= _CLOSE).any(axis=1)
        for part in parts:  # a choice among different IoUs moves the threshold for all parts
            unclear |= part.high - part.low > _ALIKE
        matters = []
        for part in parts:
            positive = (part.high >= threshold - _CLOSE) & part.some_held
            if not which:
                positive &= ~part.all_held  # whichever is taken is positive
            matters.append((part.high >= part.low) & (unclear | positive))
    return matters


def _nearest(boxes: OnCanvas, axes: Axes, k: int, match: Match) -> _Nearest:
    """Find the candidates of shape k on a level."""
    n, wanted = len(boxes.boxes), match.candidates
    found = _Nearest.empty(n, wanted, axes[0].number)
    # Inside a grid of square cells, this window nearly always holds the nearest `wanted` cells.
    side = isqrt(wanted - 1) + 2
    size = side + side % 2
    open_ = [(np.arange(n), size, size)]
    while open_:
        rows, width, height = open_.pop()
        most = max(_AT_ONCE // (width * height), 1)
        open_ += [(rows[i : i + most], width, height) for i in range(most, len(rows), most)]
        rows = rows[:most]
        chosen, wider, higher = _choose(boxes.take(rows), axes, k, match, (width, height))
        found.put(rows, chosen, ~(wider | higher))
        for along_x, along_y in ((True, False), (False, True), (True, True)):
            again = rows[(wider == along_x) & (higher == along_y)]
            if len(again):
                open_.append((again, width + width // 2 * along_x, height + height // 2 * along_y))
    return found


def _choose(
    boxes: OnCanvas, axes: Axes, k: int, match: Match, size: tuple[int, int]
) -> tuple[_Nearest, Bool, Bool]:
    """Choose candidates in a window of `size` cells along x and y.

    Also tells for which boxes the window is too small, along x and along y: bool [n] each.
    """
    x, y = (_Along(boxes, axis, k, cells, match.inside) for axis, cells in zip(axes, size, strict=True))
    n, number = len(boxes.boxes), axes[0].number
    # Boxes first: NumPy partitions fastest along the last axis.
    distance = np.ascontiguousarray(_distances(x, y).T)
    iou, held = np.ascontiguousarray(_ious(x, y).T), np.ascontiguousarray(_held(x, y).T)
    cells = distance.shape[1]
    wanted = match.candidates
    taken = min(wanted, cells)
    chosen = np.argpartition(distance, taken - 1, axis=1)[:, :taken]
    # Taking by flat positions is several times faster than along an axis.
    flat = chosen + (np.arange(n) * cells)[:, None]
    last = distance.take(flat).max(axis=1)

    needed = last if taken == wanted else np.full(n, np.inf, dtype=number)
    nearest_x, nearest_y = (np.minimum(along.square.min(axis=0), along.beyond) for along in (x, y))
    beside, above = np.sqrt(x.beyond + nearest_y), np.sqrt(y.beyond + nearest_x)
    wider, higher = (np.isfinite(nearest) & (nearest <= needed) for nearest in (beside, above))

    columns = axes[0].cells(boxes.canvases.width)[boxes.of]
    row, column = np.divmod(np.arange(cells), len(x.square))
    cell = (y.first * columns + x.first)[:, None] + row[chosen] * columns[:, None] + column[chosen]
    found = replace(
        _Nearest.empty(n, 0, number),
        anchor=cell * len(axes[0].sizes) + k,
        iou=iou.take(flat),
        held=held.take(flat),
    )
    if not bool(np.all(np.isfinite(last))):  # the grid has too few anchors
        missing = ~np.isfinite(distance.take(flat))
        found.iou[missing], found.held[missing] = np.nan, False
    tied = np.flatnonzero((np.count_nonzero(distance <= last[:, None], axis=1) > taken) & np.isfinite(last))
    equal, iou, held = distance[tied] == last[tied, None], iou[tied], held[tied]
    found.low[tied] = np.where(equal, iou, number(np.inf)).min(axis=1)
    found.high[tied] = np.where(equal, iou, number(-np.inf)).max(axis=1)
    found.some_held[tied] = (equal & held).any(axis=1)
    found.all_held[tied] = (~equal | held).all(axis=1)
    return found, wider, higher


def _as_chosen_by_torch(box: OnCanvas, axes: Axes, k: int, match: Match) -> tuple[Int, Floating, Bool]:
    """Choose the candidates of one box among all anchors of shape k on a level, which has more than `wanted`.

    Returns the anchors' indices on the level, their IoUs, and whether the box holds their centres:
    [match.candidates] each.
    """
    columns, rows = (int(axis.cells(box.canvases.along(axis.axis)[0])[box.of[0]]) for axis in axes)
    x, y = _Along(box, axes[0], k, columns, match.inside), _Along(box, axes[1], k, rows, match.inside)
    cells = smallest(_distances(x, y)[:, 0], match.candidates)
    return cells * len(axes[0].sizes) + k, _ious(x, y)[cells, 0], _held(x, y)[cells, 0]


class _Along:
    """The cells of a window along one axis, S of them around each of n boxes.

    Cells come first and boxes last, so that operations run over long rows.

    first: int64 [n], the first cell. The window stays inside the grid where the grid is large enough.
    square: [S, n], squared distance of the anchor's centre from the box's, infinite for cells outside the
    grid.
    beyond: [n], the least squared distance of the grid's other cells, infinite if there are none.
    overlap: [S, n], of anchor and box. length: [S, n], the anchor's side. own: [n], the box's side.
    held: bool [S, n], whether the anchor's centre lies more than `inside` px inside the box.
    """

    def __init__(self, boxes: OnCanvas, axis: LevelAxis, k: int, size: int, inside: float) -> None:
        number = axis.number
        extent = boxes.canvases.along(axis.axis)[0]
        cells, stride, offset = (of(extent)[boxes.of] for of in (axis.cells, axis.stride, axis.offset))
        size = max(min(size, int(cells.max(initial=0))), 1)
        low, high = (boxes.boxes[:, axis.axis + side] for side in (0, 2))
        centre_cell = np.floor(((low + high) / 2 - offset) / np.maximum(stride, 1e-9))
        first = np.nan_to_num(centre_cell) - (size - 1) // 2
        self.first = np.clip(first, 0, np.maximum(cells - size, 0)).astype(np.int64)

        cell = self.first + np.arange(-1, size + 1)[:, None]  # with one more on each side
        low, high = (side.astype(number) for side in (low, high))
        start, end = axis.edges(cell, extent[boxes.of], k)
        centre = (start + end) / number(2)
        apart = centre - (low + high) / number(2)
        square = apart * apart
        square[(cell < 0) | (cell >= cells)] = np.inf
        self.beyond = np.minimum(square[0], square[-1])
        start, end, centre, self.square = start[1:-1], end[1:-1], centre[1:-1], square[1:-1]
        self.overlap = np.maximum(np.minimum(end, high) - np.maximum(start, low), number(0))
        self.length = end - start
        self.held = (centre - low > number(inside)) & (high - centre > number(inside))
        self.own = high - low


def _combined(x: Floating, y: Floating, combine: np.ufunc) -> Floating:
    """Combine every row of a window with every column: [rows * columns, n]."""
    made: Floating = combine(x[None, :, :], y[:, None, :]).reshape(len(x) * len(y), x.shape[1])
    return made


def _distances(x: _Along, y: _Along) -> Floating:
    """Distance of each anchor's centre from the box's: [rows * columns, n]."""
    squares = _combined(x.square, y.square, np.add)
    root: Floating = np.sqrt(squares, out=squares)
    return root


def _ious(x: _Along, y: _Along) -> Floating:
    """IoU of each anchor with the box, in the order of operations of `iou_with_each`: [rows * columns, n]."""
    intersection = _combined(x.overlap, y.overlap, np.multiply)
    union = _combined(x.length, y.length, np.multiply)
    union += x.own * y.own
    union -= intersection
    iou: Floating = np.divide(intersection, union, out=intersection)
    return iou


def _held(x: _Along, y: _Along) -> Bool:
    """Whether each anchor's centre lies inside the box: bool [rows * columns, n]."""
    held: Bool = _combined(x.held, y.held, np.logical_and)
    return held
