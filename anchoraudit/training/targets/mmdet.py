"""MMDetection 3: a dict with `inputs`, and a `DetDataSample` for each image in `data_samples`.

`gt_instances.bboxes` are x1, y1, x2, y2 in pixels of the image, which the pipeline has resized. The data
preprocessor pads the images of a batch to a common size. Boxes of `ignored_instances` are not trained, and
are left out.

Source: mmdet 3.3.0 datasets/transforms/formatting.py: PackDetInputs; structures/det_data_sample.py;
mmengine 0.10.7 dataset/utils.py: pseudo_collate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anchoraudit.training.fed import Fed, Problem
from anchoraudit.training.targets import NO, SURE
from anchoraudit.training.targets._columns import Columns
from anchoraudit.training.targets._objects import boxes_of, labels_of
from anchoraudit.training.targets._tensors import image_size

NAME = "mmdet"
TITLE = "{'inputs': [...], 'data_samples': [DetDataSample with gt_instances.bboxes in pixels, labels]}"
RESIZED = True


def recognises(batch: Any) -> int:
    """Say how sure it is that the batch has this form."""
    samples = batch.get("data_samples") if isinstance(batch, Mapping) else None
    if not isinstance(samples, list | tuple) or not samples or "inputs" not in batch:
        return NO
    return SURE if all(hasattr(one, "metainfo") for one in samples) else NO


def read(batch: Any) -> Fed:
    """Return the images and boxes of a batch."""
    columns = Columns()
    inputs = batch["inputs"]
    for i, sample in enumerate(batch["data_samples"]):
        about = sample.metainfo
        name = about.get("img_path", about.get("img_id"))
        shape = about.get("img_shape")
        size = (float(shape[1]), float(shape[0])) if shape else image_size(inputs[i])
        columns.begin(name, size)
        place = f"data_samples[{i}].gt_instances"
        given = getattr(sample, "gt_instances", None)
        boxes = getattr(given, "bboxes", None)
        if boxes is None:
            missing = "`gt_instances`" if given is None else "`gt_instances.bboxes`"
            columns.problems.append(Problem("BAT001", i, f"the sample has no {missing}", place))
            columns.add(np.empty((0, 4)), np.empty(0, dtype=np.int64))
            continue
        found = boxes_of(getattr(boxes, "tensor", boxes), i, f"{place}.bboxes", columns)
        labels = getattr(given, "labels", None)
        columns.add(found, labels_of(labels, len(found), i, f"{place}.labels", columns))
    if len(inputs) != len(batch["data_samples"]):
        said = f"the batch has {len(inputs)} images and {len(batch['data_samples'])} samples"
        columns.problems.append(Problem("BAT002", None, said, "data_samples"))
    return columns.fed()
