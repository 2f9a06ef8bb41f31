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
from anchoraudit.encoding.atss_bound import surely_positive
from anchoraudit.encoding.atss_window import INSIDE, Along, distances, ious, table, windows
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.closed_form import levels_of
from anchoraudit.encoding.dense import DenseLabels, anchors_of
from anchoraudit.encoding.grid import LevelAxis, axes_of
from anchoraudit.encoding.local import first_anchors
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.geometry import Bool, Float, iou_with_each

Int = npt.NDArray[np.int64]
Exact = npt.NDArray[Any]
_CLOSE = 1e-5
_ROWS = 8192  # boxes at a time: their windows stay in a core's cache


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
    n = len(boxes.boxes)
    best, matched = np.zeros(n), np.zeros(n, dtype=np.bool_)
    levels = levels_of(boxes.canvases, detector)

    def sure(block: slice) -> None:
        some = OnCanvas(boxes.boxes[block], boxes.of[block], boxes.canvases)
        best[block], matched[block] = surely_positive(some, levels, detector)

    for_each_block(n, sure)
    rest = np.flatnonzero(~matched)

    def decide(block: slice) -> None:
        for start in range(block.start, block.stop, _ROWS):
            part = rest[start : min(start + _ROWS, block.stop)]
            matched[part] = any_positive(boxes.take(part), detector)

    for_each_block(len(rest), decide)
    return Judged(best, matched, np.zeros(n, dtype=np.bool_))


def any_positive(boxes: OnCanvas, detector: Detector) -> Bool:
    """Tell which boxes have a positive candidate: [n].

    Only the highest IoU of a candidate with its centre inside counts for that, and the threshold follows from
    sums, so no candidate is listed. Where several anchors are as near as the last one, a level has too few,
    or the threshold is close, `_positive` decides.
    """
    n = len(boxes.boxes)
    number = np.dtype(detector.anchors.precision).type
    total, squares, top = np.zeros(n), np.zeros(n), np.full(n, -1, dtype=number)
    open_rows = np.zeros(n, dtype=np.bool_)
    wanted, count = detector.match.candidates, 0
    for axes in axes_of(detector.anchors):
        for k in range(len(axes[0].sizes)):
            count += wanted
            for rows, first, size in windows(boxes, axes, wanted):
                if len(rows):
                    own = boxes.take(rows)
                    along = [Along(own, axis, k, f, size) for axis, f in zip(axes, first, strict=True)]
                    sums = _sums(along[0], along[1], wanted)
                    total[rows] += sums.total
                    squares[rows] += sums.squares
                    top[rows] = np.maximum(top[rows], sums.top)
                    open_rows[rows] |= sums.open
    mean = total.astype(number) / number(count)
    exact = mean.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.maximum(squares - 2.0 * exact * total + count * exact * exact, 0.0)
        deviation = np.sqrt(apart / max(count - 1, 1)).astype(number)
    threshold = mean + deviation
    found: Bool = top >= threshold
    # Sums lose what IoUs that are nearly equal differ by.
    close = np.abs(top - threshold) <= _CLOSE * threshold
    rest = np.flatnonzero(open_rows | close | (count < 2))
    found[rest] = _positive(boxes.take(rest), detector)[2].any(axis=1)
    return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of the candidates of a level, of n boxes: IoUs and their squares summed, the highest with its centre
    inside (-1 without any), and whether the choice of candidates is open.
    """

    total: Float
    squares: Float
    top: Exact
    open: Bool


def _sums(x: Along, y: Along, wanted: int) -> _Sums:
    distance = distances(x, y)
    cells, n = distance.shape
    if cells < wanted:
        return _Sums(np.zeros(n), np.zeros(n), np.full(n, -1, distance.dtype), np.ones(n, dtype=np.bool_))
    # Along the last axis NumPy partitions three times as fast.
    last = np.partition(np.ascontiguousarray(distance.T), wanted - 1, axis=1)[:, wanted - 1]
    near = distance <= last
    iou = ious(x, y)
    iou *= near
    near_and_held = table(x.held, y.held, np.logical_and) & near
    exact = iou.astype(np.float64)
    return _Sums(
        exact.sum(axis=0),
        np.einsum("ij,ij->j", exact, exact),
        np.where(near_and_held, iou, iou.dtype.type(-1)).max(axis=0),
        (near.sum(axis=0) != wanted) | ~np.isfinite(last),
    )


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
    """Candidates among the anchors of a shape on a level. [n, wanted], or fewer in a smaller grid."""
    parts = windows(boxes, axes, wanted)
    found = [
        _choose(boxes.take(own), axes, (k, wanted), [(f, size) for f in first]) for own, first, size in parts
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
    iou = np.ascontiguousarray(ious(x, y).T).take(flat)
    held = np.ascontiguousarray(table(x.held, y.held, np.logical_and).T).take(flat)
    if not bool(np.all(np.isfinite(last))):  # fewer anchors than candidates
        there = np.isfinite(distance.take(flat))
        iou, held = np.where(there, iou, number(np.nan)), held & there
    columns = axes[0].cells(boxes.canvases.width)[boxes.of][:, None]
    column = x.cell[0][:, None] + chosen % wide
    row = y.cell[0][:, None] + chosen // wide
    return _Chosen((row * columns + column) * len(axes[0].sizes) + k, iou, held)


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
        limit = number(INSIDE)
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
