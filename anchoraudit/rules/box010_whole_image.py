"""BOX010: box as large as its image."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int, distinct
from anchoraudit.boxes import box_sizes, clip_boxes
from anchoraudit.encoding.statuses import STATUS_CODE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted


def check(context: Context, share: float, images: float) -> Hits:
    """Find usable boxes that cover their whole image and cannot be trained."""
    del images
    rows = _over_all(context, share)
    return _found(context, rows[context.status[rows] == STATUS_CODE["unmatched"]])


def others(context: Context, share: float, images: float) -> Hits:
    """Find the other boxes that cover their whole image."""
    del images
    rows = _over_all(context, share)
    return _found(context, rows[context.status[rows] != STATUS_CODE["unmatched"]])


def are_many(context: Context, share: float, images: float) -> bool:
    """Tell whether many images have a box that covers them."""
    del share
    totals = context.totals
    return totals.of_rule("BOX010").number("images") >= images * totals.image_count


def count(context: Context, share: float, images: float) -> Counted:
    """Count the images that a box covers."""
    del images
    return {"images": len(distinct(context.dataset.boxes.image[_over_all(context, share)]))}


def _found(context: Context, rows: Int) -> Hits:
    return context.about_boxes(
        "BOX010", rows, lambda row: ("box over the whole image", context.corners_in(row))
    )


def _over_all(context: Context, share: float) -> Int:
    """Return the rows of the usable boxes that cover their whole image: int64."""

    def find() -> Int:
        sides, of_image = context.sides, context.image_sides
        with np.errstate(invalid="ignore", over="ignore"):
            least = share * (of_image[:, 0] * of_image[:, 1])
            # Clipping makes no box larger, so few have to be clipped.
            rows = np.flatnonzero(context.labels.usable & (sides[:, 0] * sides[:, 1] >= least))
            clipped = clip_boxes(context.dataset.boxes.xyxy[rows], *of_image[rows].T)
            found: Int = rows[box_sizes(clipped).prod(axis=1) >= least[rows]]
        return found

    return context.once("boxes over the whole image", find)


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
    count=count,
    tentative=others,
    tentative_if=are_many,
)
