"""BOX013: an `area` that does not fit the box."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.columns import Bool
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule

_USUAL = 0.9  # of the boxes, from which on `area` is taken for that of the box


def check(context: Context, tolerance: float) -> Hits:
    """Boxes that declare more than their own area, or, where others declare just that, less."""
    declared = context.dataset.boxes.area
    if declared is None:
        return context.about_boxes("BOX013", np.zeros(0, dtype=np.int64), lambda _: ("", ""))
    with np.errstate(invalid="ignore", over="ignore"):
        own = context.sides.prod(axis=1)
        comparable = np.isfinite(own) & (context.sides > 0).all(axis=1) & np.isfinite(declared)
        slack = np.maximum(tolerance * own, 1.0)
        more, less = declared > own + slack, declared < own - slack
    wrong: Bool = comparable & (more | (declared <= 0))
    # A mask's area is smaller than its box: only where hardly any is, areas of boxes are meant.
    own_area = int(np.count_nonzero(comparable & ~more & ~less))
    if own_area >= _USUAL * max(int(np.count_nonzero(comparable)), 1):
        wrong |= comparable & less

    def tell(row: int) -> tuple[str, str]:
        w, h = context.sides[row].tolist()
        return f"area {declared[row]:.7g} of a box of {w:.5g} x {h:.5g} px", f"area {declared[row]:.7g}"

    return context.about_boxes("BOX013", np.flatnonzero(wrong), tell)


RULE = Rule(
    code="BOX013",
    severity="warning",
    title="area that does not fit the box",
    what=(
        "COCO: an `area` larger than width times height by more than `tolerance` (and a pixel), or not "
        "above 0. A smaller one is that of a mask, and is reported only where nearly all others are their "
        "box's."
    ),
    why=(
        "COCO's evaluation sorts objects into small, medium and large by it; an `area` that belongs to "
        "another box often means that the box was changed by hand, or the image resized, without it."
    ),
    example='{"bbox": [10, 20, 30, 40], "area": 4800}',
    remedy="write width times height, or the mask's area, into `area`",
    check=check,
    parameters={"tolerance": 0.01},
)
