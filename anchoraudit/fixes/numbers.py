"""Numbers as a file spells them."""

from __future__ import annotations

import math
import re

import numpy as np

from anchoraudit.dataset import Float
from anchoraudit.geometry import box_sizes

_WHOLE = re.compile(rb"-?\d+")


def spelled(value: float, like: bytes) -> bytes:
    """Spell a number, shortest: a whole one as an integer if the number it replaces, `like`, is one."""
    if value.is_integer() and _WHOLE.fullmatch(like):
        return b"%d" % int(value)
    return repr(float(value)).encode()


def extent(low: float, high: float) -> float:
    """Return the number of fewest digits that, added to `low`, gives `high`.

    `high - low` is rounded, and adding it again may give a neighbour of `high`: a box clipped to its image
    would reach past it still. It is returned only where no number gives `high`.
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
    """Widths and heights [M, 2] with which COCO spells boxes [M, 4]; see `extent`."""
    with np.errstate(invalid="ignore", over="ignore"):
        sizes = box_sizes(xyxy)
        differ = (xyxy[:, :2] + sizes != xyxy[:, 2:]) & np.isfinite(sizes)
    for row, axis in np.argwhere(differ).tolist():
        sizes[row, axis] = extent(float(xyxy[row, axis]), float(xyxy[row, axis + 2]))
    return sizes
