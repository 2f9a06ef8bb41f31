"""CLS009: class that no training image has."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find classes with boxes in other splits, but none in the training split."""
    dataset = context.dataset
    named = np.array(["train" in split.casefold() for split in dataset.splits], dtype=np.bool_)
    if dataset.partial or named.all() or not named.any():
        return []  # cannot tell which splits are trained on, or all of them are
    boxes = context.totals.boxes[:, :-1].sum(axis=2)
    inside, outside = boxes[named].sum(axis=0), boxes[~named].sum(axis=0)
    found: list[Finding] = []
    for number in np.flatnonzero((inside == 0) & (outside > 0)).tolist():
        category = dataset.categories[number]
        has = "1 box" if outside[number] == 1 else f"{outside[number]:,} boxes"
        text = f"the class {category.name!r} has {has}, none of them in a training split"
        found += context.about_all("CLS009", text, str(outside[number]), f"category {category.id!r}")
    return found


RULE = Rule(
    code="CLS009",
    severity="warning",
    title="class that is never trained",
    what=(
        "A class with boxes in other splits, but none in those with `train` in their names. Not checked "
        "with --split, or if no split has such a name."
    ),
    why=(
        "The network cannot learn it, and every object of it counts as missed in the evaluation. Often "
        "it is another spelling of a class that is trained."
    ),
    example="200 boxes of `van` in valid/, and `Van` only in train/",
    remedy="check its name, or move images of it to the training split",
    check=check,
    scope="totals",
)
