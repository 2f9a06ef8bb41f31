"""Where labels of boxes stand in a drawing: beside their boxes, never over any, else in the margins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Rectangle = tuple[float, float, float, float]  # x1, y1, x2, y2 in pixels of the drawing
Size = tuple[float, float]

_GAP = 2.0  # pixels between a label and its box, and between two labels


@dataclass(frozen=True, slots=True)
class Placed:
    """A label. at: its top left corner. leader: a line to its box, for a label in a margin."""

    at: tuple[float, float]
    leader: Rectangle | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """All labels, in pixels from the drawing's top left corner, and how much wider and higher it gets.

    left, right: the widths of the margins; the drawing itself begins at x = left. height: the least height.
    """

    labels: tuple[Placed, ...]
    left: float
    right: float
    height: float


def lay_out(boxes: Sequence[Rectangle], sizes: Sequence[Size], drawing: Size) -> Layout:
    """Place a label for each box.

    A label stands above, below, right or left of its box where no box and no other label is. Where there is
    no such place, it goes into the margin on its side of the drawing, at the height of its box.

    Parameters
    ----------
    boxes : sequence of (x1, y1, x2, y2)
        Pixels of the drawing, without margins.
    sizes : sequence of (width, height)
        Of the label of each box, with its padding.
    drawing : (width, height)
        The drawing without margins.

    Returns
    -------
    Layout
        The labels in the order of the boxes.

    Examples
    --------
    >>> lay_out([(10, 40, 60, 90)], [(30, 12)], (100, 100)).labels[0].at
    (10.0, 26.0)
    """
    taken: list[Rectangle] = list(boxes)
    found: dict[int, Placed] = {}
    # Large boxes last: their labels find a place more easily, or none at all.
    for i in sorted(range(len(boxes)), key=lambda i: _area(boxes[i])):
        if (at := _beside(boxes[i], sizes[i], drawing, taken)) is not None:
            found[i] = Placed(at)
            taken.append((*at, at[0] + sizes[i][0], at[1] + sizes[i][1]))
    rest = [i for i in range(len(boxes)) if i not in found]
    middle = drawing[0] / 2
    by_side = sorted(rest, key=lambda i: boxes[i][0] + boxes[i][2])
    half = sum((boxes[i][0] + boxes[i][2]) / 2 < middle for i in by_side)
    half = min(max(half, len(rest) // 3), len(rest) - len(rest) // 3)  # neither margin much fuller
    sides = (by_side[:half], by_side[half:])
    left, right = (max((sizes[i][0] + 6 * _GAP for i in side), default=0.0) for side in sides)
    height = drawing[1]
    for side, is_left in zip(sides, (True, False), strict=True):
        order = sorted(side, key=lambda i: boxes[i][1] + boxes[i][3])
        tops = _spread(
            [(boxes[i][1] + boxes[i][3] - sizes[i][1]) / 2 for i in order], [sizes[i][1] for i in order]
        )
        if order:
            bottom = tops[-1] + sizes[order[-1]][1]
            if bottom > drawing[1]:  # push up as far as there is room
                tops = _up([sizes[i][1] for i in order], tops, drawing[1])
                bottom = tops[-1] + sizes[order[-1]][1]
            height = max(height, bottom)
        for i, top in zip(order, tops, strict=True):
            x1, y1, x2, y2 = boxes[i]
            level = top + sizes[i][1] / 2
            met = min(max(level, y1), y2)
            if is_left:
                x = left - sizes[i][0] - 3 * _GAP
                found[i] = Placed((x, top), (x + sizes[i][0], level, left + x1, met))
            else:
                x = left + drawing[0] + 3 * _GAP
                found[i] = Placed((x, top), (x, level, left + x2, met))
    labels = []
    for i in range(len(boxes)):
        one = found[i]
        labels.append(one if one.leader is not None else Placed((one.at[0] + left, one.at[1])))
    return Layout(tuple(labels), left, right, height)


def _beside(
    box: Rectangle, size: Size, drawing: Size, taken: Sequence[Rectangle]
) -> tuple[float, float] | None:
    """Return a free place beside a box, None if there is none."""
    (x1, y1, x2, y2), (w, h) = box, size
    for x, y in (
        (x1, y1 - h - _GAP),
        (x1, y2 + _GAP),
        (x2 - w, y1 - h - _GAP),
        (x2 - w, y2 + _GAP),
        (x2 + _GAP, y1),
        (x1 - w - _GAP, y1),
    ):
        own = (x, y, x + w, y + h)
        inside = x >= 0 and y >= 0 and x + w <= drawing[0] and y + h <= drawing[1]
        if inside and not any(_overlap(own, other) for other in taken):
            return x, y
    return None


def _spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return tops near the wanted ones, in the same order, none over the one before."""
    tops: list[float] = []
    for top, _ in zip(wanted, heights, strict=True):
        least = tops[-1] + heights[len(tops) - 1] + _GAP if tops else 0.0
        tops.append(max(top, least, 0.0))
    return tops


def _up(heights: Sequence[float], tops: Sequence[float], height: float) -> list[float]:
    """Return tops moved up so that the last label ends within the height, as far as there is room."""
    moved = list(tops)
    bottom = height
    for n in reversed(range(len(moved))):
        moved[n] = min(moved[n], bottom - heights[n])
        bottom = moved[n] - _GAP
    if moved and moved[0] < 0:  # more labels than the height holds: from the top, one below the other
        return _spread([0.0] * len(moved), heights)
    return moved


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _area(box: Rectangle) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
