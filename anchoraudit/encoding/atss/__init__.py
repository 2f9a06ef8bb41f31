"""ATSS, adaptive training sample selection: each box sets its own threshold.

`definition` has the rule and replays one image by it. `judging` answers for all boxes of a data set;
`candidates` finds the anchors that it needs. `ties` chooses among anchors at the same distance.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Float, Int8
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.atss.definition import replay
from anchoraudit.encoding.atss.judging import count, judge, levels
from anchoraudit.encoding.causes_by_size import STRIDE

__all__ = ["KINDS", "causes", "count", "judge", "levels", "replay"]

KINDS = ("atss",)


def causes(sizes: Float, detector: Detector) -> Int8:
    """Return why boxes of these sizes [N, 2] are unmatched: because of where they are. int8 [N].

    If it were centred freely, the nearest anchor would have its centre inside the box and the highest IoU.
    """
    return np.full(len(sizes), STRIDE, dtype=np.int8)
