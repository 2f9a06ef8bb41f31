"""The definition of matching by points: of which boxes every point of one image is a candidate.

It is plain and slow. `explain` shows it. The tests compare the fast functions of the rules with it, and
compare it with what the frameworks' own code answered.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.definition import DenseLabels
from anchoraudit.encoding.points.lattice import AllPoints, all_points
from anchoraudit.encoding.points.rules import rule_of


def candidates(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which points can become positive for each box, were it alone in its image: bool [N, P].

    boxes: float64 [N, 4], pixels of the canvas.
    """
    return rule_of(detector).candidates(_whole(boxes), points, detector)


def owners(boxes: Float, found: Bool, detector: Detector) -> Int:
    """Return the box that each point learns, where no prediction decides: int64 [P], -1 for none.

    found: bool [N, P], the candidates. Of several boxes the one with the lowest priority number learns the
    point; on ties the first, or the last where the rule says so.
    """
    if not found.size:
        return np.full(found.shape[1], -1, dtype=np.int64)
    priority = rule_of(detector).priority(_whole(boxes), detector)
    ranked = np.where(found, priority[:, None], np.inf)
    if detector.match.repeated == "last":
        owner = len(ranked) - 1 - ranked[::-1].argmin(axis=0)
    else:
        owner = ranked.argmin(axis=0)
    learnt: Int = np.where(found.any(axis=0), owner, -1)
    return learnt


def _whole(boxes: Float) -> Float:
    """Return boxes as float64 [N, 4], also if there are none."""
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4)


def replay(
    boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None = None
) -> DenseLabels:
    """Label every point of one image; each is an anchor without size.

    Where predictions decide, the points that can become positive are labelled as positive, and `matched` has
    the first box that each is a candidate of.

    boxes: float64 [N, 4] on a canvas of `width` x `height` px. image: not used; points lie on padding too.
    """
    del image
    points = all_points(width, height, detector.points)
    found = candidates(boxes, points, detector)
    number = found.sum(axis=1)
    if detector.match.is_prediction_free:
        owner = owners(boxes, found, detector)
        assigned = np.bincount(owner[owner >= 0], minlength=len(found))
    else:
        first = found.argmax(axis=0) if len(found) else np.zeros(found.shape[1], dtype=np.int64)
        owner, assigned = np.where(found.any(axis=0), first, -1), number
    xy = points.xy.astype(np.float64)
    return DenseLabels(
        anchors=np.concatenate([xy, xy], axis=1),
        labels=np.where(owner >= 0, 1, -1).astype(np.int8),
        counts=np.ones(len(xy), dtype=np.bool_),
        matched=owner,
        best_iou=np.full(len(found), np.nan),
        best_anchor=np.where(number > 0, found.argmax(axis=1), -1),
        above=number > 0,
        forced=np.zeros(len(found), dtype=np.bool_),
        assigned=assigned,
    )
