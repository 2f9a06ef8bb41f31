"""Anchors over a canvas: cells, edges, and which anchors the border rule lets count.

All engines use this arithmetic. In every framework, an anchor's edges along x depend only on its column and
shape, and those along y only on its row and shape. They are computed here in the detector's precision and
order of operations, so that two overlaps are equal here exactly where they are equal in the framework.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.detectors.spec import Anchors, Border, Detector, Level
from anchoraudit.encoding.canvas import Canvases
from anchoraudit.errors import AnchorauditError

# The most anchors of one image that are listed, each in about a hundred bytes (600 MB). An image of
# 4000x3000 px that is not resized has half as many under the finest pyramid in use: at stride 4 with three
# shapes a cell 2.25 million, and a third more on the coarser levels.
MOST_ANCHORS = 6_000_000


class Regions(NamedTuple):
    """Boxes or anchors as the framework compares them: corners [N, 4] and areas [N], in `precision`."""

    corners: Floating
    areas: Floating


class Compared(NamedTuple):
    """Boxes or anchors along one axis as the framework compares them: edges, and the length for areas."""

    low: Floating
    high: Floating
    length: Floating


class LevelAxis:
    """One level along x (axis 0) or y (axis 1): where its anchors of each shape lie.

    Lengths are pixels of the canvas. Methods take extents of canvases and indices of cells as arrays that
    broadcast.
    """

    def __init__(self, anchors: Anchors, level: Level, axis: int) -> None:
        self.anchors, self.level, self.axis = anchors, level, axis
        self.number = np.dtype(anchors.precision).type
        self.sizes = anchors.shapes_of(level)[:, axis]
        number = np.dtype(anchors.sides_precision).type
        half = number(0.5) * self.sizes.astype(number)
        centre = number(level.offset) if anchors.centre_in == "shape" else number(0)
        # The precision in which the centre of a cell and half a side are rounded before they are added.
        self.part = self.number if anchors.rounded == "parts" else np.float64
        self.low = (centre - half).astype(self.part)
        self.high = (centre + half).astype(self.part)

    def cells(self, extent: Float | float) -> Int:
        """Return the number of cells along extents [D]."""
        if self.level.cells is not None:
            return np.full(np.shape(extent), self.level.cells[self.axis], dtype=np.int64)
        round_to = np.ceil if self.anchors.grid == "ceil" else np.floor
        # An image of unknown size has no cells.
        return np.nan_to_num(round_to(np.asarray(extent) / self.level.stride)).astype(np.int64)

    def stride(self, extent: Float | float) -> Float:
        """Return the distance between two cells in pixels, along extents [D]."""
        if self.anchors.spacing == "declared":
            return np.full(np.shape(extent), float(self.level.stride))
        exact = np.asarray(extent) / np.maximum(self.cells(extent), 1)
        return np.floor(exact) if self.anchors.spacing == "floor" else exact

    def offset(self, extent: Float | float) -> Float:
        """Return the centre of the first cell, along extents [D]."""
        if self.anchors.centre_in == "shape":
            return np.full(np.shape(extent), float(self.level.offset))
        return self.level.offset / self.level.stride * self.stride(extent)

    def size(self, extent: Float | float, k: int) -> Float | float:
        """Return the side of shape k, along extents [D]."""
        size = float(self.sizes[k])
        return size * np.asarray(extent) if self.anchors.units == "fractions" else size

    def edges(self, index: Int, extent: Float | float, k: int) -> tuple[Floating, Floating]:
        """Return low and high edge of the anchors of shape k in cells `index`, pixels of the canvas.

        They have the precision of `Anchors.kept_precision`.
        """
        if self.anchors.units == "fractions":
            # The multiplication by the canvas comes last.
            centre = self._fraction(index, extent)
            half = self.number(0.5) * self.number(self.sizes[k])
            kept = np.dtype(self.anchors.kept_precision)
            pixels = np.asarray(extent).astype(kept)
            return (centre - half).astype(kept) * pixels, (centre + half).astype(kept) * pixels
        first = 0.0 if self.anchors.centre_in == "shape" else self.offset(extent)
        shift = (first + index * self.stride(extent)).astype(self.part)
        low, high = self.low[k] + shift, self.high[k] + shift
        return low.astype(self.number, copy=False), high.astype(self.number, copy=False)

    def _fraction(self, index: Int, extent: Float | float) -> Floating:
        """Return the centres of cells `index` as fractions of the canvas.

        Sources: torchvision, `DefaultBoxGenerator` (divided); tensorflow/models,
        `multiple_grid_anchor_generator.py` and `grid_anchor_generator.py: tile_anchors` (steps).
        """
        cells = np.asarray(extent / self.stride(extent)).astype(self.number)
        offset = self.level.offset / self.level.stride
        if self.anchors.centres == "divided":
            divided: Floating = (index + offset).astype(self.number) / cells
            return divided
        step = self.number(1) / cells
        stepped: Floating = index.astype(self.number) * step + self.number(offset) * step
        return stepped

    def compared(
        self, low: Floating, high: Floating, extent: Float | float, k: int | None = None
    ) -> Compared:
        """Return edges along this axis as the framework compares them, in the anchors' precision.

        low, high: edges of anchors or boxes, pixels of the canvas. k: the anchors' shape, None for boxes.
        """
        if self.anchors.compared_as == "fractions":  # exactly the fractions that `edges` multiplied
            low, high = low / np.asarray(extent), high / np.asarray(extent)
        low, high = low.astype(self.number, copy=False), high.astype(self.number, copy=False)
        length = high - low
        if self.anchors.compared_as == "centre_size":
            # keras-io, `convert_to_xywh`, then `compute_iou`: corners are computed from centre and size.
            if k is not None:
                return Compared(low, high, np.full_like(low, self.sizes[k]))
            centre, half = (low + high) / self.number(2), length / self.number(2)
            low, high = centre - half, centre + half
        return Compared(low, high, length)


@lru_cache(maxsize=256)
def axes_of(anchors: Anchors) -> tuple[tuple[LevelAxis, LevelAxis], ...]:
    """Return both axes of every level."""
    return tuple((LevelAxis(anchors, level, 0), LevelAxis(anchors, level, 1)) for level in anchors.levels)


def inside(low: Floating, high: Floating, extent: Float | float, border: Border) -> Bool:
    """Tell which anchors [low, high] count along one axis; extent: that of the image or canvas, in pixels."""
    if border.pixels is None:
        return np.ones(np.shape(low), dtype=np.bool_)
    if border.of == "centre":
        low = high = (low + high) * low.dtype.type(0.5)
    margin = border.pixels
    limit = np.asarray(extent + margin).astype(low.dtype)
    above = low >= -margin if border.low_inclusive else low > -margin
    below = high <= limit if border.high_inclusive else high < limit
    return above & below


def compared_boxes(boxes: Float, width: Float | float, height: Float | float, anchors: Anchors) -> Regions:
    """Return boxes [N, 4], on canvases of `width` x `height` px (numbers or [N]), as they are compared."""
    axes, extents = axes_of(anchors)[0], (width, height)
    return _regions(*(axes[a].compared(boxes[:, a], boxes[:, a + 2], extents[a]) for a in (0, 1)))


def compared_anchors(edges: Float, width: float, height: float, anchors: Anchors) -> Regions:
    """Return all anchors of a canvas, [A, 4] from `all_anchors`, as they are compared."""
    if anchors.compared_as != "centre_size":
        return compared_boxes(edges, width, height, anchors)
    areas = [
        np.tile(
            x.sizes.astype(x.number) * y.sizes.astype(y.number), int(x.cells(width)) * int(y.cells(height))
        )
        for x, y in axes_of(anchors)
    ]
    return Regions(edges, np.concatenate(areas))


def _regions(x: Compared, y: Compared) -> Regions:
    return Regions(np.stack([x.low, y.low, x.high, y.high], axis=1), x.length * y.length)


def extents(canvases: Canvases, axis: int, border: Border) -> tuple[Float, Float]:
    """Return, along an axis, the extents of the canvas and those that the border rule applies to."""
    canvas, image = canvases.along(axis)
    return canvas, image if border.against == "image" else canvas


def count_anchors(width: float, height: float, detector: Detector) -> int:
    """Return the number of anchors on a canvas of `width` x `height` px."""
    axes = axes_of(detector.anchors)
    return sum(int(x.cells(width)) * int(y.cells(height)) * len(x.sizes) for x, y in axes)


def all_anchors(
    width: float, height: float, detector: Detector, image: tuple[float, float] | None = None
) -> tuple[Float, Bool]:
    """Return every anchor on a canvas of `width` x `height` px, and whether it counts under the border rule.

    image: size of the resized image on it, without padding; by default the whole canvas. Returns anchors
    [A, 4], as `LevelAxis.edges` computes them, and counts, bool [A]; order: level, row, column, shape.

    Raises AnchorauditError if there are more than MOST_ANCHORS.
    """
    if (total := count_anchors(width, height, detector)) > MOST_ANCHORS:
        raise AnchorauditError(
            f"an input of {width:,.0f}x{height:,.0f} px has {total:,} anchors with {detector.name}; "
            f"at most {MOST_ANCHORS:,} can be listed",
            remedy="Check the detector's resize and strides, or take a smaller input (--input-size).",
        )
    against = image if image is not None and detector.border.against == "image" else (width, height)
    anchors: list[Floating] = []
    counts: list[Bool] = []
    for along_x, along_y in axes_of(detector.anchors):
        columns = np.arange(int(along_x.cells(width)))
        rows = np.arange(int(along_y.cells(height)))
        shape = (len(rows), len(columns), len(along_x.sizes))
        grid = np.empty((*shape, 4), dtype=detector.anchors.kept_precision)
        count = np.empty(shape, dtype=np.bool_)
        for k in range(shape[2]):
            x1, x2 = along_x.edges(columns, width, k)
            y1, y2 = along_y.edges(rows, height, k)
            grid[:, :, k, 0::2] = np.stack([x1, x2], axis=1)[None, :, :]
            grid[:, :, k, 1::2] = np.stack([y1, y2], axis=1)[:, None, :]
            count[:, :, k] = (
                inside(y1, y2, against[1], detector.border)[:, None]
                & inside(x1, x2, against[0], detector.border)[None, :]
            )
        anchors.append(grid.reshape(-1, 4))
        counts.append(count.reshape(-1))
    return np.concatenate(anchors), np.concatenate(counts)
