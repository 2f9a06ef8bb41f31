"""What the box loss is divided by, and so what an empty foreground mask does."""

from __future__ import annotations

from typing import Literal

from anchoraudit.detectors._block import Block

_ZERO = "gives a box loss of 0: it teaches nothing about boxes"
_ON_EMPTY = {
    "batch_positives": "a batch without a positive anchor gives a box loss of 0/0 = NaN",
    "batch_positives_or_one": f"a batch without a positive anchor {_ZERO}",
    "batch_positives_plus_one": f"a batch without a positive anchor {_ZERO}",
    "running_positives_or_one": f"an image without a positive anchor {_ZERO}",
    "image_positives": "an image without a positive anchor gives a box loss of 0/0 = NaN",
    "image_positives_or_one": f"an image without a positive anchor {_ZERO}",
    "image_positives_or_skip": (
        "an image without a positive anchor is skipped silently: "
        "its loss is 0, and even its negative anchors teach nothing"
    ),
    "sampled_anchors": f"an image without a positive anchor {_ZERO}; negative anchors fill its sample",
    "constant": f"an image without a positive anchor {_ZERO}",
    "none": f"an image without a positive anchor {_ZERO}",
}


class Loss(Block, frozen=True):
    """What the box loss is divided by.

    normaliser: "batch_positives": the number of positive anchors in the batch, unguarded, so that a batch
    without any is 0/0 = NaN; "..._or_one": that number, but at least 1; "..._plus_one": one more;
    "running_positives_or_one": a moving average of it; "image_...": of each image, unguarded or not;
    "image_positives_or_skip": the same, and a loss of 0 without any; "sampled_anchors": the anchors drawn for
    the loss; "constant"; "none": it is a sum.
    negatives_per_positive: negatives are drawn in proportion to an image's positives (0: they are not), so
    that an image without any is skipped.
    """

    normaliser: Literal[
        "batch_positives",
        "batch_positives_or_one",
        "batch_positives_plus_one",
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
        """What an empty mask does, in a word: `nan`, `zero` or `skipped`."""
        if self.normaliser in ("batch_positives", "image_positives"):
            return "nan"
        if self.normaliser == "image_positives_or_skip" or self.negatives_per_positive:
            return "skipped"
        return "zero"

    @property
    def on_empty(self) -> str:
        """What a batch or an image without a positive anchor does, as a sentence."""
        if self.negatives_per_positive and self.outcome == "skipped":
            return _ON_EMPTY["image_positives_or_skip"]
        return _ON_EMPTY[self.normaliser]
