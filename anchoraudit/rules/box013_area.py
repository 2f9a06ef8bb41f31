"""BOX013: an `area` that does not fit the box."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.boxes import shorter_sides
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted

# Share of boxes whose `area` equals width times height. A mask rarely fills its box, so where nine in ten
# areas do, `area` means the box.
_AREA_OF_BOX = 0.9


def check(context: Context, tolerance: float) -> Hits:
    """Find boxes with an `area` that is too large, or none."""
    return _found(context, _compared(context, tolerance)[0])


def too_small(context: Context, tolerance: float) -> Hits:
    """Find boxes with an `area` that is too small, if it means the box and not a mask."""
    return _found(context, _compared(context, tolerance)[1])


def means_the_box(context: Context, tolerance: float) -> bool:
    """Tell whether `area` is that of the box. A mask is smaller than its box."""
    del tolerance
    own = context.totals.of_rule("BOX013")
    return own.number("own area") >= _AREA_OF_BOX * max(own.number("comparable"), 1)


def count(context: Context, tolerance: float) -> Counted:
    """Count the boxes with an `area` that can be compared, and those of which it is that of the box."""
    _, _, comparable, own = _compared(context, tolerance)
    return {"comparable": comparable, "own area": own}


def _found(context: Context, rows: Int) -> Hits:
    declared = context.dataset.boxes.area

    def tell(row: int) -> tuple[str, str]:
        assert declared is not None  # no rows without it
        w, h = context.sides[row].tolist()
        return f"area {declared[row]:.7g} of a box of {w:.5g} x {h:.5g} px", f"area {declared[row]:.7g}"

    return context.about_boxes("BOX013", rows, tell)


def _compared(context: Context, tolerance: float) -> tuple[Int, Int, int, int]:
    """Return the rows of an `area` that is too large or none, and too small; how many are told, and right."""

    def compare() -> tuple[Int, Int, int, int]:
        declared, nothing = context.dataset.boxes.area, np.zeros(0, dtype=np.int64)
        if declared is None:
            return nothing, nothing, 0, 0
        with np.errstate(invalid="ignore", over="ignore"):
            own = context.sides[:, 0] * context.sides[:, 1]
            comparable = np.isfinite(own) & (shorter_sides(context.sides) > 0) & np.isfinite(declared)
            slack = np.maximum(tolerance * own, 1.0)
            more, less = comparable & (declared > own + slack), comparable & (declared < own - slack)
        many, apart = int(np.count_nonzero(comparable)), int(np.count_nonzero(more | less))
        more |= comparable & (declared <= 0)
        return np.flatnonzero(more), np.flatnonzero(less & ~more), many, many - apart

    return context.once("areas", compare)


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
    count=count,
    tentative=too_small,
    tentative_if=means_the_box,
)
