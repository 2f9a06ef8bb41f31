"""BOX013: an `area` that does not fit the box."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule

# Share of boxes whose `area` equals width times height. A mask rarely fills its box, so where nine in ten
# areas do, `area` means the box.
_AREA_OF_BOX = 0.9


def check(context: Context, tolerance: float) -> Hits:
    """Find boxes with a wrong `area`: too large, or too small where `area` means the box and not a mask."""
    declared = context.dataset.boxes.area
    if declared is None:
        return context.about_boxes("BOX013", np.zeros(0, dtype=np.int64), lambda _: ("", ""))
    with np.errstate(invalid="ignore", over="ignore"):
        own = context.sides.prod(axis=1)
        comparable = np.isfinite(own) & (context.sides > 0).all(axis=1) & np.isfinite(declared)
        slack = np.maximum(tolerance * own, 1.0)
        more, less = declared > own + slack, declared < own - slack
    wrong: Bool = comparable & (more | (declared <= 0))
    # A mask is smaller than its box. A smaller `area` is wrong only where `area` means the box.
    own_area = int(np.count_nonzero(comparable & ~more & ~less))
    if own_area >= _AREA_OF_BOX * max(int(np.count_nonzero(comparable)), 1):
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
        "COCO: an `area` that is larger than width times height by more than `tolerance` (and more than "
        "a pixel), or not above 0. A smaller `area` is that of a mask; it is reported only where nearly "
        "all other areas equal width times height."
    ),
    why=(
        "COCO's evaluation sorts objects into small, medium and large by `area`. One that does not fit "
        "often means that the box was edited, or the image resized, and `area` was not."
    ),
    example='{"bbox": [10, 20, 30, 40], "area": 4800}',
    remedy="write width times height, or the mask's area, into `area`",
    check=check,
    parameters={"tolerance": 0.01},
    scope="whole",
    needs_whole="it looks at all images and boxes at once",
)
