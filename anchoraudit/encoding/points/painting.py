"""Who learns each point of one image, where no prediction decides: without a list of all candidates.

Listing all pairs of a box and a candidate takes memory for each pair, and thousands of boxes that cover half
of an image have many millions of them. Here boxes are painted over each other, last the one that comes before
all others. That takes no memory but that of the points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.lattice import Rectangle, all_cells, point_axes_of
from anchoraudit.encoding.points.rules import rule_of

# The first column and row, and those after the last ones.
_Corners = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a canvas: the index of its first point, how many points, in how many columns.

    added, taken: int64 [n, 4], the corners of each box's candidates, and of those that are none after all.
    """

    start: int
    points: int
    columns: int
    added: list[Int]
    taken: list[Int]

    @property
    def able(self) -> Int:
        """The boxes with candidates: int64, ascending."""
        some = [(each[:, 2] > each[:, 0]) & (each[:, 3] > each[:, 1]) for each in self.added]
        return np.flatnonzero(np.logical_or.reduce(some))

    def corners(self, rows: Int) -> Iterator[list[_Corners]]:
        """Yield for each of some boxes the rectangles of its candidates. They may overlap."""
        columns = [each[rows].tolist() for each in (*self.added, *self.taken)]
        for of_box in zip(*columns, strict=True):
            outer = [tuple(each) for each in of_box[: len(self.added)] if each[0] < each[2]]
            outer = [each for each in outer if each[1] < each[3]]
            for hole in of_box[len(self.added) :]:
                outer = [piece for whole in outer for piece in _around(whole, hole)]
            yield outer


class Painted:
    """The points of one image, and the box that learns each."""

    def __init__(self, boxes: OnCanvas, detector: Detector) -> None:
        """Paint the boxes, in the order of the file. All are on one canvas."""
        canvas = int(boxes.of[0])
        self._levels: list[_Level] = []
        cells = all_cells(boxes.canvases, detector.points)[:, canvas].tolist()
        for level, (along_x, _) in enumerate(point_axes_of(detector.points)):
            parts = rule_of(detector).rectangles(boxes, level, detector)
            added = [_ends(each) for each in parts if each.sign > 0]
            # Where several are added, what is taken away is only what is counted twice.
            taken = [_ends(each) for each in parts if each.sign < 0] if len(added) == 1 else []
            columns = int(along_x.cells(boxes.canvases.width)[canvas])
            self._levels.append(_Level(sum(cells[:level]), cells[level], max(columns, 1), added, taken))
        turn = np.arange(len(boxes.of))
        if detector.match.repeated == "last":
            turn = -turn
        first = np.lexsort([turn, rule_of(detector).priority(boxes.boxes, detector)])
        place = np.empty_like(first)
        place[first] = np.arange(len(first))
        self.owner = np.full(sum(cells), -1, dtype=np.int64)
        for each in self._levels:
            self._paint(each, place)

    def _paint(self, level: _Level, place: Int) -> None:
        own = self.owner[level.start : level.start + level.points].reshape(-1, level.columns)
        able = level.able
        able = able[np.argsort(-place[able])]
        for box, corners in zip(able.tolist(), level.corners(able), strict=True):
            for x, y, x_end, y_end in corners:
                own[y:y_end, x:x_end] = box

    def takers(self, box: int) -> Int:
        """Return the boxes that learn the candidates of a box, those that learn most of them first: int64."""
        learnt: list[Int] = []
        for level in self._levels:
            is_candidate = np.zeros((level.points // level.columns, level.columns), dtype=np.bool_)
            (corners,) = level.corners(np.array([box]))
            for x, y, x_end, y_end in corners:
                is_candidate[y:y_end, x:x_end] = True
            own = self.owner[level.start : level.start + level.points]
            learnt.append(own[is_candidate.reshape(-1)])
        found, count = np.unique(np.concatenate(learnt), return_counts=True)
        ordered: Int = found[np.argsort(-count, kind="stable")]
        return ordered


def _ends(part: Rectangle) -> Int:
    """Return the corners of n rectangles: int64 [n, 4]."""
    return np.stack([part.x.first, part.y.first, part.x.last + 1, part.y.last + 1], axis=1)


def _around(whole: _Corners, hole: list[int]) -> Iterator[_Corners]:
    """Yield up to four pieces: a rectangle without another one."""
    x, y, x_end, y_end = whole
    left, top = max(hole[0], x), max(hole[1], y)
    right, bottom = min(hole[2], x_end), min(hole[3], y_end)
    if left >= right or top >= bottom:
        yield whole
        return
    pieces = (
        (x, y, x_end, top),
        (x, bottom, x_end, y_end),
        (x, top, left, bottom),
        (right, top, x_end, bottom),
    )
    for piece in pieces:
        if piece[0] < piece[2] and piece[1] < piece[3]:
            yield piece
