"""Finds duplicate boxes: equal ones, and nearly equal ones.

Two boxes are compared only if they have the same image, category and crowd flag: a crowd around a single
object is not a duplicate of the object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, stable_argsort
from anchoraudit.boxes import are_finite, has_area
from anchoraudit.dataset.box_tree import BoxTree, iou_of_pairs
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.repeated import may_repeat, repeats

# Boxes are sorted by the weighted sum of x1, y1, x2, y2 to find neighbours. The weights differ, so that boxes
# of one size, or in rows and columns, get different sums. They add up to less than 1, so that no sum
# overflows.
_WEIGHTS = np.array([0.38, 0.27, 0.2, 0.14])
# Compared at once: at most so many boxes, and about so many pairs. 131,072 pairs take some 15 MB.
_BOXES, _PAIRS = 1 << 16, 1 << 17
_EACH = 32  # pairs that are compared for each box, before a tree pays off: real data have fewer than 5
# More than there are area classes. The natural logarithm of an area lies between -1490 and 1420 (doubles),
# and a class is at least 1e-3 wide: below 3 million classes.
_CLASSES = 1 << 22


@dataclass(frozen=True)
class Alike:
    """The boxes that may have the same image, category and crowd flag as another one: few of most data sets.

    rows: int64 [n], ascending; all that have, and few others. group: int64 [n], a number of each of them, the
    same for those alike.
    """

    rows: Int
    group: Int

    @classmethod
    def of(cls, dataset: Dataset) -> Alike:
        """Find them among M boxes."""
        boxes = dataset.boxes
        group: Int = boxes.image * (2 * len(dataset.categories) + 2)
        group += 2 * boxes.category
        group += boxes.crowd
        rows = may_repeat(group)
        return cls(rows, group.take(rows))


def exact_duplicates(dataset: Dataset, alike: Alike | None = None) -> Int:
    """Return for each of M boxes the row of the first box that it equals, -1 if there is none: int64 [M].

    The first of several equal boxes has -1. Boxes are equal if they have the same image, category, crowd flag
    and coordinates. A box with a coordinate that is NaN or infinite equals no other. alike: those of the data
    set, if they are known.
    """
    alike = Alike.of(dataset) if alike is None else alike
    own = dataset.boxes.xyxy.take(alike.rows, axis=0)  # several times faster than xyxy[rows]
    earlier = repeats(alike.group, own)
    later = np.flatnonzero(earlier >= 0)
    later = later[are_finite(own.take(later, axis=0))]
    first = np.full(len(dataset.boxes), -1, dtype=np.int64)
    first[alike.rows[later]] = alike.rows[earlier[later]]
    return first


def near_duplicates(
    dataset: Dataset, iou: float = 0.95, *, exact: Int | None = None, alike: Alike | None = None
) -> Int:
    """Return for each of M boxes the first earlier box that it nearly equals, -1 if none: int64 [M].

    Boxes are nearly equal if they have the same image, category and crowd flag, and an IoU of at least `iou`.
    A box that equals an earlier one exactly has -1. So has a box without area, or with a coordinate that is
    NaN or infinite. exact, alike: what `exact_duplicates` and `Alike.of` return, if they are known.

    Raises ValueError if `iou` is not above 0 and at most 1.
    """
    if not 0 < iou <= 1:
        raise ValueError(f"iou is {iou}: it must be above 0 and at most 1")
    alike = Alike.of(dataset) if alike is None else alike
    equal = exact_duplicates(dataset, alike) if exact is None else exact
    rows, group = alike.rows, alike.group
    first = np.full(len(dataset.boxes), -1, dtype=np.int64)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        own = dataset.boxes.xyxy.take(rows, axis=0)
        usable = are_finite(own) & has_area(own) & (equal[rows] < 0)
        rows, own, group = rows[usable], own[usable], group[usable]
        usable = _have_neighbours(group, *_sums(own, iou))
        rows, own = rows[usable], own[usable]
        near = _first_near(group[usable], own, iou)
    later = np.flatnonzero(near >= 0)
    first[rows[later]] = rows[near[later]]
    return first


def least_of_groups(dataset: Dataset, first: Int) -> Int:
    """Return for each of M boxes the row of the smallest of its duplicates and itself: int64 [M].

    first: the result of `exact_duplicates` or `near_duplicates`. Smallest: by x1, then y1, x2 and y2. Which
    of several duplicates is the first depends on their order in the file; which is the smallest does not.
    """
    leader = np.where(first >= 0, first, np.arange(len(first)))  # follow the links to the first of each chain
    while not np.array_equal(further := leader[leader], leader):
        leader = further
    least = np.arange(len(first))
    rows = np.flatnonzero(np.bincount(leader, minlength=len(first))[leader] > 1)
    xyxy = dataset.boxes.xyxy[rows]
    order = np.lexsort([xyxy[:, 3], xyxy[:, 2], xyxy[:, 1], xyxy[:, 0], leader[rows]])
    groups, begin = np.unique(leader[rows][order], return_index=True)
    least[rows] = rows[order[begin]][np.searchsorted(groups, leader[rows])]
    return least


def _sums(xyxy: Float, iou: float) -> tuple[Float, Float]:
    """Return the weighted sum of each box's corners, and how far a near duplicate's can be off: [n] each.

    If two boxes have an IoU of t, their intervals along x have an IoU of at least t. So the distances between
    their left ends and between their right ends add up to at most (1 - t) / t of the shorter interval. The
    same holds along y.
    """
    sides = (xyxy[:, 2:] - xyxy[:, :2]) @ _WEIGHTS[:2]
    # Rounding: far more than a double's 1e-16, far less than a pixel.
    noise = 1e-9 * sides + 1e-12 * np.abs(xyxy).max(axis=1, initial=0.0)
    reach = np.nan_to_num((1 - iou) / iou * sides + noise)  # if a side overflows, the IoU is 0 anyway
    return xyxy @ _WEIGHTS, reach


def _have_neighbours(group: Int, sums: Float, reach: Float) -> Bool:
    """Tell which of n boxes have another of their group within reach: bool [n]."""
    order = np.argsort(sums)  # of equal ones in any order: each is near the next
    order = order[stable_argsort(group[order])]
    group, sums, reach = group[order], sums[order], reach[order]
    gap = np.where(group[1:] == group[:-1], sums[1:] - sums[:-1], np.inf)
    near = np.zeros(len(order), dtype=np.bool_)
    near[order[1:]] = gap <= reach[1:]
    near[order[:-1]] |= gap <= reach[:-1]
    return near


def _first_near(group: Int, xyxy: Float, iou: float) -> Int:
    """Return for each of n boxes the first earlier near duplicate in its group, -1 if there is none: [n].

    Boxes are taken in their order, many at once. Each is compared with the later boxes that have no earlier
    duplicate yet, have a similar area, and whose sum is within reach. In a crowd of duplicates few such boxes
    are left after the first steps. Where many are, because boxes have the same sums but lie apart, or each
    has few duplicates of its own, a tree finds the others.
    """
    # Areas are sorted into classes by their logarithm. If the classes of two boxes are not neighbours, the
    # ratio of their areas is below `iou`, and so is their IoU.
    width = max(-np.log(iou), 1e-3) * (1 + 1e-6)
    area = np.floor(np.log(xyxy[:, 2:] - xyxy[:, :2]).sum(axis=1) / width)
    number = np.unique(group, return_inverse=True)[1] * _CLASSES + area
    sums, reach = _sums(xyxy, iou)
    own = np.empty(len(xyxy), dtype=np.complex128)  # sorts by the real part, then by the imaginary part
    own.real, own.imag = number, sums
    low, high = (np.empty((len(xyxy), 3), dtype=np.complex128) for _ in range(2))
    low.real = high.real = number[:, None] + (-1, 0, 1)
    low.imag, high.imag = (sums - reach)[:, None], (sums + reach)[:, None]
    columns = np.ascontiguousarray(xyxy.T)  # faster than row by row
    first = np.full(len(xyxy), -1, dtype=np.int64)
    left, at, many = np.argsort(own), 0, _BOXES
    spent, most = 0, _EACH * len(xyxy) + (_PAIRS << 3)
    while at < len(xyxy):
        left = left[(left > at) & (first[left] < 0)]
        keys = own[left]
        begin = np.searchsorted(keys, low[at : at + many])
        count = np.searchsorted(keys, high[at : at + many], side="right") - begin
        done = max(int(np.searchsorted(np.cumsum(count.sum(axis=1)), _PAIRS)), 1)
        spent += int(count[:done].sum())
        if spent > most:
            rest = BoxTree(group[at:], xyxy[at:]).first_near(left - at, iou)
            first[left] = np.where(rest >= 0, rest + at, -1)
            break
        begin, count = begin[:done].ravel(), count[:done].ravel()
        one = np.repeat(at + np.arange(len(count)) // 3, count)
        other = left[np.arange(len(one)) + np.repeat(begin - np.cumsum(count) + count, count)]
        later = other > one
        one, other = one[later], other[later]
        near = np.flatnonzero(iou_of_pairs(columns.take(one, axis=1), columns.take(other, axis=1)) >= iou)[
            ::-1
        ]
        # Reversed above: if several boxes write to one row, the first box is written last, and stays.
        first[other[near]] = one[near]
        at, many = at + done, min(2 * done, _BOXES)
    return first
