"""BOX003: box outside its image."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Boxes that overlap nothing of their image."""
    rows = np.flatnonzero(context.reason_is("outside"))
    return context.about_boxes("BOX003", rows, lambda row: ("box outside its image", context.corners_in(row)))


RULE = Rule(
    code="BOX003",
    severity="error",
    title="box outside its image",
    what="A box that has an area, but none inside its image.",
    why=(
        "Nothing of it is left after clipping to the image. Whoever does not clip trains on nothing, and a "
        "box that far away often means that the image's size, or the unit of all its boxes, is another one."
    ),
    example='{"width": 640, "height": 480}, and a bbox [700, 20, 50, 40]',
    remedy="check the image's size and the coordinates' unit, or leave the box out (filter does)",
    check=check,
)
