"""Which boxes keep their forced anchor if the border rule comes after the matching.

There, a box forces its best anchor of all, and that anchor is ignored afterwards if it crosses the border.
Source: detectron2, `rpn.py: label_and_sample_anchors`.
"""

from __future__ import annotations

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Float, Int, for_each_block
from anchoraudit.detectors.spec import Border, Detector
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.definition import anchors_of, reaches_floor
from anchoraudit.encoding.grid import extents
from anchoraudit.encoding.iou.closed_form import (
    NEAR,
    Cells,
    best_ious,
    levels_of,
    nearest,
    of_boxes,
    overlaps,
)
from anchoraudit.encoding.window import candidates, counting_anchors, first_of_each_box

_AT_ONCE = 1 << 10  # boxes whose candidates are in memory at a time: of a tiny box, thousands of anchors


def survives(boxes: OnCanvas, best: Float, detector: Detector) -> Bool:
    """Tell for which boxes the best of all anchors counts. [n].

    best: float64 [n], their best IoU over the anchors that count.
    """
    everywhere = msgspec.structs.replace(detector, border=Border(margin="off"))
    top = best_ious(boxes, everywhere)
    near = NEAR[detector.anchors.precision]
    sure = (top - near > detector.match.force_floor) & _far_from_border(boxes, top - near, detector)
    rows = np.flatnonzero((best >= top - near) & ~sure)
    # If no anchor that crosses the border has such an IoU, all best anchors count.
    outside = _best_outside(boxes.take(rows), detector)
    apart = (best[rows] - outside > 2 * near) & (top[rows] - near > detector.match.force_floor)
    sure[rows[apart]] = True
    rows = rows[~apart]
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        found = candidates(boxes.take(part), np.maximum(top[part] - 2 * near, 0.0), detector)
        highest = np.zeros(len(part), dtype=found.iou.dtype)
        np.maximum.at(highest, found.box, found.iou)
        top_ones = (found.iou == highest[found.box]) & (found.iou > 0) & reaches_floor(found.iou, detector)
        hit = np.flatnonzero(top_ones)
        if detector.match.force == "best":  # the first of several
            hit = first_of_each_box(found, hit)
        sure[part[found.box[hit[found.counts[hit]]]]] = True
        nothing = part[highest == 0]
        if len(nothing) and bool(reaches_floor(np.zeros(1), detector)[0]):
            sure[nothing] = _takes_any(boxes.take(nothing), detector)
    return sure


def _best_outside(boxes: OnCanvas, detector: Detector) -> Float:
    """Return the best IoU of each box over the anchors that do not count, within NEAR; 0 if all count. [n].

    Such an anchor crosses the border along x or along y. The best one is in the nearest crossing cell along
    one axis, and in the nearest cell of all along the other.
    """
    top = np.zeros(len(boxes.boxes))
    levels = levels_of(boxes.canvases, detector)

    def run(block: slice) -> None:
        own, of = np.ascontiguousarray(boxes.boxes[block].T), boxes.of[block]
        sides, centres = own[2:] - own[:2], (own[:2] + own[2:]) * 0.5
        area, best = sides[0] * sides[1], top[block]
        for axes in levels:
            near = [nearest(centres[a], axis, of) for a, axis in enumerate(axes)]
            for k in range(len(axes[0].sizes)):
                size = [of_boxes(axis.sizes[k], of) for axis in axes]
                every, outside = [], []
                for a, axis in enumerate(axes):
                    half = sides[a] * 0.5
                    apart = np.abs(centres[a] - near[a])
                    every.append(overlaps(half - apart, size[a], sides[a], np.float64))
                    away = _apart_outside(centres[a], near[a], axis, k, of)
                    outside.append(overlaps(half - away, size[a], sides[a], np.float64))
                together = np.maximum(outside[0] * every[1], every[0] * outside[1])
                np.maximum(best, together / (size[0] * size[1] + area - together), out=best)

    for_each_block(len(top), run)
    return top


def _apart_outside(centre: Float, near: Float, axis: Cells, k: int, of: Int) -> Float:
    """Return each box's distance to the centre of the nearest cell whose anchor of shape k crosses."""
    assert axis.bounds is not None
    first, last = (of_boxes(bound, of) for bound in axis.bounds[k])
    stride, offset = of_boxes(axis.stride, of), of_boxes(axis.offset, of)
    end = offset + of_boxes(axis.last, of) * stride
    slack = stride * 0.5
    before = np.where(first - stride > offset - slack, centre - (first - stride), np.inf)
    after = np.where(last + stride < end + slack, (last + stride) - centre, np.inf)
    crossing = (near < first - slack) | (near > last + slack)
    return np.where(crossing, np.abs(centre - near), np.minimum(before, after))


def _far_from_border(boxes: OnCanvas, at_least: Float, detector: Detector) -> Bool:
    """Tell which boxes lie so far inside that every anchor with an IoU of `at_least` [n] > 0 counts.

    An anchor that reaches d past a box of width w has an IoU of at most w / (w + d).
    """
    inner = np.ones(len(at_least), dtype=np.bool_)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = (1.0 - at_least) / at_least
    for a in (0, 1):
        low, high = boxes.boxes[:, a], boxes.boxes[:, a + 2]
        past = (high - low) * reach + 1.0  # a pixel more than any rounding
        inner &= (low - past > 0.0) & (high + past < extents(boxes.canvases, a, detector.border)[1][boxes.of])
    return inner


def _takes_any(boxes: OnCanvas, detector: Detector) -> Bool:
    """Tell which boxes that overlap no anchor force one that counts.

    With "ties" such a box forces all anchors, with "best" the first one.
    """
    if detector.match.force == "ties":
        some: Bool = counting_anchors(boxes.canvases, detector)[boxes.of] > 0
        return some
    sizes = [getattr(boxes.canvases, name)[boxes.of].tolist() for name in Canvases.__slots__]
    counts = [anchors_of(w, h, detector, (iw, ih))[1] for w, h, iw, ih in zip(*sizes, strict=True)]
    return np.array([len(own) > 0 and bool(own[0]) for own in counts], dtype=np.bool_)
