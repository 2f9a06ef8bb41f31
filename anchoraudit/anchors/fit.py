"""How well anchors fit box sizes: the numbers that every comparison of anchors uses.

Sizes are widths and heights in pixels of the network's input. A box is compared with an anchor as if both had
the same centre; where a box lies matters to the encoder only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from anchoraudit.arrays import Float
from anchoraudit.boxes import shape_iou, similarity_table

__all__ = ["MEANING", "AnchorFit", "measure_fit"]

RECALL_AT = (0.5, 0.7)
ANCHOR_T = 4  # sides may differ by a factor below this: anchor_t in YOLOv5's hyperparameters
CHUNK = 16_384  # boxes at a time: with 12 anchors a table takes 1.6 MB, which stays in the processor's cache

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
    """How well a set of anchors fits a set of boxes. `MEANING` explains each number to a user.

    Attributes
    ----------
    boxes : int
        The number of boxes measured.
    mean_iou : float
        Mean over the boxes of the best anchor's IoU.
    recall : dict
        For "0.5" and "0.7", the share of boxes whose best anchor has at least this IoU.
    bpr : float
        Best possible recall: the share of boxes with an anchor whose side ratio is above 1/4.
    aat : float
        Anchors above threshold: the mean number of anchors for a box whose side ratio is above 1/4.
    share : tuple of float
        For each anchor, the share of boxes that it fits best by IoU. On ties the first anchor counts.

    Examples
    --------
    >>> fit = measure_fit([[10, 10], [40, 20]], [[10, 10], [30, 30]])
    >>> fit.boxes, round(fit.mean_iou, 3), fit.share
    (2, 0.773, (0.5, 0.5))
    """

    boxes: int
    mean_iou: float
    recall: dict[str, float]
    bpr: float
    aat: float
    share: tuple[float, ...]


def measure_fit(sizes: ArrayLike, anchors: ArrayLike, weight: ArrayLike | None = None) -> AnchorFit:
    """Measure how well anchors fit box sizes, as if each box had the centre of its anchor.

    Recall counts IoUs at or above its threshold. bpr and aat count ratios strictly above 1/4, as YOLOv5's
    `check_anchors` does. Memory stays at a few megabytes for any number of boxes.

    Parameters
    ----------
    sizes : array-like of shape (N, 2)
        Widths and heights of the boxes.
    anchors : array-like of shape (K, 2)
        Widths and heights of the anchors, in pixels of the same input size.
    weight : array-like of shape (N,), optional
        How many boxes have each size. Default: one.

    Returns
    -------
    AnchorFit
        Mean IoU, recall, and YOLOv5's two measures.

    Raises
    ------
    ValueError
        If there is no box or no anchor, or if a side is not a positive, finite number.

    Examples
    --------
    >>> fit = measure_fit([[10, 10], [40, 20]], [[10, 10], [30, 30]])
    >>> fit.mean_iou, fit.recall["0.5"]
    (0.7727272727272727, 1.0)
    >>> measure_fit([[10, 10], [40, 20]], [[10, 10], [30, 30]], weight=[3, 1]).share
    (0.75, 0.25)
    """
    boxes, shapes = _checked(sizes, "sizes"), _checked(anchors, "anchors")
    every = np.ones(len(boxes)) if weight is None else np.asarray(weight, dtype=np.float64)
    if every.shape != (len(boxes),):
        raise ValueError(f"weight: expected shape ({len(boxes)},), got shape {every.shape}")
    total, near, reached = 0.0, 0.0, 0.0
    recalled = dict.fromkeys(RECALL_AT, 0.0)
    owned = np.zeros(len(shapes))
    for start in range(0, len(boxes), CHUNK):
        part, counts = boxes[start : start + CHUNK], every[start : start + CHUNK]
        overlap = similarity_table(shape_iou, part, shapes)
        best = overlap.max(axis=0)
        total += float((best * counts).sum())
        owned += np.bincount(overlap.argmax(axis=0), weights=counts, minlength=len(shapes))
        for level in RECALL_AT:
            recalled[level] += float(counts[best >= level].sum())
        within = _within_reach(part, shapes)
        near += float((within.sum(axis=0) * counts).sum())
        reached += float(counts[within.any(axis=0)].sum())
    count = float(every.sum())
    return AnchorFit(
        boxes=round(count),
        mean_iou=total / count,
        recall={str(level): number / count for level, number in recalled.items()},
        bpr=reached / count,
        aat=near / count,
        share=tuple(float(number) / count for number in owned),
    )


def _within_reach(sizes: Float, anchors: Float) -> np.ndarray:
    """Tell where the side ratio is above 1/4, for sizes [N, 2] and anchors [K, 2]: [K, N].

    Multiplies by 4 instead of dividing, which is exact in floating point, and several times faster.
    """
    w, h = sizes[:, 0], sizes[:, 1]
    aw, ah = anchors[:, 0, None], anchors[:, 1, None]
    within: np.ndarray = aw < ANCHOR_T * w
    within &= w < ANCHOR_T * aw
    within &= ah < ANCHOR_T * h
    within &= h < ANCHOR_T * ah
    return within


def _checked(values: ArrayLike, name: str) -> Float:
    """Return the values as floats [N, 2] with positive sides, or raise ValueError."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError(f"{name} is empty: there is nothing to measure")
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name}: expected widths and heights of shape (n, 2), got shape {array.shape}")
    wrong = np.flatnonzero(~(np.isfinite(array) & (array > 0)).all(axis=1))
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(f"{name}, row {row}: {array[row].tolist()} is not a positive width and height")
    return array
