"""Dicts with centre, width and height in fractions of the image, as DETR and its kin have them.

What stops a model was tried with DETR and RT-DETR of transformers 5.24.0. They take empty boxes of any shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from anchoraudit.training.fed import Fed, Problem
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._flat import of_pixels, pixels_of_fractions
from anchoraudit.training.targets._objects import boxes_of, labels_of
from anchoraudit.training.targets._tensors import as_array, image_size

_NAMES = ("file_name", "image_path", "image_id", "idx")


def read_centres(images: Any, mask: Any, targets: Sequence[Mapping[str, Any]], label: str, place: str) -> Fed:
    """Return the columns of images [B, C, H, W], and of a dict for each with `boxes` and the key `label`.

    mask: bool [B, H, W], or None; where an image has no `size` (height and width), it tells the image from
    padding. place: what holds the dicts, such as `targets`.
    """
    columns = Columns()
    count = len(images)
    if count != len(targets):
        said = f"the batch has {count} images and {len(targets)} targets"
        columns.problems.append(Problem("BAT002", None, said, place))
    for i, target in enumerate(targets):
        name = next((target[key] for key in _NAMES if key in target), None)
        size = _size(images[i] if i < count else None, None if mask is None else mask, i, target)
        columns.begin(name, size)
        where = f"{place}[{i}]"
        if "boxes" not in target:
            said = f"the target has no `boxes`; it has {', '.join(map(str, target)) or 'nothing'}"
            columns.problems.append(Problem("BAT001", i, said, where, stops=True))
            columns.add(np.empty((0, 4)), np.empty(0, dtype=np.int64))
            continue
        boxes = boxes_of(target["boxes"], i, f"{where}['boxes']", columns, any_empty=True)
        columns.problems += of_pixels(boxes, f"{where}['boxes']", i)
        labels = labels_of(target.get(label), len(boxes), i, f"{where}[{label!r}]", columns, stops=True)
        columns.add(pixels_of_fractions(boxes, *size), labels)
    return columns.fed()


def _size(image: Any, mask: Any, i: int, target: Mapping[str, Any]) -> tuple[float, float]:
    if "size" in target:
        height, width = (float(side) for side in as_array(target["size"]).reshape(-1)[:2])
        return width, height
    if mask is not None and i < len(mask):
        image_part = as_array(mask[i])
        return float(image_part.any(axis=0).sum()), float(image_part.any(axis=1).sum())
    return (np.nan, np.nan) if image is None else image_size(image)
