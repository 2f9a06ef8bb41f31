"""Which anchors are laid over the canvas: levels of a grid each, and the shapes tiled over them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from anchoraudit.detectors._block import LARGEST, Block

if TYPE_CHECKING:
    from anchoraudit.arrays import Float

_LEAST = 1e-6  # pixels; far above where float32 has no smaller numbers


class Level(Block, frozen=True):
    """One grid: `ceil(canvas / stride)` cells each way, the shapes centred in each.

    The centre of cell i is at `offset + i * stride` px of the canvas (both scaled alike where the spacing is
    not the declared stride). cells: columns and rows, where the framework fixes them.
    shapes: (width, height) in pixels of the canvas (or fractions of it, see `Anchors.units`); or else they
    follow from `sizes` x `scales` (sides of a square, px) and `ratios`; or `mask` names them by their places
    in `Anchors.competing`, from 0.
    also_above: where the shape most like a box is positive, the shapes of this level are positive too whose
    shape IoU with the box is above this; 1: they are not. Source: AlexeyAB/darknet src/yolo_layer.c
    (process_batch, `iou_thresh`).
    """

    stride: float
    offset: float = 0.0
    shapes: tuple[tuple[float, float], ...] = ()
    sizes: tuple[float, ...] = ()
    ratios: tuple[float, ...] = (1.0,)
    scales: tuple[float, ...] = (1.0,)
    cells: tuple[int, int] | None = None
    mask: tuple[int, ...] = ()
    also_above: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.stride <= LARGEST:
            raise ValueError(f"stride is {self.stride:g}; it must be 1 to {LARGEST} pixels")
        if not abs(self.offset) <= LARGEST:
            raise ValueError(f"offset is {self.offset:g}; it must be finite, at most {LARGEST} pixels")
        if not self.shapes and not self.sizes and not self.mask:
            raise ValueError("a level needs at least one shape: give shapes, sizes (and ratios), or a mask")
        if (self.shapes or self.mask) and (self.sizes or self.ratios != (1.0,) or self.scales != (1.0,)):
            raise ValueError("a level takes shapes, or sizes with ratios and scales, not both")
        if self.shapes and self.mask:
            raise ValueError("a level takes shapes, or a mask of those that compete, not both")
        if len(set(self.mask)) < len(self.mask) or any(number < 0 for number in self.mask):
            raise ValueError("a mask names shapes by their places in `competing`, 0 or more, each once")
        if not 0 <= self.also_above <= 1:
            raise ValueError(f"also_above is {self.also_above:g}; it must be 0 to 1")
        _require_sides(self.shapes)
        for name in ("sizes", "ratios", "scales"):
            values = getattr(self, name)
            if (name != "sizes" and not values) or not all(0 < value <= LARGEST for value in values):
                raise ValueError(f"{name} must be above 0, at most {LARGEST}")
        if self.cells is not None and not all(1 <= n <= LARGEST for n in self.cells):
            raise ValueError("cells are columns and rows, 1 or more of each")

    @property
    def shortest_side(self) -> float:
        """Shortest side of the shapes that sizes, scales and ratios make, before any rounding."""
        root = math.sqrt(min(min(ratio, 1.0 / ratio) for ratio in self.ratios))
        return min(self.sizes) * min(self.scales) * root

    @property
    def count(self) -> int:
        """How many shapes a cell has."""
        own = len(self.shapes) or len(self.mask)
        return own or len(self.sizes) * len(self.scales) * len(self.ratios)

    def holding(self, shapes: tuple[tuple[float, float], ...]) -> Level:
        """The same grid with these shapes in place of its own."""
        return msgspec.structs.replace(self, shapes=shapes, sizes=(), ratios=(1.0,), scales=(1.0,), mask=())


class Anchors(Block, frozen=True):
    """The levels, in the order in which the framework concatenates them, and its arithmetic.

    competing: all shapes that are compared with a box where the one most like it is positive, in the order
    that decides ties; levels then name theirs by a `mask`. A shape that no mask names leaves the boxes most
    like it without a positive anchor; one that two levels name is positive on both. Without it, the shapes of
    the levels compete, in their order.
    precision: of anchor edges and of IoU. units: of shapes: "pixels", or "fractions" of the canvas' sides.
    compared_as: what IoU is taken of: "corners" in pixels; "fractions": corners as fractions of the canvas,
    by which neither shapes nor boxes are multiplied; or "centre_size", in pixels: corners are made of centre
    and size, areas of the sizes.
    ratio: what a ratio is. sides: how a shape follows from size s and ratio r = h/w: "area":
    w = sqrt(s^2 / r), h = r w; "root": w = s / sqrt(r), h = s sqrt(r); "quotient": w = sqrt(s^2 / r),
    h = s^2 / w, and then times the scale. sides_precision: of that.
    order: which of "ratios" and "sizes" changes slowest within a cell.
    round_sides: half sides are rounded to whole pixels, half to even.
    spacing: between cells: the stride as "declared", or the canvas divided by the cells, "exact" or its
    "floor". grid: cells are "ceil" or "floor" of canvas / stride. centre_in: the offset is added to the
    "cell" or to the "shape" (before rounding to `precision`).
    rounded: to `precision`: the "parts" of an edge, a centre and half a side, and then their sum; or the
    "edges" alone, which are summed in float64.
    centres: of shapes in fractions: "divided", (i + offset) / cells; or by "steps" of 1 / cells,
    i * step + offset * step, each rounded to `precision`.
    """

    levels: tuple[Level, ...]
    precision: Literal["float64", "float32"] = "float64"
    units: Literal["pixels", "fractions"] = "pixels"
    compared_as: Literal["corners", "fractions", "centre_size"] = "corners"
    ratio: Literal["height/width", "width/height"] = "height/width"
    sides: Literal["area", "root", "quotient"] = "area"
    sides_precision: Literal["float64", "float32"] = "float64"
    order: Literal["ratios", "sizes"] = "ratios"
    round_sides: bool = False
    spacing: Literal["declared", "floor", "exact"] = "declared"
    grid: Literal["ceil", "floor"] = "ceil"
    centre_in: Literal["cell", "shape"] = "cell"
    competing: tuple[tuple[float, float], ...] = ()
    rounded: Literal["parts", "edges"] = "parts"
    centres: Literal["divided", "steps"] = "divided"

    def __post_init__(self) -> None:
        if not self.levels:
            raise ValueError("a detector needs at least one level of anchors")
        if any(bool(level.mask) != bool(self.competing) for level in self.levels):
            raise ValueError(
                "every level takes a mask where shapes are named as competing, and none otherwise"
            )
        for level in self.levels:
            if level.mask and max(level.mask) >= len(self.competing):
                last = len(self.competing) - 1
                raise ValueError(f"a mask names shape {max(level.mask)} of those that compete, 0 to {last}")
        _require_sides(self.competing)
        if self.units == "pixels":
            if self.compared_as == "fractions" or self.centres == "steps":
                raise ValueError("compared_as 'fractions' and centres by 'steps' take units 'fractions'")
        elif self.rounded == "edges" or self.compared_as == "centre_size":
            raise ValueError("rounded 'edges' and compared_as 'centre_size' take units 'pixels'")
        if self.compared_as == "fractions" and self.precision != "float32":
            raise ValueError("compared_as 'fractions' takes precision 'float32'")
        least = 1.0 if self.round_sides else _LEAST  # half a side is rounded, half to even
        for level in self.levels:
            if level.sizes and (side := level.shortest_side) <= least:
                raise ValueError(
                    f"sizes, ratios and scales make a side of {side:g} px, which is rounded to 0"
                )

    @property
    def kept_precision(self) -> str:
        """Precision in which pixels of the canvas are kept: `precision`, but for fractions compared as such.

        A float32 fraction times the canvas is exact in float64: divided by the canvas, it comes out again.
        """
        return "float64" if self.compared_as == "fractions" else self.precision

    def with_pixel_shapes(self, levels: tuple[Level, ...]) -> Anchors:
        """Return these anchors with other levels; their shapes are in pixels, and no others compete."""
        if self.units == "pixels":
            return msgspec.structs.replace(self, levels=levels, competing=())
        return msgspec.structs.replace(
            self, levels=levels, competing=(), units="pixels", compared_as="corners", centres="divided"
        )

    @property
    def count(self) -> int:
        """How many shapes all levels have together."""
        return sum(level.count for level in self.levels)

    def shapes_of(self, level: Level) -> Float:
        """Shapes of one level, in the order within a cell: float64 [k, 2], as the framework rounds them."""
        import numpy as np

        if own := level.shapes or tuple(self.competing[number] for number in level.mask):
            return np.array(own, dtype=np.float64)
        number = np.dtype(self.sides_precision).type
        shapes = []
        for size, scale, ratio in self._combinations(level):
            s, r = number(size), number(ratio)
            if self.sides == "area":
                side = s * number(scale)
                w = np.sqrt(side * side / r)
                h = w * r
            elif self.sides == "quotient":
                w = np.sqrt(s * s / r)
                w, h = w * number(scale), s * s / w * number(scale)
            else:
                root = np.sqrt(r)
                w, h = s * (number(1) / root) * number(scale), s * root * number(scale)
            shapes.append((w, h) if self.ratio == "height/width" else (h, w))
        made = np.array(shapes, dtype=np.float64)
        return np.round(made * 0.5) * 2.0 if self.round_sides else made

    def _combinations(self, level: Level) -> list[tuple[float, float, float]]:
        sizes = [(size, scale) for size in level.sizes for scale in level.scales]
        if self.order == "ratios":
            return [(size, scale, ratio) for ratio in level.ratios for size, scale in sizes]
        return [(size, scale, ratio) for size, scale in sizes for ratio in level.ratios]

    @property
    def shapes(self) -> Float:
        """All shapes of all levels, in order: float64 [K, 2], width and height (see `units`)."""
        import numpy as np

        return np.concatenate([self.shapes_of(level) for level in self.levels])

    @property
    def numbers(self) -> tuple[int, ...]:
        """Place of each of the K `shapes` among those that compete; of equal ones each has its own."""
        if not self.competing:
            return tuple(range(self.count))
        return tuple(number for level in self.levels for number in level.mask)

    @property
    def left_out(self) -> tuple[tuple[float, float], ...]:
        """The shapes that compete and are on no level, so that a box most like one has no positive anchor.

        Of equal shapes the first one wins, so the others are never the one most like a box.
        """
        own = {number for level in self.levels for number in level.mask}
        return tuple(
            shape
            for number, shape in enumerate(self.competing)
            if number not in own and shape not in self.competing[:number]
        )


def _require_sides(shapes: tuple[tuple[float, float], ...]) -> None:
    """Raise ValueError for a shape without area, or of sides that no network has."""
    for w, h in shapes:
        if not (0 < w <= LARGEST and 0 < h <= LARGEST):
            raise ValueError(f"anchor shape {w:g}x{h:g}; sides must be above 0, at most {LARGEST} pixels")
