"""YOLOX: [images, targets [B, 50 or 120, 5], sizes, ids], a row an object: class, centre, width and height.

Boxes are in pixels of the tensor, rows without an object are zeros. The head takes as many rows from the
first on as there are rows whose five numbers have a sum above 0.

Source: YOLOX 6ddff482 yolox/data/datasets/coco.py: COCODataset.__getitem__, data/data_augment.py:
TrainTransform; models/yolo_head.py: YOLOXHead.get_losses (nlabel).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anchoraudit.training.fed import Fed
from anchoraudit.training.targets import NO, SURE
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._evidence import from_centre_and_size
from anchoraudit.training.targets._flat import is_batch_of_images, sides_of_batch
from anchoraudit.training.targets._objects import below_zero
from anchoraudit.training.targets._tensors import as_array, is_tensor, labels_array, shape_of

NAME = "yolox"
TITLE = "[images [B, 3, H, W], targets [B, N, 5]: class, x, y, w, h in pixels, sizes, ids]"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, list | tuple) or len(batch) != 4 or not is_batch_of_images(batch[0]):
        return NO
    targets, sizes, ids = batch[1:]
    if not is_tensor(targets) or "float" not in str(targets.dtype):
        return NO
    shape, count = shape_of(targets), shape_of(batch[0])[0]
    has_sizes = isinstance(sizes, list | tuple) and len(sizes) == 2 and shape_of(sizes[0]) == (count,)
    has_ids = is_tensor(ids) and shape_of(ids)[:1] == (count,)
    return SURE if len(shape) == 3 and shape[::2] == (count, 5) and has_sizes and has_ids else NO


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    targets = as_array(batch[1])
    ids = batch[3] if len(batch) > 3 else [None] * len(targets)
    columns = Columns()
    with np.errstate(invalid="ignore", over="ignore"):
        counts = (targets.sum(axis=2) > 0).sum(axis=1)
    sides = sides_of_batch(batch[0])
    for i, (rows, count, side) in enumerate(zip(targets, counts.tolist(), sides, strict=True)):
        columns.begin(ids[i], side)
        with np.errstate(invalid="ignore", over="ignore"):
            # Corners in float64 keep all bits of a centre and a size in float32.
            corners = from_centre_and_size(rows[:count, 1:].astype(np.float64))
        labels = labels_array(rows[:count, 0])
        columns.problems += below_zero(labels, i, f"batch[1][{i}]")
        columns.add(corners, labels)
    return columns.fed()
