"""Boxes, overlaps and resizing: pure functions over arrays.

Boxes are `x1, y1, x2, y2` in continuous pixel coordinates: width is `x2 - x1`, no pixel is added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


def clip_boxes(xyxy: Float, width: Float | float, height: Float | float) -> Float:
    """Clip boxes [N, 4] to their images (`width`, `height`: scalars or [N]). NaN stays NaN."""
    clipped = np.empty_like(xyxy)
    for column in range(4):
        np.clip(xyxy[:, column], 0.0, height if column % 2 else width, out=clipped[:, column])
    return clipped


def box_sizes(xyxy: Float) -> Float:
    """Widths and heights [N, 2] of boxes [N, 4]."""
    return xyxy[:, 2:] - xyxy[:, :2]


def has_area(xyxy: Float) -> Bool:
    """Tell which of the boxes [N, 4] have x2 > x1 and y2 > y1; False where a coordinate is NaN. [N]."""
    return (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])


def iou_with_each(box: Float, others: Float, areas: tuple[Float, Float] | None = None) -> Float:
    """IoU of one box [4] with boxes [N, 4], as `intersection / (area + area - intersection)`. [N].

    areas: of the box and of the others [N], where they are not made of these corners.

    The order of operations is the reference encoder's (`compute_iou`), so that equality with a
    threshold means the same thing here and there. NaN coordinates give NaN.
    """
    overlap_w = np.maximum(np.minimum(others[:, 2], box[2]) - np.maximum(others[:, 0], box[0]), 0.0)
    overlap_h = np.maximum(np.minimum(others[:, 3], box[3]) - np.maximum(others[:, 1], box[1]), 0.0)
    intersection = overlap_w * overlap_h
    if areas is None:
        of_box = (box[2] - box[0]) * (box[3] - box[1])
        of_others = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    else:
        of_box, of_others = areas
    with np.errstate(invalid="ignore", divide="ignore"):
        iou: Float = intersection / (of_others + of_box - intersection)
    return iou


def wh_iou(sizes: Float, shapes: Float) -> Float:
    """IoU of box sizes [N, 2] and anchor shapes [K, 2] that share a centre. [N, K]."""
    # The long axis last, which NumPy walks fastest; the transpose of the result costs nothing.
    return shape_iou(shapes[:, :1], shapes[:, 1:], sizes[:, 0], sizes[:, 1]).T


Floats = NDArray[np.float64]


def shape_iou(w1: Floats, h1: Floats, w2: Floats, h2: Floats) -> Floats:
    """Intersection over union of two boxes that share their centre, broadcast over the arguments."""
    overlap = np.minimum(w1, w2)
    overlap = overlap * np.minimum(h1, h2)
    union = w1 * h1 + w2 * h2
    union -= overlap
    overlap /= union
    return overlap


def shape_ratio(w1: Floats, h1: Floats, w2: Floats, h2: Floats) -> Floats:
    """The worst of the four side ratios `w1/w2, w2/w1, h1/h2, h2/h1`: at most 1, broadcast.

    YOLOv5 decides with it which anchors a box may be assigned to (`utils/autoanchor.py`).
    """
    wide, tall = w1 / w2, h1 / h2
    shrunk = np.minimum(wide, tall)
    grown = np.maximum(wide, tall, out=wide)
    return np.minimum(shrunk, np.reciprocal(grown, out=grown))


def iou_slopes(aw: Floats, ah: Floats, w: Floats, h: Floats) -> tuple[Floats, Floats]:
    """Derivatives of `shape_iou` by log(aw) and by log(ah), of boxes (w, h).

    With I the overlap and U the union: a side shorter than the box's gains I * box / U^2, since overlap
    and union grow together; a longer one loses I * anchor / U^2, since only the union grows.
    """
    box, anchor = w * h, aw * ah
    overlap = np.minimum(aw, w) * np.minimum(ah, h)
    scale = overlap / (box + anchor - overlap) ** 2
    gain, loss = box * scale, -anchor * scale
    return np.where(aw < w, gain, loss), np.where(ah < h, gain, loss)


def ratio_slopes(aw: Floats, ah: Floats, w: Floats, h: Floats) -> tuple[Floats, Floats]:
    """Derivatives of `shape_ratio` by log(aw) and by log(ah): only the side that is further off counts."""
    wide, tall = np.log(w / aw), np.log(h / ah)
    value = np.exp(-np.maximum(np.abs(wide), np.abs(tall)))
    by_width = np.abs(wide) >= np.abs(tall)
    return np.where(by_width, np.sign(wide) * value, 0.0), np.where(by_width, 0.0, np.sign(tall) * value)


@dataclass(frozen=True)
class Measure:
    """A similarity of two sizes and its slopes, each a function of (aw, ah, w, h)."""

    similarity: Callable[[Floats, Floats, Floats, Floats], Floats]
    slopes: Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]]


MEASURES = {"iou": Measure(shape_iou, iou_slopes), "ratio": Measure(shape_ratio, ratio_slopes)}


def similarity_table(
    similarity: Callable[[Floats, Floats, Floats, Floats], Floats], sizes: Floats, anchors: Floats
) -> Floats:
    """Similarity of every anchor and size: sizes (n, 2), anchors (k, 2) -> (k, n).

    Anchors come first because the long axis must be the contiguous one to be fast.
    """
    return similarity(anchors[:, 0, None], anchors[:, 1, None], sizes[:, 0], sizes[:, 1])


def side_ratio(sizes: Floats, anchors: Floats) -> Floats:
    """The worst side ratio, `min(w/wa, wa/w, h/ha, ha/h)`, of every size [N, 2] and anchor [K, 2]. [N, K].

    1 means equal sizes. It is the metric of YOLOv5 (`utils/autoanchor.py`), whose loss assigns a box to
    the anchors where it is above 1/4.
    """
    return similarity_table(shape_ratio, sizes, anchors).T
