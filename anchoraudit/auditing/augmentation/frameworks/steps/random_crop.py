"""Windows at a random place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.auditing.augmentation.frameworks.steps.keep import Area, Visible
from anchoraudit.auditing.augmentation.frameworks.views import Views


@dataclass(frozen=True, slots=True)
class SquareCrop:
    """A window of the network's square, or the whole side where it is shorter: mmdetection `RandomCrop`."""

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream = views.stream()
        sides = [np.minimum(extent, views.side) for extent in (views.width, views.height)]
        y = stream.whole(0, views.height - sides[1])
        x = stream.whole(0, views.width - sides[0])
        views.move(-x, -y)
        views.show(*sides)
        Visible()(views)


@dataclass(frozen=True, slots=True)
class RangeCrop:
    """A window of `low` to `high` px on each axis, each by itself: `RandomCrop(crop_type="absolute_range")`.

    Where the picture is shorter than that, the window is as long as it.
    """

    low: float
    high: float

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream, extents = views.stream(), (views.height, views.width)
        height, width = (
            stream.whole(np.minimum(extent, self.low), np.minimum(extent, self.high)) for extent in extents
        )
        y, x = stream.whole(0, views.height - height), stream.whole(0, views.width - width)
        views.move(-x, -y)
        views.show(width, height)
        Visible()(views)


@dataclass(frozen=True, slots=True)
class SquareRangeCrop:
    """A square of `low` to `high` px, or up to the shorter side where that is less: RF-DETR."""

    low: float
    high: float

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream = views.stream()
        most = np.minimum(np.minimum(views.width, views.height), self.high)
        side = stream.whole(np.minimum(most, self.low), most)
        y, x = stream.whole(0, views.height - side), stream.whole(0, views.width - side)
        views.move(-x, -y)
        views.show(side, side.copy())
        Area()(views)


@dataclass(frozen=True, slots=True)
class JitteredCrop:
    """Scaled to U(low, high) of the square, of which one is cut out; no offset where it is smaller.

    EfficientDet: sizes are truncated; boxes are clipped to one pixel less than the square, and those without
    area are dropped.
    """

    low: float
    high: float

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream, side = views.stream(), views.side
        target = np.floor(stream.uniform(self.low, self.high) * side)
        scale = target / np.maximum(views.width, views.height)
        sides = [np.floor(extent * scale) for extent in (views.width, views.height)]
        y, x = (np.floor(np.maximum(0.0, extent - side) * stream.uniform()) for extent in reversed(sides))
        views.resize(np.maximum(sides[0], 1.0), np.maximum(sides[1], 1.0))
        views.move(-x, -y)
        np.clip(views.boxes, 0.0, side - 1.0, out=views.boxes)
        views.width = views.height = np.full_like(scale, side)
        views.unpad()
        Area()(views)
