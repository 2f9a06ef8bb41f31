"""BOX007: box smaller than a pixel."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, below: float) -> Hits:
    """Boxes with an area and a side below a pixel."""
    rows = np.flatnonzero((context.sides.min(axis=1) < below) & context.has_extent)

    def tell(row: int) -> tuple[str, str]:
        w, h = context.sides[row].tolist()
        return f"box of {w:.3g} x {h:.3g} px", context.corners(row)

    return context.about_boxes("BOX007", rows, tell)


RULE = Rule(
    code="BOX007",
    severity="warning",
    title="box smaller than a pixel",
    what="A box with an area of which a side is shorter than `below` pixels of the original image.",
    why=(
        "No pixel shows what it is about, loaders delete it (mmdetection, keras-retinanet) or round it to "
        "nothing, and the logarithm of its size is a large regression target."
    ),
    example='{"id": 1, "image_id": 7, "bbox": [10, 20, 0.4, 30]}',
    remedy="remove the box or draw it again; where all boxes are so small, their unit is not the pixel",
    check=check,
    parameters={"below": 1.0},
)
