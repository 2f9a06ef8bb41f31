"""How many boxes of each class, and on each level, can train a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from anchoraudit.arrays import Float, Int, distinct
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.statuses import STATUS_CODE, STATUSES, has

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.encoding.canvas import Placed

_ROWS = 50_000  # boxes at a time
_PAIRS_OF_A_BOX = 32  # pairs of a class and an image up to which all of them are listed: a byte each


@dataclass(frozen=True, slots=True)
class ByClass:
    """Numbers of boxes of each of C classes, int64 [C] each; the classes are `Dataset.categories`.

    boxes: all. usable: those that reach the encoder. by_status: int64 [C, S], the usable ones by each of the
    S `STATUSES` but the first; 0 without a detector.
    """

    boxes: Int
    usable: Int
    by_status: Int

    def of(self, status: str) -> Int:
        """Return the number of boxes of each class with this status: int64 [C]."""
        number: Int = self.by_status[:, STATUS_CODE[status]]
        return number


@dataclass(frozen=True, slots=True)
class ByLevel:
    """The L levels of the detector, and how many boxes have a positive anchor on each.

    stride: float64 [L], pixels of the network's input. shapes: int64 [L], anchor shapes in a cell, 1 for
    points. boxes: int64 [L], usable boxes with a positive anchor there, matched or forced, or a candidate
    point; a box may have some on several.
    """

    stride: Float
    shapes: Int
    boxes: Int

    @classmethod
    def of(cls, detector: Detector, boxes: Int) -> ByLevel:
        """Return the levels of a detector. boxes: int64 [L]."""
        shapes = [level.count for level in detector.anchors.levels] or [1] * len(detector.strides)
        return cls(np.array(detector.strides), np.array(shapes, dtype=np.int64), boxes)


def by_class(audit: Audit) -> ByClass:
    """Count the boxes of each class by what becomes of them. Boxes of no class are left out.

    Examples
    --------
    >>> counted = by_class(audit(read("sample_data/coco")))
    >>> int(counted.usable.sum()), int(counted.of("unmatched").sum())
    (33, 20)
    """
    category, count = audit.dataset.boxes.category, len(audit.dataset.categories)
    is_usable, status = audit.box_results.usable, audit.box_results.status
    if len(category) and category.min() < 0:
        rows = np.flatnonzero(category >= 0)
        category, is_usable, status = category[rows], is_usable[rows], status[rows]
    codes = category * len(STATUSES) + status
    by_status = np.bincount(codes, minlength=count * len(STATUSES)).reshape(count, len(STATUSES))
    boxes = by_status.sum(axis=1)
    usable = boxes - np.bincount(category[~is_usable], minlength=count)  # few are not
    by_status[:, 0] = 0
    return ByClass(boxes, usable, by_status)


def images_by_class(dataset: Dataset) -> Int:
    """Count the images that have a box of each class: int64 [C].

    Examples
    --------
    >>> images_by_class(read("sample_data/coco")).tolist()
    [12, 15, 2]
    """
    classes, images, boxes = len(dataset.categories), len(dataset.images), dataset.boxes
    category, image = boxes.category, boxes.image
    if len(category) and category.min() < 0:
        known = np.flatnonzero(category >= 0)
        category, image = category[known], image[known]
    pairs = category * images + image
    if classes * images <= _PAIRS_OF_A_BOX * len(pairs):
        occurs = np.zeros(classes * images, dtype=np.bool_)
        occurs[pairs] = True
        return np.array([np.count_nonzero(of_class) for of_class in occurs.reshape(classes, images)])
    pairs = distinct(pairs)  # those of each class one after the other
    number: Int = np.diff(np.searchsorted(pairs, np.arange(classes + 1) * images))
    return number


def by_level(audit: Audit, placed: Placed | None = None) -> ByLevel | None:
    """Count the usable boxes with a positive anchor on each level of the detector.

    placed: these boxes on the network's input; they are placed anew where it is not given. None without a
    detector, or if its engine cannot tell levels apart.

    Examples
    --------
    >>> counted = by_level(audit(read("sample_data/coco")))
    >>> counted.stride.tolist(), counted.boxes.tolist()
    ([16.0], [13])
    """
    if audit.replayed is None:
        return None
    detector = audit.replayed
    rows = np.flatnonzero(audit.box_results.usable)
    if engines.statuses_tell_levels(detector):
        lost = np.count_nonzero(has(audit.box_results.status[rows], "unmatched"))
        return ByLevel.of(detector, np.array([len(rows) - lost]))
    counted = np.zeros(len(detector.strides), dtype=np.int64)
    # Also without a box it is known whether the engine can tell.
    for start in range(0, len(rows) or 1, _ROWS):
        some = rows[start : start + _ROWS]
        boxes = (
            audit.placed(some) if placed is None else placed.boxes.take(np.arange(start, start + len(some)))
        )
        found = engines.levels(boxes, detector)
        if found is None:
            return None
        counted += found.sum(axis=0)
    return ByLevel.of(detector, counted)
