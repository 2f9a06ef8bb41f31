"""CLS001: class that is not declared."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="CLS001",
    severity="warning",
    title="class that is not declared",
    what=(
        "COCO: a `category_id` that is not in `categories`. YOLO: a class index beyond the names. CVAT: a "
        "label that is not among those of the file. Each is reported once, with the number of its boxes."
    ),
    why=(
        "Loaders stop with a KeyError, or silently drop the boxes (mmdetection). On a GPU an "
        "index out of range ends the process with an error that names neither file nor box."
    ),
    example='{"annotations": [{"category_id": 7, ...}], "categories": [{"id": 1, "name": "cat"}]}',
    remedy="declare the class, or fix the id",
    scope="totals",
)
