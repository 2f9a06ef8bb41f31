"""RUN003: box that the loader drops."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.fates import DROPPED, KEPT
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._run import asked_for


def check(context: Context) -> Hits:
    """Find boxes that the framework's loader drops from images that it keeps."""
    loaded = context.loaded
    if loaded is None:
        return Hits("box", np.zeros(0, dtype=np.int64), lambda row: context.about_all("RUN003", "")[0])
    kept = (loaded.image_fate == KEPT)[loaded.dataset.boxes.image]
    rows = np.flatnonzero((loaded.box_fate == DROPPED) & kept & ~asked_for(loaded))

    def tell(row: int) -> tuple[str, str]:
        return f"loader {loaded.loader} drops the box: {loaded.reason_of_box(row)}", context.corners_in(row)

    return context.about_boxes("RUN003", rows, tell)


RULE = Rule(
    code="RUN003",
    severity="warning",
    title="box that the loader drops",
    what=(
        "The framework's own loader leaves out this box and keeps its image. Crowds, difficult objects and "
        "equal boxes are not reported: their annotation asks for it, or nothing is lost."
    ),
    why="The object is trained as background.",
    example="a box that ends 1 px past its image, under keras-retinanet",
    remedy="fix the box if it should be trained",
    check=check,
)
