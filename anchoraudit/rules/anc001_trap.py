"""ANC001: a box that makes every anchor positive."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.statuses import STATUS_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find boxes with IoU 0 to every anchor, under a detector that forces all ties.

    Such a detector makes every anchor with IoU 0 positive.
    """
    trapped = (context.status == STATUS_CODE["forced"]) & (context.best_iou == 0)
    rows = np.flatnonzero(trapped & context.detector.match.forces_at_zero)
    text = f"box that overlaps no anchor of {context.detector.name}"
    return context.about_boxes("ANC001", rows, lambda row: (text, context.corners(row)))


RULE = Rule(
    code="ANC001",
    severity="warning",
    title="a box that makes every anchor positive",
    what=(
        "A usable box that overlaps none of the anchors that count, under a detector that forces all "
        'ties (`force = "ties"`) with no floor above 0. The box\'s best IoU is 0, and every anchor '
        "elsewhere has IoU 0 with it too."
    ),
    why=(
        "The detector makes positive every anchor whose IoU equals the box's best IoU. That is 0 here, "
        "so all of these anchors learn that empty background is this object."
    ),
    example="a box of 3 x 3 px in the corner of an image, where all anchors near it cross the border",
    remedy="drop the box, or widen the border (--allowed-border off) so that an anchor overlaps it",
    check=check,
    needs_detector=True,
)
