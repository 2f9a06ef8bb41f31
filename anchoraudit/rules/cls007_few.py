"""CLS007: class with very few boxes."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context, below: float) -> list[Finding]:
    """Find classes with very few boxes."""
    boxes = context.boxes_by_category
    if context.totals.box_count < below * max(len(boxes), 1):
        return []  # the whole data set is small, so every class is
    found: list[Finding] = []
    for number in np.flatnonzero((boxes > 0) & (boxes < below)).tolist():
        category = context.dataset.categories[number]
        count = "1 box" if boxes[number] == 1 else f"{boxes[number]} boxes"
        thing = f"category {category.id!r}"
        found += context.about_all(
            "CLS007", f"the class {category.name!r} has {count}", str(boxes[number]), thing
        )
    return found


RULE = Rule(
    code="CLS007",
    severity="info",
    title="class with very few boxes",
    what=(
        "A class with fewer than `below` boxes, in a data set with at least that many for each class on "
        "average."
    ),
    why=(
        "The network learns it by heart or not at all, and its average precision is chance. Often the "
        "name is a typing error."
    ),
    example="<name>dogg</name> once, and 2,000 times <name>dog</name>",
    remedy="check the name; add images of the class, or merge it with another",
    check=check,
    parameters={"below": 10},
    scope="totals",
)
