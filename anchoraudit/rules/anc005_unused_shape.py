"""ANC005: anchor shape that no box uses."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import for_each_block
from anchoraudit.boxes import box_sizes, wh_iou
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.sampling import RANKS, least_rank, sampled
from anchoraudit.detectors import Detector, load_detector, preset_names
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted

# Boxes compared; of more, half of that at least. A shape used by one box in 20,000 is missed with probability
# (1 - 1/20,000)^200,000 = e^-10.
_MOST_BOXES = 400_000


def check(context: Context, share: float) -> list[Finding]:
    """Find shapes that are the best one for no box, whatever the position."""
    if not context.detector.match.depends_on_anchors:
        return []
    shapes, boxes = context.detector.shapes, int(context.totals.boxes[:, :, 1:].sum())
    if boxes < 10 * len(shapes):  # with fewer boxes, a shape may be unused by chance
        return []
    counted = context.totals.of_rule("ANC005").column("used", RANKS * len(shapes))
    used = counted.reshape(RANKS, len(shapes))[least_rank(boxes, _MOST_BOXES) :].sum(axis=0)
    idle = context.idle_levels
    told = np.concatenate(
        [np.full(level.count, number in idle) for number, level in enumerate(context.detector.anchors.levels)]
    )  # with their level, by ANC012
    unused = [f"{w:.4g}x{h:.4g}" for w, h in shapes[(used == 0) & ~told].tolist()]
    if not unused or (_are_a_presets(context.detector) and len(unused) < share * len(shapes)):
        return []
    text = (
        f"{len(unused)} of {len(shapes)} anchor shapes of {context.detector.name} are never the best match: "
    )
    shown = ", ".join(unused[:9]) + (", ..." if len(unused) > 9 else "")
    return [Finding("ANC005", text + shown, context.detector.name, "", ", ".join(unused), "unused shapes")]


def count(context: Context, share: float) -> Counted:
    """Count the boxes that each shape fits best, by the rank of the boxes: of a sample, if there are many."""
    del share
    if not context.detector.match.depends_on_anchors:
        return {}
    placed, shapes = context.placed, context.detector.shapes
    some, rank = sampled(context.dataset.boxes, placed.rows, _MOST_BOXES)
    boxes = placed.boxes.boxes
    sizes = box_sizes(boxes if len(some) == len(boxes) else boxes.take(some, axis=0))
    best = np.empty(len(sizes), dtype=np.int64)

    def find(block: slice) -> None:
        best[block] = np.argmax(wh_iou(sizes[block], shapes), axis=1)

    for_each_block(len(sizes), find)
    return {"used": np.bincount(rank * len(shapes) + best, minlength=RANKS * len(shapes))}


def _are_a_presets(detector: Detector) -> bool:
    """Tell whether the shapes are those that a preset comes with, which nobody chose for these data."""
    known = [load_detector(name).shapes for name in preset_names() if name == detector.name]
    return any(np.array_equal(shapes, detector.shapes) for shapes in known)


RULE = Rule(
    code="ANC005",
    severity="info",
    title="anchor shape that no box uses",
    what=(
        "For every box another anchor shape fits better, position aside. The anchors that a preset comes "
        "with cover objects of all sizes, so of them at least `share` must be unused. Checked only where "
        "there are at least ten boxes for each shape; of a very large data set an even sample of the "
        "boxes is compared."
    ),
    why="Its anchors cost time and memory in every step, and are never more than negatives.",
    example="anchors of 512 px and more, on a data set of cells of 20 px",
    remedy="fit the anchors to the data: anchoraudit cluster",
    check=check,
    parameters={"share": 0.5},
    needs_detector=True,
    scope="totals",
    count=count,
)
