"""BOX002: box without area, or inverted."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find boxes with a width or height of zero or less."""
    rows = np.flatnonzero(context.reason_is("no_area"))
    return context.about_boxes("BOX002", rows, lambda row: ("box without area", context.corners(row)))


RULE = Rule(
    code="BOX002",
    severity="warning",
    title="box without area, or inverted",
    what="A width or height of zero or less, before any clipping.",
    why="No anchor can match it; some frameworks raise on it.",
    example='{"id": 1, "image_id": 7, "bbox": [10, 20, 0, 40]}',
    remedy="remove the box or draw it again",
    check=check,
)
