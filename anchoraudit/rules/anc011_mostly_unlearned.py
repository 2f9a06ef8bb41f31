"""ANC011: class most of whose boxes can never be positive."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.statuses import STATUS_CODE
from anchoraudit.rules._context import Context
from anchoraudit.rules._remedies import Remedies, can_be_measured, percent
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._unlearned import is_no_chance, never_positive

_SHOWN = 5
_SEVERAL = 3  # boxes; of fewer, nothing follows


def check(context: Context, share: float, boxes: float) -> list[Finding]:
    """Find classes most of whose trained boxes can never be positive, where most of all boxes can."""
    counted = context.by_class
    trained, lost = counted.sum(axis=1), counted[:, STATUS_CODE["unmatched"]]
    if lost.sum() > share * trained.sum():
        return []  # ANC009 reports the whole, and the classes only follow it
    never = never_positive(counted)
    by_chance = never & ~is_no_chance(counted) & (trained >= _SEVERAL)  # the others are ANC010
    mostly = np.flatnonzero((~never & (trained >= boxes) & (lost > share * trained)) | by_chance)
    if not len(mostly):
        return []
    worst = mostly[np.argsort(-lost[mostly] / trained[mostly], kind="stable")]
    categories = context.dataset.categories
    named = [f"{categories[n].name!r} {lost[n]:,} of {trained[n]:,}" for n in worst.tolist()]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    now = percent(float((trained - lost)[mostly].sum() / trained[mostly].sum()))
    classes = "a class" if len(named) == 1 else f"{len(named)} classes"
    word = "matched" if context.detector.anchors.levels else "trained"
    text = f"most boxes of {classes} are never {word}: {', '.join(named[:_SHOWN])}{more}; "
    if can_be_measured(context):
        rows = np.flatnonzero(context.trained & np.isin(context.dataset.boxes.category, mostly))
        text += f"{Remedies(context).of(rows)} of them, now {now}"
    else:
        text += f"{now} of them are"
    return context.about_all("ANC011", text, ", ".join(named), "classes mostly unmatched")


RULE = Rule(
    code="ANC011",
    severity="warning",
    title="class most of whose boxes can never be positive",
    what=(
        "Of a class with at least `boxes` boxes in training, more than `share` are unmatched: they can never "
        "be positive. Also a class of three boxes or more without any positive one, where that may be "
        "chance; else it is ANC010. Not reported where most boxes of the whole data set are unmatched "
        "(ANC009)."
    ),
    why=(
        "The network learns the class from the few boxes that match, and that all others of it are "
        "background. Its recall is low, whatever the number of epochs."
    ),
    example="60 of 70 boxes `pole` are thinner than every anchor, and 900 boxes `car` are matched",
    remedy="train with the option in the message, or see what else helps: anchoraudit advise",
    check=check,
    parameters={"share": 0.75, "boxes": 20},
    needs_detector=True,
    scope="totals",
)
