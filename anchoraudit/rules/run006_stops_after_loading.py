"""RUN006: image that fails right after the loader."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._run import about_images


def check(context: Context) -> Hits:
    """Find the images that the loader hands over, and with which training goes wrong."""
    loaded = context.loaded
    these = np.zeros(0, dtype=np.bool_) if loaded is None else loaded.stop_rule > 0
    return about_images(context, "RUN006", these)


RULE = Rule(
    code="RUN006",
    severity="error",
    title="image that fails right after the loader",
    what=(
        "The framework's loader takes this image, and what comes next goes wrong: an assertion of the "
        "training script, targets that are not finite, or boxes below a pixel that are put back."
    ),
    why="Training does not start, its loss is NaN from there on, or it learns from boxes without area.",
    example="a class beyond the names, under YOLOv5: AssertionError: Label class 4 exceeds nc=4",
    remedy="fix the entry, or drop the image (filter does)",
    check=check,
)
