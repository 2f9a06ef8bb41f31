"""BAT008: boxes in a type of numbers that the model does not take."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT008",
    severity="error",
    title="boxes in a type of numbers that the model does not take",
    what=(
        "Boxes of a training batch are float64, float16 or bfloat16, and the model does not take them. Which "
        "types a model does not take is in `types_that_raise` and `types_of_nan` of its detector."
    ),
    why=(
        "torchvision's FCOS raises `Index put requires the source and destination dtypes match` at float64, "
        "also in an empty tensor, and its loss is NaN at float16. Its R-CNN models raise at bfloat16."
    ),
    example='{"boxes": torch.from_numpy(boxes), ...}  # NumPy has float64',
    remedy="make boxes float32: `torch.as_tensor(boxes, dtype=torch.float32)`",
)
