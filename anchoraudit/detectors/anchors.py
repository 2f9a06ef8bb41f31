"""The anchors of a detector: levels, each a grid of cells with the same shapes in every cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from anchoraudit.detectors._block import LARGEST, Block, is_default

if TYPE_CHECKING:
    from anchoraudit.arrays import Float

LARGEST_SIDE = LARGEST  # of an anchor, in pixels
_LEAST = 1e-6  # pixels; far above the smallest float32 (1e-38), so that no side becomes 0


class Level(Block, frozen=True):
    """One grid of cells, and the anchor shapes that are centred in every cell.

    Give the shapes in one of three ways: `shapes`; or `sizes` with `ratios` and `scales`; or `mask`.

    Parameters
    ----------
    stride : float
        Pixels of the canvas between two cells, at least 1. A canvas has ``ceil(side / stride)`` cells along a
        side, unless `cells` or `Anchors.grid` says otherwise.
    offset : float
        The centre of cell i is at ``offset + i * stride``, in pixels of the canvas. Both are scaled alike if
        `Anchors.spacing` is not "declared".
    shapes : tuple of (float, float)
        Width and height of each shape, in pixels of the canvas or in fractions of it (`Anchors.units`).
    sizes : tuple of float
        Sides of squares in pixels; each is combined with each scale and each ratio.
    ratios : tuple of float
        Ratios of a shape's sides, at equal area (`Anchors.ratio`).
    scales : tuple of float
        Factors of `sizes`.
    cells : (int, int), optional
        Columns and rows, if the framework fixes their number.
    mask : tuple of int
        Indices of the level's shapes in `Anchors.competing`, from 0.
    also_above : float
        For matching by "shape_iou": shapes of this level whose shape IoU with a box is above this are
        positive too, beside the shape most like the box. 1: none are. Source: AlexeyAB/darknet
        src/yolo_layer.c (process_batch, `iou_thresh`).

    Raises
    ------
    ValueError
        If a value is out of range, or the shapes are given in no way or in several.

    Examples
    --------
    >>> Level(stride=16, offset=8, sizes=(32, 64), ratios=(0.5, 1, 2)).count
    6
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
            raise ValueError("a level takes shapes or a mask, or sizes with ratios and scales, not both")
        if self.shapes and self.mask:
            raise ValueError("a level takes shapes or a mask, not both")
        if len(set(self.mask)) < len(self.mask) or any(number < 0 for number in self.mask):
            raise ValueError("a mask must hold indices of shapes in `competing`, 0 or more, each once")
        if not 0 <= self.also_above <= 1:
            raise ValueError(f"also_above is {self.also_above:g}; it must be 0 to 1")
        _require_sides(self.shapes)
        for name in ("sizes", "ratios", "scales"):
            values = getattr(self, name)
            if (name != "sizes" and not values) or not all(0 < value <= LARGEST for value in values):
                raise ValueError(f"{name} must be above 0, at most {LARGEST}")
        if self.cells is not None and not all(1 <= n <= LARGEST for n in self.cells):
            raise ValueError(f"cells must be columns and rows, 1 to {LARGEST} of each")

    @property
    def shortest_side(self) -> float:
        """The shortest side of the shapes made of sizes, scales and ratios, in pixels, before rounding."""
        root = math.sqrt(min(min(ratio, 1.0 / ratio) for ratio in self.ratios))
        return min(self.sizes) * min(self.scales) * root

    @property
    def count(self) -> int:
        """The number of shapes in a cell."""
        own = len(self.shapes) or len(self.mask)
        return own or len(self.sizes) * len(self.scales) * len(self.ratios)

    def holding(self, shapes: tuple[tuple[float, float], ...]) -> Level:
        """Return the same grid with these shapes instead of its own."""
        return msgspec.structs.replace(self, shapes=shapes, sizes=(), ratios=(1.0,), scales=(1.0,), mask=())


class Anchors(Block, frozen=True):
    """All levels of anchors, and the arithmetic with which the framework computes their edges.

    Parameters
    ----------
    levels : tuple of Level
        The levels, in the order in which the framework concatenates them. Empty for a detector without
        anchors.
    competing : tuple of (float, float)
        For matching by "shape_iou": all shapes that compete for a box, in the order that decides ties. Each
        level then names its own shapes by a `mask`. A shape in no mask still wins the boxes most like it, and
        leaves them without a positive anchor; a shape in two masks is positive on both levels. By default the
        shapes of the levels compete, in their order.
    precision : {"float64", "float32"}
        Precision of anchor edges and of IoU.
    units : {"pixels", "fractions"}
        Unit of `Level.shapes`: pixels of the canvas, or fractions of its sides.
    compared_as : {"corners", "fractions", "centre_size"}
        How IoU is computed. "corners": from corners in pixels. "fractions": from corners as fractions of the
        canvas, never multiplied by its size. "centre_size": from corners in pixels, computed from centre and
        size, and areas computed from the sizes.
    ratio : {"height/width", "width/height"}
        What a ratio means.
    sides : {"area", "root", "quotient"}
        How a shape follows from size s and ratio r = h/w. "area": w = sqrt(s^2 / r), h = r w. "root":
        w = s / sqrt(r), h = s sqrt(r). "quotient": w = sqrt(s^2 / r), h = s^2 / w, and both times the scale
        after that. They differ in the last bit.
    sides_precision : {"float64", "float32"}
        Precision of this computation.
    order : {"ratios", "sizes"}
        Which changes slowest among the shapes of a cell.
    round_sides : bool
        Round half sides to whole pixels, half to even.
    spacing : {"declared", "floor", "exact"}
        Distance between cells: the declared stride; or the canvas divided by the number of cells, rounded
        down ("floor") or not ("exact").
    grid : {"ceil", "floor"}
        How canvas / stride is rounded to the number of cells.
    centre_in : {"cell", "shape"}
        Add the offset to the cell's position, or to the shape's edges before they are rounded to `precision`.
    rounded : {"parts", "edges"}
        What is rounded to `precision`. "parts": the centre and half a side, and then their sum. "edges": only
        the sum, which is computed in float64.
    centres : {"divided", "steps"}
        Centres of shapes in fractions. "divided": (i + offset) / cells. "steps": i * step + offset * step
        with step = 1 / cells, each rounded to `precision`.
    reordered : bool
        The user's file lists the shapes of the levels in the other order: the framework reversed it, and
        `levels` is what it trains. Source: yolov5 and yolov7 utils/autoanchor.py: check_anchor_order.

    Raises
    ------
    ValueError
        If values do not go together.

    Examples
    --------
    >>> Anchors(levels=(Level(stride=8, sizes=(32,), ratios=(1, 4)),)).shapes.tolist()
    [[32.0, 32.0], [16.0, 64.0]]
    """

    levels: tuple[Level, ...] = ()
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
    reordered: bool = False

    def __post_init__(self) -> None:
        if not self.levels and not is_default(self):
            raise ValueError("anchors without levels take no other key")
        if any(bool(level.mask) != bool(self.competing) for level in self.levels):
            raise ValueError("every level takes a mask if there are competing shapes, and no level otherwise")
        for level in self.levels:
            if level.mask and max(level.mask) >= len(self.competing):
                last = len(self.competing) - 1
                raise ValueError(f"a mask has shape {max(level.mask)}; competing has shapes 0 to {last}")
        _require_sides(self.competing)
        if self.units == "pixels":
            if self.compared_as == "fractions" or self.centres == "steps":
                raise ValueError("compared_as 'fractions' and centres 'steps' need units 'fractions'")
        elif self.rounded == "edges" or self.compared_as == "centre_size":
            raise ValueError("rounded 'edges' and compared_as 'centre_size' need units 'pixels'")
        if self.compared_as == "fractions" and self.precision != "float32":
            raise ValueError("compared_as 'fractions' needs precision 'float32'")
        least = 1.0 if self.round_sides else _LEAST  # half a side of 0.5 px or less is rounded to 0
        for level in self.levels:
            if level.sizes and (side := level.shortest_side) <= least:
                raise ValueError(
                    f"sizes, ratios and scales make a side of {side:g} px, which is rounded to 0"
                )

    @property
    def kept_precision(self) -> str:
        """Precision of edges in pixels of the canvas: `precision`, but float64 if fractions are compared.

        A float32 fraction times the canvas is exact in float64, so that a division gives the fraction back.
        """
        return "float64" if self.compared_as == "fractions" else self.precision

    def with_pixel_shapes(self, levels: tuple[Level, ...]) -> Anchors:
        """Return these anchors with other levels, whose shapes are in pixels; only these shapes compete."""
        if self.units == "pixels":
            return msgspec.structs.replace(self, levels=levels, competing=())
        return msgspec.structs.replace(
            self, levels=levels, competing=(), units="pixels", compared_as="corners", centres="divided"
        )

    @property
    def runs_against_strides(self) -> bool:
        """Tell whether the shapes on the coarsest grid are smaller, on average, than those on the finest."""
        strides = [level.stride for level in self.levels]
        finest, coarsest = (self.levels[strides.index(pick(strides))] for pick in (min, max))
        small, large = (float(self.shapes_of(level).prod(axis=1).mean()) for level in (finest, coarsest))
        return large < small and finest.stride < coarsest.stride

    @property
    def count(self) -> int:
        """The number of shapes of all levels together."""
        return sum(level.count for level in self.levels)

    def shapes_of(self, level: Level) -> Float:
        """Return the shapes of one level, in the order within a cell: float64 [k, 2], width and height.

        They are rounded as in the framework.
        """
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

        return np.concatenate([np.empty((0, 2)), *(self.shapes_of(level) for level in self.levels)])

    @property
    def numbers(self) -> tuple[int, ...]:
        """The index of each of the K `shapes` among the competing shapes; equal shapes have their own."""
        if not self.competing:
            return tuple(range(self.count))
        return tuple(number for level in self.levels for number in level.mask)

    @property
    def left_out(self) -> tuple[tuple[float, float], ...]:
        """The competing shapes that are on no level; a box most like one of them has no positive anchor.

        Of equal shapes only the first is given: it wins ties, so the others are never most like a box.
        """
        own = {number for level in self.levels for number in level.mask}
        return tuple(
            shape
            for number, shape in enumerate(self.competing)
            if number not in own and shape not in self.competing[:number]
        )


def _require_sides(shapes: tuple[tuple[float, float], ...]) -> None:
    """Raise ValueError for a shape with a side of 0 or less, or larger than any network's input."""
    for w, h in shapes:
        if not (0 < w <= LARGEST and 0 < h <= LARGEST):
            raise ValueError(f"anchor shape {w:g}x{h:g}; sides must be above 0, at most {LARGEST} pixels")
