"""BOX007: box smaller than a pixel."""

from __future__ import annotations

import numpy as np

from anchoraudit.boxes import ROUNDING, shorter_sides
from anchoraudit.io.digits import told_apart
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, below: float) -> Hits:
    """Find boxes that have an area and a side shorter than a pixel."""
    rows = np.flatnonzero((shorter_sides(context.sides) < below - ROUNDING) & context.has_extent)

    def tell(row: int) -> tuple[str, str]:
        w, h = (told_apart(side, below) for side in context.sides[row].tolist())
        return f"box of {w} x {h} px", context.corners(row)

    return context.about_boxes("BOX007", rows, tell)


RULE = Rule(
    code="BOX007",
    severity="warning",
    title="box smaller than a pixel",
    what="A box that has an area, with a side shorter than `below` pixels of the original image.",
    why=(
        "No pixel shows the object. Loaders delete the box (mmdetection, keras-retinanet) or round it "
        "to nothing, and the logarithm of its size is a very large regression target."
    ),
    example='{"id": 1, "image_id": 7, "bbox": [10, 20, 0.4, 30]}',
    remedy="remove the box or draw it again; where all boxes are so small, their unit is not pixels",
    check=check,
    parameters={"below": 1.0},
)
