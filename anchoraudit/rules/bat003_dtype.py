"""BAT003: labels of the wrong type."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT003",
    severity="error",
    title="labels of the wrong type",
    what="Labels of a training batch for a model of torchvision are not int64.",
    why=(
        "float32 stops all models, also in an empty tensor: `torch.zeros(0)` is float32. At other whole "
        "numbers R-CNN models raise `target labels must of int64 type`; uint8 and bool are taken for masks."
    ),
    example='{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0)}',
    remedy="make labels int64: `torch.as_tensor(labels, dtype=torch.int64)`",
)
