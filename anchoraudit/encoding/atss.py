"""ATSS: a threshold for each box, from the anchors nearest to its centre.

On every level the `candidates` anchors whose centres are nearest to the box's; the threshold is the mean plus
the standard deviation (unbiased) of all their IoUs; a candidate at or above it is positive if its centre lies
more than 0.01 px inside the box. An anchor that several boxes claim goes to the highest IoU. All others are
negative. Source: mmdetection `task_modules/assigners/atss_assigner.py: ATSSAssigner.assign`; Zhang et al.,
"Bridging the Gap Between Anchor-based and Anchor-free Detection", algorithm 1.

Only a few cells around the box can be candidates, so both engines look at a window of them: it is the same
rule, and the tests hold the window against the whole grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.blocks import for_each_block
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.closed_form import best_ious
from anchoraudit.encoding.dense import DenseLabels, anchors_of
from anchoraudit.encoding.grid import LevelAxis, axes_of
from anchoraudit.encoding.local import first_anchors
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.geometry import Bool, Float, iou_with_each

Int = npt.NDArray[np.int64]
Exact = npt.NDArray[Any]
_INSIDE = 0.01  # px, of an anchor's centre from the box's edges
_ROWS = 4096  # boxes at a time: their windows stay in a core's cache


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Candidates of n boxes, C of each: cell: int64, index of its anchor in the image's dense order.

    iou: in the anchors' precision, NaN where a level has too few anchors. held: the anchor's centre lies
    inside the box. [n, C] each.
    """

    anchor: Int
    iou: Exact
    held: Bool


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Best IoU over all anchors, and whether a candidate is positive; none is forced."""
    matched = np.zeros(len(boxes.boxes), dtype=np.bool_)

    def run(block: slice) -> None:
        for start in range(block.start, block.stop, _ROWS):
            part = slice(start, min(start + _ROWS, block.stop))
            some = OnCanvas(boxes.boxes[part], boxes.of[part], boxes.canvases)
            matched[part] = _positive(some, detector)[2].any(axis=1)

    for_each_block(len(matched), run)
    return Judged(best_ious(boxes, detector), matched, np.zeros(len(matched), dtype=np.bool_))


def _positive(boxes: OnCanvas, detector: Detector) -> tuple[Int, Exact, Bool]:
    """Candidates of every box: their anchors, IoUs and whether each is positive. [n, C] each."""
    starts = first_anchors(boxes.canvases, detector)[0]
    found: list[_Chosen] = []
    for level, axes in enumerate(axes_of(detector.anchors)):
        for k in range(len(axes[0].sizes)):
            chosen = _nearest(boxes, axes, k, detector.match.candidates)
            anchor = starts[level][boxes.of][:, None] + chosen.anchor
            found.append(_Chosen(anchor, chosen.iou, chosen.held))
    anchor, iou, held = (np.concatenate([getattr(c, n) for c in found], axis=1) for n in _Chosen.__slots__)
    return anchor, iou, (iou >= _threshold(iou)[:, None]) & held


def _threshold(iou: Exact) -> Exact:
    """Mean plus unbiased standard deviation of each row, in its precision; NaN with fewer than two."""
    number = iou.dtype.type
    there = ~np.isnan(iou)
    count = there.sum(axis=1).astype(number)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, iou, number(0)).sum(axis=1, dtype=np.float64).astype(number) / count
        apart = np.where(there, iou - mean[:, None].astype(np.float64), 0.0)
        squares = np.einsum("ij,ij->i", apart, apart)
        deviation = np.sqrt(squares / (count.astype(np.float64) - 1)).astype(number)
    threshold: Exact = mean + deviation
    return threshold


def _nearest(boxes: OnCanvas, axes: tuple[LevelAxis, LevelAxis], k: int, wanted: int) -> _Chosen:
    """Candidates among the anchors of a shape on a level. [n, wanted], or fewer in a smaller grid.

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
    wide = 2 * side + 1 if narrow >= side + 2 else 2 * wanted + 1
    parts = [(rows, 4, 1), (others, wide, wide // 2)]
    found = [
        _choose(boxes.take(own), axes, (k, wanted), [(floor[own] - before, size) for floor, _ in place])
        for own, size, before in parts
    ]
    size = max((len(chosen.iou[0]) for chosen in found if len(chosen.iou)), default=0)
    n = len(boxes.boxes)
    every = _Chosen(
        np.zeros((n, size), dtype=np.int64),
        np.full((n, size), np.nan, dtype=axes[0].number),
        np.zeros((n, size), dtype=np.bool_),
    )
    for (own, _, _), chosen in zip(parts, found, strict=True):
        for name in _Chosen.__slots__ if len(own) else ():
            values = getattr(chosen, name)
            getattr(every, name)[own, : values.shape[1]] = values
    return every


def _position(boxes: OnCanvas, axis: LevelAxis) -> tuple[Int, Int]:
    """Cell at or before each box's centre along an axis, and the number of cells. [n] both."""
    extent = boxes.canvases.along(axis.axis)[0]
    low, high = boxes.boxes[:, axis.axis], boxes.boxes[:, axis.axis + 2]
    cell = np.floor(((low + high) / 2 - axis.offset(extent)[boxes.of]) / axis.stride(extent)[boxes.of])
    return cell.astype(np.int64), axis.cells(extent)[boxes.of]


def _choose(
    boxes: OnCanvas, axes: tuple[LevelAxis, LevelAxis], of: tuple[int, int], window: list[tuple[Int, int]]
) -> _Chosen:
    """Choose the nearest in a window (first cell and size along x and y), the first of several as near.

    Distances and IoUs are in the framework's precision and order of operations; both are made of a part
    along x and a part along y.
    """
    k, wanted = of
    number = axes[0].number
    along = [_Along(boxes, axis, k, first, size) for axis, (first, size) in zip(axes, window, strict=True)]
    x, y = along
    n, wide = len(boxes.boxes), x.square.shape[1]
    shape = (n, y.square.shape[1] * wide)
    distance = np.sqrt(x.square[:, None, :] + y.square[:, :, None]).reshape(shape)
    taken = min(wanted, shape[1])
    if not n or not taken:
        nothing = np.zeros((n, 0), dtype=np.int64)
        return _Chosen(nothing, nothing.astype(number), nothing == 1)
    chosen = np.argpartition(distance, taken - 1, axis=1)[:, :taken]
    # Flat positions: taking by them is several times faster than along an axis.
    flat = chosen + (np.arange(n) * shape[1])[:, None]
    last = distance.take(flat).max(axis=1)
    tied = np.flatnonzero(np.count_nonzero(distance <= last[:, None], axis=1) > taken)
    chosen[tied] = np.argsort(distance[tied], axis=1, kind="stable")[:, :taken]
    flat[tied] = chosen[tied] + (tied * shape[1])[:, None]
    intersection = x.overlap[:, None, :] * y.overlap[:, :, None]
    union = x.length[:, None, :] * y.length[:, :, None] + (x.own * y.own)[:, None, None] - intersection
    iou = np.divide(intersection, union, out=intersection).take(flat)
    held = (x.held[:, None, :] & y.held[:, :, None]).take(flat)
    if not bool(np.all(np.isfinite(last))):  # fewer anchors than candidates
        there = np.isfinite(distance.take(flat))
        iou, held = np.where(there, iou, number(np.nan)), held & there
    columns = axes[0].cells(boxes.canvases.width)[boxes.of][:, None]
    column = x.cell[:, :1] + chosen % wide
    row = y.cell[:, :1] + chosen // wide
    return _Chosen((row * columns + column) * len(axes[0].sizes) + k, iou, held)


class _Along:
    """A window of cells along one axis. [n, S] each, own: the boxes' sides [n]."""

    def __init__(self, boxes: OnCanvas, axis: LevelAxis, k: int, first: Int, size: int) -> None:
        number, two = axis.number, axis.number(2)
        extent = boxes.canvases.along(axis.axis)[0]
        cells = axis.cells(extent)[boxes.of]
        size = int(min(size, cells.max(initial=0)))
        first = np.clip(first, 0, np.maximum(cells - size, 0))
        self.cell = first[:, None] + np.arange(size)
        low, high = axis.edges(self.cell, extent[boxes.of][:, None], k)
        own_low, own_high = (boxes.boxes[:, axis.axis + side].astype(number)[:, None] for side in (0, 2))
        centre = (low + high) / two
        apart = centre - (own_low + own_high) / two
        self.square = apart * apart
        self.square[self.cell >= cells[:, None]] = np.inf
        self.overlap = np.maximum(np.minimum(high, own_high) - np.maximum(low, own_low), number(0))
        self.length = high - low
        self.held = (centre - own_low > number(_INSIDE)) & (own_high - centre > number(_INSIDE))
        self.own = (own_high - own_low)[:, 0]


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count positive anchors of M images; all others are negative."""
    total = first_anchors(boxes.canvases, detector)[0][-1][of_image]
    start = np.cumsum(total) - total
    anchor, iou, positive = _positive(boxes, detector)
    box, place = np.nonzero(positive)
    key, value = (start[image[box]] + anchor[box, place]), iou[box, place]
    # By anchor, then the highest IoU first, then the first box.
    order = np.lexsort([box, -value, key])
    key, box = key[order], box[order]
    first = np.concatenate([[True], key[1:] != key[:-1]]) if len(key) else np.zeros(0, dtype=np.bool_)
    positives = np.bincount(image[box[first]], minlength=len(of_image))
    counts = np.column_stack([positives, total - positives, np.zeros_like(total)])
    return Counted(counts, np.bincount(box[first], minlength=len(boxes.boxes)))


def replay(
    boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None = None
) -> DenseLabels:
    """Label every anchor of one image."""
    del image
    own = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    anchors, counts = anchors_of(width, height, detector, None)
    labels = np.full(len(anchors), -1, dtype=np.int8)
    matched = np.full(len(anchors), -1, dtype=np.int64)
    highest = np.full(len(anchors), -np.inf)
    best, best_anchor = np.zeros(len(own)), np.full(len(own), -1, dtype=np.int64)
    above = np.zeros(len(own), dtype=np.bool_)
    number = anchors.dtype.type
    centres = (anchors[:, :2] + anchors[:, 2:]) / number(2)
    one = Canvases(*(np.array([float(v)]) for v in (width, height, width, height)))
    starts = first_anchors(one, detector)[0][:, 0]
    for i, box in enumerate(own.astype(number)):
        iou = iou_with_each(box, anchors)
        best_anchor[i] = int(np.argmax(iou))
        best[i] = iou[best_anchor[i]]
        apart = centres - (box[:2] + box[2:]) / number(2)
        distance = np.sqrt(apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1])
        chosen: list[Int] = []
        for axes, begin, end in zip(axes_of(detector.anchors), starts[:-1], starts[1:], strict=True):
            for k in range(len(axes[0].sizes)):
                level = np.arange(begin + k, end, len(axes[0].sizes))
                chosen.append(level[np.argsort(distance[level], kind="stable")[: detector.match.candidates]])
        nearest = np.concatenate(chosen)
        limit = number(_INSIDE)
        held = (centres[nearest] - box[:2] > limit).all(axis=1) & (box[2:] - centres[nearest] > limit).all(
            axis=1
        )
        positive = nearest[(iou[nearest] >= _threshold(iou[nearest][None])[0]) & held]
        above[i] = len(positive) > 0
        better = positive[iou[positive] > highest[positive]]
        highest[better], matched[better] = iou[better], i
        labels[positive] = 1
    assigned = np.bincount(matched[labels == 1], minlength=len(own))
    forced = np.zeros(len(own), dtype=np.bool_)
    return DenseLabels(anchors, labels, counts, matched, best, best_anchor, above, forced, assigned)
