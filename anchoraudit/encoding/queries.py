"""Matching one to one with queries, as in DETR: no place decides, only how many boxes an image has.

Hungarian matching gives each box a query of its own, so every box is positive at every step, until there are
more boxes than queries; then so many are lost as there are too many, and predictions decide which. Sources:
DETR `models/matcher.py: HungarianMatcher`; RT-DETR, D-FINE, transformers and mmdetection have the same
(`scipy.optimize.linear_sum_assignment`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anchoraudit.arrays import Float, Int, Int8
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.causes_by_size import STRIDE
from anchoraudit.encoding.definition import DenseLabels
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.encoding.shortages import Shortages
from anchoraudit.encoding.statuses import STATUS_CODE

KINDS = ("queries",)


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Return every box as positive, since each is if it is alone in its image."""
    count = len(boxes.boxes)
    status = np.full(count, STATUS_CODE["matched"], dtype=np.int8)
    return Judged(np.full(count, np.nan), status, np.full(count, detector.match.queries))


def compete(
    boxes: OnCanvas,
    image: Int,
    judged: Judged,
    detector: Detector,
    category: Int,
    *,
    first: Int | None = None,
) -> Judged:
    """Return the boxes of images with more boxes than queries as possible only. image: int64 [n]."""
    del boxes, category, first
    status = judged.status.copy()
    status[np.bincount(image, minlength=1)[image] > detector.match.queries] = STATUS_CODE["possible"]
    return replace(judged, status=status)


def shortages(boxes: OnCanvas, image: Int, judged: Judged, detector: Detector) -> Shortages:
    """Return the boxes of each image with more boxes than queries as a shortage. image: int64 [n]."""
    del boxes, judged
    over = np.flatnonzero(np.bincount(image, minlength=1) > detector.match.queries)
    group = np.full(int(image.max(initial=0)) + 1, -1, dtype=np.int64)
    group[over] = np.arange(len(over))
    return Shortages.of_groups(group[image], np.full(len(over), detector.match.queries))


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count the queries of M images that are matched to a box. Which box, predictions decide: -1."""
    own = np.bincount(image, minlength=len(of_image))
    positives = np.minimum(own, detector.match.queries)
    counts = np.stack([positives, detector.match.queries - positives, np.zeros_like(own)], axis=1)
    assigned = np.where(own[image] <= detector.match.queries, 1, -1)
    return Counted(counts, assigned)


def replay(
    boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None = None
) -> DenseLabels:
    """Label the queries of one image; the first ones are matched to the boxes, since no place decides."""
    del width, height, image
    queries, own = detector.match.queries, len(boxes)
    matched = np.full(queries, -1, dtype=np.int64)
    matched[:own] = np.arange(min(own, queries))
    return DenseLabels(
        anchors=np.full((queries, 4), np.nan),
        labels=np.where(matched >= 0, 1, -1).astype(np.int8),
        counts=np.ones(queries, dtype=np.bool_),
        matched=matched,
        best_iou=np.full(own, np.nan),
        best_anchor=np.full(own, -1, dtype=np.int64),
        above=np.ones(own, dtype=np.bool_),
        forced=np.zeros(own, dtype=np.bool_),
        assigned=np.where(own <= queries, 1, -1) * np.ones(own, dtype=np.int64),
    )


def causes(sizes: Float, detector: Detector) -> Int8:
    """Return a cause for boxes of these sizes [N, 2]; none is ever unmatched. int8 [N]."""
    del detector
    return np.full(len(sizes), STRIDE, dtype=np.int8)
