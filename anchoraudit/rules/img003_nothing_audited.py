"""IMG003: no image could be audited."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Report a data set in which no image has a known size."""
    totals = context.totals
    count = totals.image_count
    if not count or int(totals.images[:, VERDICT_CODE["unknown"]].sum()) < count:
        return []
    found = f"{count} images of unknown size"
    return [
        Finding(
            "IMG003",
            f"none of {count} images could be audited: all sizes are unknown",
            str(context.dataset.root),
            "",
            found,
            "data set",
        )
    ]


RULE = Rule(
    code="IMG003",
    severity="error",
    title="no image could be audited",
    what="Every image has the verdict `unknown`.",
    why="No image has a known size, so nothing about this data set was checked.",
    example="annotations without <size>, and no images next to them",
    remedy="put the images next to their annotations, or declare width and height",
    check=check,
    scope="totals",
)
