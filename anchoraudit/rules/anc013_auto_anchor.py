"""ANC013: anchors that the framework replaces before it trains."""

from __future__ import annotations

from dataclasses import asdict

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.best_recall import count_recall
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted


def check(context: Context) -> list[Finding]:
    """Report a best possible recall at which AutoAnchor replaces the anchors, surely or by chance."""
    found = context.best_recall
    rule = context.detector.auto_anchor
    if found is None or not rule.replaces(found.lowest):
        return []
    sure = rule.replaces(found.highest)
    limit = f"{'at most' if rule.inclusive else 'below'} {rule.recall:g}"
    measured = f"the best possible recall (BPR) of {found.labels:,} boxes is {found.recall:.4f}"
    drawn = f"{found.lowest:.4f} to {found.highest:.4f} with the random scale that training draws"
    if sure:
        then = f"{limit}, so AutoAnchor replaces the anchors before training; these were replayed"
    else:
        then = f"near the limit: if the draw is {limit}, AutoAnchor replaces the anchors before training"
    text = f"{measured} ({drawn}), {then}"
    return context.about_all("ANC013", text, f"BPR {found.recall:.4f}", "best possible recall")


def count(context: Context) -> Counted:
    """Count the training boxes that match an anchor, where the detector's framework asks."""
    detector = context.detector
    if not detector.auto_anchor.is_used:
        return {}
    dataset = context.dataset if context.loaded is None else context.loaded.dataset
    handed = context.status > 0 if context.loaded is None else context.loaded.trains
    labels = handed & context.in_training[dataset.boxes.image]
    return asdict(count_recall(dataset, labels, detector, context.best_iou))


RULE = Rule(
    code="ANC013",
    severity="warning",
    title="anchors that the framework replaces before training",
    what=(
        "YOLOv5 and YOLOv7 measure the best possible recall (BPR) before the first step: the share of the "
        "training boxes with an anchor whose sides are less than four times longer or shorter. They multiply "
        "the boxes of each image by a random scale between 0.9 and 1.1. The message has the recall without "
        "that scale, and the range that 19 of 20 draws lie in. YOLOv5 fits new anchors at 0.98 "
        "and below, YOLOv7 below 0.98, and both keep the new ones if their recall is higher."
    ),
    why=(
        "The audit judges the anchors that you gave, and training uses others, which differ from run to run. "
        "With the option noautoanchor, the boxes that match none are never learned."
    ),
    example="BPR 0.9634: 37 of 1,000 boxes are longer or thinner than four times every anchor",
    remedy=(
        "fit the anchors yourself (anchoraudit cluster) and train with the option noautoanchor, or "
        "leave it to AutoAnchor, and audit the anchors that it prints"
    ),
    check=check,
    needs_detector=True,
    scope="totals",
    count=count,
)
