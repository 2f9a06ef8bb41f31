"""Which boxes have to be looked at thoroughly, to know which ones other boxes take all points from.

Where the smallest box learns a point, a box can lose all its candidates only to boxes that come before it and
lie around each of them. So a few of its candidates are looked at: first the one nearest to its centre, which
needs no search. If others may lie around that, then two opposite corners of the rectangle of candidates, and
at last nine of them. Hardly any box is left then. Boxes that can have no candidates on the same level do not
count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float, Floating, Int, for_each
from anchoraudit.dataset.repeated import by_groups, pairs_within
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.counting import candidates_by_level
from anchoraudit.encoding.points.lattice import Rectangle, point_axes_of, reaches
from anchoraudit.encoding.points.rules import SLACK, rule_of, surely_have

# Boxes of an image that one box is compared with. Of images with more, all boxes are looked at thoroughly.
MOST_COMPARED = 1_000
Bits = npt.NDArray[Any]  # unsigned, a bit for each level

_BOXES = 1 << 16  # boxes that are looked at together
_PAIRS = 1 << 20  # the same of pairs of boxes


def involved(boxes: OnCanvas, image: Int, detector: Detector) -> Bool:
    """Tell which boxes decide whether others learn all candidates of a box: bool [n].

    These are the boxes of which others might, and all that may take a candidate from one of them. True of
    too many, never of too few. boxes: all of them have candidates, at most `MOST_COMPARED` of each image.
    image: int64 [n], ascending.
    """
    rule = rule_of(detector)
    likely: Callable[[Float, Detector], Int] | None = getattr(rule, "likely_level", None)
    if likely is None or not hasattr(rule, "surely_have") or not hasattr(rule, "may_have") or not len(image):
        return np.ones(len(image), dtype=np.bool_)
    rivals = _Rivals.of(boxes, image, detector)
    level, near = np.empty_like(image), reaches(boxes.canvases, detector.points)
    sure, found = np.empty((2, len(image)), dtype=np.bool_)

    def look(part: slice) -> None:
        some = rivals.only(part)
        some.measure()
        level[part] = likely(some.boxes.boxes, detector)
        sure[part] = surely_have(some.boxes, near, detector)
        found[part] = _covered_at_centre(some, level[part], sure[part], near)

    for_each(by_groups(image, _BOXES), look)
    number = np.bincount(image, minlength=1)[image]
    rows = np.flatnonzero(found)
    rest = rows[~sure[rows]]
    level[rest] = candidates_by_level(boxes.take(rest), detector).argmax(axis=1)
    listed = np.zeros(len(image), dtype=np.bool_)

    def look_closely(part: slice) -> None:
        asked = _Asked.of_rows(rivals, rows[part], level[rows[part]])
        for across in (2, 3):
            asked = asked.only(asked.are_covered(across))
        listed[asked.rows] = True
        listed[rivals.of_any_level(asked.rows)] = True

    for_each(by_groups(np.cumsum(number[rows]) // _PAIRS, 1), look_closely)
    return listed


@dataclass(frozen=True, slots=True)
class _Rivals:
    """The n boxes, and what decides between them.

    image: int64 [n], ascending. priority: [n], those of the lowest come first. levels: unsigned [n], bit i is
    set of boxes that may have candidates on level i.
    """

    boxes: OnCanvas
    image: Int
    priority: Floating
    levels: Bits
    detector: Detector

    @classmethod
    def of(cls, boxes: OnCanvas, image: Int, detector: Detector) -> _Rivals:
        """Return boxes that are yet to be measured."""
        one = rule_of(detector).priority(boxes.boxes[:1], detector)
        bits = np.min_scalar_type((1 << len(detector.points.strides)) - 1)
        return cls(boxes, image, np.empty(len(image), one.dtype), np.zeros(len(image), bits), detector)

    def only(self, part: slice) -> _Rivals:
        """Return some of the boxes, those of whole images, as views."""
        boxes = OnCanvas(self.boxes.boxes[part], self.boxes.of[part], self.boxes.canvases)
        return _Rivals(boxes, self.image[part], self.priority[part], self.levels[part], self.detector)

    def measure(self) -> None:
        """Fill in priority and levels."""
        rule, boxes = rule_of(self.detector), self.boxes.boxes
        self.priority[:] = rule.priority(boxes, self.detector)
        may_have: Callable[[Float, int, Detector], Bool] = getattr(rule, "may_have")  # noqa: B009
        for level in range(len(self.detector.points.strides)):
            self.levels[may_have(boxes, level, self.detector)] |= self.bit(level)

    def before(self, rows: Int, levels: Bits) -> tuple[Int, Int]:
        """Pair k boxes with those of their image that come before: int64 [m] both, index and rival's row.

        levels: unsigned [k]. Rivals are boxes that may have candidates on one of these levels.
        """
        first, end = (np.searchsorted(self.image, self.image[rows], side) for side in ("left", "right"))
        number = end - first
        of = np.repeat(np.arange(len(rows)), number)
        rival = np.arange(len(of)) + np.repeat(first - np.cumsum(number) + number, number)
        able = (self.levels[rival] & levels[of]) > 0
        of, rival = of[able], rival[able]
        able = (self.priority[rival] <= self.priority[rows[of]]) & (rival != rows[of])
        return of[able], rival[able]

    def of_any_level(self, rows: Int) -> Int:
        """Return the rows of boxes that may take a candidate from one of these: int64."""
        of, rival = self.before(rows, self.levels[rows])
        own, other = (self.boxes.boxes.take(some, axis=0) for some in (rows[of], rival))
        met = (own[:, :2] <= other[:, 2:] + SLACK) & (other[:, :2] <= own[:, 2:] + SLACK)
        return rival[met.all(axis=1)]

    def bit(self, level: int | Int) -> Bits:
        """Return the bit of a level, or of several."""
        found: Bits = np.left_shift(self.levels.dtype.type(1), np.asarray(level, self.levels.dtype))
        return found


def _covered_at_centre(rivals: _Rivals, level: Int, sure: Bool, near: Float) -> Bool:
    """Tell on which boxes' point nearest to the centre another box may lie that comes before: bool [n].

    Of a box that may have no such point, any of its points is meant. level: int64 [n], the likely one. sure:
    bool [n], the boxes that surely have that point on it. near: [L, D, 2], what `reaches` returns. Each box
    is compared with the next one of its image, then with that after the next one, and so on, all boxes at
    once.
    """
    boxes, image, match = rivals.boxes, rivals.image, rivals.detector.match
    x1, y1, x2, y2 = boxes.boxes.T
    half_x, half_y, at = (x2 - x1) / 2, (y2 - y1) / 2, level * near.shape[1] + boxes.of
    away_x, away_y = (
        np.where(sure, near[..., axis].ravel()[at], half) + SLACK
        for axis, half in enumerate((half_x, half_y))
    )
    # A point counts for a rival only so far from its centre, on the likely level or else on any.
    strides = np.array(rivals.detector.strides)
    most = (match.radius or np.inf) * np.where(sure, strides[level], strides.max())
    values = [x1 + half_x, y1 + half_y, half_x, half_y, away_x, away_y, most, rivals.priority]
    columns = [np.asarray(value, dtype=np.float32) for value in values]
    wanted = np.where(sure, rivals.bit(level), rivals.levels)
    found = np.zeros(len(image), dtype=np.bool_)
    for of_one_image, before, after in pairs_within(image, [*columns, rivals.levels, wanted], MOST_COMPARED):
        one, other = before.columns, after.columns
        apart_x, apart_y = np.abs(one[0] - other[0]), np.abs(one[1] - other[1])
        for rival, own, rows in ((one, other, after.rows), (other, one, before.rows)):
            met = of_one_image & (rival[7] <= own[7])
            met &= (rival[8] & own[9]) > 0
            met &= apart_x <= np.minimum(rival[2], own[6]) + own[4]
            met &= apart_y <= np.minimum(rival[3], own[6]) + own[5]
            found[rows[met]] = True
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """Some of the boxes, in pairs with each box of their image that comes before.

    rows: int64 [k], the boxes. level: int64 [k], on which each has candidates. of, rival: int64 [m], the
    index of one among these, and the row of its rival.
    """

    among: _Rivals
    rows: Int
    level: Int
    of: Int
    rival: Int

    @classmethod
    def of_rows(cls, among: _Rivals, rows: Int, level: Int) -> _Asked:
        """Pair these boxes with their rivals."""
        return cls(among, rows, level, *among.before(rows, among.bit(level)))

    def only(self, kept: Bool) -> _Asked:
        """Return some of the boxes. kept: bool [k]."""
        pairs, place = kept[self.of], np.cumsum(kept) - 1
        of, rival = place[self.of[pairs]], self.rival[pairs]
        return _Asked(self.among, self.rows[kept], self.level[kept], of, rival)

    def are_covered(self, across: int) -> Bool:
        """Tell which boxes have rivals on each of some candidates: bool [k]. across: as for `_witnesses`."""
        boxes, detector = self.among.boxes, self.among.detector
        covered = np.ones(len(self.rows), dtype=np.bool_)
        witnesses = _witnesses(boxes.take(self.rows), self.level, across, detector)
        low, high = np.array(detector.match.ranges)[self.level].T
        reach = (detector.match.radius or np.inf) * np.array(detector.strides)[self.level]
        x1, y1, x2, y2 = boxes.boxes.take(self.rival, axis=0).T
        limits = low[self.of] - SLACK, high[self.of] + SLACK, reach[self.of] + SLACK
        for x, y, is_candidate in zip(*witnesses, strict=True):
            sides = (x[self.of] - x1, x2 - x[self.of], y[self.of] - y1, y2 - y[self.of])
            farthest = np.maximum.reduce(sides)
            wanted = (np.minimum.reduce(sides) >= -SLACK) & (farthest >= limits[0]) & (farthest <= limits[1])
            off = np.maximum(np.abs(sides[0] - sides[1]), np.abs(sides[2] - sides[3])) / 2
            wanted &= off <= limits[2]  # what rounding decides counts as wanted
            covered &= (np.bincount(self.of[wanted], minlength=len(covered)) > 0) | ~is_candidate
        return covered


def _witnesses(boxes: OnCanvas, of: Int, across: int, detector: Detector) -> tuple[Floating, Floating, Bool]:
    """Return some candidates of k boxes: x and y, [w, k], and which are candidates, bool [w, k].

    of: int64 [k], the level that is looked at. across: 2 for two opposite corners of the rectangle of
    candidates, 3 for nine points in rows and columns.
    """
    many = 2 if across == 2 else 9
    x, y = (np.zeros((many, len(of))) for _ in range(2))
    real = np.zeros((many, len(of)), dtype=np.bool_)
    for level, axes in enumerate(point_axes_of(detector.points)):
        own = np.flatnonzero(of == level)
        part = boxes.take(own)
        outer, *inner = rule_of(detector).rectangles(part, level, detector)
        strides = [axis.stride(part.canvases.along(axis.axis)[0])[part.of] for axis in axes]
        for number, (column, row) in enumerate(_indices(outer, across)):
            x[number, own] = axes[0].at(column, strides[0])
            y[number, own] = axes[1].at(row, strides[1])
            real[number, own] = outer.count > 0
            for each in inner:
                real[number, own] &= ~(each.x.holds(column) & each.y.holds(row))
    return x, y, real


def _indices(part: Rectangle, across: int) -> list[tuple[Int, Int]]:
    """Return column and row of the witnesses in a rectangle.

    If a rectangle is taken away from its inside, one of two opposite corners is left: of all its points the
    one that is farthest from a side of the box is a corner, and so is the opposite one along each axis.
    """
    if across == 2:
        return [(part.x.first, part.y.first), (part.x.last, part.y.last)]
    columns, rows = ((span.first, (span.first + span.last) // 2, span.last) for span in (part.x, part.y))
    return [(column, row) for column in columns for row in rows]
