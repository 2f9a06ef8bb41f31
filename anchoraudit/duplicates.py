"""Boxes that stand in the data twice: equal ones, and ones that are nearly equal.

Boxes are compared with those of the same image and category only, and crowds with crowds only: a crowd
around a single object is no second annotation of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.dataset import Bool, Dataset, Float, Int
from anchoraudit.geometry import has_area

# Odd numbers that spread bits, the multipliers of MurmurHash3's and SplitMix64's finalisers.
_SPREAD = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0x9E3779B97F4A7C15)
# What boxes are sorted by to find neighbours: a sum in which no two corners have the same weight, so that
# boxes in rows and columns, or of one size, do not all have the same.
_WEIGHTS = (1.0, 0.72, 0.54, 0.38)
_LEVELS = 1 << 20  # steps that sums of coordinates are told apart by
_FAR = 1e100  # coordinates beyond it have sums that overflow
_NEIGHBOURS = 48  # so many are compared for all boxes at once; groups with more are worked on by themselves


def exact_duplicates(dataset: Dataset) -> Int:
    """For each of M boxes the row of the first one that it equals, -1 if none: int64 [M].

    The first itself has -1. Equal: same image, category and coordinates, and both crowds or neither. Boxes
    that are not finite equal none.
    """
    xyxy = dataset.boxes.xyxy
    first = np.full(len(xyxy), -1, dtype=np.int64)
    group = _groups(dataset)
    rows = _in_company(group)
    rows = rows[_finite(xyxy[rows])]
    rows = rows[_repeated(_hashes(group[rows], xyxy[rows]))]
    keys = [xyxy[rows, 0], xyxy[rows, 1], xyxy[rows, 2], xyxy[rows, 3], group[rows]]
    order = np.lexsort(keys)  # stable: of equal ones the first stays the first
    if not len(order):
        return first
    again = np.ones(len(order) - 1, dtype=np.bool_)
    for key in keys:
        again &= key[order][1:] == key[order][:-1]
    start = np.maximum.accumulate(np.where(np.append(True, ~again), np.arange(len(order)), 0))
    first[rows[order[1:][again]]] = rows[order[start[1:][again]]]
    return first


def near_duplicates(dataset: Dataset, iou: float = 0.95) -> Int:
    """For each of M boxes the first earlier one it nearly equals, -1 if none: int64 [M].

    Nearly: same image, category and crowd flag, and an IoU of at least `iou` (above 0, at most 1). Boxes that
    equal an earlier one exactly, and boxes without area or not finite, have -1.
    """
    if not 0 < iou <= 1:
        raise ValueError(f"iou {iou}: it lies above 0 and is at most 1")
    xyxy = dataset.boxes.xyxy
    first = np.full(len(xyxy), len(xyxy), dtype=np.int64)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        group = _groups(dataset)
        rows = _in_company(group)
        own = xyxy.take(rows, axis=0)
        usable = _finite(own) & has_area(own) & (exact_duplicates(dataset)[rows] < 0)
        rows, own = rows[usable], own[usable]
        ranked = _Ranked(rows, group[rows], own, iou)
        ranked.compare_neighbours(first)
        for crowded in ranked.crowded():
            _compare_by_turns(crowded, first)
    return np.where(first < len(xyxy), first, -1)


def least_of_groups(dataset: Dataset, first: Int) -> Int:
    """For each of M boxes the least one of those that are linked with it, itself if none is: int64 [M].

    first: as `exact_duplicates` or `near_duplicates` give it. Least: by x1, then y1, x2 and y2. Which box of
    some that are alike is the first depends on their order in the file; which is the least does not.
    """
    leader = np.where(first >= 0, first, np.arange(len(first)))
    while not np.array_equal(further := leader[leader], leader):
        leader = further
    least = np.arange(len(first))
    rows = np.flatnonzero(np.bincount(leader, minlength=len(first))[leader] > 1)
    xyxy = dataset.boxes.xyxy[rows]
    order = np.lexsort([xyxy[:, 3], xyxy[:, 2], xyxy[:, 1], xyxy[:, 0], leader[rows]])
    groups, begin = np.unique(leader[rows][order], return_index=True)
    least[rows] = rows[order[begin]][np.searchsorted(groups, leader[rows])]
    return least


def _finite(xyxy: Float) -> Bool:
    finite: Bool = np.logical_and.reduce(np.isfinite(xyxy), axis=1)
    return finite


def _groups(dataset: Dataset) -> Int:
    """Number of the group each box is compared within: int64 [M]."""
    boxes = dataset.boxes
    return (boxes.image * (len(dataset.categories) + 1) + boxes.category + 1) * 2 + boxes.crowd


def _in_company(group: Int) -> Int:
    """Rows, in order, whose group has another: most boxes are the only one of their class in their image."""
    return np.flatnonzero(_repeated(group))


def _hashes(group: Int, xyxy: Float) -> npt.NDArray[np.uint64]:
    """A number for each row, the same for rows of equal group and coordinates: [n]."""
    bits = (xyxy + 0.0).view(np.uint64)  # -0.0 becomes 0.0, which it equals
    mixed: npt.NDArray[np.uint64] = group.astype(np.uint64) * np.uint64(_SPREAD[4])
    for column, factor in enumerate(_SPREAD[:4]):
        mixed ^= bits[:, column]
        mixed *= np.uint64(factor)
        mixed ^= mixed >> np.uint64(32)
    return mixed


def _repeated(keys: npt.NDArray[Any]) -> Bool:
    """Which of some numbers [n] occur more than once: [n]."""
    order = np.argsort(keys)
    ordered = keys[order]
    equal = ordered[1:] == ordered[:-1]
    hit = np.zeros(len(keys), dtype=np.bool_)
    hit[order[1:][equal]] = hit[order[:-1][equal]] = True
    return hit


class _Ranked:
    """Boxes sorted by group, then by a sum of their coordinates, in which near ones are neighbours.

    Of two boxes with an IoU of t the intervals along x have one of at least t, too. So their ends are apart,
    both ends together, by (1 - t) / t of the shorter at most, and the same along y: the sums differ by no
    more than `reach`. Sums are whole numbers, so that one number ranks a box by group and sum.
    """

    def __init__(self, rows: Int, group: Int, xyxy: Float, iou: float) -> None:
        total = np.clip(xyxy, -_FAR, _FAR) @ np.array(_WEIGHTS)
        low = total.min(initial=_FAR)
        unit = max((total.max(initial=low) - low) / _LEVELS, 1e-9)
        steps = ((total - low) / unit).astype(np.int64)
        order = np.argsort(group * (2 * _LEVELS) + steps)
        self.iou = iou
        self.rows, self.group, self.total = rows[order], group[order], steps[order]
        self.xyxy = xyxy.take(order, axis=0)  # several times faster than an index
        sides = (self.xyxy[:, 2:] - self.xyxy[:, :2]) @ np.array(_WEIGHTS[:2])
        noise = 1e-9 * sides + 1e-12 * np.abs(self.xyxy).max(axis=1, initial=0.0)
        reach = (1 - iou) / iou * sides + noise
        self.reach = np.minimum(reach / unit + 1, _LEVELS).astype(np.int64)
        self.busy = np.zeros(0, dtype=np.int64)  # groups in which boxes have more neighbours than looked at

    def compare_neighbours(self, first: Int) -> None:
        """Compare every box with those after it within its reach, up to _NEIGHBOURS of them."""
        at = np.arange(len(self.rows))
        for step in range(1, _NEIGHBOURS + 1):
            at = at[: np.searchsorted(at, len(self.rows) - step)]
            after = at + step
            within = self.group[after] == self.group[at]
            within &= self.total[after] - self.total[at] <= self.reach[at]
            at, after = at[within], after[within]
            if not len(at):
                return
            near = _iou(self.xyxy[at], self.xyxy[after]) >= self.iou
            _note(first, self.rows[at[near]], self.rows[after[near]])
        self.busy = np.unique(self.group[at])

    def crowded(self) -> Iterator[_Ranked]:
        """Each group for which that was not enough."""
        for group in self.busy.tolist():
            own = slice(*np.searchsorted(self.group, [group, group + 1]).tolist())
            yield _Ranked(self.rows[own], self.group[own], self.xyxy[own], self.iou)


def _compare_by_turns(group: _Ranked, first: Int) -> None:
    """Compare each box of one group, in file order, with the later ones that nearly equal none yet.

    Where many are alike, few are left after the first turns; where they are not, few are within reach.
    """
    order = np.argsort(group.rows)
    left, total = np.arange(len(order)), group.total
    open_ = np.ones(len(order), dtype=np.bool_)
    still = len(order)
    for at in order.tolist():
        still -= bool(open_[at])
        open_[at] = False
        if not still:
            return
        begin = np.searchsorted(total, group.total[at] - group.reach[at])
        end = np.searchsorted(total, group.total[at] + group.reach[at], side="right")
        others = left[begin:end]
        others = others[open_[others]]
        near = others[_iou(group.xyxy[[at]], group.xyxy[others]) >= group.iou]
        first[group.rows[near]] = group.rows[at]
        open_[near] = False
        still -= len(near)
        if still < len(left) // 2:
            left = left[open_[left]]
            total = group.total[left]


def _note(first: Int, some: Int, others: Int) -> None:
    """Note pairs of rows that are nearly equal: for the later the earlier, if none before it is known."""
    np.minimum.at(first, np.maximum(some, others), np.minimum(some, others))


def _iou(boxes: Float, others: Float) -> Float:
    """IoU of boxes with an area, row by row: [N, 4] or [1, 4] and [N, 4] to [N]; 0 where areas overflow."""
    low = np.maximum(boxes[:, :2], others[:, :2])
    sides = np.maximum(np.minimum(boxes[:, 2:], others[:, 2:]) - low, 0.0)
    shared = sides[:, 0] * sides[:, 1]
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    iou: Float = np.nan_to_num(shared / (areas + area - shared), nan=0.0)
    return iou
