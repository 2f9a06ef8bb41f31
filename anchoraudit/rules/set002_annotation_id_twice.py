"""SET002: annotation id used more than once."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET002",
    severity="warning",
    title="annotation id used more than once",
    what="COCO: two annotations in one file with the same `id`. Both boxes are kept.",
    why="Tools that index annotations by id, such as pycocotools, keep only the last one.",
    example=(
        '{"annotations": [{"id": 5, "image_id": 1, "bbox": [...]}, {"id": 5, "image_id": 2, "bbox": [...]}]}'
    ),
    remedy="give every annotation an id of its own",
)
