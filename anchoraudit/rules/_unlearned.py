"""Which classes are never learned: none of their boxes can be positive, and that is no chance."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.encoding.statuses import STATUS_CODE

CHANCE = 0.05


def never_positive(counted: Int) -> Bool:
    """Tell which classes have trained boxes, none of them positive: bool [C].

    counted: int64 [C, statuses], boxes by class and status.
    """
    trained, lost = counted.sum(axis=1), counted[:, STATUS_CODE["unmatched"]]
    never: Bool = (trained > 0) & (lost == trained)
    return never


def is_no_chance(counted: Int, chance: float = CHANCE) -> Bool:
    """Tell of which classes it would be no chance if none of their boxes were positive: bool [C].

    If each of a class' n boxes were unmatched with the probability p that the boxes of the other classes
    have, all of them would be with p^n, and C p^n of so many classes. p is (unmatched + 1) / (boxes + 2), so
    that a few boxes do not make it 0. It is no chance where less than `chance` of a class is expected.
    """
    trained, lost = counted.sum(axis=1), counted[:, STATUS_CODE["unmatched"]]
    share = (lost.sum() - lost + 1) / (trained.sum() - trained + 2)
    expected = np.count_nonzero(trained) * share**trained
    small: Bool = expected < chance
    return small
