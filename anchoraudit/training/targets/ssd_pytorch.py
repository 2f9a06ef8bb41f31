"""ssd.pytorch: (images, [[n, 5], ...]), a row an object: x1, y1, x2, y2 in fractions, and the class.

Other programs hand over lists of [n, 5] too. So it is this form only if no box could be centre and size.

Source: amdegroot/ssd.pytorch 5b0b77fa data/__init__.py: detection_collate; layers/box_utils.py: match.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anchoraudit.training.fed import Fed, Problem
from anchoraudit.training.targets import LIKELY, NO, POSSIBLE, UNLIKELY
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._evidence import orders
from anchoraudit.training.targets._flat import is_batch_of_images, of_pixels, sides_of_batch
from anchoraudit.training.targets._tensors import as_array, is_tensor, labels_array, shape_of, type_name

NAME = "ssd-pytorch"
TITLE = "(images [B, 3, H, W], [[n, 5], ...]: x1, y1, x2, y2 in fractions, class)"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, list | tuple) or len(batch) != 2 or not is_batch_of_images(batch[0]):
        return NO
    targets = batch[1]
    if not isinstance(targets, list | tuple) or not targets or not all(map(is_tensor, targets)):
        return NO
    shapes = [shape_of(one) for one in targets]
    if not all(shape in ((0,), (shape[0], 5)) for shape in shapes):
        return NO
    arrays = [as_array(one).astype(np.float64).reshape(-1, 5) for one in targets]
    fit = orders([one[:, :4] for one in arrays], sides_of_batch(batch[0]))
    if "corner_fractions" not in fit:
        return UNLIKELY
    return LIKELY if fit == ["corner_fractions"] else POSSIBLE


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    images, targets = batch
    columns = Columns()
    for i, (side, target) in enumerate(zip(sides_of_batch(images), targets, strict=True)):
        columns.begin(None, side)
        place, shape = f"targets[{i}]", shape_of(target)
        rows = np.empty((0, 5))
        if len(shape) == 2 and shape[1] == 5:
            rows = as_array(target)
        else:
            wanted = "[0, 5]" if 0 in shape else "[n, 5]"
            said = f"the target has the shape {list(shape)}, not {wanted}"
            columns.problems.append(Problem("BAT001", i, said, place, type_name(target)))
        fractions = rows[:, :4].astype(np.float64)
        columns.problems += of_pixels(fractions, place, i)
        with np.errstate(invalid="ignore", over="ignore"):
            columns.add(fractions * np.array([*side, *side]), labels_array(rows[:, 4]))
    return columns.fed()
