"""How a detector averages its box loss, and so what an image without a positive anchor does to training."""

from __future__ import annotations

from typing import Literal

from anchoraudit.detectors._block import Block

_ZERO = "gives a box loss of 0: it teaches nothing about boxes"
# What a detector that scores each of its points, or queries, against the classes learns of such a batch.
_BACKGROUND = {"point": "only that all of it is background", "query": "only that it shows no object"}
# What an image or a batch does, by normaliser. {none} is "without a positive anchor" or the like.
_ON_EMPTY = {
    "batch_positives": "a batch {none} gives a box loss of 0/0 = NaN",
    "batch_positives_or_one": f"a batch {{none}} {_ZERO}",
    "batch_positives_plus_one": f"a batch {{none}} {_ZERO}",
    "running_positives_or_one": f"an image {{none}} {_ZERO}",
    "batch_boxes_or_one": f"a batch {{none}} {_ZERO}",
    "target_scores_or_one": f"a batch {{none}} {_ZERO}",
    "image_positives": "an image {none} gives a box loss of 0/0 = NaN",
    "image_positives_or_one": f"an image {{none}} {_ZERO}",
    "image_positives_or_skip": (
        "an image {none} is skipped silently: its loss is 0, and even its negative {units} teach nothing"
    ),
    "sampled_anchors": f"an image {{none}} {_ZERO}; negative anchors fill its sample",
    "constant": f"an image {{none}} {_ZERO}",
    "none": f"an image {{none}} {_ZERO}",
}


class Loss(Block, frozen=True):
    """How the box loss is averaged. It changes what a report says of an empty mask, but no label.

    Parameters
    ----------
    normaliser : str
        What the sum of the box loss is divided by:

        - "batch_positives": the number of positive anchors in the batch. With none, the loss is 0/0 = NaN.
        - "batch_positives_or_one": that number, but at least 1.
        - "batch_positives_plus_one": that number plus 1.
        - "batch_boxes_or_one": the number of boxes in the batch, but at least 1.
        - "target_scores_or_one": the sum of the scores that the positive points of the batch are to reach,
          but at least 1. Where it is below 1, some frameworks do not divide at all.
        - "running_positives_or_one": a moving average of that number, at least 1.
        - "image_positives": the number of positive anchors in each image. An image with none gives NaN.
        - "image_positives_or_one": that number, but at least 1.
        - "image_positives_or_skip": that number. An image with none has a loss of 0 and teaches nothing.
        - "sampled_anchors": the number of anchors, positive or negative, that are drawn for the loss.
        - "constant": a fixed number.
        - "none": nothing; the loss is a sum.
    negatives_per_positive : float
        Number of negatives drawn for each positive anchor of an image, so that an image without positives is
        skipped. 0: negatives are not drawn in proportion.

    Raises
    ------
    ValueError
        If `negatives_per_positive` is below 0 or above 1000.

    Examples
    --------
    >>> Loss(normaliser="batch_positives").outcome
    'nan'
    """

    normaliser: Literal[
        "batch_positives",
        "batch_positives_or_one",
        "batch_positives_plus_one",
        "batch_boxes_or_one",
        "target_scores_or_one",
        "running_positives_or_one",
        "image_positives",
        "image_positives_or_one",
        "image_positives_or_skip",
        "sampled_anchors",
        "constant",
        "none",
    ]
    negatives_per_positive: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.negatives_per_positive <= 1000:
            drawn = self.negatives_per_positive
            raise ValueError(f"negatives_per_positive is {drawn:g}; it must be 0 to 1000")

    @property
    def outcome(self) -> str:
        """What an empty mask does to the loss: `nan`, `zero` or `skipped`."""
        if self.normaliser in ("batch_positives", "image_positives"):
            return "nan"
        if self.normaliser == "image_positives_or_skip" or self.negatives_per_positive:
            return "skipped"
        return "zero"

    def on_empty(self, unit: str = "anchor") -> str:
        """Say as a sentence what a batch or an image does that has nothing positive.

        unit: what becomes positive, as in `Match.unit`.
        """
        skips = self.negatives_per_positive and self.outcome == "skipped"
        text = _ON_EMPTY["image_positives_or_skip" if skips else self.normaliser]
        none = "without boxes" if unit == "query" else f"without a positive {unit}"
        said = text.format(none=none, units="queries" if unit == "query" else f"{unit}s")
        taught = _BACKGROUND.get(unit) if self.outcome == "zero" else None
        return f"{said}, {taught}" if taught else said
