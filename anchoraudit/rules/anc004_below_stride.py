"""ANC004: anchor smaller than its level's stride."""

from __future__ import annotations

import math

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find anchor shapes with a side shorter than the step from one anchor to the next."""
    anchors = context.detector.anchors
    match = context.detector.match
    if anchors.units == "fractions" or match.is_by_shape or not match.depends_on_anchors:
        return []  # in fractions, strides depend on the input size; by shape, an anchor has no place
    found: list[Finding] = []
    resize = context.detector.resize
    whole = max(resize.width, resize.height) if resize.is_fixed_size else math.inf
    for number, level in enumerate(anchors.levels):
        small = [(w, h) for w, h in anchors.shapes_of(level).tolist() if min(w, h) < level.stride]
        if small and level.stride < whole:  # a stride of the whole input means one cell, and no next one
            listed = ", ".join(f"{w:.4g}x{h:.4g}" for w, h in small)
            text = f"level {number + 1} of {context.detector.name}, stride {level.stride:g}: {listed} px"
            found.append(Finding("ANC004", text, context.detector.name, f"levels[{number}]", listed, listed))
    return found


RULE = Rule(
    code="ANC004",
    severity="info",
    title="anchor smaller than its stride",
    what="An anchor with a side shorter than the step from one anchor to the next on its level.",
    why=(
        "There are gaps between two such anchors that neither covers. Whether an object of that size is "
        "matched depends on where it happens to be."
    ),
    example="anchors of 10x13 px on a level of stride 16",
    remedy="move small anchors to a level with a finer stride, or drop them",
    check=check,
    needs_detector=True,
    scope="totals",
)
