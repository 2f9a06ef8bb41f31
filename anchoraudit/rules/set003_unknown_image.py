"""SET003: annotation of an unknown image."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET003",
    severity="warning",
    title="annotation of an unknown image",
    what="COCO: an `image_id` that no image of the file has.",
    why="Its box is in the file but reaches no image.",
    example='{"images": [{"id": 1, ...}], "annotations": [{"id": 5, "image_id": 99, ...}]}',
    remedy="add the image, or remove the annotation",
)
