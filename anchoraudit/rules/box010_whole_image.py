"""BOX010: box as large as its image."""

from __future__ import annotations

import numpy as np

from anchoraudit.encoding.statuses import STATUS_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule


def check(context: Context, share: float, images: float) -> Hits:
    """Find usable boxes that cover their whole image, if they are many or cannot be trained."""
    sides = np.clip(context.dataset.boxes.xyxy, 0.0, np.tile(context.image_sides, 2))
    with np.errstate(invalid="ignore"):
        covered = (sides[:, 2] - sides[:, 0]) * (sides[:, 3] - sides[:, 1])
        rows = np.flatnonzero(context.labels.usable & (covered >= share * context.image_sides.prod(axis=1)))
    of_images = np.unique(context.dataset.boxes.image[rows])
    if len(of_images) < images * len(context.dataset.images):
        rows = rows[context.status[rows] == STATUS_CODE["unmatched"]]
    return context.about_boxes(
        "BOX010", rows, lambda row: ("box over the whole image", context.corners_in(row))
    )


RULE = Rule(
    code="BOX010",
    severity="info",
    title="box as large as its image",
    what=(
        "A usable box that covers at least `share` of its image. Where fewer than `images` of all images "
        "have such a box, only those are reported that no anchor matches: a few large objects are usual."
    ),
    why=(
        "It is often a label for the image, not for an object. Anchors large enough to match it cross "
        "the edge; where the border rule drops such anchors, the image has no foreground."
    ),
    example='{"width": 640, "height": 480}, and a bbox [0, 0, 640, 480]',
    remedy="check that it is an object; if so, let anchors cross the edge (--allowed-border off)",
    check=check,
    parameters={"share": 0.99, "images": 0.05},
    scope="whole",
    needs_whole="it looks at all images and boxes at once",
)
