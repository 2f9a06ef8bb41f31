"""SET016: splits that differ much."""

from __future__ import annotations

import numpy as np

from anchoraudit.dataset.drift import PROPERTIES, drifts
from anchoraudit.dataset.findings import Finding
from anchoraudit.io.digits import told_apart
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context, above: float, images: float) -> list[Finding]:
    """Compare every other split with the first one that is trained on, property by property."""
    dataset = context.dataset
    counts = np.bincount(dataset.images.split, minlength=len(dataset.splits))
    large = [number for number, count in enumerate(counts.tolist()) if count >= images]
    trained = [number for number in large if dataset.splits[number] in context.training]
    if not trained or len(large) < 2:
        return []
    pairs = [(trained[0], number) for number in large if number not in trained]
    found: list[Finding] = []
    for one in drifts(dataset, pairs, least=above):
        if one.figure <= above or one.is_by_chance:
            continue
        own, other = dataset.splits[one.second], dataset.splits[one.first]
        text = (
            f"{one.name} differs between {other!r} and {own!r}: drift "
            f"{told_apart(one.figure, above, '2f')} of 1 ({PROPERTIES[one.name]}: "
            f"{one.typical[0]} and {one.typical[1]})"
        )
        found.append(context.about_split("SET016", own, text, f"{one.name} {one.figure:.3f}"))
    return found


RULE = Rule(
    code="SET016",
    severity="info",
    title="splits that differ much",
    what=(
        "A property of boxes, images or classes has a drift above `above` between the split that is trained "
        "on and another one: 0 is alike, 1 is nothing in common. For numbers, the drift is the largest "
        "difference between the shares of values up to any limit (Kolmogorov-Smirnov), for classes the share "
        "of boxes that would have to change their class. A difference that a random division of the same "
        "images often has is not reported, nor are splits of fewer than `images` images."
    ),
    why=(
        "The evaluation measures other data than the network learns from: the score says little about the "
        "training, and anchors or an input size that fit one split need not fit the other."
    ),
    example="train has photographs of 1920x1080, and val has tiles of 640x640 that were cut from them",
    remedy="check that the splits are meant to differ; if not, divide the images again at random",
    check=check,
    parameters={"above": 0.3, "images": 30},
    scope="whole",
    needs_whole="it compares the distributions of all boxes",
)
