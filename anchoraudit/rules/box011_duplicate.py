"""BOX011: the same box twice."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find boxes equal to an earlier one of the same image and class."""
    first = context.exact_duplicates

    def tell(row: int) -> tuple[str, str]:
        place = context.locations.of_box(int(first[row]))
        return f"the same box as {place.place or place.thing}", context.corners(row)

    # All copies share this name, so that the finding stays the same when the order of the boxes changes.
    return context.about_boxes("BOX011", np.flatnonzero(first >= 0), tell, context.locations.drawn)


RULE = Rule(
    code="BOX011",
    severity="warning",
    title="the same box twice",
    what=(
        "A box with the same class and coordinates as an earlier one of its image. Crowds are compared "
        "only with crowds."
    ),
    why="The object counts twice in the loss, and in an evaluation one of the two can never be found.",
    example='{"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 20, 30, 40]} and the same with "id": 2',
    remedy="remove one of them: filter --fix does",
    check=check,
)
