"""effdet, EfficientDet in PyTorch: (images, {'bbox': [B, N, 4], 'cls': [B, N], ...}), padded with -1.

Boxes are y1, x1, y2, x2 in pixels of the tensor; rows of class -1 are padding.

Source: effdet 0.4.1 data/loader.py: DetectionFastCollate; anchors.py: AnchorLabeler.batch_label_anchors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anchoraudit.training.fed import Fed
from anchoraudit.training.targets import NO, SURE
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._flat import is_batch_of_images, sides_of_batch
from anchoraudit.training.targets._tensors import boxes_array, labels_array, shape_of

NAME = "effdet"
TITLE = "(images [B, 3, H, W], {'bbox': [B, N, 4] y1, x1, y2, x2 in pixels, 'cls': [B, N]}), padded with -1"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, list | tuple) or len(batch) != 2 or not is_batch_of_images(batch[0]):
        return NO
    targets = batch[1]
    if not isinstance(targets, Mapping) or "bbox" not in targets or "cls" not in targets:
        return NO
    box, cls = shape_of(targets["bbox"]), shape_of(targets["cls"])
    return SURE if len(box) == 3 and box[2] == 4 and cls == box[:2] else NO


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    images, targets = batch
    names = targets.get("img_id", targets.get("img_idx"))
    columns = Columns()
    for i, side in enumerate(sides_of_batch(images)):
        columns.begin(None if names is None else names[i], side)
        labels = labels_array(targets["cls"][i])
        filled = labels > -1
        columns.add(boxes_array(targets["bbox"][i])[filled][:, [1, 0, 3, 2]], labels[filled])
    return columns.fed()
