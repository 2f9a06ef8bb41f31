"""The points of one level along one axis, and how many of them lie in a span.

Every rule of matching by points says of a box, along each axis alone, from which point to which one the
points are candidates: "right of the box's left side", "within 12 px of its centre". Such a rule changes once
from no to yes, or back, as the point moves. So the first and the last candidate follow from the box in closed
form, but for rounding; the point beside them is asked too, in the framework's own arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.points import Points
from anchoraudit.encoding.canvas import Canvases
from anchoraudit.encoding.grid import MOST_ANCHORS
from anchoraudit.errors import AnchorauditError

_FAR = 1e15  # an index beyond any canvas, which float64 and int64 can hold

# Tells for each box whether the point with this index, [n], is one that a rule takes.
Holds = Callable[[Int], Bool]


class PointAxis:
    """One level of points along x (axis 0) or y (axis 1). Lengths are pixels of the canvas.

    Methods take extents of canvases and indices of points as arrays that broadcast.
    """

    def __init__(self, points: Points, level: int, axis: int) -> None:
        self.points, self.axis = points, axis
        self.size = points.strides[level]
        self.number = np.dtype(points.precision).type

    def cells(self, extent: Float | float) -> Int:
        """Return the number of points along extents [D]; 0 for an unknown one."""
        return np.nan_to_num(np.ceil(np.asarray(extent) / self.size)).astype(np.int64)

    def stride(self, extent: Float | float) -> Float:
        """Return the distance between two points, along extents [D]."""
        if self.points.spacing == "declared":
            return np.full(np.shape(extent), float(self.size))
        whole: Float = np.floor(np.nan_to_num(np.asarray(extent)) / np.maximum(self.cells(extent), 1))
        return whole

    def at(self, index: Int, stride: Float | float) -> Floating:
        """Return where points lie, in the precision of the points. stride: that of each point's canvas."""
        placed: Floating = ((index + self.points.offset) * stride).astype(self.number)
        return placed

    def first_right_of(self, edge: Floating, stride: Float) -> Int:
        """Return the index of the first point right of an edge [n], as nearly as float64 tells."""
        return as_index(np.floor(edge.astype(np.float64) / stride - self.points.offset), _FAR) + 1

    def last_left_of(self, edge: Floating, stride: Float) -> Int:
        """Return the index of the last point left of an edge [n], as nearly as float64 tells."""
        return as_index(np.ceil(edge.astype(np.float64) / stride - self.points.offset), -_FAR) - 1


def as_index(places: Floating, nan: float) -> Int:
    """Return whole numbers [n] as integers: beyond any canvas as one that is, too, and NaN as `nan`."""
    found: Int = np.nan_to_num(np.clip(places, -_FAR, _FAR), nan=nan).astype(np.int64)
    return found


@lru_cache(maxsize=256)
def point_axes_of(points: Points) -> tuple[tuple[PointAxis, PointAxis], ...]:
    """Return both axes of every level."""
    return tuple((PointAxis(points, n, 0), PointAxis(points, n, 1)) for n in range(len(points.strides)))


def lowest(holds: Holds, guess: Int) -> Int:
    """Return the lowest index at which a rule holds that goes on to hold: int64 [n].

    guess: int64 [n], off by one at most.
    """
    return np.where(holds(guess - 1), guess - 1, np.where(holds(guess), guess, guess + 1))


def highest(holds: Holds, guess: Int) -> Int:
    """Return the highest index at which a rule holds that held until there: int64 [n].

    guess: int64 [n], off by one at most.
    """
    return np.where(holds(guess + 1), guess + 1, np.where(holds(guess), guess, guess - 1))


@dataclass(frozen=True, slots=True)
class Span:
    """The points from `first` to `last` along one axis, for each of n boxes: int64 [n] both.

    A span without points has `last` below `first`.
    """

    first: Int
    last: Int

    @classmethod
    def on_grid(cls, first: Int, last: Int, cells: Int) -> Span:
        """Return the span cut to the points that there are, 0 to `cells` - 1 [n]."""
        return cls(np.maximum(first, 0), np.minimum(last, cells - 1))

    @property
    def count(self) -> Int:
        """The number of points: int64 [n]."""
        counted: Int = np.maximum(self.last - self.first + 1, 0)
        return counted

    def holds(self, index: Int) -> Bool:
        """Tell which points, one for each box, are in the span: bool [n]."""
        inside: Bool = (self.first <= index) & (index <= self.last)
        return inside

    def within(self, other: Span) -> Span:
        """Return the points that both have."""
        return Span(np.maximum(self.first, other.first), np.minimum(self.last, other.last))


@dataclass(frozen=True, slots=True)
class Rectangle:
    """The points of one level in a span of columns and a span of rows, for each of n boxes.

    sign: 1 adds them to the candidates, -1 takes them away. A rectangle that is taken away lies within those
    that were added; where two that are added overlap, what they share is taken away once.
    """

    x: Span
    y: Span
    sign: int = 1

    @property
    def count(self) -> Int:
        """The number of points, below 0 where they are taken away: int64 [n]."""
        return self.sign * self.x.count * self.y.count


def all_cells(canvases: Canvases, points: Points) -> Int:
    """Return the number of points of each level on each of D canvases: int64 [L, D]."""
    return np.array(
        [x.cells(canvases.width) * y.cells(canvases.height) for x, y in point_axes_of(points)],
        dtype=np.int64,
    )


def reaches(canvases: Canvases, points: Points) -> Float:
    """Return how far the nearest point of a level can be from a place on a canvas: float64 [L, D, 2].

    Pixels, along x and along y: half the distance of two points, or more at an edge that the points do not
    reach. Infinite on a canvas without points.
    """
    found = np.full((len(points.strides), len(canvases.width), 2), np.inf)
    for level, axes in enumerate(point_axes_of(points)):
        for axis in axes:
            extent = canvases.along(axis.axis)[0]
            cells, stride = axis.cells(extent), axis.stride(extent)
            after_last = extent - (cells - 1 + points.offset) * stride
            most = np.maximum.reduce([stride / 2, np.abs(points.offset * stride), after_last])
            some = cells > 0
            found[level, some, axis.axis] = most[some]
    return found


@dataclass(frozen=True, slots=True)
class AllPoints:
    """All P points of a canvas, ordered by level, row, column.

    xy: [P, 2], pixels of the canvas, in the precision of the points. level: int64 [P], index of its level.
    size: [P], the declared stride of its level, in the same precision.
    """

    xy: Floating
    level: Int
    size: Floating


def all_points(width: float, height: float, points: Points) -> AllPoints:
    """Return every point on a canvas of `width` x `height` px.

    Raises AnchorauditError if there are more than MOST_ANCHORS.
    """
    counts = [(int(x.cells(width)), int(y.cells(height))) for x, y in point_axes_of(points)]
    if (total := sum(columns * rows for columns, rows in counts)) > MOST_ANCHORS:
        raise AnchorauditError(
            f"an input of {width:,.0f}x{height:,.0f} px has {total:,} points; "
            f"at most {MOST_ANCHORS:,} can be listed",
            remedy="Check the detector's resize and strides, or take a smaller input (--input-size).",
        )
    xy, level = [], []
    for number, ((along_x, along_y), (columns, rows)) in enumerate(
        zip(point_axes_of(points), counts, strict=True)
    ):
        x = along_x.at(np.arange(columns), along_x.stride(width))
        y = along_y.at(np.arange(rows), along_y.stride(height))
        xy.append(np.stack([np.tile(x, rows), np.repeat(y, columns)], axis=1))
        level.append(np.full(columns * rows, number))
    of = np.concatenate(level)
    return AllPoints(np.concatenate(xy), of, np.array(points.strides, dtype=points.precision)[of])
