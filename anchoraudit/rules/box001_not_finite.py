"""BOX001: coordinates are not finite."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BOX001",
    severity="error",
    title="coordinates are not finite",
    what=(
        "A coordinate that is NaN, infinite or too large for a 64-bit float. COCO files can have them "
        "because Python's json module writes NaN and Infinity."
    ),
    why="NaN or infinity in one box becomes NaN in the loss, and in every weight after one step.",
    example='{"id": 1, "image_id": 7, "bbox": [10, 20, NaN, 40]}',
    remedy="remove the box or draw it again",
)
