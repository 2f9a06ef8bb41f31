"""Which anchors are laid over the canvas: levels of a grid each, and the shapes tiled over them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from anchoraudit.detectors._block import LARGEST, Block

if TYPE_CHECKING:
    from anchoraudit.geometry import Float

_LEAST = 1e-6  # pixels; far above where float32 has no smaller numbers


class Level(Block, frozen=True):
    """One grid: `ceil(canvas / stride)` cells each way, the shapes centred in each.

    The centre of cell i is at `offset + i * stride` px of the canvas (both scaled alike where the spacing is
    not the declared stride). cells: columns and rows, where the framework fixes them.
    shapes: (width, height) in pixels of the canvas (or fractions of it, see `Anchors.units`); or else they
    follow from `sizes` x `scales` (sides of a square, px) and `ratios`.
    """

    stride: float
    offset: float = 0.0
    shapes: tuple[tuple[float, float], ...] = ()
    sizes: tuple[float, ...] = ()
    ratios: tuple[float, ...] = (1.0,)
    scales: tuple[float, ...] = (1.0,)
    cells: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.stride <= LARGEST:
            raise ValueError(f"stride is {self.stride:g}; it must be 1 to {LARGEST} pixels")
        if not abs(self.offset) <= LARGEST:
            raise ValueError(f"offset is {self.offset:g}; it must be finite, at most {LARGEST} pixels")
        if not self.shapes and not self.sizes:
            raise ValueError("a level needs at least one shape: give shapes, or sizes (and ratios)")
        if self.shapes and (self.sizes or self.ratios != (1.0,) or self.scales != (1.0,)):
            raise ValueError("a level takes shapes, or sizes with ratios and scales, not both")
        for w, h in self.shapes:
            if not (0 < w <= LARGEST and 0 < h <= LARGEST):
                raise ValueError(f"anchor shape {w:g}x{h:g}; sides must be above 0, at most {LARGEST} pixels")
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
        return len(self.shapes) or len(self.sizes) * len(self.scales) * len(self.ratios)


class Anchors(Block, frozen=True):
    """The levels, in the order in which the framework concatenates them, and its arithmetic.

    precision: of anchor edges and of IoU. units: of shapes: "pixels", or "fractions" of the canvas' sides.
    ratio: what a ratio is. sides: how a shape follows from size s and ratio r = h/w: "area":
    w = sqrt(s^2 / r), h = r w; "root": w = s / sqrt(r), h = s sqrt(r). sides_precision: of that.
    order: which of "ratios" and "sizes" changes slowest within a cell.
    round_sides: half sides are rounded to whole pixels, half to even.
    spacing: between cells: the stride as "declared", or the canvas divided by the cells, "exact" or its
    "floor". grid: cells are "ceil" or "floor" of canvas / stride. centre_in: the offset is added to the
    "cell" or to the "shape" (before rounding to `precision`).
    """

    levels: tuple[Level, ...]
    precision: Literal["float64", "float32"] = "float64"
    units: Literal["pixels", "fractions"] = "pixels"
    ratio: Literal["height/width", "width/height"] = "height/width"
    sides: Literal["area", "root"] = "area"
    sides_precision: Literal["float64", "float32"] = "float64"
    order: Literal["ratios", "sizes"] = "ratios"
    round_sides: bool = False
    spacing: Literal["declared", "floor", "exact"] = "declared"
    grid: Literal["ceil", "floor"] = "ceil"
    centre_in: Literal["cell", "shape"] = "cell"

    def __post_init__(self) -> None:
        if not self.levels:
            raise ValueError("a detector needs at least one level of anchors")
        least = 1.0 if self.round_sides else _LEAST  # half a side is rounded, half to even
        for level in self.levels:
            if not level.shapes and (side := level.shortest_side) <= least:
                raise ValueError(
                    f"sizes, ratios and scales make a side of {side:g} px, which is rounded to 0"
                )

    @property
    def count(self) -> int:
        """How many shapes all levels have together."""
        return sum(level.count for level in self.levels)

    def shapes_of(self, level: Level) -> Float:
        """Shapes of one level, in the order within a cell: float64 [k, 2], as the framework rounds them."""
        import numpy as np

        if level.shapes:
            return np.array(level.shapes, dtype=np.float64)
        number = np.dtype(self.sides_precision).type
        shapes = []
        for size, scale, ratio in self._combinations(level):
            s, r = number(size), number(ratio)
            if self.sides == "area":
                side = s * number(scale)
                w = np.sqrt(side * side / r)
                h = w * r
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
