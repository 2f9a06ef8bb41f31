"""BOX004: box past the edge by a rounding error."""

from __future__ import annotations

import numpy as np

from anchoraudit.boxes import ROUNDING
from anchoraudit.io.digits import told_apart
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, above: float, up_to: float) -> Hits:
    """Find boxes that reach past their image by a fraction of a pixel."""
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero((context.past > above) & (context.past <= up_to + ROUNDING))

    def tell(row: int) -> tuple[str, str]:
        return f"box past the edge by {told_apart(float(context.past[row]), up_to)} px", context.corners_in(
            row
        )

    return context.about_boxes("BOX004", rows, tell)


RULE = Rule(
    code="BOX004",
    severity="info",
    title="box past the edge by a rounding error",
    what=(
        "A box that reaches past its image by more than `above` and at most `up_to` pixels. Less than "
        "that is floating-point noise."
    ),
    why=(
        "Loaders that compare boxes with the image size delete or refuse such boxes (keras-retinanet, "
        "YOLOv5)."
    ),
    example='{"width": 640, "height": 480}, and a bbox [600.2, 20, 40.1, 40]',
    remedy="clip the boxes to the image: filter --fix does",
    check=check,
    parameters={"above": ROUNDING, "up_to": 0.5},
)
