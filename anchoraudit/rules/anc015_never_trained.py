"""ANC015: boxes that are never trained, in images that train."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._lost import (
    finds_nothing,
    in_images_that_train,
    learns_some_of_shadowed,
    never_positive_in,
    shadowed,
)
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted
from anchoraudit.rules.anc009_most_unmatched import RULE as MOST


def check(context: Context, share: float) -> list[Finding]:
    """Count the boxes that can never be positive, in images that have foreground."""
    if context.detector.match.unit == "query" or MOST.found(context, {}):
        return []
    boxes, own = int(context.trained_boxes.sum()), context.totals.of_rule("ANC015")
    lost, taken = own.number("lost"), own.number("taken")
    if learns_some_of_shadowed(context.detector):
        taken = 0
    if not lost or lost + taken < share * boxes:
        return []
    counted = f"{lost + taken:,} of {boxes:,} boxes"
    verb = "is" if lost + taken == 1 else "are"
    text = f"{counted} {verb} never trained, in images that train: "
    text += f"{lost:,} {finds_nothing(lost, context.detector)}"
    if taken:
        text += f", {taken:,} {'loses' if taken == 1 else 'lose'} all of theirs to other boxes (ANC016)"
    return context.about_all("ANC015", text, counted, "boxes never trained")


def count(context: Context, share: float) -> Counted:
    """Count the boxes that can never be positive, and those whose anchors or points others take."""
    del share
    fine = in_images_that_train(context)
    return {
        "lost": int(np.count_nonzero(never_positive_in(context))),
        "taken": int(np.count_nonzero(shadowed(context) & fine)),
    }


RULE = Rule(
    code="ANC015",
    severity="warning",
    title="boxes that are never trained",
    what=(
        "At least `share` of the boxes in training can never be positive, although their images train: no "
        "anchor reaches them, or no point lies inside them. Boxes of which other boxes take all anchors or "
        "points are counted too (ANC016 lists them). Repeats of a box with the same class are not counted "
        "(BOX011), nor boxes of images without foreground (ANC002). Not reported where most boxes are "
        "unmatched (ANC009)."
    ),
    why=(
        "The network learns that these objects are background, however long it trains, and no loss shows "
        "it: the other boxes of the image train well. With detectors without anchors, it is boxes smaller "
        "than the finest stride, or thin ones, that fall between the points."
    ),
    example="10 of 419 boxes are smaller than 8 px at an input of 640 px, under ultralytics-yolo11-8.3",
    remedy="see what helps: anchoraudit advise; see why a box is lost: anchoraudit explain",
    check=check,
    parameters={"share": 0.005},
    needs_detector=True,
    scope="totals",
    count=count,
)
