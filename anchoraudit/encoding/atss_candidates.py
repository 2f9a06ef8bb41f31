"""The candidates of ATSS, chosen in a window around each box, and which of them are positive.

Where more anchors are as near as the last candidate than there is room for, it is asked first whether the
choice can change anything: far anchors mostly overlap the box alike, by too little to be positive. Only where
it can, the choice is made as PyTorch makes it, which takes the whole level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.atss_ties import smallest
from anchoraudit.encoding.atss_window import Along, distances, ious, table, windows
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.grid import LevelAxis, axes_of
from anchoraudit.encoding.window import first_anchors

# IoUs this near are taken to be alike, and a threshold this near to be uncertain: far above any rounding.
_ALIKE, _CLOSE = 1e-6, 1e-5


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Candidates of n boxes on a level, C of each: anchor: int64, index of the anchor on its level.

    iou: in the anchors' precision, NaN where a level has too few anchors. held: the anchor's centre lies
    inside the box. [n, C] each. Of the anchors as near as the last candidate, where some are left out:
    low, high: their IoUs, inf and -inf where none is left out; some, all: hold their centres. [n] each.
    """

    anchor: Int
    iou: Floating
    held: Bool
    low: Floating
    high: Floating
    some: Bool
    all: Bool


def positive_candidates(
    boxes: OnCanvas, detector: Detector, *, which: bool = True
) -> tuple[Int, Floating, Bool]:
    """Candidates of every box: their anchors, IoUs and whether each is positive. [n, C] each.

    which: whether it matters which anchors are positive, or only if one is.
    """
    starts = first_anchors(boxes.canvases, detector)[0]
    wanted = detector.match.candidates
    places = [
        (i, axes, k) for i, axes in enumerate(axes_of(detector.anchors)) for k in range(len(axes[0].sizes))
    ]
    found = [_nearest(boxes, axes, k, wanted) for _, axes, k in places]
    iou, held = (np.concatenate([getattr(c, name) for c in found], axis=1) for name in ("iou", "held"))
    anchor = np.concatenate(
        [starts[i][boxes.of][:, None] + c.anchor for (i, _, _), c in zip(places, found, strict=True)], axis=1
    )
    threshold = threshold_of(iou)
    end = np.cumsum([len(c.iou[0]) if len(c.iou) else 0 for c in found])
    matters = [_matters(c, iou, threshold, which) for c in found]
    for row in np.flatnonzero(np.any(matters, axis=0)).tolist() if matters else ():
        for (level, axes, k), stop, open_ in zip(places, end, matters, strict=True):
            if open_[row]:
                own = _as_chosen_by_torch(boxes.take(np.array([row])), axes, k, wanted)
                columns = slice(stop - len(own[0]), stop)
                anchor[row, columns] = starts[level][boxes.of[row]] + own[0]
                iou[row, columns], held[row, columns] = own[1:]
        threshold[row] = threshold_of(iou[[row]])[0]
    return anchor, iou, (iou >= threshold[:, None]) & held


def _matters(chosen: _Chosen, iou: Floating, threshold: Floating, which: bool) -> Bool:
    """Tell for which boxes it matters which of the anchors as near as the last candidate are taken. [n]."""
    with np.errstate(invalid="ignore"):
        close = (np.abs(iou - threshold[:, None]) <= _CLOSE).any(axis=1)
        unclear: Bool = (chosen.high - chosen.low > _ALIKE) | close
        reaches: Bool = (chosen.high >= threshold - _CLOSE) & chosen.some
    if not which:
        reaches &= ~chosen.all
    tied: Bool = chosen.high >= chosen.low
    return tied & (unclear | reaches)


def threshold_of(iou: Floating) -> Floating:
    """Mean plus unbiased standard deviation of each row [n, C], in the precision of the IoUs: [n].

    NaN means no candidate. With fewer than two candidates the threshold is NaN, and no IoU reaches it.

    The threshold does not depend on the order of the candidates: float64 differences from the lowest IoU are
    added up from the lowest to the highest. Equal IoUs have exactly that value as their mean, and the
    deviation 0. PyTorch rounds its mean at every step, in an order that changes with the CPU and with the
    number of boxes in the image, so the last bit of a threshold is not defined there.
    """
    values = np.ascontiguousarray(np.sort(iou, axis=1).T, dtype=np.float64)  # NaN comes last
    missing = np.isnan(values)
    count = (~missing).sum(axis=0).astype(np.float64)
    lowest = values[:1].sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        above = np.where(missing, 0.0, values - lowest)
        mean = _sum(above) / count
        apart = np.where(missing, 0.0, above - mean)
        deviation = np.sqrt(_sum(apart * apart) / (count - 1.0))
    threshold: Floating = (lowest + mean).astype(iou.dtype) + deviation.astype(iou.dtype)
    return threshold


def _sum(values: Float) -> Float:
    """Sum over the first axis, one row after another: `np.sum` groups them by how many there are."""
    total = np.zeros(values.shape[1])
    for row in values:
        total += row
    return total


def _nearest(boxes: OnCanvas, axes: tuple[LevelAxis, LevelAxis], k: int, wanted: int) -> _Chosen:
    """Candidates among the anchors of a shape on a level. [n, wanted], or fewer in a smaller grid."""
    parts = windows(boxes, axes, wanted)
    found = [
        _choose(boxes.take(own), axes, (k, wanted), [(f, size) for f in first]) for own, first, size in parts
    ]
    size = max((len(chosen.iou[0]) for chosen in found if len(chosen.iou)), default=0)
    n, number = len(boxes.boxes), axes[0].number
    every = _Chosen(
        np.zeros((n, size), dtype=np.int64),
        np.full((n, size), np.nan, dtype=number),
        np.zeros((n, size), dtype=np.bool_),
        *_nothing_left_out(n, number),
    )
    for (own, _, _), chosen in zip(parts, found, strict=True):
        for name in _Chosen.__slots__ if len(own) else ():
            values, target = getattr(chosen, name), getattr(every, name)
            target[own if values.ndim == 1 else (own, slice(values.shape[1]))] = values
    return every


def _nothing_left_out(n: int, number: type[np.floating]) -> tuple[Floating, Floating, Bool, Bool]:
    no = np.zeros(n, dtype=np.bool_)
    return np.full(n, np.inf, dtype=number), np.full(n, -np.inf, dtype=number), no, no.copy()


def _choose(
    boxes: OnCanvas, axes: tuple[LevelAxis, LevelAxis], of: tuple[int, int], window: list[tuple[Int, int]]
) -> _Chosen:
    """Choose the nearest in a window (first cell and size along x and y), the first of several as near.

    Distances and IoUs are in the framework's precision and order of operations; both are made of a part
    along x and a part along y.
    """
    k, wanted = of
    number = axes[0].number
    along = [Along(boxes, axis, k, first, size) for axis, (first, size) in zip(axes, window, strict=True)]
    x, y = along
    n, wide = len(boxes.boxes), len(x.cell)
    distance = np.ascontiguousarray(distances(x, y).T)
    shape = distance.shape
    taken = min(wanted, shape[1])
    left_out = _nothing_left_out(n, number)
    if not n or not taken:
        nothing = np.zeros((n, 0), dtype=np.int64)
        return _Chosen(nothing, nothing.astype(number), nothing == 1, *left_out)
    chosen = np.argpartition(distance, taken - 1, axis=1)[:, :taken]
    # Flat positions: taking by them is several times faster than along an axis.
    flat = chosen + (np.arange(n) * shape[1])[:, None]
    last = distance.take(flat).max(axis=1)
    tied = np.flatnonzero(np.count_nonzero(distance <= last[:, None], axis=1) > taken)
    chosen[tied] = np.argsort(distance[tied], axis=1, kind="stable")[:, :taken]
    flat[tied] = chosen[tied] + (tied * shape[1])[:, None]
    every_iou = np.ascontiguousarray(ious(x, y).T)
    every_held = np.ascontiguousarray(table(x.held, y.held, np.logical_and).T)
    iou, held = every_iou.take(flat), every_held.take(flat)
    tied = tied[np.isfinite(last[tied])]
    equal = distance[tied] == last[tied, None]
    low, high, some, every = left_out
    low[tied] = np.where(equal, every_iou[tied], number(np.inf)).min(axis=1)
    high[tied] = np.where(equal, every_iou[tied], number(-np.inf)).max(axis=1)
    some[tied] = (equal & every_held[tied]).any(axis=1)
    every[tied] = (~equal | every_held[tied]).all(axis=1)
    if not bool(np.all(np.isfinite(last))):  # fewer anchors than candidates
        there = np.isfinite(distance.take(flat))
        iou, held = np.where(there, iou, number(np.nan)), held & there
    columns = axes[0].cells(boxes.canvases.width)[boxes.of][:, None]
    column = x.cell[0][:, None] + chosen % wide
    row = y.cell[0][:, None] + chosen // wide
    return _Chosen((row * columns + column) * len(axes[0].sizes) + k, iou, held, *left_out)


def _as_chosen_by_torch(
    box: OnCanvas, axes: tuple[LevelAxis, LevelAxis], k: int, wanted: int
) -> tuple[Int, Floating, Bool]:
    """Candidates of one box on a level, chosen among all its anchors: index, IoU and held. [C] each."""
    sizes = [int(axis.cells(box.canvases.along(a)[0])[box.of[0]]) for a, axis in enumerate(axes)]
    x, y = (
        Along(box, axis, k, np.zeros(1, dtype=np.int64), size) for axis, size in zip(axes, sizes, strict=True)
    )
    cells = smallest(distances(x, y)[:, 0], min(wanted, sizes[0] * sizes[1]))
    held = table(x.held, y.held, np.logical_and)
    return cells * len(axes[0].sizes) + k, ious(x, y)[cells, 0], held[cells, 0]
