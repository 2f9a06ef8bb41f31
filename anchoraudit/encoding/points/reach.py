"""The definition of shortages: which points a box can be given with all boxes of its image present.

Wherever predictions decide, a point is given to one box: to that of the highest overlap (task alignment), or
of the lowest cost (SimOTA, dynamic soft labels). Most frameworks give it to none but a box it is a candidate
of. Some do:

- RTMDet and NanoDet-Plus let every box choose among the candidates of all boxes of the image (mmdetection
  `dynamic_soft_label_assigner.py`, NanoDet `dsl_assigner.py`: a cost for each valid point and box), RTMDet of
  mmyolo among all points (`batch_dsl_assigner.py`).
- YOLOv6, YOLOv9 and PP-YOLOE give a point that two boxes want to the box of highest overlap, also to one that
  it is no candidate of (YOLOv6 `tal_assigner.py: select_highest_overlaps`).
- YOLOX prefers some candidates of a box (`centre_radius.preferred`). A box with fewer of them than it may
  choose goes on with those of all boxes; and what two of these want, and no box prefers, may go to any box
  (YOLOX `yolo_head.py: dynamic_k_matching`, mmdetection `sim_ota_assigner.py`).

This is plain and slow; `explain` shows it, and the tests compare `fewer` with it.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Int8
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.points.definition import candidates
from anchoraudit.encoding.points.lattice import AllPoints
from anchoraudit.encoding.points.rules import may_choose, preferred
from anchoraudit.encoding.shortages import Shortages, find_shortages
from anchoraudit.encoding.statuses import has

# Statuses of boxes that may have a point at some step.
ABLE = ("matched", "possible", "borrowed")


def reachable(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which points each box can be given, where predictions decide: bool [N, P].

    boxes: float64 [N, 4], pixels of the canvas, of one image. What two boxes want is taken as wide as can be,
    so that no box gets a point that is not told here.
    """
    found = candidates(boxes, points, detector)
    wanted = found.sum(axis=0)
    anyone = np.zeros(len(wanted), dtype=np.bool_)
    others = detector.match.without_candidate
    if others == "borrows":
        anyone = wanted > 0
    elif others == "anywhere":
        anyone[:] = True
    elif others == "contested":
        anyone = wanted > 1
    elif most := may_choose(detector):
        first = preferred(boxes, points, detector)
        goes_on = first.sum(axis=1) < most
        if np.count_nonzero(goes_on) > 1:
            anyone = (wanted > 0) & ~first.any(axis=0)
        found = np.where(goes_on[:, None], wanted > 0, first)
    return found | anyone


def shortages_in(boxes: Float, points: AllPoints, status: Int8, detector: Detector) -> Shortages:
    """Return the shortages of one image. status: int8 [N], with all boxes of the image present."""
    if detector.match.is_prediction_free:
        return Shortages.none()
    able = np.flatnonzero(has(status, *ABLE))
    reach = reachable(boxes, points, detector)[able]
    found = find_shortages(lambda box: np.flatnonzero(reach[box]), len(able), reach.shape[1])
    return found.of_rows(able)
