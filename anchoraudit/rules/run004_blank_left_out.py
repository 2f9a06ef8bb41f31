"""RUN004: images without boxes that the loader leaves out."""

from __future__ import annotations

from collections import Counter

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.loaders import loaders
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._run import dropped_images
from anchoraudit.rules._totals import Counted


def check(context: Context) -> list[Finding]:
    """Report how many images without boxes the framework's loader leaves out."""
    if context.loaded is None:
        return []
    own = context.totals.of_rule("RUN004").numbers("")
    count = sum(own.values())
    if not count:
        return []
    images = "1 image" if count == 1 else f"{count:,} images"
    every = [rule.because for rule in loaders()[context.loaded.loader].RULES]
    reasons = sorted(own, key=lambda reason: every.index(reason) if reason in every else len(every))
    text = f"loader {context.loaded.loader} leaves out {images} without boxes to train on, by design: "
    text += "; ".join(reasons)
    return context.about_all("RUN004", text, str(count), "blank images left out")


def count(context: Context) -> Counted:
    """Count such images by the reason why the loader leaves them out."""
    dropped, with_boxes = dropped_images(context)
    if context.loaded is None:
        return {}
    numbers = np.bincount(context.loaded.image_rule[dropped & ~with_boxes]).tolist()
    reasons = Counter[str]()
    for number, images in enumerate(numbers):
        if images:
            reasons[context.loaded.rules[number - 1].because] += images
    return reasons


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
    scope="totals",
    count=count,
)
