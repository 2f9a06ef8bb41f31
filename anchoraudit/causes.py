"""Why a box is matched by no anchor, found by counterfactual: what would have to change for it to match.

The first that applies, in this order:

edge: it matches once the border rule is off.
stride: it matches when the anchor may be centred freely.
small, large: it matches once the box may be scaled up, or down, its aspect kept.
elongated: none of these; no anchor has a shape like it.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from anchoraudit.detectors.spec import Border, Detector
from anchoraudit.encoding.closed_form import best_anchors, has_foreground
from anchoraudit.geometry import Bool, Float, box_sizes, wh_iou

CAUSES = ("edge", "stride", "small", "large", "elongated")
# Each cause in a few plain words, for reports.
MEANING = {
    "edge": "the anchors that would match cross the border and do not count",
    "stride": "an anchor would match, but none is centred closely enough",
    "small": "too small for every anchor",
    "large": "too large for every anchor",
    "elongated": "longer or thinner than every anchor",
}
Code = npt.NDArray[np.int8]


def causes_of(boxes: Float, width: Float, height: Float, detector: Detector) -> Code:
    """Cause of each unmatched box: int8 [N], index into CAUSES.

    boxes: float64 [N, 4], finite, with area, on canvases of `width` [N] x `height` [N] px.
    """
    cause = np.full(len(boxes), CAUSES.index("elongated"), dtype=np.int8)
    undecided = np.arange(len(boxes))
    for name, test in (
        ("edge", _without_border),
        ("stride", _freely_centred),
        ("small", _scaled_up),
        ("large", _scaled_down),
    ):
        applies = test(boxes[undecided], width[undecided], height[undecided], detector)
        cause[undecided[applies]] = CAUSES.index(name)
        undecided = undecided[~applies]
    return cause


def nearest_shape(sizes: Float, detector: Detector) -> npt.NDArray[np.int64]:
    """Index of the anchor shape most like each box size [N, 2], both freely centred. [N]."""
    nearest: npt.NDArray[np.int64] = np.argmax(wh_iou(sizes, detector.anchors.shapes), axis=1)
    return nearest


def scaled_iou(sizes: Float, shapes: Float) -> tuple[Float, Float]:
    """Best IoU of box sizes [N, 2] with shapes [K, 2] over all scales of the box, and that scale. [N, K].

    The best scale is the one of equal areas: between the scales at which widths and at which heights agree,
    IoU(t) = c t / (A + B t^2 - c t) with the anchor's area A and the box's B, largest where A = B t^2.
    Nothing outside that range does better, since there one box holds the other.
    """
    scale = np.sqrt((shapes[:, 0] * shapes[:, 1]) / (sizes[:, :1] * sizes[:, 1:]))
    area = shapes[:, 0] * shapes[:, 1]
    width, height = sizes[:, :1] * scale, sizes[:, 1:] * scale
    intersection = np.minimum(width, shapes[:, 0]) * np.minimum(height, shapes[:, 1])
    return intersection / (2.0 * area - intersection), scale


def _without_border(boxes: Float, width: Float, height: Float, detector: Detector) -> Bool:
    if detector.border.pixels is None:
        return np.zeros(len(boxes), dtype=np.bool_)
    everywhere = msgspec.structs.replace(detector, border=Border(margin="off"))
    return has_foreground(best_anchors(boxes, width, height, everywhere), everywhere)


def _freely_centred(boxes: Float, _width: Float, _height: Float, detector: Detector) -> Bool:
    best: Float = wh_iou(box_sizes(boxes), detector.anchors.shapes).max(axis=1)
    return best >= detector.match.positive


def _scaled_up(boxes: Float, _width: Float, _height: Float, detector: Detector) -> Bool:
    iou, scale = scaled_iou(box_sizes(boxes), detector.anchors.shapes)
    reaches: Bool = np.any((iou >= detector.match.positive) & (scale > 1.0), axis=1)
    return reaches


def _scaled_down(boxes: Float, _width: Float, _height: Float, detector: Detector) -> Bool:
    iou, scale = scaled_iou(box_sizes(boxes), detector.anchors.shapes)
    reaches: Bool = np.any((iou >= detector.match.positive) & (scale < 1.0), axis=1)
    return reaches
