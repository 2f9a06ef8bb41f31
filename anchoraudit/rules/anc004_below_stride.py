"""ANC004: anchor smaller than its level's stride."""

from __future__ import annotations

import math

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Shapes of which a side is shorter than the step from anchor to anchor."""
    anchors = context.detector.anchors
    match = context.detector.match
    if anchors.units == "fractions" or match.is_by_shape or not match.depends_on_anchors:
        return []  # strides follow from the canvas there; what goes by shape does so wherever it stands
    found: list[Finding] = []
    resize = context.detector.resize
    whole = max(resize.width, resize.height) if resize.is_fixed_size else math.inf
    for number, level in enumerate(anchors.levels):
        small = [(w, h) for w, h in anchors.shapes_of(level).tolist() if min(w, h) < level.stride]
        if small and level.stride < whole:  # else there is a single cell, and no step to a next one
            listed = ", ".join(f"{w:.4g}x{h:.4g}" for w, h in small)
            text = f"level {number + 1} of {context.detector.name}, stride {level.stride:g}: {listed} px"
            found.append(Finding("ANC004", text, context.detector.name, f"levels[{number}]", listed, listed))
    return found


RULE = Rule(
    code="ANC004",
    severity="info",
    title="anchor smaller than its stride",
    what="An anchor of which a side is shorter than the step from one anchor to the next on its level.",
    why=(
        "Between two such anchors there is room that none of them covers: an object of just that size is "
        "matched or not by where it stands."
    ),
    example="anchors of 10x13 px on a level of stride 16",
    remedy="put small anchors on a level with a finer stride, or leave them out",
    check=check,
)
