"""The picture somewhere on a larger canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.auditing.augmentation.frameworks.views import Views


@dataclass(frozen=True, slots=True)
class ZoomOut:
    """With `probability` on a canvas U(1, `largest`) times its size, at whole pixels.

    torchvision `RandomZoomOut`, mmdetection `Expand`. whole_margin: the room left on the canvas is computed
    from its whole pixels (torchvision), or from its size before truncation.
    """

    largest: float
    whole_margin: bool
    probability: float = 0.5

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream = views.stream()
        happens = stream.chance(self.probability)
        ratio = np.where(happens, stream.uniform(1.0, self.largest), 1.0)
        exact = [extent * ratio for extent in (views.width, views.height)]
        canvas = [np.floor(extent) for extent in exact]
        room = canvas if self.whole_margin else exact
        left, top = (
            np.floor((larger - extent) * stream.uniform())
            for larger, extent in zip(room, (views.width, views.height), strict=True)
        )
        views.move(left, top)
        views.width, views.height = canvas
        views.unpad()
