"""The detectors that most people train, to set beside a verdict that nobody asked for."""

from __future__ import annotations

from collections.abc import Collection

from anchoraudit.advice.compare import compare
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import load_detector

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
    """Return how many images each well-known detector would drop, by its name.

    drop: verdicts. drop_difficult: boxes marked as difficult are not usable.
    """
    detectors = [load_detector(name) for name in WELL_KNOWN]
    compared = compare(dataset, detectors, drop_difficult=drop_difficult)
    return {one.detector: sum(one.verdicts[verdict] for verdict in drop) for one in compared}
