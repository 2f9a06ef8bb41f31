"""RUN008: box that the model drops."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find the boxes that the detector's model leaves out."""
    admitted = context.admitted
    rows = np.zeros(0, dtype=np.int64) if admitted is None else admitted.dropped
    if admitted is not None and len(rows):
        rows = rows[~admitted.by_class(rows)]  # what is wrong with a class is said of the class (CLS015)

    def tell(row: int) -> tuple[str, str]:
        assert admitted is not None  # no rows without it
        return f"{context.detector.name}: {admitted.words(row)}", context.corners_in(row)

    return context.about_boxes("RUN008", rows, tell)


RULE = Rule(
    code="RUN008",
    severity="warning",
    title="box that the model drops",
    what=(
        "The detector's own model leaves out this box, or its loader does once it has resized it: it is too "
        "small, too long, or one too many in its image. Boxes without area, which mean nothing to any model, "
        "are reported by BOX002."
    ),
    why="The object is trained as background.",
    example="a box below 1 px of the network's input, under darknet",
    remedy="train with a larger input (compare shows several), or remove the box",
    check=check,
)
