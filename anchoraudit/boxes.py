"""All box arithmetic: sizes, clipping, overlap, and how alike two sizes are.

Every function is pure and works on arrays. Boxes are `x1, y1, x2, y2` in continuous pixel coordinates: the
width is `x2 - x1`, no pixel is added. N boxes are float64 [N, 4]; N sizes (width, height) are float64 [N, 2].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, at_most

# Pixels. Coordinates that differ by no more are the same one, written or computed in two ways: float32 tells
# positions near 8,192 px apart in steps of 2^-11 = 0.0005 px, and a share with six decimals is off by at most
# 0.0005 px on an image of 1,000 px. Whoever compares a coordinate with a limit allows for it.
ROUNDING = 1e-3


def box_sizes(xyxy: Float) -> Float:
    """Return widths and heights [N, 2] of boxes [N, 4].

    >>> box_sizes(np.array([[10.0, 20.0, 40.0, 30.0]])).tolist()
    [[30.0, 10.0]]
    """
    sizes = np.empty((2, len(xyxy)), dtype=xyxy.dtype)  # column after column: several times as fast
    for axis in (0, 1):
        np.subtract(xyxy[:, axis + 2], xyxy[:, axis], out=sizes[axis])
    return sizes.T


def shorter_sides(sizes: Float) -> Float:
    """Return the shorter side of each of N sizes [N, 2]: [N]. Several times faster than `sizes.min(axis=1)`.

    >>> shorter_sides(np.array([[30.0, 10.0], [2.0, 5.0]])).tolist()
    [10.0, 2.0]
    """
    shorter: Float = np.minimum(sizes[:, 0], sizes[:, 1])
    return shorter


def are_finite(xyxy: Float) -> Bool:
    """Tell which boxes [N, 4] have no NaN and no infinity: [N]. Faster than `np.isfinite(...).all(axis=1)`.

    >>> are_finite(np.array([[0.0, 0.0, 5.0, 5.0], [0.0, np.nan, 5.0, 5.0]])).tolist()
    [True, False]
    """
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(xyxy.sum()):  # no number is anything else
            return np.ones(len(xyxy), dtype=np.bool_)
    x1, y1, x2, y2 = np.isfinite(xyxy).T
    finite: Bool = x1 & y1 & x2 & y2
    return finite


def has_area(xyxy: Float) -> Bool:
    """Tell which boxes [N, 4] have x2 > x1 and y2 > y1: [N]. A box with a NaN has no area."""
    return (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])


def lie_inside(xyxy: Float, width: Float | float, height: Float | float) -> Bool:
    """Tell which boxes [N, 4] have an area and lie whole in their images: [N]. One with a NaN does not.

    width, height: of the images, scalars or [N].

    >>> lie_inside(np.array([[0.0, 0.0, 640.0, 9.0], [0.0, 0.0, 641.0, 9.0]]), 640.0, 480.0).tolist()
    [True, False]
    """
    x1, y1, x2, y2 = xyxy.T
    inside: Bool = x1 >= 0
    for one in (x1 < x2, x2 <= width, y1 >= 0, y1 < y2, y2 <= height):
        inside &= one
    return inside


def clip_boxes(xyxy: Float, width: Float | float, height: Float | float) -> Float:
    """Clip boxes [N, 4] to their images, of which `width` and `height` are scalars or [N]. NaN stays NaN.

    >>> clip_boxes(np.array([[-5.0, 20.0, 700.0, 30.0]]), 640.0, 480.0).tolist()
    [[0.0, 20.0, 640.0, 30.0]]
    """
    clipped = np.empty_like(xyxy)
    for column in range(4):
        np.clip(xyxy[:, column], 0.0, height if column % 2 else width, out=clipped[:, column])
    return clipped


def iou_with_each(box: Float, others: Float, areas: tuple[Float, Float] | None = None) -> Float:
    """Return the IoU of one box [4] with each of the boxes [N, 4]: [N]. NaN coordinates give NaN.

    areas: of the box and of the others [N], if the framework does not compute them from these corners.

    The formula is `intersection / (area + area - intersection)`, in the order of operations of the reference
    encoder's `compute_iou`: an IoU that equals a threshold there equals it here too.

    >>> iou_with_each(np.array([0.0, 0.0, 2.0, 2.0]), np.array([[1.0, 0.0, 3.0, 2.0]])).round(4).tolist()
    [0.3333]
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


def shape_iou(w1: Float, h1: Float, w2: Float, h2: Float) -> Float:
    """Return the IoU of two boxes with the same centre, from their sides. The arguments are broadcast."""
    overlap, union = at_most(w2, w1), at_most(h2, h1)
    overlap *= union
    union = np.add(w1 * h1, w2 * h2, out=union)
    union -= overlap
    overlap /= union
    return overlap


def shape_ratio(w1: Float, h1: Float, w2: Float, h2: Float) -> Float:
    """Return the smallest of the side ratios `w1/w2, w2/w1, h1/h2, h2/h1`, at most 1. Broadcast.

    YOLOv5 decides with it which anchors a box may be assigned to (`utils/autoanchor.py`).
    """
    wide, tall = w1 / w2, h1 / h2
    shrunk = np.minimum(wide, tall)
    grown = np.maximum(wide, tall, out=wide)
    return np.minimum(shrunk, np.reciprocal(grown, out=grown))


def similarity_table(
    similarity: Callable[[Float, Float, Float, Float], Float], sizes: Float, anchors: Float
) -> Float:
    """Compare every anchor shape [K, 2] with every box size [N, 2]: [K, N].

    Anchors come first so that the long axis is contiguous, which NumPy handles fastest.
    """
    return similarity(anchors[:, 0, None], anchors[:, 1, None], sizes[:, 0], sizes[:, 1])


def wh_iou(sizes: Float, shapes: Float) -> Float:
    """Return the IoU of every box size [N, 2] with every anchor shape [K, 2] of the same centre: [N, K].

    >>> wh_iou(np.array([[10.0, 10.0]]), np.array([[10.0, 10.0], [20.0, 20.0]])).tolist()
    [[1.0, 0.25]]
    """
    return similarity_table(shape_iou, sizes, shapes).T


def side_ratio(sizes: Float, anchors: Float) -> Float:
    """Return the smallest side ratio of every box size [N, 2] and anchor [K, 2], at most 1: [N, K].

    That is `min(w/wa, wa/w, h/ha, ha/h)`; 1 means equal sizes. It is the metric of YOLOv5
    (`utils/autoanchor.py`), whose loss assigns a box to the anchors where it is above 1/4.
    """
    return similarity_table(shape_ratio, sizes, anchors).T


def iou_slopes(aw: Float, ah: Float, w: Float, h: Float) -> tuple[Float, Float]:
    """Return the derivatives of `shape_iou` by log(aw) and log(ah), for anchors (aw, ah) and boxes (w, h).

    With overlap I and union U: a side shorter than the box's gains I * box / U^2, because overlap and union
    grow together. A longer side loses I * anchor / U^2, because only the union grows.
    """
    box, anchor = w * h, aw * ah
    overlap = np.minimum(aw, w) * np.minimum(ah, h)
    scale = overlap / (box + anchor - overlap) ** 2
    gain, loss = box * scale, -anchor * scale
    return np.where(aw < w, gain, loss), np.where(ah < h, gain, loss)


def ratio_slopes(aw: Float, ah: Float, w: Float, h: Float) -> tuple[Float, Float]:
    """Return the derivatives of `shape_ratio` by log(aw) and log(ah).

    Only the side with the worse ratio has one; the other's is 0.
    """
    wide, tall = np.log(w / aw), np.log(h / ah)
    value = np.exp(-np.maximum(np.abs(wide), np.abs(tall)))
    by_width = np.abs(wide) >= np.abs(tall)
    return np.where(by_width, np.sign(wide) * value, 0.0), np.where(by_width, 0.0, np.sign(tall) * value)


@dataclass(frozen=True)
class Measure:
    """How alike two sizes are, and the slopes of that; both are functions of (aw, ah, w, h)."""

    similarity: Callable[[Float, Float, Float, Float], Float]
    slopes: Callable[[Float, Float, Float, Float], tuple[Float, Float]]


MEASURES = {"iou": Measure(shape_iou, iou_slopes), "ratio": Measure(shape_ratio, ratio_slopes)}
