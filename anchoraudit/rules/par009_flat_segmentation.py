"""PAR009: segmentation as a flat list."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR009",
    severity="warning",
    title="segmentation as a flat list",
    what=(
        "COCO: a `segmentation` that is one list of numbers, where COCO has a list of polygons, each a list "
        "of numbers. One finding for each file. Of a file of more than 4 MiB, parts are looked at."
    ),
    why=(
        "pycocotools makes no mask of it (TypeError in `annToRLE`). So fail torchvision's COCO reference and "
        "detectron2's loader, which read polygons even where only boxes are trained."
    ),
    example='{"id": 1, "bbox": [10, 20, 30, 40], "segmentation": [10, 20, 40, 20, 40, 60, 10, 60]}',
    remedy=(
        "put each list into another list, [[10, 20, ...]], as pycocotools needs it; if you train only boxes, "
        "remove the key"
    ),
    scope="totals",
)
