"""CLS002: class without a box."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find declared classes without a box."""
    found: list[Finding] = []
    if not len(context.dataset.boxes):
        return found  # a data set without boxes has no unused classes, but another problem
    for number in np.flatnonzero(context.boxes_by_category == 0).tolist():
        category = context.dataset.categories[number]
        thing = f"category {category.id!r}"
        found += context.about_all(
            "CLS002", f"no box has the class {category.name!r}", repr(category.id), thing
        )
    return found


RULE = Rule(
    code="CLS002",
    severity="info",
    title="class without a box",
    what=(
        "A declared class without a box in the whole data set. Not checked if the data set has no boxes "
        "at all."
    ),
    why=(
        "The network gets an output that is never trained. Its average precision is undefined, or "
        "counts as 0 in the mean."
    ),
    example='{"categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}, and cats only',
    remedy="remove the class, or add images of it",
    check=check,
)
