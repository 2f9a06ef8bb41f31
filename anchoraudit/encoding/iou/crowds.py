"""The number of positive, negative and ignored anchors of one image with very many boxes.

The candidates of a million boxes take gigabytes. Here they are found for some boxes at a time, and what
matters of them is kept for each anchor of the image. The labels are those of `counting`.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding import definition
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.window import (
    Candidates,
    candidates,
    counting_anchors,
    first_anchors,
    first_of_each_box,
)

MANY = 4096  # boxes of an image that are counted together
_AT_ONCE = 1024  # boxes


def count_crowd(boxes: OnCanvas, at_least: Float, held: Int | None, detector: Detector) -> tuple[Int, Int]:
    """Count the anchors of one image by label: positive, negative, ignored, [3]; and those of each box, [n].

    at_least: float64 [n], below which IoU an anchor is not looked at. held: the cells that hold the centre of
    a box, None if any may become positive.
    """
    canvas = int(boxes.of[0])
    total = int(first_anchors(boxes.canvases, detector)[0][-1][canvas])
    image = _Image(total, detector)
    for start in range(0, len(boxes.of), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(boxes.of)))
        found = candidates(boxes.take(rows), at_least[rows], detector)
        found = Candidates(rows[found.box], found.anchor, found.iou, found.counts, found.cell)
        image.add(found, np.isin(found.cell, held) if held is not None else None)
    positive = image.positive & image.counts
    undecided = ~positive & image.counts & (image.highest >= 0)
    undecided &= ~definition.stays_negative(image.highest, detector)
    positives = int(np.count_nonzero(positive))
    negatives = int(counting_anchors(boxes.canvases, detector)[canvas]) - positives
    negatives -= int(np.count_nonzero(undecided))
    counts = np.array([positives, negatives, total - positives - negatives])
    matched = np.where(image.forced >= 0, image.forced, image.matched)
    return counts, np.bincount(matched[positive], minlength=len(boxes.of))


class _Image:
    """What is known of each of an image's A anchors, after some of its boxes.

    highest: [A], the highest IoU, -1 if no box comes near. matched: int64 [A], the first box that has it.
    forced: int64 [A], the box that forces the anchor to be its own, -1 for none. positive, counts: bool [A].
    """

    def __init__(self, anchors: int, detector: Detector) -> None:
        self._detector = detector
        self.highest = np.full(anchors, -1, dtype=detector.anchors.precision)
        self.matched, self.forced = np.zeros(anchors, dtype=np.int64), np.full(anchors, -1, dtype=np.int64)
        self.positive, self.counts = np.zeros((2, anchors), dtype=np.bool_)

    def add(self, found: Candidates, in_cell: Bool | None) -> None:
        """Take in the candidates of more boxes, all that each has."""
        allowed = np.ones(len(found.box), dtype=np.bool_) if in_cell is None else in_cell
        if self._detector.border.stage == "before":
            found, allowed = _take(found, found.counts), allowed[found.counts]
        self.counts[found.anchor] = found.counts
        order = np.lexsort([found.box, -found.iou, found.anchor])
        best = order[np.unique(found.anchor[order], return_index=True)[1]]
        best = best[found.iou[best] > self.highest[found.anchor[best]]]
        self.highest[found.anchor[best]], self.matched[found.anchor[best]] = found.iou[best], found.box[best]
        sure = definition.reaches_positive(found.iou, self._detector) & allowed
        self.positive[found.anchor[sure]] = True
        if self._detector.match.force != "none" and len(found.box):
            self._force(found, allowed)

    def _force(self, found: Candidates, allowed: Bool) -> None:
        match = self._detector.match
        first = int(found.box.min())
        best = np.full(int(found.box.max()) - first + 1, -1, dtype=found.iou.dtype)
        np.maximum.at(best, found.box[allowed] - first, found.iou[allowed])
        forced = allowed & (found.iou == best[found.box - first])
        rows = np.flatnonzero(forced & definition.reaches_floor(found.iou, self._detector))
        if match.force == "best":
            rows = first_of_each_box(found, rows)
        self.positive[found.anchor[rows]] = True
        if match.forced_to == "own":
            return
        rows = rows[np.argsort(found.box[rows], kind="stable")]
        if (
            match.forced_to == "first"
        ):  # earlier boxes keep what they have; of these, the first is written last
            rows = rows[self.forced[found.anchor[rows]] < 0][::-1]
        self.forced[found.anchor[rows]] = found.box[rows]


def _take(found: Candidates, rows: Bool) -> Candidates:
    return Candidates(*(getattr(found, name)[rows] for name in Candidates.__slots__))
