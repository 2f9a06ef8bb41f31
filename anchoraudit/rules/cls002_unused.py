"""CLS002: class without a box."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

_SHOWN = 6  # names in the message; more do not fit two lines of a terminal


def check(context: Context) -> list[Finding]:
    """Find declared classes without a box."""
    if not context.totals.box_count:
        return []  # a data set without boxes has no unused classes, but another problem
    categories = context.dataset.categories
    unused = np.flatnonzero((context.boxes_by_category == 0) & ~context.placeholders).tolist()
    if not unused:
        return []
    names = [repr(categories[number].name) for number in unused]
    what = f"the class {names[0]}"
    if len(unused) > 1:
        more = f", ... ({len(names) - _SHOWN} more)" if len(names) > _SHOWN else ""
        what = f"{len(unused):,} of {len(categories):,} classes: {', '.join(names[:_SHOWN])}{more}"
    ids = ", ".join(repr(categories[number].id) for number in unused)
    return context.about_all("CLS002", f"no box has {what}", ids, f"category {ids}")


RULE = Rule(
    code="CLS002",
    severity="info",
    title="class without a box",
    what=(
        "Declared classes without a box in the whole data set, all in one finding. Not checked if the "
        "data set has no boxes at all. The class with the id 0 that Roboflow puts above the others (its "
        '`supercategory` is "none", and theirs is its name) does not count.'
    ),
    why=(
        "The network gets an output that is never trained. Its average precision is undefined, or "
        "counts as 0 in the mean."
    ),
    example='{"categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}, and cats only',
    remedy="remove the class, or add images of it",
    check=check,
    scope="totals",
)
