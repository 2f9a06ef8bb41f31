"""YOLOv5 and YOLOv7: (images, targets [n, 6], paths, shapes), a row an object: image, class, x, y, w, h.

Boxes are centre, width and height in fractions of the letterboxed tensor. The loss multiplies them by the
cells of each level in float32, which are the sides over a power of two.

Source: yolov5 5081342f utils/dataloaders.py: LoadImagesAndLabels.collate_fn; utils/loss.py:
ComputeLoss.build_targets. yolov7 a207844b utils/datasets.py and utils/loss.py, the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anchoraudit.training.fed import Fed, Problem
from anchoraudit.training.targets import LIKELY, NO, SURE, UNLIKELY
from anchoraudit.training.targets._evidence import are_pixels
from anchoraudit.training.targets._flat import (
    fed_of_rows,
    is_batch_of_images,
    of_pixels,
    pixels_of_fractions,
    sides_of_batch,
)
from anchoraudit.training.targets._tensors import as_array, is_tensor, labels_array, shape_of, type_name

NAME = "yolov5"
TITLE = "(images [B, 3, H, W], targets [n, 6]: image, class, x, y, w, h in fractions, paths, shapes)"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, list | tuple) or len(batch) < 2 or not is_batch_of_images(batch[0]):
        return NO
    targets = batch[1]
    if not is_tensor(targets) or "float" not in str(targets.dtype):
        return NO
    if len(batch) >= 4 and _are_paths(batch[2], shape_of(batch[0])[0]) and len(shape_of(targets)) <= 2:
        return SURE
    if len(batch) > 3 or len(shape_of(targets)) != 2 or shape_of(targets)[1] != 6:
        return NO
    rows = as_array(targets)
    whole = bool(np.all(rows[:, :2] == np.round(rows[:, :2])))
    return LIKELY if whole and not are_pixels([rows[:, 2:]]) else UNLIKELY


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    images, targets = batch[0], batch[1]
    sides = sides_of_batch(images)
    names = batch[2] if len(batch) > 2 and _are_paths(batch[2], len(sides)) else None
    shape = shape_of(targets)
    if len(shape) != 2 or shape[1] != 6:
        wanted = "[0, 6]" if 0 in shape else "[n, 6]"
        said = f"targets have the shape {list(shape)}, not {wanted}"
        problem = Problem("BAT001", None, said, "batch[1]", type_name(targets), stops=True)
        nothing = np.empty(0), np.empty((0, 4)), np.empty(0, dtype=np.int64)
        return fed_of_rows(nothing, sides, names, [problem], "batch[1]")
    rows = as_array(targets)
    width, height = sides[0] if sides else (np.nan, np.nan)
    # Corners in float64 keep all bits of a centre and a size in float32 times a whole number.
    fractions = rows[:, 2:].astype(np.float32).astype(np.float64)
    boxes = pixels_of_fractions(fractions, width, height, "float64")
    problems = of_pixels(fractions, "batch[1]", None)
    return fed_of_rows((rows[:, 0], boxes, labels_array(rows[:, 1])), sides, names, problems, "batch[1]")


def _are_paths(values: Any, count: int) -> bool:
    if not isinstance(values, list | tuple) or len(values) != count:
        return False
    return all(isinstance(value, str) for value in values)
