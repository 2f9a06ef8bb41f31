"""BOX006: box past the edge of its image."""

from __future__ import annotations

import numpy as np

from anchoraudit.boxes import ROUNDING
from anchoraudit.dataset.outside import far_outside
from anchoraudit.io.digits import told_apart
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, above: float) -> Hits:
    """Find boxes that reach far past their image and still overlap it."""
    rows = np.flatnonzero(context.past > above + ROUNDING)
    rows = rows[~far_outside(context.dataset, rows)]

    def tell(row: int) -> tuple[str, str]:
        return f"box past the edge by {told_apart(float(context.past[row]), above)} px", context.corners_in(
            row
        )

    return context.about_boxes("BOX006", rows, tell)


RULE = Rule(
    code="BOX006",
    severity="warning",
    title="box past the edge of its image",
    what=(
        "A box that reaches past its image by more than `above` pixels, and overlaps it. One that "
        "reaches out by more than the image's own size, or is hardly inside, is BOX016."
    ),
    why=(
        "Each loader does something else: it clips the box, deletes it, or refuses the image. Where "
        "many boxes reach out, the declared image size or the unit is probably wrong."
    ),
    example='{"width": 640, "height": 480}, and a bbox [600, 20, 100, 40]',
    remedy="check the declared image size; clip the box if the edge cuts the object",
    check=check,
    parameters={"above": 1.0},
)
