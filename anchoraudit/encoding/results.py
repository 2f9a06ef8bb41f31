"""What the engines return."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.encoding.statuses import FOREGROUND, STATUS_CODE, has


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of n boxes.

    best: float64 [n], best IoU (or other measure) over the anchors that count; NaN for points and queries.
    status: int8 [n], index into `STATUSES`. candidates: int64 [n], the points that can become positive for
    each box; None for anchors, where a box has as many as reach the threshold.
    """

    best: Float
    status: Int8
    candidates: Int | None = None

    @classmethod
    def of(cls, best: Float, matched: Bool, forced: Bool | None = None) -> Judged:
        """Return the judgement of boxes of which each has a surely positive anchor or has none.

        matched: bool [n], an anchor reaches the positive threshold. forced: bool [n], forcing makes one
        positive; it counts only where no anchor does.
        """
        status = np.full(len(best), STATUS_CODE["unmatched"], dtype=np.int8)
        if forced is not None:
            status[forced] = STATUS_CODE["forced"]
        status[matched] = STATUS_CODE["matched"]
        return cls(best, status)

    def take(self, rows: Int) -> Judged:
        """Return the judgement of the boxes in the given rows."""
        candidates = None if self.candidates is None else self.candidates[rows]
        return Judged(self.best[rows], self.status[rows], candidates)

    @property
    def matched(self) -> Bool:
        """The boxes that are surely positive without being forced: bool [n]."""
        return has(self.status, "matched")

    @property
    def forced(self) -> Bool:
        """The boxes that are positive only because forcing makes an anchor so: bool [n]."""
        return has(self.status, "forced")

    @property
    def foreground(self) -> Bool:
        """The boxes that are trained, or can be: bool [n]."""
        return has(self.status, *FOREGROUND)


@dataclass(frozen=True, slots=True)
class Counted:
    """The anchors or points of M images with n boxes, counted by label.

    counts: int64 [M, 3], the numbers of positive, negative and ignored ones; -1 where predictions decide.
    assigned: int64 [n], the number of positive ones of each box; -1 where predictions decide.
    """

    counts: Int
    assigned: Int
