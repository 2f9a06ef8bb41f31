"""Matching by points: the engine for detectors without anchors.

`rules` has the contract of a rule, and each rule is a module. `definition` replays one image by it;
`counting` answers for all boxes of a data set, and `competing` says what boxes of one image take from each
other. `reach` and `fewer` do the same for boxes that have too few points together.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Float, Int8
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.causes_by_size import STRIDE
from anchoraudit.encoding.points.competing import compete
from anchoraudit.encoding.points.counting import (
    causes_at,
    count,
    count_candidates,
    judge,
    judge_quickly,
    levels,
)
from anchoraudit.encoding.points.definition import replay
from anchoraudit.encoding.points.fewer import shortages
from anchoraudit.encoding.points.rules import point_rules

__all__ = [
    "KINDS",
    "causes",
    "causes_at",
    "compete",
    "count",
    "count_candidates",
    "judge",
    "judge_quickly",
    "levels",
    "replay",
    "shortages",
]

KINDS = tuple(point_rules())


def causes(sizes: Float, detector: Detector) -> Int8:
    """Return why boxes of these sizes [N, 2] are unmatched, if no place is known: no point lies inside."""
    del detector
    return np.full(len(sizes), STRIDE, dtype=np.int8)
