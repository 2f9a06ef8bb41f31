"""BAT003: boxes or labels of the wrong type."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT003",
    severity="error",
    title="boxes or labels of the wrong type",
    what="Boxes of a training batch are not floating point, or labels are not int64.",
    why=(
        "torchvision's R-CNN models raise at both: `target boxes must be of float type`, `target labels "
        "must be of int64 type`. Other losses index with labels, or compare boxes with float32 anchors."
    ),
    example='{"boxes": an int64 tensor, "labels": a float32 tensor}',
    remedy="make boxes float32 and labels int64: `torch.as_tensor(boxes, dtype=torch.float32)`",
)
