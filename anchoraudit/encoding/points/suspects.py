"""Which boxes other boxes of their image might take all points from: a quick test, before a thorough one.

Where the smallest box learns a point, a box can lose all its candidates only to boxes that come before it and
lie around each of them. So a few of its candidates are looked at: two opposite corners of their rectangle,
and if others lie around both, nine of them. Hardly any box is left then.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.counting import candidates_by_level
from anchoraudit.encoding.points.lattice import Rectangle, point_axes_of
from anchoraudit.encoding.points.rules import rule_of


def suspected(boxes: OnCanvas, image: Int, detector: Detector) -> Bool:
    """Tell of which boxes others might learn all candidates: bool [n]. True of too many, never of too few.

    boxes: all of them have candidates. image: int64 [n], the image of each, ascending.
    """
    likely: Callable[[Float, Detector], Int] | None = getattr(rule_of(detector), "likely_level", None)
    if likely is None or not len(image):
        return np.ones(len(image), dtype=np.bool_)
    first = _in_order(image, rule_of(detector).priority(boxes.boxes, detector))
    ordered, of = boxes.take(first), image[first]
    place = np.arange(len(of)) - np.searchsorted(of, of)
    rivals = _Rivals(ordered, likely(ordered.boxes, detector), detector)
    suspects = _surrounded(rivals, place)
    rows = np.flatnonzero(suspects & (place <= MOST_COMPARED))
    suspects[rows] = _thoroughly(rivals, place, rows)
    found = np.zeros(len(image), dtype=np.bool_)
    found[first] = suspects
    return found


def _in_order(image: Int, priority: Floating) -> Int:
    """Return the order of boxes by image, then priority, then place in the file: int64 [n]."""
    by_priority = np.argsort(priority, kind="stable")
    order: Int = by_priority[np.argsort(image[by_priority], kind="stable")]
    return order


# Boxes of an image that one box is compared with. Of images with more, all others are looked at thoroughly.
MOST_COMPARED = 1_000
# Larger than any rounding error of a coordinate in float32: 2^-7 px below 2^17 px, the largest canvas.
_SLACK = 1e-2


class _Rivals:
    """Boxes, and what a rival must be to take candidates of theirs. float32 [n] each.

    x1, y1, x2, y2: pixels of the canvas. side: the longer side. least, most: a rival's longer side is between
    them, or it is not for the level on which most candidates of the box lie. reach: so far from a rival's
    centre a point of that level may be.
    """

    def __init__(self, boxes: OnCanvas, level: Int, detector: Detector) -> None:
        self.boxes, self.level, self.detector = boxes, level, detector
        self.corners = self.witnesses(np.arange(len(level)), 2)
        without = np.flatnonzero(~self.corners[2].any(axis=0))
        self.level[without] = candidates_by_level(boxes.take(without), detector).argmax(axis=1)
        for own, found in zip(self.corners, self.witnesses(without, 2), strict=True):
            own[:, without] = found
        self.x1, self.y1, self.x2, self.y2 = np.ascontiguousarray(boxes.boxes.T, dtype=np.float32)
        self.side = np.maximum(self.x2 - self.x1, self.y2 - self.y1)
        ranges = np.array(detector.match.ranges, dtype=np.float32)
        self.least, self.most = ranges[self.level, 0], 2 * ranges[self.level, 1]
        strides = np.array(detector.strides, dtype=np.float32)
        self.reach = (detector.match.radius or np.inf) * strides[self.level]

    def witnesses(self, rows: Int, across: int) -> tuple[Floating, Floating, Bool]:
        """Return some candidates of boxes: x and y, float32 [k, n], and which are candidates, bool [k, n].

        across: 2 for two opposite corners of the rectangle of candidates, 3 for nine points in rows and
        columns.
        """
        many = 2 if across == 2 else 9
        x, y = (np.zeros((many, len(rows)), dtype=np.float32) for _ in range(2))
        real = np.zeros((many, len(rows)), dtype=np.bool_)
        for level, axes in enumerate(point_axes_of(self.detector.points)):
            own = np.flatnonzero(self.level[rows] == level)
            part = self.boxes.take(rows[own])
            outer, *inner = rule_of(self.detector).rectangles(part, level, self.detector)
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


def _surrounded(rivals: _Rivals, place: Int) -> Bool:
    """Tell which boxes have earlier ones of their image around both corners of their candidates: bool [n].

    place: int64 [n], the place of each box in its image. Each box is compared with the one before it, then
    with that before that one, and so on, all boxes at once.
    """
    rows, too_many = np.arange(len(place)), place > MOST_COMPARED
    (left, right), (top, bottom), real = rivals.corners
    first, last = ~real
    columns = [rivals.x1, rivals.y1, rivals.x2, rivals.y2, rivals.side]
    columns += [left, top, right, bottom, rivals.least, rivals.most]
    for distance in range(1, min(int(place.max(initial=0)), MOST_COMPARED) + 1):
        if np.count_nonzero(place >= distance) < len(place) // 2:  # go on with images that have so many boxes
            kept = with_more(place, distance)
            rows, place = rows[kept], place[kept]
            columns = [column[kept] for column in columns]
        x1, y1, x2, y2, side = (column[:-distance] for column in columns[:5])
        left, top, right, bottom, least, most = (column[distance:] for column in columns[5:])
        able = (place[distance:] >= distance) & (side >= least) & (side <= most)
        able_x, able_y = (x1 <= left) & (left <= x2), (y1 <= top) & (top <= y2)
        first[rows[distance:]] |= able & able_x & able_y
        able_x, able_y = (x1 <= right) & (right <= x2), (y1 <= bottom) & (bottom <= y2)
        last[rows[distance:]] |= able & able_x & able_y
    surrounded: Bool = (first & last) | too_many
    return surrounded


def with_more(place: Int, distance: int) -> Bool:
    """Tell which rows are of images with more boxes than `distance`: bool [n].

    place: int64 [n], the place of each row in its image.
    """
    start = np.flatnonzero(place == 0)
    number = np.diff(np.append(start, len(place)))
    return np.repeat(number > distance, number)


def _thoroughly(rivals: _Rivals, place: Int, rows: Int) -> Bool:
    """Tell of which boxes in some rows earlier ones of their image want nine of their candidates: bool."""
    x, y, real = rivals.witnesses(rows, 3)
    number = place[rows]
    of = np.repeat(np.arange(len(rows)), number)
    other = rows[of] - number[of] + np.arange(len(of)) - np.repeat(np.cumsum(number) - number, number)
    able = (rivals.side[other] >= rivals.least[rows[of]]) & (rivals.side[other] <= rivals.most[rows[of]])
    of, other = of[able], other[able]
    wanted = np.ones(len(rows), dtype=np.bool_)
    for column, row, is_candidate in zip(x, y, real, strict=True):
        hit = (
            np.bincount(of[_may_want(rivals, other, rows[of], column[of], row[of])], minlength=len(rows)) > 0
        )
        wanted &= hit | ~is_candidate
    return wanted


def _may_want(rivals: _Rivals, own: Int, of: Int, x: Floating, y: Floating) -> Bool:
    """Tell which of some boxes a point may be a candidate of; what rounding decides, they may: bool [m].

    own: int64 [m], the boxes. of: int64 [m], boxes on whose likely level the points lie. x, y: [m].
    """
    sides = (x - rivals.x1[own], rivals.x2[own] - x, y - rivals.y1[own], rivals.y2[own] - y)
    farthest = np.maximum.reduce(sides)
    near, far = rivals.least[of], rivals.most[of] / 2
    able = (np.minimum.reduce(sides) >= -_SLACK) & (farthest >= near - _SLACK) & (farthest <= far + _SLACK)
    off = np.maximum(np.abs(sides[0] - sides[1]), np.abs(sides[2] - sides[3])) / 2
    wanted: Bool = able & (off <= rivals.reach[of] + _SLACK)
    return wanted
