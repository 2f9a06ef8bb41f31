"""Gathers the images of a batch into the columns of a `Fed`."""

from __future__ import annotations

from typing import Any

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.dataset.columns import ImageId
from anchoraudit.training.fed import Fed, Problem


class Columns:
    """Image by image: `begin` an image, then `add` its boxes."""

    def __init__(self) -> None:
        self.sizes: list[tuple[float, float]] = []
        self.names: list[ImageId | None] = []
        self.boxes: list[Float] = []
        self.labels: list[Int] = []
        self.problems: list[Problem] = []

    def begin(self, name: Any, size: tuple[float, float]) -> None:
        """Begin an image. name: as the targets have it, such as a tensor of one number; None without one."""
        self.names.append(plain_name(name))
        self.sizes.append(size)

    def add(self, boxes: Float, labels: Int) -> None:
        """Add all boxes of the image that was begun last: float64 [n, 4] and int64 [n]."""
        self.boxes.append(boxes)
        self.labels.append(labels)

    def fed(self) -> Fed:
        """Return the columns."""
        counts = np.array([len(one) for one in self.boxes], dtype=np.int64)
        return Fed(
            sizes=np.array(self.sizes, dtype=np.float64).reshape(-1, 2),
            boxes=np.concatenate(self.boxes) if self.boxes else np.empty((0, 4)),
            image=np.repeat(np.arange(len(counts)), counts),
            labels=np.concatenate(self.labels) if self.labels else np.empty(0, dtype=np.int64),
            names=self.names,
            problems=tuple(self.problems),
        )


def plain_name(name: Any) -> ImageId | None:
    """Return what targets call an image, such as a tensor of one number, as a number or text."""
    value = name.tolist() if hasattr(name, "tolist") else name
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return str(value)
