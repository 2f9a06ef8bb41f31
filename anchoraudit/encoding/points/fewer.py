"""Shortages among all boxes of a data set, fast: few images can have one, and only these are looked at.

`reach` has the definition. The boxes of a shortage can be given fewer points than they are, so each of them
has fewer candidates than its image has boxes. Of those that are left most find a free point where they look
first. Where all do, there is no shortage. Other images are solved as the definition has it, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from anchoraudit.arrays import Bool, Int, for_each_block, stable_argsort
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.counting import candidates_by_level
from anchoraudit.encoding.points.lattice import Rectangle, all_cells, point_axes_of
from anchoraudit.encoding.points.reach import ABLE
from anchoraudit.encoding.points.rules import may_choose, preferred_rectangle, rule_of
from anchoraudit.encoding.results import Judged
from anchoraudit.encoding.shortages import Shortages, find_shortages
from anchoraudit.encoding.statuses import has

_LOOKS = 16  # how often a box looks for a free point before its image is looked at by itself
_NEIGHBOURS = 8  # so many boxes after each in its image are asked what they share with it
# Boxes of an image that are given points one by one: with more of them that takes seconds. What is told then
# is true, but may be less than there is.
_MOST_SOLVED = 4000
_AT_ONCE = 4096  # boxes whose rows of points are listed at a time
_BITS = 22  # of a point's place in the table of points that are taken: 4 megabytes
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: it spreads numbers evenly


def shortages(boxes: OnCanvas, image: Int, judged: Judged, detector: Detector) -> Shortages:
    """Return the shortages among n boxes.

    image: int64 [n], the image of each box. judged: with all boxes of their images present.
    """
    is_able = has(judged.status, *ABLE)
    if detector.match.is_prediction_free or not is_able.any():
        return Shortages.none()
    number = judged.candidates
    if number is None:
        number = candidates_by_level(boxes, detector).sum(axis=1)
    suspects = np.zeros(int(image.max()) + 1, dtype=np.bool_)
    suspects[_suspects(boxes, image, np.flatnonzero(is_able), number, detector)] = True
    rows = np.flatnonzero(suspects[image])
    if not len(rows):
        return Shortages.none()
    rows = rows[stable_argsort(image[rows])]
    reach = _Reach(boxes.take(rows), detector)
    group, points = np.full(len(image), -1, dtype=np.int64), [np.zeros(0, dtype=np.int64)]
    for own in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(image[rows])) + 1):
        found = reach.shortages(own, is_able[rows[own]])
        group[rows[found.box]] = found.group + sum(map(len, points))
        points.append(found.points)
    return Shortages.of_groups(group, np.concatenate(points))


def _suspects(boxes: OnCanvas, image: Int, able: Int, number: Int, detector: Detector) -> Int:
    """Return the images that may have a shortage, some more than once.

    able: int64, rows of boxes. number: int64 [n], the candidates of each box.
    """
    others = detector.match.without_candidate
    if others == "anywhere":
        points = all_cells(boxes.canvases, detector.points).sum(axis=0)
        return image[_outnumbered(image, able, points[boxes.of])]
    if others == "borrows":  # from all candidates of the image
        return _without_large(image, able, number)
    if may_choose(detector):
        return _suspects_that_choose(boxes, image, able, number, detector)
    few = _outnumbered(image, able, number)
    lost = image[_without_point(boxes, image, few[number[few] > 0], detector)]
    if others == "contested":
        return np.concatenate([lost, _short_of_contested(boxes, image, few, number, detector)])
    return lost


def _suspects_that_choose(boxes: OnCanvas, image: Int, able: Int, number: Int, detector: Detector) -> Int:
    """Return the same where boxes choose points of others, too, if they prefer fewer than they choose."""
    most = may_choose(detector)
    # One that chooses from all can be in a shortage only if that is the whole image.
    short_as_a_whole = _without_large(image, able, number)
    rows = able[np.isin(image[able], short_as_a_whole)]
    goes_on = _preferred(boxes, rows, detector) < most
    # All others prefer so many at least.
    in_image = np.bincount(image[able])[image[able]]
    rest = able[in_image > most]
    if not detector.match.or_in_box:  # all candidates are preferred
        rest = _outnumbered(image, rest, number)
    lost = _without_point(boxes, image, rest, detector)
    lost = lost[_preferred(boxes, lost, detector) >= most]
    return np.concatenate([image[rows[goes_on]], image[lost]])


def _preferred(boxes: OnCanvas, rows: Int, detector: Detector) -> Int:
    """Return how many points boxes prefer: int64, one for each row."""
    part = boxes.take(rows)
    levels = range(len(detector.points.strides))
    number: Int = np.sum([preferred_rectangle(part, n, detector).count for n in levels], axis=0)
    return number


def _outnumbered(image: Int, rows: Int, number: Int) -> Int:
    """Return those rows whose number of points is below the number of such rows of their image."""
    while len(rows):
        kept = number[rows] < np.bincount(image[rows])[image[rows]]
        if kept.all():
            break
        rows = rows[kept]
    return rows


def _without_large(image: Int, rows: Int, number: Int) -> Int:
    """Return the images in which every box has fewer candidates than there are boxes: int64."""
    boxes = np.bincount(image[rows])
    large = np.zeros(len(boxes), dtype=np.bool_)
    large[image[rows[number[rows] >= boxes[image[rows]]]]] = True
    return np.flatnonzero((boxes > 0) & ~large)


def _own(boxes: OnCanvas, level: int, detector: Detector) -> Rectangle:
    """Return points that each box can be given, whatever others are: its candidates, or preferred ones."""
    if may_choose(detector):
        return preferred_rectangle(boxes, level, detector)
    (found,) = rule_of(detector).rectangles(boxes, level, detector)
    return found


def _short_of_contested(boxes: OnCanvas, image: Int, few: Int, number: Int, detector: Detector) -> Int:
    """Return the images in which boxes without a candidate may be too many for the contested points.

    few: int64, rows of the boxes that may be in a shortage. Two boxes contest all points that they share;
    some pairs are looked at, on the finest level.
    """
    at_most = np.bincount(image[few], minlength=int(image.max()) + 1)
    may = np.zeros(len(at_most), dtype=np.bool_)
    may[image[few[number[few] == 0]]] = True
    may &= at_most > 1  # one is contested at least, or nobody would borrow it
    rows = np.flatnonzero(may[image] & (number > 0))
    rows = rows[stable_argsort(image[rows])]
    of, finest = image[rows], _own(boxes.take(rows), 0, detector)
    most = np.zeros(len(at_most), dtype=np.int64)
    for distance in range(1, _NEIGHBOURS + 1):
        rows = np.flatnonzero(of[:-distance] == of[distance:])
        x, y = (
            np.minimum(span.last[rows], span.last[rows + distance])
            - np.maximum(span.first[rows], span.first[rows + distance])
            for span in (finest.x, finest.y)
        )
        shared = np.maximum(x + 1, 0) * np.maximum(y + 1, 0)
        np.maximum.at(most, of[rows], shared)
    return np.flatnonzero(may & (at_most > most))


def _at_once(rows: Int, points: int) -> Shortages:
    """Return boxes as one shortage if they are more than the points that they can be given together."""
    if len(rows) <= points:
        return Shortages.none()
    return Shortages(rows, np.zeros(len(rows), dtype=np.int64), np.array([points]))


class _Taken:
    """Which points are taken: some more than are, since two points may have one place in the table."""

    def __init__(self) -> None:
        self._taken = np.zeros(1 << _BITS, dtype=np.bool_)
        self._last = np.zeros(1 << _BITS, dtype=np.int32)

    def take(self, image: Int, point: Int) -> Bool:
        """Take these points, one for each box, and tell which boxes got theirs: bool [n]."""
        mixed = (image.astype(np.uint64) * _MULTIPLIER + point.astype(np.uint64)) * _MULTIPLIER
        place = (mixed >> np.uint64(64 - _BITS)).astype(np.int64)
        number = np.arange(len(place), dtype=np.int32)
        self._last[place] = number
        got: Bool = (self._last[place] == number) & ~self._taken[place]
        self._taken[place[got]] = True
        return got


def _without_point(boxes: OnCanvas, image: Int, rows: Int, detector: Detector) -> Int:
    """Let boxes take a free point each of their own, and return the rows of those that found none.

    First each looks at the point in the middle, on the finest level; then those without at others.
    """
    taken = _Taken()
    middle = np.full(len(rows), -1, dtype=np.int64)

    def look(block: slice) -> None:
        part = boxes.take(rows[block])
        found, (along_x, _) = _own(part, 0, detector), point_axes_of(detector.points)[0]
        x, y = (span.first + span.count // 2 for span in (found.x, found.y))
        at = y * along_x.cells(boxes.canvases.width)[part.of] + x
        middle[block] = np.where(found.count > 0, at, -1)

    for_each_block(len(rows), look)
    got = middle >= 0
    got[got] = taken.take(image[rows[got]], middle[got])
    rows = rows[~got]
    part = boxes.take(rows)
    lists = _Lists(part, detector, lambda level: [_own(part, level, detector)])
    found, looking = np.zeros(len(rows), dtype=np.bool_), np.arange(len(rows))
    for turn in range(_LOOKS):
        looking = looking[lists.number[looking] > turn]
        point = lists.at(looking, (looking + turn) % lists.number[looking])
        got = taken.take(image[rows[looking]], point)
        found[looking[got]] = True
        looking = looking[~got]
    without: Int = rows[~found]
    return without


class _Lists:
    """The points of n boxes as lists: of one rectangle, or several that may overlap, on each level.

    rectangles: returns those of a level, of which none is taken away. number: int64 [n], points of each box.
    """

    def __init__(
        self, boxes: OnCanvas, detector: Detector, rectangles: Callable[[int], Sequence[Rectangle]]
    ) -> None:
        cells = all_cells(boxes.canvases, detector.points)
        before = (np.cumsum(cells, axis=0) - cells)[:, boxes.of]
        parts = []
        for level, (along_x, _) in enumerate(point_axes_of(detector.points)):
            columns = along_x.cells(boxes.canvases.width)[boxes.of]
            for one in rectangles(level):
                first = before[level] + one.y.first * columns + one.x.first
                parts.append((one.x.count, one.y.count, first, columns))
        # Of each rectangle how wide and high it is in points, the first point, and the points of a row of the
        # level: int64 [parts, 4, n].
        self._corners = np.stack([np.stack(part) for part in parts])
        self._end = np.cumsum(self._corners[:, 0] * self._corners[:, 1], axis=0)
        self._overlap = len(parts) > len(detector.points.strides)
        self.number: Int = self._end[-1]

    def at(self, rows: Int, index: Int) -> Int:
        """Return for each of some boxes the point at one place of its list: int64."""
        part = (index >= self._end[:, rows]).sum(axis=0)
        wide, high, first, columns = (self._corners[part, at, rows] for at in range(4))
        within = index - self._end[part, rows] + wide * high
        point: Int = first + within // wide * columns + within % wide
        return point

    def of(self, row: int) -> Int:
        """Return all points of a box, ascending: int64."""
        listed = []
        for wide, high, first, columns in self._corners[:, :, row].tolist():
            if wide * high:
                starts = np.arange(first, first + high * columns, columns)
                listed.append((starts[:, None] + np.arange(wide)).reshape(-1))
        if not listed:
            return np.zeros(0, dtype=np.int64)
        return np.unique(np.concatenate(listed)) if self._overlap else np.concatenate(listed)

    def wanted(self, rows: Int, points: int) -> Int:
        """Count for each point of an image in how many rectangles of its boxes it is: int64 [points]."""
        change = np.zeros(points + 1, dtype=np.int64)  # from one point to the next one
        for start in range(0, len(rows), _AT_ONCE):
            corners = self._corners[:, :, rows[start : start + _AT_ONCE]]
            wide, high, first, columns = corners.transpose(1, 0, 2).reshape(4, -1)
            high = np.where(wide > 0, high, 0)
            within = np.arange(high.sum()) - np.repeat(np.cumsum(high) - high, high)
            left = np.repeat(first, high) + within * np.repeat(columns, high)
            change += np.bincount(left, minlength=points + 1)
            change -= np.bincount(left + np.repeat(wide, high), minlength=points + 1)
        number: Int = np.cumsum(change[:-1])
        return number


class _Reach:
    """Which points boxes can be given: `reach.reachable` for some images. Boxes are given by row."""

    def __init__(self, boxes: OnCanvas, detector: Detector) -> None:
        self._detector, self._most, self._of = detector, may_choose(detector), boxes.of
        self._points = all_cells(boxes.canvases, detector.points).sum(axis=0)
        rule = rule_of(detector)

        def all_of(level: int) -> list[Rectangle]:
            return [part for part in rule.rectangles(boxes, level, detector) if part.sign > 0]

        self._candidates = self._own = _Lists(boxes, detector, all_of)
        if self._most:
            self._own = _Lists(boxes, detector, lambda level: [preferred_rectangle(boxes, level, detector)])

    def shortages(self, rows: Int, is_able: Bool) -> Shortages:
        """Return the shortages of one image, whose boxes are these rows. is_able: bool [n], of each.

        The boxes of the shortages are rows, too.
        """
        points = int(self._points[self._of[rows[0]]])
        anyone, goes_on = self._free_to_all(rows, points)
        more = np.flatnonzero(anyone)
        number = np.maximum(self._own.number[rows], len(more))
        every = more
        if goes_on.any():
            every = np.flatnonzero(self._candidates.wanted(rows, points) > 0)
            number[goes_on] = len(every)
        able = _outnumbered(np.zeros(len(rows), dtype=np.int64), np.flatnonzero(is_able), number)
        if len(able) > _MOST_SOLVED:  # only as a whole: what they can be given together
            of_all = goes_on[able].any()
            wanted = self._candidates.wanted(rows, points) if of_all else self._own.wanted(rows[able], points)
            return _at_once(rows[able], int(np.count_nonzero((wanted > 0) | anyone)))
        if len(more) and not self._most:  # boxes with no other points than those: all can be given the same
            none_else = [bool(anyone[self._own.of(int(row))].all()) for row in rows[able]]
            return _at_once(rows[able[none_else]], len(more))

        def points_of(box: int) -> Int:
            if goes_on[able[box]]:
                return every
            own = self._own.of(int(rows[able[box]]))
            return own if not len(more) else np.union1d(own, more)

        return find_shortages(points_of, len(able), points).of_rows(rows[able])

    def _free_to_all(self, rows: Int, points: int) -> tuple[Bool, Bool]:
        """Return the points that any box of an image can be given, and which boxes can be given all.

        bool [points], of those that are a candidate of a box; bool [n].
        """
        others = self._detector.match.without_candidate
        none, nobody = np.zeros(points, dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
        if others == "anywhere":
            return ~none, nobody
        if others in ("borrows", "contested"):
            return self._candidates.wanted(rows, points) > (others == "contested"), nobody
        if not self._most:
            return none, nobody
        goes_on = self._own.number[rows] < self._most
        if np.count_nonzero(goes_on) < 2:
            return none, goes_on
        wanted, first = (lists.wanted(rows, points) for lists in (self._candidates, self._own))
        return (wanted > 0) & (first == 0), goes_on
