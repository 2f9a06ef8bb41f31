"""What the engines return."""

from __future__ import annotations

from dataclasses import dataclass

from anchoraudit.arrays import Bool, Float, Int


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of n boxes.

    best: float64 [n], best IoU (or other measure) over the anchors that count. matched: bool [n], an anchor
    reaches the positive threshold. forced: bool [n], no anchor does, but forcing makes one positive.
    """

    best: Float
    matched: Bool
    forced: Bool


@dataclass(frozen=True, slots=True)
class Counted:
    """The anchors of M images with n boxes, counted by label.

    counts: int64 [M, 3], the numbers of positive, negative and ignored anchors. assigned: int64 [n], the
    number of positive anchors of each box.
    """

    counts: Int
    assigned: Int
