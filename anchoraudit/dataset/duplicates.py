"""Boxes that stand in the data twice: equal ones, and ones that are nearly equal.

Boxes are compared with those of the same image and category only, and crowds with crowds only: a crowd
around a single object is no second annotation of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.boxes import has_area
from anchoraudit.dataset.columns import Dataset

# Odd numbers that spread bits, the multipliers of MurmurHash3's and SplitMix64's finalisers.
_SPREAD = (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0x9E3779B97F4A7C15)
# What boxes are sorted by to find neighbours: a sum in which no two corners have the same weight, so that
# boxes in rows and columns, or of one size, do not all have the same. Together below 1: no sum overflows.
_WEIGHTS = np.array([0.38, 0.27, 0.2, 0.14])
_BOXES, _PAIRS = 1 << 16, 1 << 17  # so many boxes, or about so many pairs of them, are compared at once
_CLASSES = 1 << 22  # more than there are classes of areas


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
    first = np.full(len(xyxy), -1, dtype=np.int64)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        group = _groups(dataset)
        rows = _in_company(group)
        own = xyxy.take(rows, axis=0)  # several times faster than an index
        usable = _finite(own) & has_area(own) & (exact_duplicates(dataset)[rows] < 0)
        rows, own = rows[usable], own[usable]
        usable = _have_neighbours(group[rows], *_sums(own, iou))
        rows, own = rows[usable], own[usable]
        near = _first_near(group[rows], own, iou)
    later = np.flatnonzero(near >= 0)
    first[rows[later]] = rows[near[later]]
    return first


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


def _sums(xyxy: Float, iou: float) -> tuple[Float, Float]:
    """Sums of the coordinates of n boxes, and how far off that of a box with an IoU of `iou` can be: [n].

    Of two boxes with an IoU of t the intervals along x have one of at least t, too. So their ends are apart,
    both ends together, by (1 - t) / t of the shorter at most, and the same along y.
    """
    sides = (xyxy[:, 2:] - xyxy[:, :2]) @ _WEIGHTS[:2]
    noise = 1e-9 * sides + 1e-12 * np.abs(xyxy).max(axis=1, initial=0.0)
    reach = np.nan_to_num((1 - iou) / iou * sides + noise)  # sides that overflow have no IoU
    return xyxy @ _WEIGHTS, reach


def _have_neighbours(group: Int, sums: Float, reach: Float) -> Bool:
    """Tell which of n boxes have another of their group within reach: bool [n]."""
    order = np.lexsort((sums, group))
    group, sums, reach = group[order], sums[order], reach[order]
    gap = np.where(group[1:] == group[:-1], sums[1:] - sums[:-1], np.inf)
    near = np.zeros(len(order), dtype=np.bool_)
    near[order[1:]] = gap <= reach[1:]
    near[order[:-1]] |= gap <= reach[:-1]
    return near


def _first_near(group: Int, xyxy: Float, iou: float) -> Int:
    """For each of n boxes the first earlier one of its group with an IoU of at least `iou`, -1 if none: [n].

    Boxes are taken in their order, many at once, and compared with the later ones that nearly equal none yet,
    have a like area, and a sum within reach. Where many are alike, few of those are left soon.
    """
    # Two areas of classes that are not neighbours have a ratio below `iou`, and so has their IoU.
    width = max(-np.log(iou), 1e-3) * (1 + 1e-6)
    area = np.floor(np.log(xyxy[:, 2:] - xyxy[:, :2]).sum(axis=1) / width)
    number = np.unique(group, return_inverse=True)[1] * _CLASSES + area
    sums, reach = _sums(xyxy, iou)
    own = np.empty(len(xyxy), dtype=np.complex128)  # sorts by its real part, then by the other
    own.real, own.imag = number, sums
    low, high = (np.empty((len(xyxy), 3), dtype=np.complex128) for _ in range(2))
    low.real = high.real = number[:, None] + (-1, 0, 1)
    low.imag, high.imag = (sums - reach)[:, None], (sums + reach)[:, None]
    columns = np.ascontiguousarray(xyxy.T)  # quicker than row by row
    first = np.full(len(xyxy), -1, dtype=np.int64)
    left, at, many = np.argsort(own), 0, _BOXES
    while at < len(xyxy):
        left = left[(left > at) & (first[left] < 0)]
        keys = own[left]
        begin = np.searchsorted(keys, low[at : at + many])
        count = np.searchsorted(keys, high[at : at + many], side="right") - begin
        done = max(int(np.searchsorted(np.cumsum(count.sum(axis=1)), _PAIRS)), 1)
        begin, count = begin[:done].ravel(), count[:done].ravel()
        one = np.repeat(at + np.arange(len(count)) // 3, count)
        other = left[np.arange(len(one)) + np.repeat(begin - np.cumsum(count) + count, count)]
        later = other > one
        one, other = one[later], other[later]
        near = np.flatnonzero(_iou(columns.take(one, axis=1), columns.take(other, axis=1)) >= iou)[::-1]
        first[other[near]] = one[near]  # of those written to one place the last stays: the first box
        at, many = at + done, min(2 * done, _BOXES)
    return first


def _iou(boxes: Float, others: Float) -> Float:
    """IoU of boxes with an area, pair by pair: [4, N] and [4, N] to [N]; 0 where areas overflow."""
    width = np.minimum(boxes[2], others[2]) - np.maximum(boxes[0], others[0])
    height = np.minimum(boxes[3], others[3]) - np.maximum(boxes[1], others[1])
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    area = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
    areas = (others[2] - others[0]) * (others[3] - others[1])
    iou: Float = np.nan_to_num(shared / (areas + area - shared), nan=0.0)
    return iou
