"""ANC009: most boxes can never be positive."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.statuses import STATUS_CODE
from anchoraudit.rules._context import Context
from anchoraudit.rules._lost import finds_nothing
from anchoraudit.rules._rule import Rule


def check(context: Context, share: float, boxes: float) -> list[Finding]:
    """Report a data set of which most usable boxes can never be positive."""
    by_status = context.totals.boxes.sum(axis=(0, 1))
    usable, unmatched = int(by_status[1:].sum()), int(by_status[STATUS_CODE["unmatched"]])
    if usable < boxes or unmatched <= share * usable:
        return []
    counted = f"{unmatched:,} of {usable:,} boxes"
    text = f"{counted} {finds_nothing(unmatched, context.detector)}, which never trains on them"
    return context.about_all("ANC009", text, counted, "unmatched boxes")


RULE = Rule(
    code="ANC009",
    severity="warning",
    title="most boxes can never be positive",
    what=(
        "More than `share` of all usable boxes are unmatched: no anchor or point of theirs can be positive. "
        "Their images may be fine, by the verdict, since one matched box is enough for that. Not reported "
        "of fewer than `boxes` usable boxes."
    ),
    why=(
        "The detector trains on the few boxes that match, and learns that the others are background. YOLOv5 "
        "and YOLOv7 print the share that matches as best possible recall (BPR). Below 0.98 their AutoAnchor "
        "fits new anchors before training, unless the option noautoanchor switches it off."
    ),
    example="70 of 80 boxes are 300 x 8 px, and no anchor is longer than four times its height",
    remedy="train at a larger input size, or see what else helps: anchoraudit advise",
    check=check,
    parameters={"share": 0.75, "boxes": 20},
    needs_detector=True,
    scope="totals",
)
