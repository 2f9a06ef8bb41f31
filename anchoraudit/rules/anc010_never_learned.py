"""ANC010: class without any positive box."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.rules._context import Context
from anchoraudit.rules._remedies import Remedies, can_be_measured, causes_said
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted
from anchoraudit.rules._unlearned import CHANCE, is_no_chance, never_positive

_MOST_MEASURED = 20  # classes whose remedy is measured, those with most boxes; a report shows three


def check(context: Context, chance: float) -> list[Finding]:
    """Find classes with trained boxes, none of which is matched or forced."""
    counted = context.by_class
    never = np.flatnonzero(never_positive(counted) & is_no_chance(counted, chance))
    if not len(never):
        return []
    trained, remedies = counted.sum(axis=1), Remedies(context)
    own = context.totals.of_rule("ANC010").column("causes", len(counted) * len(CAUSES))
    causes, recall = own.reshape(len(counted), len(CAUSES)), context.best_recall
    anew = recall is not None and context.detector.auto_anchor.replaces(recall.recall)
    also = ". AutoAnchor fits new anchors before training (ANC013)" if anew else ""
    word = "matched" if context.detector.anchors.levels else "trained"
    found: list[Finding] = []
    for place, number in enumerate(never[np.argsort(-trained[never], kind="stable")].tolist()):
        category, count = context.dataset.categories[number], int(trained[number])
        text, evidence = f"no box of {category.name!r} is ever {word}", _boxes(count)
        if place < _MOST_MEASURED:
            if can_be_measured(context):
                rows = np.flatnonzero(context.trained & (context.dataset.boxes.category == number))
                text += f"; {remedies.of(rows)}"
            evidence += f": {causes_said(causes[number], context.detector)}"
        text = f"{text} ({evidence}){also}"
        found += context.about_all("ANC010", text, evidence, f"category {category.id!r}")
    return found


def _boxes(count: int) -> str:
    return "1 box" if count == 1 else f"{count:,} boxes"


def count(context: Context, chance: float) -> Counted:
    """Count the unmatched boxes of each class in training by why they are unmatched."""
    del chance
    category, classes = context.dataset.boxes.category, len(context.dataset.categories)
    assert context.cause is not None  # there is a detector
    rows = np.flatnonzero((context.cause >= 0) & (category >= 0) & context.trained)
    codes = category[rows] * len(CAUSES) + context.cause[rows]
    return {"causes": np.bincount(codes, minlength=classes * len(CAUSES))}


RULE = Rule(
    code="ANC010",
    severity="error",
    title="class without any positive box",
    what=(
        "A class with boxes that reach the encoder in training, of which none is matched and none forced. "
        "The message names the smallest change that helps, with the share of these boxes that then are "
        "positive: other input sizes are tried, and where there are anchors lower thresholds and fitted "
        "ones. A class with few boxes may have none by chance, where other classes lose many too: it is "
        "left to ANC011 if `chance` of a class or more would be expected to, were its boxes like those of "
        "the others."
    ),
    why=(
        "The network never sees an example of the class. It learns that these objects are background, and "
        "their average precision is 0. No loss shows it, since the other classes train well."
    ),
    example="40 boxes `dot` of 5 x 5 px in images of 1280 x 960, under yolov5 at 640",
    remedy="train with the option in the message, or see what else helps: anchoraudit advise",
    check=check,
    parameters={"chance": CHANCE},
    needs_detector=True,
    scope="totals",
    count=count,
)
