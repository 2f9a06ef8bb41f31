"""Which boxes are dropped, and where that is all that happens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Bool, Float
from anchoraudit.auditing.augmentation.frameworks.views import Views


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides at least `least` px; `above`: more than that."""

    least: float
    above: bool = False

    def __call__(self, views: Views) -> None:
        """Change the views."""
        shorter = np.minimum(views.box_width, views.box_height)
        views.kept &= shorter > self.least if self.above else shorter >= self.least


@dataclass(frozen=True, slots=True)
class Visible:
    """Anything of a box is on the picture: mmdetection `HorizontalBoxes.is_inside`, of clipped boxes."""

    def __call__(self, views: Views) -> None:
        """Change the views."""
        x1, y1, x2, y2 = views.boxes.T
        views.kept &= (x1 < views.width[views.of]) & (y1 < views.height[views.of]) & (x2 > 0) & (y2 > 0)


@dataclass(frozen=True, slots=True)
class Area:
    """Any area is left."""

    def __call__(self, views: Views) -> None:
        """Change the views."""
        views.kept &= (views.box_width > 0) & (views.box_height > 0)


@dataclass(frozen=True, slots=True)
class StretchedInFloat32:
    """Stretched to the square, as float32, and dropped where that puts the right or bottom edge outside.

    torchvision `Resize` and `SanitizeBoundingBoxes(min_size=1)`: see `beyond_the_edge`.
    """

    least: float = 1.0

    def __call__(self, views: Views) -> None:
        """Change the views."""
        single = np.float32
        scales = [(views.side / extent).astype(single)[views.of] for extent in (views.width, views.height)]
        boxes = views.boxes.astype(single) * np.stack(scales * 2, axis=1)
        views.resize(np.full_like(views.width, views.side), np.full_like(views.height, views.side))
        views.boxes[:] = boxes
        inside = (boxes >= 0).all(axis=1) & (boxes[:, 2:] <= single(views.side)).all(axis=1)
        views.kept &= inside & (boxes[:, 2] - boxes[:, 0] >= self.least)
        views.kept &= boxes[:, 3] - boxes[:, 1] >= self.least


def beyond_the_edge(extent: npt.ArrayLike, side: float = 640.0) -> Bool:
    """Tell for which image widths (or heights) a box that touches the far edge is dropped: bool [N].

    RT-DETR and D-FINE stretch images to `side`, and boxes in float32 by the factor side / width, itself
    rounded to float32. Where the product for the width itself is above `side`, a box that ends at the right
    edge lies outside of the new image, and `SanitizeBoundingBoxes` drops it. Heights and bottom edges alike.

    Examples
    --------
    >>> beyond_the_edge([600, 640, 1200]).tolist()
    [True, False, True]
    """
    given: Float = np.asarray(extent, dtype=np.float64)
    product = given.astype(np.float32) * (side / given).astype(np.float32)
    found: Bool = product > np.float32(side)
    return found
