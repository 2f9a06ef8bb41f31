"""Boxes of a whole batch in one array, each row with the position of its image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int, stable_argsort
from anchoraudit.training.fed import Fed, Problem
from anchoraudit.training.targets._columns import plain_name
from anchoraudit.training.targets._evidence import are_pixels, from_centre_and_size
from anchoraudit.training.targets._objects import below_zero
from anchoraudit.training.targets._tensors import shape_of

_SHOWN = 3


def fed_of_rows(
    rows: tuple[npt.NDArray[Any], Float, Int],
    sides: Sequence[tuple[float, float]],
    names: Sequence[Any] | None,
    problems: Sequence[Problem],
    place: str,
) -> Fed:
    """Return the columns of boxes that are in one array, in any order.

    rows: the position of each box's image [n], the boxes [n, 4] in pixels, and their class indices [n]. Rows
    of images that the batch does not have become a problem. sides: width and height of each image. names: of
    the images, None without any. place: what holds the rows.
    """
    image, boxes, labels = rows
    count = len(sides)
    position = image.astype(np.int64, copy=False)
    known = (position >= 0) & (position < count)
    found = [*problems, *below_zero(labels, None, place)]
    if not known.all():
        wrong = sorted(set(position[~known].tolist()))
        listed = ", ".join(map(str, wrong[:_SHOWN])) + (", ..." if len(wrong) > _SHOWN else "")
        said = f"boxes of image {listed}, but the batch has {count} images, from 0"
        found.append(Problem("BAT002", None, said, place, stops=True))
    order = stable_argsort(position[known])
    names = [None] * count if names is None or len(names) != count else names
    return Fed(
        sizes=np.array(sides, dtype=np.float64).reshape(-1, 2),
        boxes=boxes[known][order],
        image=position[known][order],
        labels=labels[known][order],
        names=[plain_name(name) for name in names],
        problems=tuple(found),
    )


def pixels_of_fractions(centres: Float, width: float, height: float, precision: str = "float32") -> Float:
    """Return corners in pixels, float64 [n, 4], of centres and sizes in fractions [n, 4] of an image.

    They are multiplied by the sides first and made into corners then, both in `precision`.
    """
    number = np.dtype(precision).type
    sides = np.array([width, height, width, height], dtype=number)
    with np.errstate(invalid="ignore", over="ignore"):
        corners = from_centre_and_size(centres.astype(number) * sides)
    return corners.astype(np.float64)


def of_pixels(boxes: Float, place: str, image: int | None) -> list[Problem]:
    """Return the problem of boxes that are in pixels where the model takes fractions: [] if they are not."""
    if not are_pixels([boxes]):
        return []
    largest = float(np.max(boxes[np.isfinite(boxes)]))
    said = f"boxes are in pixels, up to {largest:g}; the model takes fractions of the image's sides"
    return [Problem("BAT005", image, said, place)]


def sides_of_batch(images: Any) -> list[tuple[float, float]]:
    """Return width and height of the tensor [B, C, H, W] on which all images of a batch lie, for each."""
    batch, _, height, width = shape_of(images)
    return [(float(width), float(height))] * batch


def is_batch_of_images(images: Any) -> bool:
    """Tell whether this is a tensor [B, C, H, W] of 1, 3 or 4 channels."""
    return hasattr(images, "dtype") and len(shape_of(images)) == 4 and shape_of(images)[1] in (1, 3, 4)
