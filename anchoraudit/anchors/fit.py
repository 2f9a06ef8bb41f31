"""How well anchors fit box sizes: the figures that every comparison of anchors rests on.

Sizes are widths and heights in pixels at the network's input, so a box is compared with an anchor as if
both shared their centre. Where a box lies is the encoder's business, not the anchor's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from anchoraudit.boxes import Float, shape_iou, similarity_table

__all__ = ["MEANING", "AnchorFit", "measure_fit"]

RECALL_AT = (0.5, 0.7)
ANCHOR_T = 4  # a side may be so many times longer or shorter: hyp.anchor_t of YOLOv5
CHUNK = 16_384  # boxes at a time: a table of 12 anchors stays within the processor's cache

MEANING = {
    "boxes": "how many boxes were measured",
    "mean_iou": "overlap (IoU) of a box with its best anchor, average over the boxes; 1 is a perfect fit",
    "recall": "share of the boxes whose best anchor overlaps them (IoU) by at least this much",
    "bpr": "best possible recall: share of the boxes with an anchor whose sides are less than 4 times "
    "longer or shorter; YOLOv5 asks for at least 0.98",
    "aat": "anchors above threshold: how many anchors a box has, on average, whose sides are less than "
    "4 times longer or shorter",
    "share": "share of the boxes that each anchor fits best",
}


@dataclass(frozen=True)
class AnchorFit:
    """How well a set of anchors fits a set of boxes. `MEANING` says what each figure tells a user.

    Attributes
    ----------
    boxes: the number of boxes measured.
    mean_iou: mean over the boxes of the best anchor's IoU.
    recall: for "0.5" and "0.7", the share of boxes whose best anchor's IoU is at least that.
    bpr: best possible recall: share of boxes with an anchor whose side ratio is above 1/4.
    aat: anchors above threshold: mean number per box of anchors whose side ratio is above 1/4.
    share: for every anchor, the share of boxes it is the best anchor of by IoU; the first one at a tie.
    """

    boxes: int
    mean_iou: float
    recall: dict[str, float]
    bpr: float
    aat: float
    share: tuple[float, ...]


def measure_fit(sizes: ArrayLike, anchors: ArrayLike) -> AnchorFit:
    """Measure how well anchors [K, 2] fit box sizes [N, 2], both in pixels at the same input size.

    Recall is counted at or above its threshold; bpr and aat strictly above 1/4, as YOLOv5's `check_anchors`
    does. Memory stays at a few megabytes whatever N is.

    Raises ValueError if there is no box or no anchor, or if a side is not a positive, finite number.
    """
    boxes, shapes = _checked(sizes, "sizes"), _checked(anchors, "anchors")
    total, near, reached = 0.0, 0, 0
    recalled = dict.fromkeys(RECALL_AT, 0)
    owned = np.zeros(len(shapes), dtype=np.int64)
    for start in range(0, len(boxes), CHUNK):
        part = boxes[start : start + CHUNK]
        overlap = similarity_table(shape_iou, part, shapes)
        best = overlap.max(axis=0)
        total += float(best.sum())
        owned += np.bincount(overlap.argmax(axis=0), minlength=len(shapes))
        for level in RECALL_AT:
            recalled[level] += int(np.count_nonzero(best >= level))
        within = _within_reach(part, shapes)
        near += int(np.count_nonzero(within))
        reached += int(np.count_nonzero(within.any(axis=0)))
    count = len(boxes)
    return AnchorFit(
        boxes=count,
        mean_iou=total / count,
        recall={str(level): number / count for level, number in recalled.items()},
        bpr=reached / count,
        aat=near / count,
        share=tuple(float(number) / count for number in owned),
    )


def _within_reach(sizes: Float, anchors: Float) -> np.ndarray:
    """Tell where the side ratio is above 1/4, of sizes [N, 2] and anchors [K, 2]. [K, N].

    Multiplied by 4 instead of divided: exact in floating point, and several times faster.
    """
    w, h = sizes[:, 0], sizes[:, 1]
    aw, ah = anchors[:, 0, None], anchors[:, 1, None]
    within: np.ndarray = aw < ANCHOR_T * w
    within &= w < ANCHOR_T * aw
    within &= ah < ANCHOR_T * h
    within &= h < ANCHOR_T * ah
    return within


def _checked(values: ArrayLike, name: str) -> Float:
    """The values as a float array [N, 2] of positive sides, or ValueError."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError(f"{name}: there are none to measure")
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name}: expected widths and heights of shape (n, 2), got shape {array.shape}")
    wrong = np.flatnonzero(~(np.isfinite(array) & (array > 0)).all(axis=1))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(f"{name}, row {row}: {array[row].tolist()} is not a positive width and height")
    return array
