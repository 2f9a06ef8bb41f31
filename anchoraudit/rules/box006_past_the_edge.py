"""BOX006: box past the edge of its image."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, above: float) -> Hits:
    """Boxes that reach further past their image."""
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(context.past > above)

    def tell(row: int) -> tuple[str, str]:
        return f"box past the edge by {context.past[row]:.3g} px", context.corners_in(row)

    return context.about_boxes("BOX006", rows, tell)


RULE = Rule(
    code="BOX006",
    severity="warning",
    title="box past the edge of its image",
    what="A box that reaches past its image by more than `above` pixels, and overlaps it.",
    why=(
        "Loaders clip such a box, delete it, or refuse the image, each in its own way; where it is far out,"
        " its image's size or its unit is likely to be another one."
    ),
    example='{"width": 640, "height": 480}, and a bbox [600, 20, 100, 40]',
    remedy="check the image's size; clip the box to the image if the object is cut by its edge",
    check=check,
    parameters={"above": 1.0},
)
