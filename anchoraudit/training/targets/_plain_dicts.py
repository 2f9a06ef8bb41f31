"""Dicts of arrays as Albumentations returns them: a list of one for each image, or one of lists.

The order of the numbers is the user's choice. It is told from the boxes, where only one order puts all boxes
of a batch into their images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.training.fed import NO_LABEL, Fed, Problem
from anchoraudit.training.targets import LIKELY, NO, POSSIBLE, UNLIKELY
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._evidence import ORDERS, orders
from anchoraudit.training.targets._tensors import as_array, image_size, is_tensor, labels_array, shape_of

_IMAGES = ("image", "images", "img")
_BOXES = ("bboxes", "boxes")
_LABELS = ("labels", "class_labels", "category_ids", "category_id", "classes", "bbox_labels")
_NAMES = ("file_name", "image_path", "path", "image_id", "id")
# Keys of other forms, in which boxes mean something else.
_OF_OTHERS = ("batch_idx", "instances", "pixel_values", "bounding_boxes", "data_samples")


@dataclass(frozen=True, slots=True)
class _Item:
    """An image with its boxes [n, 4], and [n] or nothing for labels, as they were handed over."""

    image: Any
    boxes: Any
    labels: Any
    name: Any


def recognises_dicts(batch: Any, order: str) -> int:
    """Say how sure it is that the batch has such dicts, with boxes in this order of `ORDERS`."""
    items = _items(batch)
    if not items:
        return NO
    arrays = [_rows(item.boxes) for item in items]
    if any(rows is None for rows in arrays):
        return NO
    fit = orders([rows[:, :4] for rows in arrays if rows is not None], [_side(item.image) for item in items])
    # No order fits where boxes are wrong. Then all are unlikely, and the user must say it.
    return UNLIKELY if order not in fit else LIKELY if fit == [order] else POSSIBLE


def read_plain_dicts(batch: Any, order: str) -> Fed:
    """Return the images and boxes of a batch of such dicts, with boxes in this order of `ORDERS`."""
    fractions, corners = ORDERS[order]
    columns = Columns()
    for i, item in enumerate(_items(batch) or []):
        side = _side(item.image)
        columns.begin(item.name, side)
        rows = _rows(item.boxes)
        if rows is None:
            said = f"boxes have the shape {list(shape_of(item.boxes))}, not [n, 4]"
            columns.problems.append(Problem("BAT001", i, said, f"image {i}"))
            rows = np.empty((0, 4))
        with np.errstate(invalid="ignore", over="ignore"):
            boxes = corners(rows[:, :4]) * (np.array([*side, *side]) if fractions else 1.0)
        columns.add(boxes, _labels(item, rows, i, columns))
    return columns.fed()


def _labels(item: _Item, rows: Float, i: int, columns: Columns) -> Int:
    if rows.shape[1] > 4:  # the class may stand in the box
        return labels_array(rows[:, 4])
    if item.labels is None:
        return np.full(len(rows), NO_LABEL)
    given = as_array(item.labels).reshape(-1)
    if not np.issubdtype(given.dtype, np.number):  # names, which a model will never see so
        given = np.full(len(given), NO_LABEL)
    found = labels_array(given)
    if len(found) != len(rows):
        said = f"there are {len(found)} labels for {len(rows)} boxes"
        columns.problems.append(Problem("BAT002", i, said, f"image {i}"))
        found = np.concatenate([found[: len(rows)], np.full(max(len(rows) - len(found), 0), NO_LABEL)])
    return found


def _side(image: Any) -> tuple[float, float]:
    return image_size(as_array(image) if isinstance(image, list) else image)


def _rows(boxes: Any) -> Float | None:
    """Return boxes as float64 [n, 4], or [n, 5] with the class last; None if they are neither."""
    shape = shape_of(boxes)
    if 0 in shape:
        return np.empty((0, 4))
    if len(shape) != 2 or shape[1] not in (4, 5):
        return None
    array = as_array(boxes)
    return array.astype(np.float64) if np.issubdtype(array.dtype, np.number) else None


def _items(batch: Any) -> list[_Item] | None:
    """Return the images of a batch of any of the kinds of dicts, None if it is no such batch."""
    if isinstance(batch, Mapping):
        return _of_lists(batch)
    if not isinstance(batch, list | tuple) or not batch:
        return None
    if all(isinstance(one, Mapping) for one in batch):
        found = [_of_one(one, _value(one, _IMAGES)) for one in batch]
    elif len(batch) == 2 and isinstance(batch[1], list | tuple) and _count(batch[0]) == len(batch[1]):
        # A dict with `boxes` beside a list of images is torchvision's form.
        found = [
            None if not isinstance(one, Mapping) or "boxes" in one else _of_one(one, image)
            for image, one in zip(*batch, strict=True)
        ]
    else:
        return None
    items = [item for item in found if item is not None]
    return items if len(items) == len(found) else None


def _of_lists(batch: Mapping[str, Any]) -> list[_Item] | None:
    images, boxes = _value(batch, _IMAGES), _value(batch, _BOXES)
    if images is None or boxes is None or any(key in batch for key in _OF_OTHERS):
        return None
    count = _count(images)
    if not count or _count(boxes) != count:
        return None
    labels, names = _value(batch, _LABELS), _value(batch, _NAMES)

    def of(values: Any, i: int) -> Any:
        return None if values is None or _count(values) != count else values[i]

    return [_Item(images[i], boxes[i], of(labels, i), of(names, i)) for i in range(count)]


def _of_one(one: Mapping[str, Any], image: Any) -> _Item | None:
    boxes = _value(one, _BOXES)
    if not _is_image(image) or boxes is None or any(key in one for key in _OF_OTHERS):
        return None
    return _Item(image, boxes, _value(one, _LABELS), _value(one, _NAMES))


def _count(values: Any) -> int:
    """Return how many images or rows a list or a tensor has, 0 for anything else."""
    return len(values) if isinstance(values, list | tuple) or (is_tensor(values) and shape_of(values)) else 0


def _is_image(value: Any) -> bool:
    return is_tensor(value) and len(shape_of(value)) in (2, 3)


def _value(one: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((one[name] for name in names if name in one), None)
