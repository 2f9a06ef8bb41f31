"""Write numbers as the file does, and compute areas as it declares them."""

from __future__ import annotations

import math
import re

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Boxes

_WHOLE = re.compile(rb"-?\d+")
_SAME_AREA = 1e-9  # relative; an `area` further from width times height is a mask's, or rounded


def spelled(value: float, like: bytes) -> bytes:
    """Write a number as short as possible; a whole one as an integer if the old number, `like`, is one."""
    if value.is_integer() and _WHOLE.fullmatch(like):
        return b"%d" % int(value)
    return repr(float(value)).encode()


def extent(low: float, high: float) -> float:
    """Return the number with the fewest digits that, added to `low`, gives `high`.

    `high - low` is rounded, and adding it to `low` may give a neighbour of `high`; a box clipped to its image
    would still reach past it. If no number gives `high`, `high - low` is returned.
    """
    difference = high - low
    for digits in range(1, 18):
        candidate = float(f"{difference:.{digits}g}")
        if low + candidate == high:
            return candidate
    for candidate in (math.nextafter(difference, math.inf), math.nextafter(difference, -math.inf)):
        if low + candidate == high:
            return candidate
    return difference


def extents(xyxy: Float) -> Float:
    """Return the widths and heights [M, 2] that COCO stores for boxes [M, 4]; see `extent`."""
    with np.errstate(invalid="ignore", over="ignore"):
        sizes = box_sizes(xyxy)
        differ = (xyxy[:, :2] + sizes != xyxy[:, 2:]) & np.isfinite(sizes)
    for row, axis in np.argwhere(differ).tolist():
        sizes[row, axis] = extent(float(xyxy[row, axis]), float(xyxy[row, axis + 2]))
    return sizes


def area_follows(boxes: Boxes, rows: Bool | Int) -> Bool:
    """Tell which of the boxes in `rows` declare width times height as their area: bool [M]."""
    follows = np.zeros(len(boxes), dtype=np.bool_)
    if boxes.area is not None:
        own = own_areas(boxes.xyxy[rows])
        with np.errstate(invalid="ignore"):
            follows[rows] = np.abs(boxes.area[rows] - own) <= _SAME_AREA * np.abs(own)
    return follows


def own_areas(xyxy: Float) -> Float:
    """Return width times height of boxes [M, 4], without the rounding noise of the product: [M]."""
    with np.errstate(invalid="ignore", over="ignore"):
        areas: Float = np.round(box_sizes(xyxy).prod(axis=1), 9)
    return areas
