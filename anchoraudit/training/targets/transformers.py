"""transformers: a dict with `pixel_values`, and `labels`: a dict for each image with `boxes`, `class_labels`.

Boxes are centre, width and height in fractions of the image of `size`, which is the padded one where the
processor pads.

Source: transformers 5.24.0 models/detr/image_processing_detr.py: prepare_annotation, pad; loss/
loss_for_object_detection.py: HungarianMatcher, ImageLoss.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anchoraudit.training.fed import Fed
from anchoraudit.training.targets import NO, SURE
from anchoraudit.training.targets._centres import read_centres
from anchoraudit.training.targets._tensors import as_array

NAME = "transformers"
TITLE = "{'pixel_values', 'labels': [{'boxes': [n, 4] centre and size in fractions, 'class_labels'}, ...]}"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, Mapping) or "pixel_values" not in batch:
        return NO
    labels = batch.get("labels")
    if not isinstance(labels, list | tuple) or not labels:
        return NO
    return SURE if all(isinstance(one, Mapping) and "class_labels" in one for one in labels) else NO


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    mask = batch.get("pixel_mask")
    mask = None if mask is None else [as_array(one) != 0 for one in mask]
    return read_centres(batch["pixel_values"], mask, list(batch["labels"]), "class_labels", "labels")
