"""What an audit finds of every box and of every image, as columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.encoding.shortages import Shortages
from anchoraudit.encoding.statuses import STATUS_CODE


@dataclass(slots=True, repr=False)
class BoxResults:
    """Columns over all M boxes of the data set, in its order.

    usable: bool [M]. best_iou: float64 [M], NaN where not usable. status: int8 [M], index into STATUSES.
    cause: int8 [M], index into CAUSES, -1 unless unmatched. assigned: int64 [M], the anchors or points that
    train this box, -1 where predictions decide; None unless counts were asked for. shortages: the boxes that
    can be given too few points, or queries, together, by their rows. count_candidates: what `candidates`
    returns, found when it is first asked for; None for a detector with anchors.
    """

    usable: Bool
    best_iou: Float
    status: Int8
    cause: Int8
    assigned: Int | None = None
    shortages: Shortages = field(default_factory=Shortages.none)
    count_candidates: Callable[[], Int] | None = None
    _candidates: Int | None = field(default=None, init=False)

    def __repr__(self) -> str:
        return f"<columns over {len(self.usable):,} boxes>"

    @property
    def candidates(self) -> Int | None:
        """The points that can become positive for each box, were it alone, -1 where not usable: int64 [M].

        None for a detector with anchors.
        """
        if self._candidates is None and self.count_candidates is not None:
            self._candidates = self.count_candidates()
        return self._candidates


@dataclass(slots=True, repr=False)
class ImageResults:
    """Columns over all N images.

    boxes: int64 [N], how many boxes. by_status: int64 [N, S], how many of each of the S `STATUSES`; the first
    column has those that are not usable. best_iou: float64 [N], of its usable boxes, NaN without any.
    verdict: int8 [N], index into VERDICTS. cause: int8 [N], for an image with an empty foreground the most
    common cause among its boxes, -1 for every other image. raises: int8 [N], why the framework would raise,
    index into `errors_raised.REASONS`. counts: int64 [N, 3], positive, negative and ignored anchors, -1 for
    images of unknown size; None unless counts were asked for. lost: int64 [N], how many boxes at least get no
    point, or query, at any step, since there are too few; predictions decide which, and all are possible or
    borrowed. None without a detector.
    """

    boxes: Int
    by_status: Int
    best_iou: Float
    verdict: Int8
    cause: Int8
    raises: Int8
    counts: Int | None = None
    lost: Int | None = None

    def __repr__(self) -> str:
        return f"<columns over {len(self.boxes):,} images>"

    def of(self, *statuses: str) -> Int:
        """Return how many boxes of each image have one of these statuses: int64 [N]."""
        number = np.zeros(len(self.by_status), dtype=np.int64)
        for name in statuses:
            number += self.by_status[:, STATUS_CODE[name]]
        return number

    @property
    def usable(self) -> Int:
        """The number of usable boxes of each image: int64 [N]."""
        number: Int = self.boxes - self.by_status[:, 0]
        return number

    def usable_in(self, image: int) -> int:
        """Return the number of usable boxes of one image."""
        return int(self.by_status[image, 1:].sum())

    @property
    def matched(self) -> Int:
        """The number of matched boxes of each image: int64 [N]."""
        return self.of("matched")

    @property
    def forced(self) -> Int:
        """The number of forced boxes of each image: int64 [N]."""
        return self.of("forced")

    @property
    def unmatched(self) -> Int:
        """The number of unmatched boxes of each image: int64 [N]."""
        return self.of("unmatched")
