"""What the engines answer."""

from __future__ import annotations

from dataclasses import dataclass

from anchoraudit.arrays import Bool, Float, Int


@dataclass(frozen=True, slots=True)
class Judged:
    """Of n boxes: best: float64 [n], over the anchors that count. matched: bool [n], an anchor reaches the
    positive threshold. forced: bool [n], none does, but forcing makes one positive.
    """

    best: Float
    matched: Bool
    forced: Bool


@dataclass(frozen=True, slots=True)
class Counted:
    """counts: int64 [M, 3], positive, negative and ignored anchors of M images. assigned: int64 [n], the
    positive anchors of each box.
    """

    counts: Int
    assigned: Int
