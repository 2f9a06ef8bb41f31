"""torchvision: images, and a dict for each with `boxes` in pixels (x1, y1, x2, y2) and `labels`.

Also what a collate function that returns the batch unchanged hands over: pairs of an image and such a dict.

Which problems stop a model was tried with Faster R-CNN, RetinaNet, FCOS and SSDlite of torchvision 0.29.1.
All four take boxes of whole numbers and labels in excess; R-CNN alone stops at labels of int32. Images of
whole numbers, of two dimensions, without an extent, or with channels last stop all four, and SSD300; float16
or float64 fit a model of the same type. What boxes of other types than float32 do is in the presets.

Source: torchvision 0.29.1 models/detection/generalized_rcnn.py (which shapes it takes), transform.py (the
model resizes itself), roi_heads.py: check_targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.training.fed import NO_LABEL, Fed, Problem
from anchoraudit.training.targets import LIKELY, NO, POSSIBLE, SURE, UNLIKELY
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._evidence import are_fractions, are_pixels
from anchoraudit.training.targets._objects import below_zero
from anchoraudit.training.targets._tensors import (
    boxes_array,
    image_size,
    is_tensor,
    labels_array,
    shape_of,
    type_name,
)

NAME = "torchvision"
TITLE = "(images, [{'boxes': [n, 4] in pixels, 'labels': [n]}, ...])"
RESIZED = False
_BOXES = ("boxes", "bboxes")
_LABELS = ("labels", "classes")
_NAME = ("file_name", "filename", "path", "image_id", "id")
# Targets of DETR and its kin have it besides, and boxes in fractions.
_OF_FRACTIONS = "orig_size"
_MOST_CHANNELS = 16  # more than any picture has


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    pair = _split(batch)
    if pair is None:
        return NO
    images, targets = pair
    if not targets or not all(isinstance(one, Mapping) for one in targets) or hasattr(images, "mask"):
        return NO
    with_boxes = [one for one in targets if "boxes" in one]
    if not with_boxes:
        return NO
    boxes = [boxes_array(one["boxes"]) for one in with_boxes if int(np.prod(shape_of(one["boxes"]))) % 4 == 0]
    of_fractions = all(_OF_FRACTIONS in one for one in with_boxes)
    if of_fractions and not are_pixels(boxes):
        # DETR's targets, or a user's that have taken over a key of them.
        unsure = not are_fractions(boxes) and not all("size" in one for one in with_boxes)
        return POSSIBLE if unsure else UNLIKELY
    if are_fractions(boxes):
        return POSSIBLE
    return SURE if all(any(key in one for key in _LABELS) for one in with_boxes) else LIKELY


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    pair = _split(batch)
    images, targets = pair if pair is not None else (batch[0], batch[1])
    images = list(images)
    fed = read_dicts(images, list(targets))
    problems = [
        Problem("BAT007", i if i < len(fed) else None, said, f"images[{i}]", type_name(image), stops=True)
        for i, image in enumerate(images)
        if (said := _wrong_with(image))
    ]
    return replace(fed, problems=(*problems, *fed.problems))


def _wrong_with(image: Any) -> str:
    """Say why all models stop at an image; "" if they do not."""
    if not is_tensor(image):
        wrong = isinstance(getattr(image, "size", None), tuple)
        return f"the image is a {type(image).__name__}, not a tensor [C, H, W]" * wrong
    shape = shape_of(image)
    if len(shape) != 3:
        return f"the image has the shape {list(shape)}, not [C, H, W]"
    if 0 in shape:
        return f"the image has no pixels: its shape is {list(shape)}"
    if not isinstance(image, np.ndarray) and shape[2] in (1, 3, 4) and shape[0] > _MOST_CHANNELS:
        return f"the image has the shape {list(shape)}, channels last, not [C, H, W]"
    dtype = str(image.dtype).removeprefix("torch.")
    return "" if "float" in dtype else f"the image is {dtype}, not a float tensor from 0 to 1"


def read_dicts(images: Sequence[Any], targets: Sequence[Mapping[str, Any]]) -> Fed:
    """Return the columns of images and of a dict for each."""
    columns = Columns()
    if len(images) != len(targets):
        message = f"the batch has {len(images)} images and {len(targets)} targets"
        too_few = len(targets) < len(images)
        columns.problems.append(Problem("BAT002", None, message, "targets", stops=too_few))
    for i, target in enumerate(targets):
        size = image_size(images[i]) if i < len(images) else (np.nan, np.nan)
        columns.begin(_value(target, _NAME), size)
        place = f"targets[{i}]"
        if i < len(images):
            columns.problems += _on_other_devices(images[i], target, i, place)
        boxes = _boxes(target, i, place, columns)
        columns.add(boxes, _labels(target, i, len(boxes), place, columns))
    return columns.fed()


def _on_other_devices(image: Any, target: Mapping[str, Any], i: int, place: str) -> Iterator[Problem]:
    """Yield what of a target is on another device than its image; nothing of arrays that say none."""
    own = getattr(image, "device", None)
    for what, names in (("boxes", _BOXES), ("labels", _LABELS)):
        for key in [name for name in names if name in target][:1]:
            other = getattr(target[key], "device", None)
            if own is not None and other is not None and str(other) != str(own):
                said = f"{what} are on {other}, and their image on {own}"
                yield Problem("BAT009", i, said, f"{place}[{key!r}]", type_name(target[key]))


def _split(batch: Any) -> tuple[Any, list[Any]] | None:
    """Return images and targets, None if this is neither a pair of them nor a list of pairs."""
    if not isinstance(batch, list | tuple) or not batch:
        return None
    if len(batch) >= 2 and isinstance(batch[1], list | tuple) and _are_dicts(batch[1]):
        return batch[0], list(batch[1])
    if all(isinstance(one, list | tuple) and len(one) == 2 and isinstance(one[1], Mapping) for one in batch):
        return [one[0] for one in batch], [one[1] for one in batch]
    if (
        len(batch) == 2
        and isinstance(batch[1], Mapping)
        and is_tensor(batch[0])
        and len(shape_of(batch[0])) == 3
    ):
        return [batch[0]], [batch[1]]  # a data set that is no loader
    return None


def _are_dicts(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(one, Mapping) for one in values)


def _value(target: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((target[name] for name in names if name in target), None)


def _boxes(target: Mapping[str, Any], i: int, place: str, columns: Columns) -> Float:
    key = next((name for name in _BOXES if name in target), None)
    if key is None:
        said = f"the target has no `boxes`; it has {', '.join(map(str, target)) or 'nothing'}"
        columns.problems.append(Problem("BAT001", i, said, place, stops=True))
        return np.empty((0, 4))
    boxes, place = target[key], f"{place}[{key!r}]"
    shape = shape_of(boxes)
    if len(shape) != 2 or shape[1] != 4:
        wanted = "[0, 4]" if 0 in shape else "[n, 4]"
        said = f"boxes have the shape {list(shape)}, not {wanted}"
        columns.problems.append(Problem("BAT001", i, said, place, type_name(boxes), stops=True))
        return boxes_array(boxes) if int(np.prod(shape)) % 4 == 0 else np.empty((0, 4))
    order = getattr(boxes, "format", None)
    order = str(getattr(order, "value", order))
    if order not in ("None", "XYXY"):
        said = f"boxes are in the order {order}; the model takes them as x1, y1, x2, y2"
        columns.problems.append(Problem("BAT004", i, said, place, type_name(boxes)))
    dtype = str(getattr(boxes, "dtype", "")).removeprefix("torch.")
    if "float" in dtype and dtype != "float32":
        said = f"boxes are {dtype}, which this model does not take"
        columns.problems.append(Problem("BAT008", i, said, place, type_name(boxes), box_type=dtype))
    found = boxes_array(boxes)
    if are_fractions([found]):
        said = f"boxes are fractions of the image, at most {np.nanmax(found):g}; the model takes pixels"
        columns.problems.append(Problem("BAT005", i, said, place, type_name(boxes)))
    return found


def _labels(target: Mapping[str, Any], i: int, count: int, place: str, columns: Columns) -> Int:
    key = next((name for name in _LABELS if name in target), None)
    if key is None:
        said = f"the target has no `labels`; it has {', '.join(map(str, target)) or 'nothing'}"
        columns.problems.append(Problem("BAT002", i, said, place, stops=True))
        return np.full(count, NO_LABEL)
    labels, place = target[key], f"{place}[{key!r}]"
    found = labels_array(labels)
    if len(found) != count:
        said = f"there are {len(found)} labels for {count} boxes"
        stops = 0 < len(found) < count
        columns.problems.append(Problem("BAT002", i, said, place, type_name(labels), stops))
        found = np.concatenate([found[:count], np.full(max(count - len(found), 0), NO_LABEL)])
    if is_tensor(labels) and "int64" not in str(labels.dtype):
        floats = "float" in str(labels.dtype)
        said = f"labels are {str(labels.dtype).removeprefix('torch.')}, not int64"
        columns.problems.append(Problem("BAT003", i, said, place, type_name(labels), stops=floats))
    columns.problems += below_zero(found, i, place)
    return found
