"""BOX012: nearly the same box twice."""

from __future__ import annotations

from functools import cache

import numpy as np

from anchoraudit.dataset.duplicates import least_of_groups, near_duplicates
from anchoraudit.errors import AnchorauditError
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, iou: float) -> Hits:
    """Boxes that overlap an earlier one of the same image and class nearly whole."""
    if not 0 < iou <= 1:
        raise AnchorauditError(f"iou = {iou:g} of BOX012", remedy="It lies above 0 and is at most 1.")
    first = near_duplicates(context.dataset, iou)

    def tell(row: int) -> tuple[str, str]:
        place = context.locations.of_box(int(first[row]))
        text = f"nearly the same box as {place.place or place.thing} ({context.corners(int(first[row]))})"
        return text, context.corners(row)

    least = cache(lambda: least_of_groups(context.dataset, first))  # of many findings few are ever shown
    # One name for all that are linked, so that the finding stays the same whichever stands first.
    return context.about_boxes(
        "BOX012", np.flatnonzero(first >= 0), tell, lambda row: context.locations.drawn(int(least()[row]))
    )


RULE = Rule(
    code="BOX012",
    severity="warning",
    title="nearly the same box twice",
    what="A box whose IoU with an earlier one of its image and class is at least `iou`, without being equal.",
    why=(
        "Two people, or a tool that ran twice, drew one object: it counts twice in the loss, and in an "
        "evaluation one of the two can never be found."
    ),
    example="two boxes of one class, [10, 20, 130, 140] and [10, 20, 130, 141]",
    remedy="look at them, and remove one: filter --unsafe-fixes keeps the first",
    check=check,
    parameters={"iou": 0.95},
)
