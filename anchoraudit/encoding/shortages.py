"""Shortages: boxes of one image that can be given fewer points, or queries, than they are.

Where a point serves one box at most, the boxes that become positive at a step, each with a point of its own,
are a matching of boxes to points. So at every step as many boxes get nothing as the largest matching leaves
out, whatever the network predicts. Which ones, predictions decide: a box that can be given any point is in
some largest matching, since it can take that point from the box that holds it. So no box is lost for certain
by this; the number of lost boxes is.

A shortage is the smallest set of boxes where that happens: 5 boxes that can be given no other points than 2.
All boxes outside of shortages may have a point at the same step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Int

# Returns the points that a box, given by its number, can be given: int64, each once.
PointsOf = Callable[[int], Int]


@dataclass(frozen=True, slots=True)
class Shortages:
    """G shortages of K boxes.

    box: int64 [K], rows of the boxes, by shortage. group: int64 [K], the number of each box's shortage,
    ascending. points: int64 [G], how many points, or queries, the boxes of each shortage can be given.
    """

    box: Int
    group: Int
    points: Int

    @classmethod
    def none(cls) -> Shortages:
        """Return no shortage."""
        return cls(*(np.zeros(0, dtype=np.int64) for _ in range(3)))

    @classmethod
    def of_groups(cls, group: Int, points: Int) -> Shortages:
        """Return shortages of boxes that are numbered by shortage.

        group: int64 [n], the shortage of each box, -1 for none. points: int64 [G].
        """
        box = np.flatnonzero(group >= 0)
        box = box[np.argsort(group[box], kind="stable")]
        return cls(box, group[box], points)

    @property
    def boxes(self) -> Int:
        """The number of boxes of each shortage: int64 [G]."""
        return np.bincount(self.group, minlength=len(self.points))

    @property
    def lost(self) -> Int:
        """The number of boxes of each shortage that get nothing, at every step: int64 [G], 1 or more."""
        number: Int = self.boxes - self.points
        return number

    def of_rows(self, rows: Int) -> Shortages:
        """Return the same shortages with other numbers of boxes. rows: int64 [n], the new number of each."""
        return Shortages(rows[self.box], self.group, self.points)

    def lost_by_image(self, image: Int, images: int) -> Int:
        """Return how many boxes of each image get nothing, at every step: int64 [images].

        image: int64 [n], the image of each box.
        """
        lost = np.zeros(images, dtype=np.int64)
        np.add.at(lost, self.images(image), self.lost)
        return lost

    def images(self, image: Int) -> Int:
        """Return the image of each shortage: int64 [G]. image: int64 [n], the image of each box."""
        first: Int = image[self.box[np.searchsorted(self.group, np.arange(len(self.points)))]]
        return first


def find_shortages(points_of: PointsOf, boxes: int, points: int) -> Shortages:
    """Return the shortages among the boxes of one image.

    points_of: says which points each of the boxes can be given, by numbers below `points`.
    """
    left_out = _left_out_by_some(points_of, boxes, points)
    group, number = np.full(boxes, -1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if left_out.any():
        group[left_out], number = _joined(points_of, np.flatnonzero(left_out), points)
    return Shortages.of_groups(group, number)


def _left_out_by_some(points_of: PointsOf, boxes: int, points: int) -> Bool:
    """Tell which boxes some largest matching leaves without a point: bool [boxes].

    Boxes get points one after another. A box whose points are all held asks their holders to change to other
    points, and those the holders of these. If nobody finds a free one, all that were asked are short of
    points together: whichever of them goes without, the others can be served. They keep what they hold, and
    no later box has to ask them again.
    """
    holder, asked_by = np.full(points, -1, dtype=np.int64), np.full(points, -1, dtype=np.int64)
    held = np.full(boxes, -1, dtype=np.int64)
    asked_for = np.full(points, -1, dtype=np.int64)  # the last box for which a point was asked
    settled, short = np.zeros(points, dtype=np.bool_), np.zeros(boxes, dtype=np.bool_)
    for box in range(boxes):
        asked, seen = [box], []
        for one in asked:  # it grows
            new = points_of(one)
            new = new[(asked_for[new] != box) & ~settled[new]]
            asked_for[new], asked_by[new] = box, one
            free = new[holder[new] < 0]
            if len(free):
                _hand_over(int(free[0]), box, holder, held, asked_by)
                break
            seen.append(new)
            asked += holder[new].tolist()
        else:
            short[asked] = True
            settled[np.concatenate(seen)] = True
    return short


def _hand_over(point: int, box: int, holder: Int, held: Int, asked_by: Int) -> None:
    """Give a free point to who asked for it, what that one held to who asked for it, up to the box."""
    while True:
        one = int(asked_by[point])
        before, held[one], holder[point] = int(held[one]), point, one
        if one == box:
            return
        point = before


def _joined(points_of: PointsOf, boxes: Int, points: int) -> tuple[Int, Int]:
    """Put boxes together that share a point, directly or through others.

    Returns the group of each box, int64 [n], and the number of points of each group, int64 [G].
    """
    parent = np.arange(len(boxes))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = int(parent[number])
        return number

    first = np.full(points, -1, dtype=np.int64)
    for number, box in enumerate(boxes.tolist()):
        own = points_of(box)
        for other in np.unique(first[own]).tolist():
            if other >= 0:
                parent[root(number)] = root(other)
        first[own[first[own] < 0]] = number
    roots = np.array([root(number) for number in range(len(boxes))])
    _, group = np.unique(roots, return_inverse=True)
    group = group.reshape(-1)
    return group, np.bincount(group[first[first >= 0]], minlength=int(group.max()) + 1)
