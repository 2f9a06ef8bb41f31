"""The points of a detector without anchors: levels, each a grid with one point in every cell."""

from __future__ import annotations

from typing import Literal

from anchoraudit.detectors._block import LARGEST, Block, is_default


class Points(Block, frozen=True):
    """The grids on whose points a detector without anchors learns boxes.

    Level l has ``ceil(side / strides[l])`` points along a side of the canvas. Point i of it lies at
    ``(i + offset) * stride``, in pixels of the canvas.

    Parameters
    ----------
    strides : tuple of float
        Pixels of the canvas between two points of each level, at least 1, finest level first. Empty for a
        detector that has anchors, or neither.
    offset : float
        Where in its cell a point lies, 0 to 1: 0 at the cell's top left, 0.5 in its middle.
    spacing : {"declared", "floor"}
        Distance between points: the declared stride, or the canvas divided by the number of cells, rounded
        down. Levels and sizes are named by the declared stride in both cases.
    precision : {"float64", "float32"}
        Precision of points and boxes when they are compared.

    Raises
    ------
    ValueError
        If a value is out of range, or has no effect.

    Examples
    --------
    >>> Points(strides=(8, 16, 32)).offset
    0.5
    """

    strides: tuple[float, ...] = ()
    offset: float = 0.5
    spacing: Literal["declared", "floor"] = "declared"
    precision: Literal["float64", "float32"] = "float32"

    def __post_init__(self) -> None:
        for stride in self.strides:
            if not 1 <= stride <= LARGEST:
                raise ValueError(f"a stride of points is {stride:g}; it must be 1 to {LARGEST} pixels")
        if list(self.strides) != sorted(set(self.strides)):
            raise ValueError("strides of points must grow from level to level")
        if not 0 <= self.offset <= 1:
            raise ValueError(f"offset is {self.offset:g}; it must be 0 to 1, a share of the stride")
        if not self.strides and not is_default(self):
            raise ValueError("points without strides take no other key")

    def __str__(self) -> str:
        return f"points at stride {'/'.join(f'{stride:g}' for stride in self.strides)}"
