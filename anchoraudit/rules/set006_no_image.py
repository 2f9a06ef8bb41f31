"""SET006: no image at all."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Report a data set without images."""
    if context.totals.image_count:
        return []
    dataset = context.dataset
    return [Finding("SET006", "no image was found", str(dataset.root), "", dataset.recognised, "data set")]


RULE = Rule(
    code="SET006",
    severity="error",
    title="no image at all",
    what="The data set could be read but has no images, for example a COCO file whose `images` is empty.",
    why="There is nothing to train on, and nothing was audited.",
    example='{"images": [], "annotations": [], "categories": []}',
    remedy="check the path and the split",
    check=check,
    scope="totals",
)
