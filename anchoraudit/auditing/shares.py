"""How many boxes of each class, and on each level, can train a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.encoding import engines
from anchoraudit.encoding.verdicts import STATUS_CODE, STATUSES

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit

_ROWS = 50_000  # boxes at a time


@dataclass(frozen=True, slots=True)
class ByClass:
    """Numbers of boxes of each of C classes, int64 [C] each; the classes are `Dataset.categories`.

    boxes: all. usable: those that reach the encoder. matched, forced, unmatched: usable ones by status; 0
    without a detector.
    """

    boxes: Int
    usable: Int
    matched: Int
    forced: Int
    unmatched: Int


@dataclass(frozen=True, slots=True)
class ByLevel:
    """The L levels of the detector, and how many boxes have a positive anchor on each.

    stride: float64 [L], pixels of the network's input. shapes: int64 [L], anchor shapes in a cell. boxes:
    int64 [L], usable boxes with a positive anchor there, matched or forced; a box may have some on several.
    """

    stride: Float
    shapes: Int
    boxes: Int


def by_class(audit: Audit) -> ByClass:
    """Count the boxes of each class by what becomes of them. Boxes of no class are left out.

    Examples
    --------
    >>> counted = by_class(audit(read("sample_data/coco")))
    >>> int(counted.usable.sum()), int(counted.unmatched.sum())
    (33, 20)
    """
    category, count = audit.dataset.boxes.category, len(audit.dataset.categories)
    rows = np.flatnonzero(category >= 0)
    own = category[rows]
    usable = np.bincount(own[audit.box_results.usable[rows]], minlength=count)
    codes = own * len(STATUSES) + audit.box_results.status[rows]
    by_status = np.bincount(codes, minlength=count * len(STATUSES)).reshape(count, len(STATUSES))
    columns = (by_status[:, STATUS_CODE[name]] for name in ("matched", "forced", "unmatched"))
    return ByClass(np.bincount(own, minlength=count), usable, *columns)


def by_level(audit: Audit) -> ByLevel | None:
    """Count the usable boxes with a positive anchor on each level of the detector.

    None without a detector, or if its engine cannot tell levels apart.

    Examples
    --------
    >>> counted = by_level(audit(read("sample_data/coco")))
    >>> counted.stride.tolist(), counted.boxes.tolist()
    ([16.0], [13])
    """
    if audit.replayed is None:
        return None
    levels = audit.replayed.anchors.levels
    counted = np.zeros(len(levels), dtype=np.int64)
    rows = np.flatnonzero(audit.box_results.usable)
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        found = engines.levels(audit.placed(some), audit.replayed)
        if found is None:
            return None
        counted += found.sum(axis=0)
    strides = np.array([level.stride for level in levels], dtype=np.float64)
    return ByLevel(strides, np.array([level.count for level in levels], dtype=np.int64), counted)
