"""RUN002: image with boxes that the loader drops."""

from __future__ import annotations

import numpy as np

from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._run import about_images, dropped_images


def check(context: Context) -> Hits:
    """Find the images that the framework's loader drops although they have boxes."""
    dropped, with_boxes = dropped_images(context)
    return about_images(context, "RUN002", np.logical_and(dropped, with_boxes))


RULE = Rule(
    code="RUN002",
    severity="error",
    title="image with boxes that the loader drops",
    what=(
        "The framework's own loader leaves out an image that has boxes to train on: others than crowds, "
        "difficult objects and the like."
    ),
    why="The image is never trained, and the framework says so in a line of its log at most.",
    example="a YOLO label with a coordinate of 1.02: Ultralytics drops the image with all its labels",
    remedy="fix the entry, or drop the image (filter does)",
    check=check,
)
