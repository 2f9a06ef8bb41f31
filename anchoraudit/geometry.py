"""Boxes, overlaps and resizing: pure functions over arrays.

Boxes are `x1, y1, x2, y2` in continuous pixel coordinates: width is `x2 - x1`, no pixel is added.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anchoraudit.similarity import shape_iou

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
