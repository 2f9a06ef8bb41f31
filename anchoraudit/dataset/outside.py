"""Boxes that reach too far out of their image to be objects that the edge cuts."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.boxes import ROUNDING, box_sizes, has_area
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import clipped_boxes

# A box may end one length of its image beyond it, and 1 % of its area has to be inside.
BEYOND, INSIDE = 1.0, 0.01


def far_outside(dataset: Dataset, rows: Int, beyond: float = BEYOND, inside: float = INSIDE) -> Bool:
    """Tell which of the boxes `rows` [n] are far outside their image: bool [n].

    beyond: in lengths of the image's own side, how far a box reaches out along that side. inside: the least
    share of the box's area inside its image. Boxes without area, fully outside, not finite, or in an image of
    unknown size are not among them.
    """
    images, image = dataset.images, dataset.boxes.image[rows]
    own = dataset.boxes.xyxy.take(rows, axis=0)
    sides = np.column_stack([images.width[image], images.height[image]])
    left = clipped_boxes(dataset, rows)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        past = np.maximum(-own[:, :2], own[:, 2:] - sides)
        share = (box_sizes(left) / box_sizes(own)).prod(axis=1)  # by sides, as an area may be too large
        found: Bool = (past > beyond * sides + ROUNDING).any(axis=1) | (share < inside)
    found &= np.isfinite(own).all(axis=1) & np.isfinite(sides).all(axis=1) & has_area(own) & has_area(left)
    return found
