"""SET003: annotation of an unknown image."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET003",
    severity="warning",
    title="annotation of an unknown image",
    what="COCO: an annotation whose `image_id` is not the `id` of any image in the file.",
    why="The box is in the file but belongs to no image.",
    example='{"images": [{"id": 1, ...}], "annotations": [{"id": 5, "image_id": 99, ...}]}',
    remedy="add the image, or remove the annotation",
)
