"""Four or nine pictures on one canvas of twice the network's side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from anchoraudit.auditing.augmentation.frameworks.views import Views

# The tile of the image whose turn it is, and those of the images that are drawn.
OWN, OTHERS = (0,), (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Mosaic:
    """Four pictures meet at a point; each lies in its corner, and what leaves the canvas is cut off.

    Pictures have their final size. The point is U(0.5, 1.5) of the network's side, truncated, for y, then x.

    tiles: which of the four this picture may be, all alike. 0, the top left, is that of the image whose turn
    it is in most frameworks; 1 is the top right, 2 the bottom left, 3 the bottom right.
    drops: boxes without area on the canvas are dropped ("area"), those of which nothing is on it ("visible"),
    or none.
    """

    tiles: tuple[int, ...]
    drops: Literal["area", "visible", "none"] = "area"

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream = views.stream()
        y, x = (np.floor(stream.uniform(0.5, 1.5) * views.side) for _ in range(2))
        number = stream.choice(self.tiles)
        right, bottom = number % 2 == 1, number >= 2
        views.move(np.where(right, x, x - views.width), np.where(bottom, y, y - views.height))
        _on_canvas(views, self.drops)


@dataclass(frozen=True, slots=True)
class NineMosaic:
    """Nine pictures around the first, of which a window of twice the network's side is shown: YOLOv7.

    Where a picture lies depends on the sizes of its neighbours, which are taken to be like its own.

    tiles: which of the nine this picture may be, all alike: 0 is the centre, the others go around it from
    the top, clockwise.
    """

    tiles: tuple[int, ...]

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream = views.stream()
        y, x = (np.floor(stream.uniform() * views.side) for _ in range(2))
        w, h, s = views.width, views.height, views.side
        number = stream.choice(self.tiles).astype(np.int64)
        column = np.array([0, 0, 1, 1, 1, 0, -1, -1, -1])[number]
        row = np.array([0, -1, -1, 0, 1, 1, 1, 0, -1])[number]
        views.move(s + column * w - x, s + row * h - y)
        _on_canvas(views, "none")


def _on_canvas(views: Views, drops: str) -> None:
    side = np.full_like(views.width, 2 * views.side)
    views.show(side, side.copy())
    if drops != "none":
        wide, high = views.box_width > 0, views.box_height > 0
        views.kept &= wide & high if drops == "area" else _visible(views)


def _visible(views: Views) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    edge = 2 * views.side
    x1, y1, x2, y2 = views.boxes.T
    seen: np.ndarray[tuple[int], np.dtype[np.bool_]] = (x1 < edge) & (y1 < edge) & (x2 > 0) & (y2 > 0)
    return seen
