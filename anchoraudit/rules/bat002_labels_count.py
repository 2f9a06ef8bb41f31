"""BAT002: labels and boxes of different number."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT002",
    severity="error",
    title="labels and boxes of different number",
    what=(
        "A target of a training batch has another number of labels than of boxes, or no labels; or a "
        "batch has another number of targets than of images."
    ),
    why=(
        "The loss indexes labels by boxes: where labels or targets are missing, it raises. Those in excess "
        "are passed over, and boxes are trained as classes of others."
    ),
    example='{"boxes": a tensor [3, 4], "labels": a tensor [2]}',
    remedy=(
        "drop boxes and labels together, with the same mask; transforms that drop boxes must be told of "
        "the labels"
    ),
)
