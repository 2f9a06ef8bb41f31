"""BOX012: nearly the same box twice."""

from __future__ import annotations

from functools import cache

import numpy as np

from anchoraudit.dataset.duplicates import least_of_groups, near_duplicates
from anchoraudit.errors import AnchorauditError
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, iou: float) -> Hits:
    """Find boxes that nearly equal an earlier one of the same image and class."""
    if not 0 < iou <= 1:
        raise AnchorauditError(
            f"iou = {iou:g} of BOX012 is out of range", remedy="Give a number above 0 and at most 1."
        )
    first = near_duplicates(context.dataset, iou, exact=context.exact_duplicates, alike=context.alike)

    def tell(row: int) -> tuple[str, str]:
        place = context.locations.of_box(int(first[row]))
        text = f"nearly the same box as {place.place or place.thing} ({context.corners(int(first[row]))})"
        return text, context.corners(row)

    least = cache(
        lambda: least_of_groups(context.dataset, first)
    )  # computed late: a scan shows few of many findings
    # All linked boxes share this name, so that the finding stays the same when their order changes.
    return context.about_boxes(
        "BOX012", np.flatnonzero(first >= 0), tell, lambda row: context.locations.drawn(int(least()[row]))
    )


RULE = Rule(
    code="BOX012",
    severity="warning",
    title="nearly the same box twice",
    what=(
        "A box whose IoU with an earlier one of its image and class is at least `iou`. Equal boxes are "
        "BOX011."
    ),
    why=(
        "Two people, or a tool that ran twice, drew the same object. It counts twice in the loss, and "
        "in an evaluation one of the two can never be found."
    ),
    example="two boxes of one class, [10, 20, 130, 140] and [10, 20, 130, 141]",
    remedy="look at both and remove one: filter --unsafe-fixes keeps the first",
    check=check,
    parameters={"iou": 0.95},
)
