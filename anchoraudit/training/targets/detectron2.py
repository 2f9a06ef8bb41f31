"""detectron2: a list of dicts, each with an `image` and `instances` that have `gt_boxes` and `gt_classes`.

Boxes are x1, y1, x2, y2 in pixels of the image, which the mapper has resized. The model pads the images of a
batch to a common size.

Source: detectron2 02b5c4e2 data/dataset_mapper.py: DatasetMapper; structures/{instances,boxes}.py;
modeling/meta_arch/dense_detector.py (no `instances`: AssertionError).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anchoraudit.training.fed import Fed, Problem
from anchoraudit.training.targets import NO, SURE
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._objects import boxes_of, labels_of
from anchoraudit.training.targets._tensors import image_size, is_tensor

NAME = "detectron2"
TITLE = "[{'image': [C, H, W], 'instances': Instances with gt_boxes in pixels and gt_classes}, ...]"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    if not isinstance(batch, list | tuple) or not batch:
        return NO
    if not all(isinstance(one, Mapping) and is_tensor(one.get("image")) for one in batch):
        return NO
    given = [one["instances"] for one in batch if "instances" in one]
    return SURE if given and all(hasattr(one, "image_size") for one in given) else NO


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    columns = Columns()
    for i, one in enumerate(batch):
        columns.begin(one.get("file_name", one.get("image_id")), image_size(one["image"]))
        place = f"batch[{i}]"
        instances = one.get("instances")
        boxes = getattr(instances, "gt_boxes", None)
        if boxes is None:
            missing = "`instances`" if instances is None else "`gt_boxes`"
            columns.problems.append(Problem("BAT001", i, f"the image has no {missing}", place))
            columns.add(np.empty((0, 4)), np.empty(0, dtype=np.int64))
            continue
        place += "['instances']"
        found = boxes_of(getattr(boxes, "tensor", boxes), i, f"{place}.gt_boxes", columns)
        labels = getattr(instances, "gt_classes", None)
        columns.add(found, labels_of(labels, len(found), i, f"{place}.gt_classes", columns))
    return columns.fed()
