"""The detectors that most people train, to set beside a verdict that nobody asked for."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from anchoraudit.auditing.audit import Audit, audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.manifest.unfit import without_boxes
from anchoraudit.rules import Chosen

# One of each framework and each way of matching that is in wide use. Presets, in the order they are shown.
WELL_KNOWN = (
    "torchvision-fasterrcnn_resnet50_fpn",
    "torchvision-retinanet_resnet50_fpn",
    "detectron2-rpn_fpn",
    "mmdet-faster_rcnn_fpn",
    "yolov5",
)


def dropped_by_others(
    dataset: Dataset, drop: Collection[str], *, drop_difficult: bool = False
) -> dict[str, int]:
    """Return how many images each well-known detector would drop, with its own loader, by its name.

    drop: verdicts. drop_difficult: boxes marked as difficult are not usable. Boxes at which a model stops go
    without their image, as in `filter`. Image files are not looked at.
    """

    def judge(data: Dataset, name: str) -> Audit:
        nothing = Chosen(ignore=("ALL",))
        return audit(data, name, drop_difficult=drop_difficult, rules=nothing, images="none")

    dropped: dict[str, int] = {}
    for name in WELL_KNOWN:
        result = judge(dataset, name)
        if result.admitted is not None and len(fatal := result.admitted.fatal):
            these = np.zeros(len(dataset.boxes), dtype=np.bool_)
            these[fatal] = True
            result = judge(without_boxes(dataset, these), name)
        dropped[name] = len(result.images_with(*drop))
    return dropped
