"""BOX016: box of which hardly anything is inside its image."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.labels import clipped_boxes
from anchoraudit.dataset.outside import BEYOND, INSIDE, far_outside
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, beyond: float, inside: float) -> Hits:
    """Find boxes that reach out of their image by more than its own size, or are hardly inside it."""
    rows = np.flatnonzero(context.past > 0)
    rows = rows[far_outside(context.dataset, rows, beyond, inside)]

    def tell(row: int) -> tuple[str, str]:
        w, h = context.image_sides[row].tolist()
        text = f"box past the edge by {context.past[row]:,.5g} px in an image of {w:g}x{h:g}"
        x1, y1, x2, y2 = clipped_boxes(context.dataset, np.array([row]))[0].tolist()
        return f"{text}, of which {x2 - x1:.3g} x {y2 - y1:.3g} px are inside", context.corners(row)

    return context.about_boxes("BOX016", rows, tell)


RULE = Rule(
    code="BOX016",
    severity="error",
    title="box far outside its image",
    what=(
        "A box that overlaps its image, but reaches past it by more than `beyond` times the image's own "
        "width (left and right) or height (top and bottom), or has less than `inside` of its area inside. "
        "Boxes with nothing inside are BOX003, those that reach out less are BOX006."
    ),
    why=(
        "No edge cuts an object like that: a coordinate is corrupt, or in another unit or order than the "
        "others. A loader that clips trains on what is left, from one wrong corner to the edge; one that "
        "does not clip gets a regression target that no other box has, and the loss jumps."
    ),
    example='{"width": 640, "height": 480}, and a bbox [600, 20, 91000, 40]',
    remedy="draw the box again, or drop it (filter does); if there are many, check unit and order",
    check=check,
    parameters={"beyond": BEYOND, "inside": INSIDE},
)
