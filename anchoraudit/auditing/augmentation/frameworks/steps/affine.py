"""Scaled, moved and turned pictures, and which boxes survive that."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from anchoraudit.auditing.augmentation.frameworks.views import Views


@dataclass(frozen=True, slots=True)
class AboutCentre:
    """Scaled about the picture's centre, which comes to 0.5 +- `translate` of the square on each axis.

    YOLO's `random_perspective` without rotation and shear. A box is kept, after clipping, if both sides are
    above 2 px, more than a tenth of its area is left of what there was before, and its longer side is less
    than `aspect` times the shorter one.
    """

    scale: tuple[float, float]
    translate: float
    aspect: float
    least: float = 2.0
    share: float = 0.1

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream, side = views.stream(), views.side
        scale = stream.uniform(*self.scale)
        to_x, to_y = (stream.uniform(0.5 - self.translate, 0.5 + self.translate) * side for _ in range(2))
        before = views.box_width * views.box_height * (scale * scale)[views.of]
        views.boxes *= scale[views.of][:, None]
        views.move(to_x - views.width / 2 * scale, to_y - views.height / 2 * scale)
        views.show(np.full_like(scale, side), np.full_like(scale, side))
        w, h = views.box_width, views.box_height
        with np.errstate(divide="ignore", invalid="ignore"):
            views.kept &= (w > self.least) & (h > self.least) & (w * h > self.share * before)
            views.kept &= np.maximum(w, h) < self.aspect * np.minimum(w, h)


@dataclass(frozen=True, slots=True)
class AboutCorner:
    """Turned, scaled and sheared about the canvas's top left corner, and moved: YOLOX's `random_affine`.

    A box becomes the box around its four turned corners, clipped to the square. degrees, shear: of at most so
    many degrees to either side. translate: a share of the square. visible: boxes of which nothing is left to
    be seen are dropped.
    """

    scale: tuple[float, float]
    degrees: float = 10.0
    translate: float = 0.1
    shear: float = 2.0
    visible: bool = False

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream, side = views.stream(), views.side
        angle = stream.uniform(-self.degrees, self.degrees) * (math.pi / 180)
        scale = stream.uniform(*self.scale)
        shear_x, shear_y = (
            np.tan(stream.uniform(-self.shear, self.shear) * (math.pi / 180)) for _ in range(2)
        )
        move_x, move_y = (stream.uniform(-self.translate, self.translate) * side for _ in range(2))
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        rows = ((cos + shear_x * sin, shear_x * cos - sin), (shear_y * cos + sin, cos - shear_y * sin))
        hull(views, rows, (move_x, move_y))
        views.show(np.full_like(scale, side), np.full_like(scale, side))
        if self.visible:
            x1, y1, x2, y2 = views.boxes.T
            views.kept &= (x1 < side) & (y1 < side) & (x2 > 0) & (y2 > 0)


@dataclass(frozen=True, slots=True)
class Stretched:
    """Scaled, and each axis by itself, about the centre, which comes to 0.5 +- `translate` of the picture.

    NanoDet's `ShapeTransform`. Boxes are clipped, and none is dropped.
    """

    scale: tuple[float, float]
    stretch: tuple[float, float]
    translate: float

    def __call__(self, views: Views) -> None:
        """Change the views."""
        stream = views.stream()
        scale = stream.uniform(*self.scale)
        x, y = (scale * stream.uniform(*self.stretch) for _ in range(2))
        to_x, to_y = (stream.uniform(0.5 - self.translate, 0.5 + self.translate) for _ in range(2))
        views.boxes *= np.stack([x, y, x, y], axis=1)[views.of]
        views.move(views.width * (to_x - 0.5 * x), views.height * (to_y - 0.5 * y))
        views.clip()


def hull(views: Views, rows: tuple[tuple[object, object], ...], moves: tuple[object, object]) -> None:
    """Map boxes linearly and take the boxes around their corners. rows: two rows of a matrix, [V] each."""
    x1, y1, x2, y2 = views.boxes.T.copy()
    for axis, ((a, b), move) in enumerate(zip(rows, moves, strict=True)):
        along, across, shift = (np.asarray(value)[views.of] for value in (a, b, move))
        first, second = along * x1, along * x2
        third, fourth = across * y1, across * y2
        views.boxes[:, axis] = np.minimum(first, second) + np.minimum(third, fourth) + shift
        views.boxes[:, axis + 2] = np.maximum(first, second) + np.maximum(third, fourth) + shift
