"""ANC012: level that no box uses."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.levels import serving_levels
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted


def check(context: Context) -> list[Finding]:
    """Find levels on which no trained box has a positive anchor."""
    detector = context.detector
    idle = context.idle_levels
    if not idle:
        return []
    named = ", ".join(f"level {number + 1} (stride {detector.strides[number]:g})" for number in idle)
    number, boxes = len(detector.strides), int(context.trained_boxes.sum())
    verb = "has" if len(idle) == 1 else "have"
    of_these = f"of the {number} levels of {detector.name}"
    text = f"{of_these}, {named} {verb} no positive {detector.match.unit} of any of {boxes:,} boxes"
    return [Finding("ANC012", text, detector.name, "", named, "idle levels")]


def count(context: Context) -> Counted:
    """Tell which levels have a positive anchor of a trained box."""
    if len(context.detector.strides) < 2:
        return {}
    boxes, rows = context.placed.boxes, np.flatnonzero(context.trained[context.placed.rows])
    some = boxes if len(rows) == len(boxes.boxes) else boxes.take(rows)
    served = serving_levels(some, context.detector)
    return {} if served is None else {"served": served}


RULE = Rule(
    code="ANC012",
    severity="info",
    title="level that no box uses",
    what=(
        "A level of the detector on which no box has a positive anchor or a candidate point. Checked only "
        "where there are at least ten boxes for each anchor shape or level, and not where no box is "
        "positive at all. The shapes of such a level are not reported again by ANC005."
    ),
    why=(
        "The level learns background only. darknet then prints a line for its layer such as `Region 106 Avg "
        "IOU: -nan, count: 0` in every step, which looks like a fault. It is one only if objects "
        "of that size should be learned."
    ),
    example="the level of stride 8 with anchors of 10 to 33 px, in a data set of cars of 200 px and more",
    remedy=(
        "nothing if you expect no object of that size; otherwise fit the anchors, if any (anchoraudit "
        "cluster)"
    ),
    check=check,
    needs_detector=True,
    scope="totals",
    count=count,
)
