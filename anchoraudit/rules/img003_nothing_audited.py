"""IMG003: no image could be audited."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Say so where no image's size is known."""
    count = len(context.verdict)
    if not count or bool(np.any(context.verdict != VERDICT_CODE["unknown"])):
        return []
    found = f"{count} images of unknown size"
    return [Finding("IMG003", f"none of {count} images", str(context.dataset.root), "", found, "data set")]


RULE = Rule(
    code="IMG003",
    severity="error",
    title="no image could be audited",
    what="Every image has the verdict `unknown`.",
    why="No image's size is known, so nothing can be said about this data set.",
    example="annotations without <size>, and no images beside them",
    remedy="put the images beside their annotations, or declare width and height",
    check=check,
)
