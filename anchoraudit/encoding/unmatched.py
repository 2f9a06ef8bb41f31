"""Why a box has no positive anchor, as far as its size tells: what the engine of its kind of matching says.

A `Likeness` says how alike a box and an anchor shape are where position does not count, and how alike they
become once the box may be scaled.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int8
from anchoraudit.boxes import side_ratio, wh_iou
from anchoraudit.detectors.spec import Detector

CAUSES = ("edge", "stride", "unused", "small", "large", "elongated")
EDGE, STRIDE, UNUSED, SMALL, LARGE, ELONGATED = range(len(CAUSES))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike box sizes [N, 2] and anchor shapes [K, 2] are, both freely centred.

    of: the value of each pair, [N, K]. at_best_scale: the best value over all scales of the box, its aspect
    kept, and that scale; [N, K] both. strict: a value equal to the threshold does not match. anywhere: a pair
    that matches does so wherever the box lies, so its place is never to blame.
    """

    of: Callable[[Float, Float], Float]
    at_best_scale: Callable[[Float, Float], tuple[Float, Float]]
    strict: bool = False
    anywhere: bool = False

    def reaches(self, value: Float, threshold: float) -> Bool:
        """Tell which values match."""
        reached: Bool = value > threshold if self.strict else value >= threshold
        return reached


def causes_by(likeness: Likeness, sizes: Float, detector: Detector) -> Int8:
    """Cause of unmatched boxes of sizes [N, 2] that no border is to blame for: indices of CAUSES, int8 [N].

    stride: it would match if the anchor could be centred freely; asked only where places count. small, large:
    once the box may be scaled up, or down. elongated: none of these.
    """
    shapes, threshold = detector.shapes, detector.match.foreground_from
    cause = np.full(len(sizes), ELONGATED, dtype=np.int8)
    if not likeness.anywhere:
        cause[likeness.of(sizes, shapes).max(axis=1) >= threshold] = STRIDE
    rest = np.flatnonzero(cause != STRIDE)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, scale = likeness.at_best_scale(sizes[rest], _outermost(shapes))
    reached = likeness.reaches(value, threshold)
    # "small" wins where both apply, as it stands first in CAUSES.
    cause[rest[(reached & (scale < 1.0)).any(axis=1)]] = LARGE
    cause[rest[(reached & (scale > 1.0)).any(axis=1)]] = SMALL
    return cause


def scale_by(likeness: Likeness, size: Float, detector: Detector, *, up: bool) -> float:
    """The factor nearest 1 by which a box of size [1, 2] must be scaled, up or down, to match a shape."""
    shapes, threshold = detector.shapes, detector.match.foreground_from
    value, best = (row[0] for row in likeness.at_best_scale(size, shapes))  # as the cause was found
    reached = (value >= threshold) & ((best > 1.0) if up else (best < 1.0))
    factors = [
        _bisect(likeness, size, shape[None], threshold, float(scale))
        for scale, shape in zip(best[reached], shapes[reached], strict=True)
    ]
    return min(factors, key=lambda factor: abs(math.log(factor)))


def _bisect(likeness: Likeness, size: Float, shape: Float, threshold: float, best: float) -> float:
    """The value falls steadily from its best scale towards 1, and is below the threshold there."""
    near, far = best, 1.0
    for _ in range(60):
        middle = math.sqrt(near * far)
        if likeness.of(size * middle, shape)[0, 0] >= threshold:
            near = middle
        else:
            far = middle
    return near


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


BY_IOU = Likeness(wh_iou, scaled_iou)
BY_SIDES = Likeness(side_ratio, scaled_ratio, strict=True, anywhere=True)
