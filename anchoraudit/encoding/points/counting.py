"""How many points are candidates of each box of a data set, in closed form; and which ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8, for_each_block
from anchoraudit.dataset.repeated import not_single
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.causes_by_size import LEVEL, STRIDE
from anchoraudit.encoding.points.lattice import Rectangle, all_cells, point_axes_of, reaches
from anchoraudit.encoding.points.rules import centred_on_canvas, rule_of, surely_have
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.encoding.statuses import STATUS_CODE


def candidates_by_level(boxes: OnCanvas, detector: Detector) -> Int:
    """Return the number of candidates of each box on each of the L levels: int64 [n, L]."""
    number = len(detector.points.strides)
    found = np.zeros((len(boxes.boxes), number), dtype=np.int64)
    rule = rule_of(detector)
    may_have: Callable[[Float, int, Detector], Bool] | None = getattr(rule, "may_have", None)

    def run(block: slice) -> None:
        part = boxes.block(block)
        for level in range(number):
            if may_have is None:
                found[block, level] = _number(rule.rectangles(part, level, detector))
                continue
            rows = np.flatnonzero(may_have(part.boxes, level, detector))
            found[block.start + rows, level] = _number(rule.rectangles(part.take(rows), level, detector))

    for_each_block(len(found), run)
    return found


def _number(parts: Sequence[Rectangle]) -> Int:
    """Return the number of points in rectangles together: int64 [n]."""
    number: Int = np.sum([part.count for part in parts], axis=0)
    return number


def count_candidates(boxes: OnCanvas, detector: Detector) -> Int:
    """Return the number of candidates of each box, were it alone: int64 [n]."""
    number: Int = candidates_by_level(boxes, detector).sum(axis=1)
    return number


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Return how many candidates each box has, were it alone, and what follows from that."""
    number = count_candidates(boxes, detector)
    able = "matched" if detector.match.is_prediction_free else "possible"
    status = np.where(number > 0, STATUS_CODE[able], STATUS_CODE["unmatched"]).astype(np.int8)
    return Judged(np.full(len(number), np.nan), status, number)


def judge_quickly(boxes: OnCanvas, detector: Detector) -> Judged:
    """Return the same statuses as `judge`, without numbers of candidates."""
    able = "matched" if detector.match.is_prediction_free else "possible"
    status = np.full(len(boxes.boxes), STATUS_CODE[able], dtype=np.int8)
    sure = detector.points.spacing == "declared" and detector.match.without_candidate != "anywhere"
    if detector.can_end_empty or not sure:
        status[~_have_any(boxes, detector)] = STATUS_CODE["unmatched"]
    else:  # wherever a box lies on the canvas, it has one
        rows = np.flatnonzero(~centred_on_canvas(boxes))
        status[rows[~_have_any(boxes.take(rows), detector)]] = STATUS_CODE["unmatched"]
    return Judged(np.full(len(status), np.nan), status)


def _have_any(boxes: OnCanvas, detector: Detector) -> Bool:
    """Tell which boxes have a candidate: bool [n]."""
    found = np.zeros(len(boxes.boxes), dtype=np.bool_)
    rule = rule_of(detector)
    may_have: Callable[[Float, int, Detector], Bool] | None = getattr(rule, "may_have", None)
    likely: Callable[[Float, Detector], Int] | None = getattr(rule, "likely_level", None)
    numbers = range(len(detector.points.strides))
    near = reaches(boxes.canvases, detector.points)

    def one_by_one(part: OnCanvas) -> Bool:
        has = np.zeros(len(part.of), dtype=np.bool_)

        def ask(level: int, rows: Int) -> None:
            if len(rows):
                has[rows] = _number(rule.rectangles(part.take(rows), level, detector)) > 0

        if likely is not None:  # most boxes have candidates there, and need no other level
            own = likely(part.boxes, detector)
            for level in numbers:
                ask(level, np.flatnonzero(own == level))
        for level in numbers:
            able = ~has if may_have is None else ~has & may_have(part.boxes, level, detector)
            ask(level, np.flatnonzero(able))
        return has

    def at_a_glance(block: slice) -> None:
        part = boxes.block(block)
        sure = surely_have(part, near, detector)
        if sure is not None:
            found[block] = sure

    for_each_block(len(found), at_a_glance)
    rest = np.flatnonzero(~found)  # few, for most rules

    def closely(block: slice) -> None:
        found[rest[block]] = one_by_one(boxes.take(rest[block]))

    for_each_block(len(rest), closely)
    return found


def levels(boxes: OnCanvas, detector: Detector) -> Bool:
    """Tell on which of the L levels each box has a candidate: bool [n, L]."""
    found: Bool = candidates_by_level(boxes, detector) > 0
    return found


def causes_at(boxes: OnCanvas, detector: Detector) -> Int8:
    """Return why boxes without a candidate have none: int8 [n], index into CAUSES.

    level: a point of another level lies inside the box. stride: none does.
    """
    cause = np.full(len(boxes.boxes), STRIDE, dtype=np.int8)
    if detector.match.ranges:
        every = tuple((-1.0, high) for _, high in detector.match.ranges[-1:]) * len(detector.match.ranges)
        anywhere = msgspec.structs.replace(
            detector, match=msgspec.structs.replace(detector.match, ranges=every)
        )

        def run(block: slice) -> None:
            own = boxes.block(block)
            cause[block][candidates_by_level(own, anywhere).any(axis=1)] = LEVEL

        for_each_block(len(cause), run)
    return cause


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of a box and a candidate point, C of them, by box. box, point: int64 [C].

    point: the index among all points of the canvas, ordered by level, row, column.
    """

    box: Int
    point: Int


def pairs(boxes: OnCanvas, detector: Detector) -> Pairs:
    """List the candidates of each box."""
    rule = rule_of(detector)
    cells = all_cells(boxes.canvases, detector.points)
    first = np.cumsum(cells, axis=0) - cells
    box, point = [], []
    for level, (along_x, _) in enumerate(point_axes_of(detector.points)):
        columns = along_x.cells(boxes.canvases.width)[boxes.of]
        parts = rule.rectangles(boxes, level, detector)
        added = [_listed(each, columns) for each in parts if each.sign > 0]
        own, place = (np.concatenate(column) for column in zip(*added, strict=True))
        for each in parts:
            if each.sign < 0 and len(added) == 1:
                x, y = place % columns[own], place // columns[own]
                inner = (x >= each.x.first[own]) & (x <= each.x.last[own])
                inner &= (y >= each.y.first[own]) & (y <= each.y.last[own])
                own, place = own[~inner], place[~inner]
        box.append(own)
        point.append(place + first[level][boxes.of[own]])
    total = max(int(cells.sum(axis=0).max(initial=0)), 1)
    key = np.concatenate(box) * total + np.concatenate(point)
    key.sort()
    new = np.append(True, key[1:] != key[:-1])[: len(key)]  # rectangles that overlap list a point twice
    return Pairs(*np.divmod(key[new], total))


def _listed(part: Rectangle, columns: Int) -> tuple[Int, Int]:
    """List the points of a rectangle: the box of each, and its index in the level's grid. int64 [C] both."""
    wide, high = part.x.count, part.y.count
    number = wide * high
    box = np.repeat(np.arange(len(number)), number)
    within = np.arange(len(box)) - np.repeat(np.cumsum(number) - number, number)
    x = part.x.first[box] + within % np.maximum(wide[box], 1)
    y = part.y.first[box] + within // np.maximum(wide[box], 1)
    return box, y * columns[box] + x


def owners(boxes: OnCanvas, image: Int, detector: Detector) -> tuple[Int, Int]:
    """Return the box and the point of each pair that is positive, where no prediction decides.

    image: int64 [n], the image of each box. int64 [P] both: the box, and the point among those of its canvas.
    """
    found = pairs(boxes, detector)
    learnt = np.ones(len(found.box), dtype=np.bool_)
    met = _shared(image[found.box], found.point)
    box, point = found.box[met], found.point[met]
    priority = rule_of(detector).priority(boxes.boxes, detector)[box]
    turn = -box if detector.match.repeated == "last" else box
    order = np.lexsort([turn, priority, point, image[box]])
    point, of = point[order], image[box[order]]
    learnt[met[order[1:][(point[1:] == point[:-1]) & (of[1:] == of[:-1])]]] = False
    return found.box[learnt], found.point[learnt]


def _shared(image: Int, point: Int) -> Int:
    """Return the pairs of an image and a point that occur more than once: int64, ascending.

    Most points of most images are candidates of one box.
    """
    return not_single(image * (point.max(initial=0) + 1) + point)


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count the points of M images by label, where no prediction decides; -1 where one does."""
    total = all_cells(boxes.canvases, detector.points).sum(axis=0)[of_image]
    if not detector.match.is_prediction_free:
        return Counted(np.full((len(total), 3), -1), np.full(len(boxes.boxes), -1))
    box, _ = owners(boxes, image, detector)
    positives = np.bincount(image[box], minlength=len(total))
    counts = np.stack([positives, total - positives, np.zeros_like(total)], axis=1)
    return Counted(counts, np.bincount(box, minlength=len(boxes.boxes)))
