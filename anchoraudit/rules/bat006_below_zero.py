"""BAT006: class indices below 0."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT006",
    severity="error",
    title="class indices below 0",
    what="A label of a training batch is below 0.",
    why=(
        "DETR, RT-DETR, YOLOX, SSDlite and MMDetection raise at it. Ultralytics, YOLOv5 and RetinaNet count "
        "from the end, or take 0: they train another class. R-CNN models leave the box out."
    ),
    example='{"boxes": ..., "labels": torch.tensor([-1])}',
    remedy="find where indices are made of class names: -1 is usually a name that was not found",
)
