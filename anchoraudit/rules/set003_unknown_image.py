"""SET003: annotation of an unknown image."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET003",
    severity="warning",
    title="annotation of an unknown image",
    what=(
        'COCO: an annotation whose `image_id` is not the `id` of any image in the file. The text "7" is '
        "another id than the number 7; the message says where that is the difference. Video: boxes in frames "
        "beyond the length that the task or the sequence states."
    ),
    why="The box is in the file but belongs to no image. Frameworks drop it.",
    example='{"images": [{"id": 1, ...}], "annotations": [{"id": 5, "image_id": 99, ...}]}',
    remedy="fix the id, list the image in `images`, or remove the annotation",
)
