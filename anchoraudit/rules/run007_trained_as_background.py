"""RUN007: class that the model trains as background."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find boxes whose class id is that of the background in the detector's model."""
    admitted = context.admitted
    rows = np.zeros(0, dtype=np.int64) if admitted is None else admitted.background
    if not len(rows) or admitted is None:
        return []
    category = context.dataset.categories[int(context.dataset.boxes.category[rows[0]])]
    boxes = "1 box" if len(rows) == 1 else f"{len(rows):,} boxes"
    text = (
        f"{boxes} of class {category.name!r}: {context.detector.name}: {admitted.words(int(rows[0]))}; "
        "shift all ids by one, so that they begin at 1"
    )
    return context.about_all("RUN007", text, f"id {category.id}", f"category {category.id!r}")


RULE = Rule(
    code="RUN007",
    severity="error",
    title="class that the model trains as background",
    what=(
        "Boxes of a COCO file whose category id is the number of the background in the detector's model, as "
        "0 is in torchvision's Faster R-CNN, Mask R-CNN and SSD. Its RetinaNet and FCOS take 0 for a class."
    ),
    why="The class is never learned, without any error: the loss falls, and the boxes are background.",
    example='"categories": [{"id": 0, "name": "cat"}], and torchvision-fasterrcnn_resnet50_fpn',
    remedy="number the classes from 1 (filter --unsafe-fixes does), or let your data set class add 1",
    check=check,
)
