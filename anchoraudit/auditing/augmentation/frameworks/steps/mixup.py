"""A second picture laid over the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.auditing.augmentation.frameworks.views import Views


@dataclass(frozen=True, slots=True)
class MixedIn:
    """Fitted into the square and laid over another picture: scaled by U(low, high), mirrored, cut.

    YOLOX's `mixup`. The place of the cut is drawn where the scaled square is larger than the network's.
    visible: boxes of which nothing is left to be seen are dropped.
    """

    low: float
    high: float
    visible: bool = False

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream, side = views.stream(), views.side
        jitter = stream.uniform(self.low, self.high)
        fitted = side / np.maximum(views.width, views.height)
        whole = np.floor(side * jitter)
        views.resize(whole, whole.copy(), (fitted * jitter, fitted * jitter))
        views.clip()
        views.mirror(stream.chance(0.5))
        room = np.maximum(whole - side, 0.0)
        y, x = stream.whole(0, room), stream.whole(0, room)
        views.move(-x, -y)
        views.show(np.full_like(whole, side), np.full_like(whole, side))
        if self.visible:
            x1, y1, x2, y2 = views.boxes.T
            views.kept &= (x1 < side) & (y1 < side) & (x2 > 0) & (y2 > 0)
