"""Which levels of a detector train on a data set: those where a box has a positive anchor."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas

_SAMPLE = 1_000  # boxes; nearly every level that serves any box serves one of so many
_ROWS = 50_000  # boxes at a time


def serving_levels(boxes: OnCanvas, detector: Detector) -> Bool | None:
    """Tell which of the L levels have a positive anchor of any box: bool [L].

    None if the engine cannot tell levels apart. A few boxes are asked first, and all of them only if these
    leave a level without any.
    """
    count = len(boxes.boxes)
    served = np.zeros(len(detector.strides), dtype=np.bool_)
    for rows in (np.arange(0, count, max(count // _SAMPLE, 1)), np.arange(count)):
        for start in range(0, len(rows), _ROWS):
            if bool(served.all()):
                return served
            found = engines.levels(boxes.take(rows[start : start + _ROWS]), detector)
            if found is None:
                return None
            served |= found.any(axis=0)
        if count <= len(rows):
            break
    return served
