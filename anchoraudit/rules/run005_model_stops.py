"""RUN005: box at which the model stops."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find the boxes at which the detector's model raises, or that make its loss NaN."""
    admitted = context.admitted
    rows = np.zeros(0, dtype=np.int64) if admitted is None else admitted.fatal
    if admitted is not None and len(rows):
        # NaN gives NaN, which BOX001 says already. Where the framework does something else, it is told.
        unread = ~np.isfinite(context.dataset.boxes.xyxy[rows]).all(axis=1)
        # What is wrong with a class is said of the class (CLS015).
        rows = rows[~(unread & admitted.is_nan(rows)) & ~admitted.by_class(rows)]

    def tell(row: int) -> tuple[str, str]:
        assert admitted is not None  # no rows without it
        return f"{context.detector.name}: {admitted.words(row)}", context.corners_in(row)

    return context.about_boxes("RUN005", rows, tell)


RULE = Rule(
    code="RUN005",
    severity="error",
    title="box at which the model stops",
    what=(
        "The detector's own model raises at this box, or its loss becomes NaN or infinite. The message has "
        "the framework's words. Boxes that the loader drops before are not reported."
    ),
    why="Training stops there, or every weight is NaN from there on. One such box is enough.",
    example="a box of height 0, under torchvision: All bounding boxes should have positive height and width",
    remedy=(
        "draw the box again or remove it (filter does); an image without objects is listed without a box, "
        "not with one of zeros"
    ),
    check=check,
)
