"""DETR, RT-DETR, D-FINE: images, and a dict for each with `boxes` in fractions, `labels` and `orig_size`.

Images are a `NestedTensor` with a mask of its padding, or a tensor. Boxes are centre, width and height in
fractions of the image, without padding.

Source: facebookresearch/detr 29901c51 util/misc.py: collate_fn, NestedTensor; datasets/transforms.py:
Normalize. RT-DETR 068dfde6 rtdetrv2_pytorch/src/data/dataloader.py: BatchImageCollateFunction;
src/data/transforms/_transforms.py: ConvertBoxes; src/data/dataset/coco_dataset.py (keys). D-FINE has copies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anchoraudit.training.fed import Fed
from anchoraudit.training.targets import NO, POSSIBLE, SURE, UNLIKELY
from anchoraudit.training.targets._centres import read_centres
from anchoraudit.training.targets._evidence import are_fractions, are_pixels
from anchoraudit.training.targets._flat import is_batch_of_images
from anchoraudit.training.targets._tensors import as_array, boxes_array, shape_of

NAME = "detr"
TITLE = "(images, [{'boxes': [n, 4] centre and size in fractions, 'labels', 'orig_size'}, ...])"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, list | tuple) or len(batch) != 2 or not isinstance(batch[1], list | tuple):
        return NO
    images, targets = batch
    if not targets or not all(isinstance(one, Mapping) and "labels" in one for one in targets):
        return NO
    if hasattr(images, "tensors") and hasattr(images, "mask"):
        return SURE
    if not is_batch_of_images(images):
        return NO
    boxes = [boxes_array(one["boxes"]) for one in targets if _has_boxes(one)]
    if are_pixels(boxes):
        return UNLIKELY
    if not all("orig_size" in one for one in targets):
        return POSSIBLE if are_fractions(boxes) else UNLIKELY
    return SURE if are_fractions(boxes) or all("size" in one for one in targets) else POSSIBLE


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    images, targets = batch[0], list(batch[1])
    mask = getattr(images, "mask", None)
    images = getattr(images, "tensors", images)
    return read_centres(images, None if mask is None else ~as_array(mask), targets, "labels", "targets")


def _has_boxes(target: Mapping[str, Any]) -> bool:
    return "boxes" in target and int(np.prod(shape_of(target["boxes"]))) % 4 == 0
