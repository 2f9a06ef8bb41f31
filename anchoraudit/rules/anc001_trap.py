"""ANC001: a box that makes every anchor positive."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.verdicts import STATUS_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Boxes that overlap no anchor, where forcing "all ties" takes every anchor that overlaps nothing."""
    trapped = (context.status == STATUS_CODE["forced"]) & (context.best_iou == 0)
    rows = np.flatnonzero(trapped & context.detector.match.forces_at_zero)
    text = f"box that overlaps no anchor of {context.detector.name}"
    return context.about_boxes("ANC001", rows, lambda row: (text, context.corners(row)))


RULE = Rule(
    code="ANC001",
    severity="warning",
    title="a box that makes every anchor positive",
    what=(
        "A usable box that overlaps no anchor that counts, under a detector that forces all ties for a "
        'box\'s best IoU, be it 0 (`force` is "ties", with no floor above 0). Its best IoU is 0, and so is '
        "that of every anchor away from it."
    ),
    why=(
        "It overlaps no anchor, so its best IoU is 0, and forcing takes every anchor whose IoU is that: all"
        " of them learn that empty background is this box."
    ),
    example="a box of 3 x 3 px in the corner of an image, where all anchors near it cross the border",
    remedy="leave the box out, or widen the border (--allowed-border off) so that an anchor overlaps it",
    check=check,
)
