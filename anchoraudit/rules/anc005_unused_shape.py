"""ANC005: anchor shape that no box uses."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import BLOCK, Bool, Float
from anchoraudit.boxes import shape_iou
from anchoraudit.dataset.findings import Finding
from anchoraudit.detectors import Detector, load_detector, preset_names
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted


def check(context: Context, share: float) -> list[Finding]:
    """Find shapes that are the best one for no box, whatever the position."""
    if not context.detector.match.depends_on_anchors:
        return []
    shapes, boxes = context.detector.shapes, int(context.totals.boxes[:, :, 1:].sum())
    if boxes < 10 * len(shapes):  # with fewer boxes, a shape may be unused by chance
        return []
    used = context.totals.of_rule("ANC005").flags("used", len(shapes))
    idle = context.idle_levels
    told = np.concatenate(
        [np.full(level.count, number in idle) for number, level in enumerate(context.detector.anchors.levels)]
    )  # with their level, by ANC012
    unused = [f"{w:.4g}x{h:.4g}" for w, h in shapes[~used & ~told].tolist()]
    if not unused or (_are_a_presets(context.detector) and len(unused) < share * len(shapes)):
        return []
    text = (
        f"{len(unused)} of {len(shapes)} anchor shapes of {context.detector.name} are never the best match: "
    )
    shown = ", ".join(unused[:9]) + (", ..." if len(unused) > 9 else "")
    return [Finding("ANC005", text + shown, context.detector.name, "", ", ".join(unused), "unused shapes")]


def count(context: Context, share: float) -> Counted:
    """Tell which shapes fit any box best."""
    del share
    if not context.detector.match.depends_on_anchors:
        return {}
    return {"used": are_used(context.input_sides, context.detector.shapes)}


def are_used(sizes: Float, shapes: Float) -> Bool:
    """Tell which shapes [K, 2] are the best one for any box of N sizes [N, 2], the first on ties: bool [K].

    Boxes are looked at until every shape is used: of most data sets a few thousand will do.
    """
    used = np.zeros(len(shapes), dtype=np.bool_)
    for start in range(0, len(sizes), BLOCK):
        if used.all():
            break
        width, height = sizes[start : start + BLOCK].T
        best, of = np.full(len(width), -np.inf), np.zeros(len(width), dtype=np.intp)
        for number, shape in enumerate(shapes):
            iou = shape_iou(shape[:1], shape[1:], width, height)
            np.copyto(of, number, where=iou > best)
            np.maximum(best, iou, out=best)
        used |= np.bincount(of, minlength=len(shapes)) > 0
    return used


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
        "there are at least ten boxes for each shape."
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
