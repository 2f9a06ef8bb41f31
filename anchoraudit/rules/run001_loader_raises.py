"""RUN001: image at which the loader raises."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.fates import RAISED
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._run import about_images


def check(context: Context) -> Hits:
    """Find the images at which the framework's loader raises."""
    loaded = context.loaded
    these = np.zeros(0, dtype=np.bool_) if loaded is None else loaded.image_fate == RAISED
    return about_images(context, "RUN001", these)


RULE = Rule(
    code="RUN001",
    severity="error",
    title="image at which the loader raises",
    what=(
        "The framework's own loader stops with an exception at this image or one of its annotations. The "
        "message has the framework's words."
    ),
    why=(
        "Training stops there. Where the loader reads all annotations first, one such entry is enough, and "
        "nothing trains."
    ),
    example="an object without <truncated>, under keras-retinanet: missing element 'truncated'",
    remedy="fix the entry, or drop the image (filter does)",
    check=check,
)
