"""MMYOLO: a dict with `inputs`, and `data_samples` with `bboxes_labels` [n, 6] of all images together.

A row an object: image, class, and x1, y1, x2, y2 in pixels of the tensor.

Source: mmyolo 8c4d9dc5 mmyolo/datasets/utils.py: yolov5_collate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anchoraudit.training.fed import Fed, Problem
from anchoraudit.training.targets import NO, SURE
from anchoraudit.training.targets._flat import fed_of_rows, sides_of_batch
from anchoraudit.training.targets._tensors import (
    as_array,
    image_size,
    is_tensor,
    labels_array,
    shape_of,
    type_name,
)

NAME = "mmyolo"
TITLE = "{'inputs': [B, 3, H, W], 'data_samples': {'bboxes_labels': [n, 6]: image, class, corners in pixels}}"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    samples = batch.get("data_samples") if isinstance(batch, Mapping) else None
    return SURE if isinstance(samples, Mapping) and "bboxes_labels" in samples and "inputs" in batch else NO


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    inputs = batch["inputs"]
    sides = sides_of_batch(inputs) if is_tensor(inputs) else [image_size(one) for one in inputs]
    place = "batch['data_samples']['bboxes_labels']"
    given = batch["data_samples"]["bboxes_labels"]
    shape = shape_of(given)
    problems = []
    if len(shape) != 2 or shape[1] != 6:
        said = f"`bboxes_labels` has the shape {list(shape)}, not [n, 6]"
        problems.append(Problem("BAT001", None, said, place, type_name(given)))
    rows = as_array(given) if not problems else np.empty((0, 6))
    boxes = rows[:, 2:].astype(np.float64)
    return fed_of_rows((rows[:, 0], boxes, labels_array(rows[:, 1])), sides, None, problems, place)
