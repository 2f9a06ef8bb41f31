"""Sizes of pictures that are in memory; no library is imported to recognise them."""

from __future__ import annotations

from typing import Any

import numpy as np


def size_in_memory(image: Any) -> tuple[float, float] | None:
    """Return width and height in pixels of a picture, None if they are unknown.

    It is PIL's, a tensor [C, H, W], an array [H, W, C], or either [H, W].

    Examples
    --------
    >>> size_in_memory(np.zeros((480, 640, 3))), size_in_memory("a.jpg")
    ((640.0, 480.0), None)
    """
    shape = getattr(image, "shape", None)
    if shape is None:
        size = getattr(image, "size", None)
        return (float(size[0]), float(size[1])) if isinstance(size, tuple) and len(size) == 2 else None
    sides = [int(side) for side in shape]
    if len(sides) == 2:
        return float(sides[1]), float(sides[0])
    if len(sides) != 3:
        return None
    # Tensors have their channels first, arrays last, unless only the first number can be a count of them.
    is_array = isinstance(image, np.ndarray)
    last = is_array and not (sides[0] in (1, 3, 4) and sides[2] not in (1, 3, 4))
    height, width = sides[:2] if last else sides[1:]
    return float(width), float(height)
