"""ANC005: anchor shape that no box uses."""

from __future__ import annotations

import numpy as np

from anchoraudit.blocks import for_each_block
from anchoraudit.boxes import box_sizes, wh_iou
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

_MOST = 200_000  # boxes looked at: a shape that none of so many, evenly taken, is like is used by none


def check(context: Context) -> list[Finding]:
    """Shapes that are the best one for no box, each freely centred."""
    if not context.detector.match.depends_on_anchors:
        return []
    shapes = context.detector.shapes
    sizes = box_sizes(context.placed.boxes.boxes)
    sizes = sizes[:: max(len(sizes) // _MOST, 1)]
    if len(sizes) < 10 * len(shapes):  # too few boxes to say that of so many shapes
        return []
    best = np.empty(len(sizes), dtype=np.int64)

    def find(block: slice) -> None:
        best[block] = np.argmax(wh_iou(sizes[block], shapes), axis=1)

    for_each_block(len(sizes), find)
    used = np.bincount(best, minlength=len(shapes))
    unused = [f"{w:.4g}x{h:.4g}" for w, h in shapes[used == 0].tolist()]
    if not unused:
        return []
    text = f"{len(unused)} of {len(shapes)} shapes of {context.detector.name} are the best one for no box: "
    shown = ", ".join(unused[:9]) + (", ..." if len(unused) > 9 else "")
    return [Finding("ANC005", text + shown, context.detector.name, "", ", ".join(unused), "unused shapes")]


RULE = Rule(
    code="ANC005",
    severity="info",
    title="anchor shape that no box uses",
    what=(
        "Every box has a shape that fits it better, position aside. Said only of data sets with at least "
        "ten boxes a shape; of very large ones a part of the boxes is looked at."
    ),
    why="Its anchors cost time and memory in every step, and are negatives only.",
    example="anchors of 512 px and more, on a data set of cells of 20 px",
    remedy="fit the anchors to the data: anchoraudit cluster",
    check=check,
)
