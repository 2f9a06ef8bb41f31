"""KerasCV and TensorFlow: images [B, H, W, 3], and {'boxes': [B, N, 4], 'classes': [B, N]} padded with -1.

They are a pair, or the values of `images` and `bounding_boxes` in a dict. The order of the numbers is the
user's choice: "xyxy" is read, and taken for granted only if all boxes of the first batch say so.

Source: keras-cv 0.9.0 bounding_box/converters.py (orders), to_dense.py (padding).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.training.fed import Fed
from anchoraudit.training.targets import LIKELY, NO, POSSIBLE, UNLIKELY
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._evidence import orders
from anchoraudit.training.targets._tensors import as_array, image_size, labels_array, shape_of

NAME = "keras"
TITLE = "(images [B, H, W, 3], {'boxes': [B, N, 4] x1, y1, x2, y2 in pixels, 'classes': [B, N]})"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    pair = _split(batch)
    if pair is None:
        return NO
    images, targets = pair
    sides = [image_size(as_array(one)) for one in images]
    fit = orders([boxes for boxes, _ in _images(targets)], sides)
    return UNLIKELY if "corners" not in fit else LIKELY if fit == ["corners"] else POSSIBLE


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    pair = _split(batch)
    assert pair is not None  # it was recognised, or named
    columns = Columns()
    for image, (boxes, labels) in zip(pair[0], _images(pair[1]), strict=True):
        columns.begin(None, image_size(as_array(image)))
        columns.add(boxes, labels)
    return columns.fed()


def _split(batch: Any) -> tuple[Any, Mapping[str, Any]] | None:
    if isinstance(batch, Mapping) and "images" in batch and "bounding_boxes" in batch:
        images, targets = batch["images"], batch["bounding_boxes"]
    elif isinstance(batch, list | tuple) and len(batch) == 2:
        images, targets = batch
    else:
        return None
    if not isinstance(targets, Mapping) or not {"boxes", "classes"} <= set(targets):
        return None
    return (images, targets) if len(shape_of(images)) == 4 and shape_of(images)[3] in (1, 3, 4) else None


def _images(targets: Mapping[str, Any]) -> list[tuple[Float, Any]]:
    """Return boxes [n, 4] and classes [n] of each image, without padding."""
    found = []
    boxes, classes = (_dense(targets[key]) for key in ("boxes", "classes"))
    for rows, labels in zip(boxes, classes, strict=True):
        filled = labels > -1
        found.append((rows.astype(np.float64).reshape(-1, 4)[filled], labels_array(labels[filled])))
    return found


def _dense(values: Any) -> Any:
    """Return an array; a RaggedTensor is padded with -1."""
    return as_array(values.to_tensor(-1)) if hasattr(values, "to_tensor") else as_array(values)
