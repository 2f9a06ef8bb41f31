"""BOX002: box without area, or inverted."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find boxes with a width or height of zero or less."""

    def tell(row: int) -> tuple[str, str]:
        x1, y1, x2, y2 = context.dataset.boxes.xyxy[row].tolist()
        inverted = [f"{axis}1 > {axis}2" for axis, low, high in (("x", x1, x2), ("y", y1, y2)) if low > high]
        words = f"inverted box, {' and '.join(inverted)}" if inverted else "box without area"
        return words, context.corners(row)

    return context.about_boxes("BOX002", np.flatnonzero(context.reason_is("no_area")), tell)


RULE = Rule(
    code="BOX002",
    severity="warning",
    title="box without area, or inverted",
    what=(
        "A width or height of zero or less, before any clipping. Below zero the box is inverted: minimum and "
        "maximum are exchanged, or the width or height is negative."
    ),
    why="No anchor can match it. Some frameworks raise on it, and in others the loss is NaN.",
    example='{"id": 1, "image_id": 7, "bbox": [10, 20, 0, 40]}',
    remedy=(
        "inverted: swap minimum and maximum (filter --unsafe-fixes does); otherwise draw it again "
        "or remove it"
    ),
    check=check,
)
