"""Kornia: (images [B, C, H, W], boxes), and labels [B, N] as a third part if there are any.

Boxes are Kornia's `Boxes`, or a tensor [B, N, 4] of x1, y1, x2, y2 in pixels. Rows of zeros, and of -1, are
padding.

Source: kornia 0.9.0 geometry/boxes.py: Boxes.to_tensor; augmentation/container/augment.py (data_keys).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.training.fed import NO_LABEL, Fed, Problem
from anchoraudit.training.targets import LIKELY, NO, POSSIBLE, SURE, UNLIKELY
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._evidence import orders
from anchoraudit.training.targets._flat import is_batch_of_images, sides_of_batch
from anchoraudit.training.targets._tensors import as_array, is_tensor, labels_array, shape_of

NAME = "kornia"
TITLE = "(images [B, C, H, W], Boxes or [B, N, 4] x1, y1, x2, y2 in pixels; labels [B, N])"
RESIZED = False


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, list | tuple) or len(batch) not in (2, 3) or not is_batch_of_images(batch[0]):
        return NO
    if _is_boxes(batch[1]):
        return SURE
    count = shape_of(batch[0])[0]
    if not is_tensor(batch[1]):
        return NO
    shape = shape_of(batch[1])
    if len(shape) != 3 or shape[::2] != (count, 4):
        return NO
    if len(batch) == 3 and (not is_tensor(batch[2]) or shape_of(batch[2])[:2] != shape[:2]):
        return NO
    rows = [_filled(one)[0] for one in as_array(batch[1]).astype(np.float64)]
    fit = orders(rows, sides_of_batch(batch[0]))
    return UNLIKELY if "corners" not in fit else LIKELY if fit == ["corners"] else POSSIBLE


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    images, given = batch[0], batch[1]
    boxes = _boxes_of_images(given)
    labels = batch[2] if len(batch) > 2 else None
    columns = Columns()
    sides = sides_of_batch(images)
    if len(boxes) != len(sides):
        said = f"the batch has {len(sides)} images and boxes of {len(boxes)}"
        columns.problems.append(Problem("BAT002", None, said, "batch[1]"))
    for i, side in enumerate(sides):
        columns.begin(None, side)
        rows, filled = _filled(boxes[i] if i < len(boxes) else np.empty((0, 4)))
        own = np.full(len(filled), NO_LABEL) if labels is None else labels_array(labels[i])
        if len(own) != len(filled):
            said = f"there are {len(own)} labels for {len(filled)} boxes"
            columns.problems.append(Problem("BAT002", i, said, f"batch[2][{i}]"))
            own = np.full(len(filled), NO_LABEL)
        columns.add(rows, own[filled])
    return columns.fed()


def _boxes_of_images(given: Any) -> list[Float]:
    """Return the boxes of each image, [n, 4]; padding of a list is left out by Kornia itself."""
    if _is_boxes(given):
        given = given.to_tensor(mode="xyxy")
        if is_tensor(given) and len(shape_of(given)) == 2:
            given = [given]
    return [as_array(one).astype(np.float64).reshape(-1, 4) for one in given]


def _is_boxes(value: Any) -> bool:
    return type(value).__name__ in ("Boxes", "VideoBoxes") and hasattr(value, "to_tensor")


def _filled(rows: Float) -> tuple[Float, Any]:
    """Return the rows that are no padding, and which they are: bool [n]."""
    filled = ~((rows == 0).all(axis=1) | (rows == -1).all(axis=1))
    return rows[filled], filled
