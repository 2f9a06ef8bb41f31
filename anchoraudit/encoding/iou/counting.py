"""The exact number of positive, negative and ignored anchors of whole images, without listing their grids.

An anchor that overlaps every box of its image by less than the negative threshold is negative. These need
not be listed: their number follows from the size of the grid. The rest are candidates near the boxes
(`window`). A forced anchor may lie below the negative threshold. If the best IoU of a box does, all
windows of its image go down to that IoU. A box that overlaps no anchor may force every anchor: its image is
replayed by the definition.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding import definition
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.grid import axes_of
from anchoraudit.encoding.iou.closed_form import best_ious
from anchoraudit.encoding.iou.crowds import MANY, count_crowd
from anchoraudit.encoding.results import Counted
from anchoraudit.encoding.window import (
    Candidates,
    candidates,
    counting_anchors,
    first_anchors,
    first_of_each_box,
)

_NO_OVERLAP = 1e-6  # an IoU that small may be a rounding error
_SLACK = 1e-3  # share of a best IoU, above its rounding errors, so that its own anchor is a candidate


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count the anchors of M images by label; see `engines.count`."""
    match = detector.match
    assert match.negative is not None
    at_least = np.full(len(boxes.boxes), match.negative)
    densely = np.zeros(len(of_image), dtype=np.bool_)
    if match.negative == 0 and not match.negative_inclusive:
        densely[:] = True  # then an anchor that overlaps no box is not negative
    if match.force != "none":
        best = best_ious(boxes, detector)
        densely[image[best < _NO_OVERLAP]] = True
        lowest = np.full(len(of_image), match.negative)
        np.minimum.at(lowest, image, best * (1 - _SLACK))
        at_least = lowest[image]
    crowds = np.flatnonzero((np.bincount(image, minlength=len(of_image)) > MANY) & ~densely)
    fast = np.flatnonzero(~densely[image] & ~np.isin(image, crowds))
    found = candidates(boxes.take(fast), at_least[fast], detector)
    found = Candidates(fast[found.box], found.anchor, found.iou, found.counts, found.cell)
    counts, assigned = _labelled(boxes, found, image, of_image, detector)
    for i in crowds.tolist():
        own = np.flatnonzero(image == i)
        crowd = boxes.take(own)
        held = None if match.cells == "all" else np.concatenate(_cells_of_centres(crowd, detector))
        counts[i], assigned[own] = count_crowd(crowd, at_least[own], held, detector)
    for i in np.flatnonzero(densely).tolist():
        own = np.flatnonzero(image == i)
        canvas = boxes.canvases.take(of_image[[i]])
        sizes = [float(getattr(canvas, name)[0]) for name in canvas.__slots__]
        labels = definition.replay(boxes.boxes[own], sizes[0], sizes[1], detector, (sizes[2], sizes[3]))
        counts[i] = labels.positives, labels.negatives, labels.ignored
        assigned[own] = labels.assigned
    return Counted(counts, assigned)


def _labelled(
    boxes: OnCanvas, found: Candidates, image: Int, of_image: Int, detector: Detector
) -> tuple[Int, Int]:
    """Label the candidates and count all others by subtraction: counts [M, 3] and assigned [n]."""
    total = first_anchors(boxes.canvases, detector)[0][-1][of_image]
    counting = counting_anchors(boxes.canvases, detector)[of_image]
    if detector.border.stage == "before":
        found = _take(found, found.counts)
    start = np.cumsum(total) - total
    key = start[image[found.box]] + found.anchor
    order = np.argsort(key, kind="stable")  # boxes ascend within an anchor, as they were found
    found, key = _take(found, order), key[order]
    starts = np.ones(len(key), dtype=np.bool_)
    starts[1:] = key[1:] != key[:-1]
    first, group = np.flatnonzero(starts), np.cumsum(starts) - 1
    allowed = _in_cells_of_centres(boxes, found, image, detector)
    positive, matched = _positive_groups(boxes, found, (first, group), allowed, detector)
    highest = np.maximum.reduceat(found.iou, first) if len(first) else found.iou
    below = definition.stays_negative(highest, detector)
    counts_of = found.counts[first]
    positive &= counts_of
    of = image[found.box[first]]
    size = len(of_image)
    positives = np.bincount(of[positive], minlength=size)
    undecided = np.bincount(of[~positive & ~below & counts_of], minlength=size)
    negatives = counting - positives - undecided
    counts = np.column_stack([positives, negatives, total - positives - negatives])
    return counts, np.bincount(matched[positive], minlength=len(boxes.boxes))


def _take(found: Candidates, rows: Int | Bool) -> Candidates:
    return Candidates(*(getattr(found, name)[rows] for name in Candidates.__slots__))


def _positive_groups(
    boxes: OnCanvas, found: Candidates, groups: tuple[Int, Int], allowed: Bool, detector: Detector
) -> tuple[Bool, Int]:
    """Tell which anchors (groups of candidates) are positive, and the box each is trained towards."""
    match = detector.match
    first, group = groups
    if not len(first):
        return np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64)
    highest = np.maximum.reduceat(found.iou, first)
    own = np.flatnonzero(found.iou == highest[group])[::-1]
    matched = np.zeros(len(first), dtype=np.int64)
    matched[group[own]] = found.box[own]  # reversed, so that the first box is written last
    positive = np.zeros(len(first), dtype=np.bool_)
    positive[group[definition.reaches_positive(found.iou, detector) & allowed]] = True
    if match.force != "none":
        best = np.full(len(boxes.boxes), -1, dtype=found.iou.dtype)
        np.maximum.at(best, found.box[allowed], found.iou[allowed])
        forced = allowed & (found.iou == best[found.box]) & definition.reaches_floor(found.iou, detector)
        rows = np.flatnonzero(forced)
        if match.force == "best":  # the first anchor of several
            rows = first_of_each_box(found, rows)
        positive[group[rows]] = True
        if match.forced_to != "own":
            # The last assignment wins: boxes come in descending order if the first box must win.
            rows = rows[np.argsort(found.box[rows], kind="stable")]
            rows = rows[::-1] if match.forced_to == "first" else rows
            matched[group[rows]] = found.box[rows]
    return positive, matched


def _in_cells_of_centres(boxes: OnCanvas, found: Candidates, image: Int, detector: Detector) -> Bool:
    """Tell which candidates may become positive: all, or those in a cell with a box's centre. [C]."""
    if detector.match.cells == "all":
        return np.ones(len(found.box), dtype=np.bool_)
    per_image = int(first_anchors(boxes.canvases, detector)[1][-1].max()) + 1
    held = [image * per_image + cell for cell in _cells_of_centres(boxes, detector)]
    return np.isin(image[found.box] * per_image + found.cell, np.concatenate(held))


def _cells_of_centres(boxes: OnCanvas, detector: Detector) -> list[Int]:
    """Return the cell of each level that holds each box's centre: L times int64 [n]."""
    starts = first_anchors(boxes.canvases, detector)[1]
    width, height = boxes.canvases.width, boxes.canvases.height
    own = boxes.boxes.astype(detector.anchors.precision)
    held: list[Int] = []
    for level, (x, y) in enumerate(axes_of(detector.anchors)):
        columns = x.cells(width)[boxes.of]
        column = definition.cell_of(own[:, 0], own[:, 2], x.stride(width)[boxes.of], columns)
        row = definition.cell_of(own[:, 1], own[:, 3], y.stride(height)[boxes.of], y.cells(height)[boxes.of])
        held.append(starts[level][boxes.of] + row * columns + column)
    return held
