"""BAT004: boxes in another order than the model takes."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT004",
    severity="error",
    title="boxes in another order than the model takes",
    what=(
        "Boxes of a training batch say that they are not x1, y1, x2, y2, as torchvision's `BoundingBoxes` "
        "do by their format; the model takes the numbers as they stand."
    ),
    why=(
        "Width is taken for x2. Where it is below x1, torchvision raises `All bounding boxes should have "
        "positive height and width`; else the model is trained on boxes in the wrong place."
    ),
    example='tv_tensors.BoundingBoxes(boxes, format="XYWH", canvas_size=(480, 640)) as target["boxes"]',
    remedy='convert them last: `v2.ConvertBoundingBoxFormat("XYXY")`',
)
