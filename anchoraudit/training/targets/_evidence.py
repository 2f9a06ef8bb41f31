"""What the numbers of boxes say about their meaning: fractions or pixels, corners or sides.

Frameworks hand over arrays [n, 4] that look alike. Numbers decide where they can only mean one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from anchoraudit.arrays import Bool, Float

_PIXELS_FROM = 2.0  # a fraction of a side that is far outside its image is still below it
_TOLERANCE = 1e-3  # of a side: by so much may a box leave its image


def are_pixels(boxes: Iterable[Float]) -> bool:
    """Tell whether the boxes of a batch, each float64 [n, 4], must be in pixels: some number is above 2."""
    return any(bool(np.any(one[np.isfinite(one)] > _PIXELS_FROM)) for one in boxes)


def are_fractions(boxes: Iterable[Float]) -> bool:
    """Tell whether the boxes of a batch, each float64 [n, 4], look like fractions of their images' sides.

    All lie between -0.5 and 1.5, and some are no whole numbers. A box of [0, 0, 1, 1], which people put into
    images without objects, is no sign of fractions.
    """
    values = np.concatenate([np.empty(0), *(one[np.isfinite(one)] for one in boxes)])
    within = bool(np.all((values >= -0.5) & (values <= 1.5)))
    return bool(len(values)) and within and bool(np.any(values != np.round(values)))


def orders(boxes: list[Float], sizes: list[tuple[float, float]]) -> list[str]:
    """Return the orders of `ORDERS` in which all boxes of a batch have an area and lie in their images.

    boxes: float64 [n, 4] of each image. sizes: width and height of each in pixels, NaN if unknown.
    """
    rows = np.concatenate([np.empty((0, 4)), *boxes])
    sides = np.repeat(np.array(sizes, dtype=np.float64).reshape(-1, 2), [len(one) for one in boxes], axis=0)
    sides = np.where(np.isnan(sides), np.inf, sides)
    if not are_pixels([rows]) and not are_fractions([rows]):
        return list(ORDERS)  # no box, or none that says anything
    found = []
    for name, (fractions, corners) in ORDERS.items():
        if not fractions and not are_pixels([rows]):
            continue
        if bool(np.all(_inside(corners(rows), np.ones_like(sides) if fractions else sides))):
            found.append(name)
    return found


def _inside(corners: Float, sides: Float) -> Bool:
    low, high = corners[:, :2], corners[:, 2:]
    slack = np.where(np.isinf(sides), 1.0, sides) * _TOLERANCE
    inside = (high > low) & (low >= -slack) & (high <= sides + slack)
    return np.asarray(inside.all(axis=1), dtype=np.bool_)


def from_corner_and_size(boxes: Float) -> Float:
    """Return corners [n, 4] of boxes given as x1, y1, width, height."""
    return np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])


def from_centre_and_size(boxes: Float) -> Float:
    """Return corners [n, 4] of boxes given as centre, width and height, in the precision of the boxes."""
    half = boxes[:, 2:] / boxes.dtype.type(2)
    return np.hstack([boxes[:, :2] - half, boxes[:, :2] + half])


def as_they_stand(boxes: Float) -> Float:
    """Return the boxes."""
    return boxes


# Whether boxes are fractions of the image, and how corners are made of them.
ORDERS: dict[str, tuple[bool, Callable[[Float], Float]]] = {
    "corners": (False, as_they_stand),
    "corner_and_size": (False, from_corner_and_size),
    "corner_fractions": (True, as_they_stand),
    "centre_fractions": (True, from_centre_and_size),
}
