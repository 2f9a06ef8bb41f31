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

from anchoraudit.blocks import for_each_block
from anchoraudit.detectors.spec import Border, Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.geometry import Float, box_sizes, wh_iou

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


def causes_of(boxes: OnCanvas, detector: Detector) -> Code:
    """Cause of each unmatched box: int8 [n], index into CAUSES."""
    cause = np.full(len(boxes.boxes), CAUSES.index("elongated"), dtype=np.int8)
    if not len(cause):
        return cause
    if detector.match.kind == "atss":
        # The nearest anchor, centred freely, has its centre inside the box and the highest IoU of all.
        cause[:] = CAUSES.index("stride")
        return cause

    def by_size(block: slice) -> None:
        cause[block] = _cause_of_sizes(box_sizes(boxes.boxes[block]), detector)

    for_each_block(len(cause), by_size)
    if detector.border.pixels is not None:
        everywhere = msgspec.structs.replace(detector, border=Border(margin="off"))
        judged = engines.judge(boxes, everywhere)
        cause[judged.matched | judged.forced] = CAUSES.index("edge")
    return cause


def _cause_of_sizes(sizes: Float, detector: Detector) -> Code:
    """Causes that follow from box sizes [N, 2] alone: stride, small, large or elongated. int8 [N]."""
    shapes, threshold = detector.shapes, detector.match.foreground_from
    ratio = detector.match.kind == "side_ratio"
    cause = np.full(len(sizes), CAUSES.index("elongated"), dtype=np.int8)
    if not ratio:
        cause[wh_iou(sizes, shapes).max(axis=1) >= threshold] = CAUSES.index("stride")
    rest = np.flatnonzero(cause != CAUSES.index("stride"))
    own, shapes = sizes[rest], _outermost(shapes)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled, scale = scaled_ratio(own, shapes) if ratio else scaled_iou(own, shapes)
    reaches = scaled > threshold if ratio else scaled >= threshold
    # "small" wins where both apply, as it stands first in CAUSES.
    cause[rest[(reaches & (scale < 1.0)).any(axis=1)]] = CAUSES.index("large")
    cause[rest[(reaches & (scale > 1.0)).any(axis=1)]] = CAUSES.index("small")
    return cause


def _outermost(shapes: Float) -> Float:
    """Of shapes [K, 2] of the same aspect the smallest and the largest.

    Scaled to its best, a box does equally well with all of one aspect; what differs is only the scale.
    """
    aspects = np.log(shapes[:, 0] / shapes[:, 1]).round(12)
    order = np.lexsort((shapes[:, 0], aspects))
    first = np.r_[True, np.diff(aspects[order]) != 0]
    last = np.r_[first[1:], True]
    outermost: Float = shapes[order[first | last]]
    return outermost


def scaled_ratio(sizes: Float, shapes: Float) -> tuple[Float, Float]:
    """Best side ratio of box sizes [N, 2] with shapes [K, 2] over all scales, and that scale. [N, K].

    Scaling moves both ratios alike, so the best scale makes them each other's inverse.
    """
    wide = sizes[:, :1] / shapes[:, 0]
    high = sizes[:, 1:] / shapes[:, 1]
    return np.sqrt(np.minimum(wide / high, high / wide)), 1.0 / np.sqrt(wide * high)


def nearest_shape(sizes: Float, detector: Detector) -> npt.NDArray[np.int64]:
    """Index of the anchor shape most like each box size [N, 2], both freely centred. [N]."""
    nearest: npt.NDArray[np.int64] = np.argmax(wh_iou(sizes, detector.shapes), axis=1)
    return nearest


def scaled_iou(sizes: Float, shapes: Float) -> tuple[Float, Float]:
    """Best IoU of box sizes [N, 2] with shapes [K, 2] over all scales of the box, and that scale. [N, K].

    The best scale is the one of equal areas: between the scales at which widths and at which heights agree,
    IoU(t) = c t / (A + B t^2 - c t) with the anchor's area A and the box's B, largest where A = B t^2.
    Nothing outside that range does better, since there one box holds the other.
    """
    w, h = sizes[:, 0], sizes[:, 1]
    aw, ah = shapes[:, :1], shapes[:, 1:]
    area = aw * ah
    with np.errstate(divide="ignore", over="ignore"):  # a box of 1e-300 px fits once it is infinitely larger
        scale = np.sqrt(area / (w * h))
    intersection = np.minimum(w * scale, aw) * np.minimum(h * scale, ah)
    return (intersection / (2.0 * area - intersection)).T, scale.T
