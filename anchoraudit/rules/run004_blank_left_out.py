"""RUN004: images without boxes that the loader leaves out."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._run import dropped_images


def check(context: Context) -> list[Finding]:
    """Report how many images without boxes the framework's loader leaves out."""
    dropped, with_boxes = dropped_images(context)
    count = int(np.count_nonzero(dropped & ~with_boxes))
    if not count or context.loaded is None:
        return []
    images = "1 image" if count == 1 else f"{count:,} images"
    numbers = np.unique(context.loaded.image_rule[dropped & ~with_boxes]).tolist()
    reasons = dict.fromkeys(context.loaded.rules[number - 1].because for number in numbers)
    text = f"loader {context.loaded.loader} leaves out {images} without boxes to train on, by design: "
    text += "; ".join(reasons)
    return context.about_all("RUN004", text, str(count), "blank images left out")


RULE = Rule(
    code="RUN004",
    severity="info",
    title="images without boxes that the loader leaves out",
    what=(
        "The framework's own loader is made to leave out images without boxes, or whose boxes are all crowds "
        "or difficult. The message has its reasons, and the option of the framework where there is one."
    ),
    why="They cannot end with an empty foreground mask, and background images teach nothing here.",
    example="detectron2 with DATALOADER.FILTER_EMPTY_ANNOTATIONS, which is on by default",
    remedy="nothing, unless they should train as background: then switch off the loader's filter",
    check=check,
    scope="whole",
    needs_whole="it looks at all images and boxes at once",
)
