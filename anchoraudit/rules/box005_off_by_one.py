"""BOX005: box past the edge by one pixel."""

from __future__ import annotations

import numpy as np

from anchoraudit.boxes import ROUNDING
from anchoraudit.io.digits import told_apart
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, above: float, up_to: float) -> Hits:
    """Find boxes that reach past their image by about one pixel."""
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((context.past > above + ROUNDING) & (context.past <= up_to + ROUNDING))

    def tell(row: int) -> tuple[str, str]:
        return f"box past the edge by {told_apart(float(context.past[row]), above)} px", context.corners_in(
            row
        )

    return context.about_boxes("BOX005", rows, tell)


RULE = Rule(
    code="BOX005",
    severity="info",
    title="box past the edge by one pixel",
    what="A box that reaches past its image by more than `above` and at most `up_to` pixels.",
    why=(
        "Somebody counted pixels from 1, or counted the last pixel twice. All boxes may be off by one, "
        "not only those at the edge. Loaders that compare boxes with the image size delete or refuse "
        "these."
    ),
    example='{"width": 640, "height": 480}, and a bbox [601, 20, 40, 40]',
    remedy="check how the boxes were exported; filter --fix clips them",
    check=check,
    parameters={"above": 0.5, "up_to": 1.0},
)
