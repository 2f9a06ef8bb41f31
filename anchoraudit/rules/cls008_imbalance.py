"""CLS008: classes of very different size."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context, ratio: float, boxes_a_class: float) -> list[Finding]:
    """Compare the largest class with the smallest that has boxes."""
    boxes = context.boxes_by_category
    there = np.flatnonzero(boxes > 0)
    if len(there) < 2 or context.totals.box_count < boxes_a_class * len(boxes):
        return []  # the whole data set is small, so some classes have a box or two by chance
    most, least = (int(there[pick(boxes[there])]) for pick in (np.argmax, np.argmin))
    if boxes[most] < ratio * boxes[least]:
        return []
    names = [context.dataset.categories[number].name for number in (most, least)]
    text = f"{names[0]!r} has {boxes[most]:,} boxes, {names[1]!r} {boxes[least]:,}"
    return context.about_all("CLS008", text, f"{boxes[most] / boxes[least]:.0f} times", "balance of classes")


RULE = Rule(
    code="CLS008",
    severity="info",
    title="classes of very different size",
    what=(
        "The class with the most boxes has at least `ratio` times as many as the class with the fewest. "
        "Checked where there are at least `boxes_a_class` boxes for each class on average."
    ),
    why=(
        "In a loss that counts every box alike the large class decides nearly everything. Ignoring the "
        "small one costs almost nothing."
    ),
    example="20,000 cars and 40 bicycles",
    remedy="sample images of rare classes more often, weight the loss, or report each class on its own",
    check=check,
    parameters={"ratio": 100, "boxes_a_class": 10},
    scope="totals",
)
