"""BOX003: box outside its image."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find boxes fully outside their image."""
    rows = np.flatnonzero(context.reason_is("outside"))
    return context.about_boxes("BOX003", rows, lambda row: ("box outside its image", context.corners_in(row)))


RULE = Rule(
    code="BOX003",
    severity="error",
    title="box outside its image",
    what="A box that has an area, but none of it inside its image.",
    why=(
        "Clipping to the image leaves nothing of it, and without clipping, the target is empty. "
        "A box that far away often means that the declared image size, or the unit of all boxes, is "
        "wrong."
    ),
    example='{"width": 640, "height": 480}, and a bbox [700, 20, 50, 40]',
    remedy="check the image size and the unit of the coordinates, or drop the box (filter does)",
    check=check,
)
