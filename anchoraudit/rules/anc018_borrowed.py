"""ANC018: boxes that are trained at the wrong place."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.statuses import STATUS_CODE
from anchoraudit.rules._context import Context
from anchoraudit.rules._lost import finds_nothing
from anchoraudit.rules._rule import Rule


def check(context: Context, share: float) -> list[Finding]:
    """Count the boxes that are trained only at points outside them."""
    by_status = context.trained_boxes.sum(axis=0)
    boxes, borrowed = int(by_status.sum()), int(by_status[STATUS_CODE["borrowed"]])
    if not borrowed or borrowed < share * boxes:
        return []
    counted = f"{borrowed:,} of {boxes:,} boxes"
    verb = "is" if borrowed == 1 else "are"
    text = f"{counted} {finds_nothing(borrowed, context.detector)}, and {verb} trained at a point elsewhere"
    return context.about_all("ANC018", text, counted, "boxes trained elsewhere")


RULE = Rule(
    code="ANC018",
    severity="warning",
    title="boxes that are trained at the wrong place",
    what=(
        "At least `share` of the boxes in training have no point inside them, and the framework gives them "
        "one all the same: RTMDet and NanoDet the cheapest point of another box of the image, RTMDet of "
        "mmyolo any point of the canvas, YOLOv6 and YOLOv9 sometimes one that two other boxes contest "
        "(status `borrowed`)."
    ),
    why=(
        "The network learns to see the object where it is not, and the other box loses a point. These are "
        "boxes smaller than the finest stride, or thin ones."
    ),
    example="14 of 419 boxes are smaller than 8 px at an input of 640 px, under mmdet-rtmdet",
    remedy="see what gives them points of their own: anchoraudit advise",
    check=check,
    parameters={"share": 0.005},
    needs_detector=True,
    scope="totals",
)
