"""ANC014: anchors in the reverse order of the strides."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Report levels whose order the framework reversed, and levels with large anchors on a fine grid."""
    detector = context.detector
    anchors = detector.anchors
    if not detector.match.depends_on_anchors:
        return []
    against = len(anchors.levels) > 1 and anchors.runs_against_strides
    if not against and not anchors.reordered:
        return []
    levels = ", ".join(
        f"stride {level.stride:g}: {_listed(anchors.shapes_of(level).tolist())}" for level in anchors.levels
    )
    if not anchors.reordered:
        text = f"{detector.name} has its larger anchors on the finer levels"
    else:
        text = f"the framework reverses the levels' anchors of {detector.name}; trained and replayed are"
    if anchors.reordered and against:
        text = f"{text}, with the larger anchors on the finer levels"
    return [Finding("ANC014", f"{text}: {levels}", detector.name, "", levels, "order of levels")]


def _listed(shapes: list[list[float]]) -> str:
    return " ".join(f"{w:.4g}x{h:.4g}" for w, h in shapes)


RULE = Rule(
    code="ANC014",
    severity="warning",
    title="anchors in the reverse order of the strides",
    what=(
        "The anchors of the coarsest level are smaller, on average, than those of the finest; or the levels "
        "of the file were in such an order, and the framework reversed it. YOLOv5 and YOLOv7 do that when "
        "they build the model (`check_anchor_order` prints `Reversing anchor order`): YOLOv5 by the mean "
        "area of the first and the last level, YOLOv7 by the very first and the very last anchor, and also "
        "if these are equally large. The replay does the same."
    ),
    why=(
        "Large objects are then learned where the network sees a small part of the image, and small ones "
        "where it has few cells. Where the framework corrects the order, it trains other levels "
        "than the file says."
    ),
    example="""
anchors:  # of strides 8, 16 and 32
  - [116,90, 156,198, 373,326]
  - [30,61, 62,45, 59,119]
  - [10,13, 16,30, 33,23]
""",
    remedy="list the levels in the order of the strides, the small anchors on the finest",
    check=check,
    needs_detector=True,
    scope="totals",
)
