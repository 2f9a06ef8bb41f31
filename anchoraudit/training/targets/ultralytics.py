"""Ultralytics: a dict with `img`, and `bboxes` [n, 4], `cls` and `batch_idx` of all images together.

Boxes are centre, width and height in fractions of the letterboxed tensor. The loss multiplies them by its
sides and makes corners of them, in float32, before any assigner.

That the loss stops at the wrong number of rows, and at boxes of an image beyond the batch, was tried.

Source: ultralytics 8.4.190 data/dataset.py: YOLODataset.collate_fn; utils/loss.py: v8DetectionLoss.preprocess
and get_assigned_targets_and_loss (targets are one float32 array; sides are cells times strides).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anchoraudit.training.fed import NO_LABEL, Fed, Problem
from anchoraudit.training.targets import NO, SURE
from anchoraudit.training.targets._flat import fed_of_rows, of_pixels, pixels_of_fractions, sides_of_batch
from anchoraudit.training.targets._tensors import as_array, boxes_array, labels_array, shape_of, type_name

NAME = "ultralytics"
TITLE = "{'img': [B, 3, H, W], 'bboxes': [n, 4] in fractions, 'cls': [n, 1], 'batch_idx': [n]}"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, Mapping) or not all(key in batch for key in ("img", "bboxes", "cls")):
        return NO
    return SURE if "batch_idx" in batch and len(shape_of(batch["img"])) == 4 else NO


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    problems = []
    shape = shape_of(batch["bboxes"])
    given = boxes_array(batch["bboxes"]) if len(shape) == 2 and shape[1] == 4 else np.empty((0, 4))
    if len(shape) != 2 or shape[1] != 4:
        wanted = "[0, 4]" if 0 in shape else "[n, 4]"
        said = f"boxes have the shape {list(shape)}, not {wanted}"
        value = type_name(batch["bboxes"])
        problems.append(Problem("BAT001", None, said, "batch['bboxes']", value, stops=True))
    else:
        problems += of_pixels(given, "batch['bboxes']", None)
    image = as_array(batch["batch_idx"]).reshape(-1)
    labels = labels_array(batch["cls"])
    for key, count in (("cls", len(labels)), ("batch_idx", len(image))):
        if count != len(given) and not any(one.code == "BAT001" for one in problems):
            said = f"`{key}` has {count} entries for {len(given)} boxes"
            place, value = f"batch[{key!r}]", type_name(batch[key])
            problems.append(Problem("BAT002", None, said, place, value, stops=True))
    count = min(len(given), len(image))
    labels = np.concatenate([labels[:count], np.full(max(count - len(labels), 0), NO_LABEL)])
    sides = sides_of_batch(batch["img"])
    boxes = pixels_of_fractions(given[:count], *(sides[0] if sides else (np.nan, np.nan)))
    names = batch.get("im_file")
    return fed_of_rows((image[:count], boxes, labels), sides, names, problems, "batch['batch_idx']")
