"""Boxes and labels of one image that hold an array each, with what is wrong with their shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.training.fed import NO_LABEL, Problem
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._tensors import as_array, boxes_array, labels_array, shape_of, type_name


def boxes_of(boxes: Any, i: int, place: str, columns: Columns, *, any_empty: bool = False) -> Float:
    """Return the boxes of image `i`, float64 [n, 4] as they stand; none if they have another shape.

    A float32 number stays the same number. any_empty: the model takes an empty tensor of whatever shape.
    """
    shape = shape_of(boxes)
    if any_empty and 0 in shape:
        return np.empty((0, 4))
    if len(shape) == 2 and shape[1] == 4:
        return boxes_array(boxes)
    said = f"boxes have the shape {list(shape)}, not {'[0, 4]' if 0 in shape else '[n, 4]'}"
    columns.problems.append(Problem("BAT001", i, said, place, type_name(boxes)))
    return np.empty((0, 4))


def below_zero(labels: Int, i: int | None, place: str) -> list[Problem]:
    """Return the problem of class indices below 0, but not `NO_LABEL`: [] if there is none."""
    wrong = labels[(labels < 0) & (labels != NO_LABEL)]
    if not len(wrong):
        return []
    count = f"{len(wrong)} class ind{'ex is' if len(wrong) == 1 else 'ices are'} below 0, such as {wrong[0]}"
    return [Problem("BAT006", i, count, place)]


def labels_of(labels: Any, count: int, i: int, place: str, columns: Columns, *, stops: bool = False) -> Int:
    """Return the class indices of image `i`, one for each of `count` boxes, `NO_LABEL` for a missing one.

    stops: the model stops if there are too few.
    """
    if labels is None:
        if count:
            said = f"there are no labels for {count} boxes"
            columns.problems.append(Problem("BAT002", i, said, place, stops=stops))
        return np.full(count, NO_LABEL)
    found = labels_array(as_array(labels))
    if len(found) != count:
        said = f"there are {len(found)} labels for {count} boxes"
        short = stops and len(found) < count
        columns.problems.append(Problem("BAT002", i, said, place, type_name(labels), stops=short))
        found = np.concatenate([found[:count], np.full(max(count - len(found), 0), NO_LABEL)])
    columns.problems += below_zero(found, i, place)
    return found
