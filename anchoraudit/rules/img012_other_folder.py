"""IMG012: `file_name` that does not lead to the image."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="IMG012",
    severity="warning",
    title="`file_name` that does not lead to the image",
    what=(
        "COCO: images whose `file_name` names folders that do not exist, while an image of that name is in "
        "the image folder. One finding for each annotation file."
    ),
    why=(
        "Frameworks join the image folder and `file_name` (torchvision, detectron2, MMDetection, YOLOX), and "
        "stop at the first image with FileNotFoundError, or skip all of them."
    ),
    example='{"id": 7, "file_name": "data/train/a.jpg"}, and images/a.jpg',
    remedy="write `file_name` as the path below the image folder, or move the images to where it leads",
    scope="totals",
)
