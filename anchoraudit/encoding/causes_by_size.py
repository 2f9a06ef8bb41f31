"""The causes that follow from a box's size alone. Engines use them; `causes` adds "edge", for all others.

A `Likeness` measures how alike a box and an anchor shape are if position does not matter, and how alike they
become if the box is scaled.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int8, for_each_block
from anchoraudit.boxes import side_ratio, wh_iou
from anchoraudit.detectors.spec import Detector, Match

_HALVINGS = 60  # of an interval of scales: more than the 53 bits of a float64 can resolve

CAUSES = ("edge", "stride", "level", "unused", "small", "large", "elongated")
EDGE, STRIDE, LEVEL, UNUSED, SMALL, LARGE, ELONGATED = range(len(CAUSES))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike box sizes [N, 2] and anchor shapes [K, 2] are, both freely centred.

    of: returns the value of each pair, [N, K]. at_best_scale: returns the best value over all scales of the
    box, with its aspect kept, and that scale; [N, K] both. strict: a value equal to the threshold never
    matches; otherwise the detector says whether it does. anywhere: a pair that matches does so wherever the
    box lies, so "stride" is never the cause.
    """

    of: Callable[[Float, Float], Float]
    at_best_scale: Callable[[Float, Float], tuple[Float, Float]]
    strict: bool = False
    anywhere: bool = False

    def reaches(self, value: Float, match: Match) -> Bool:
        """Tell which values match."""
        strict, threshold = self.strict or not match.foreground_inclusive, match.foreground_from
        reached: Bool = value > threshold if strict else value >= threshold
        return reached


def causes_by(likeness: Likeness, sizes: Float, detector: Detector) -> Int8:
    """Return why boxes of sizes [N, 2] are unmatched although no border rule hinders.

    int8 [N], index into CAUSES, without "edge" and "unused".

    stride: the box would match if the anchor could be centred freely; checked only where position matters.
    small, large: it would match if scaled up, or down. elongated: none of these.
    """
    cause = np.empty(len(sizes), dtype=np.int8)

    def run(block: slice) -> None:
        cause[block] = _causes_of_block(likeness, sizes[block], detector)

    for_each_block(len(sizes), run)
    return cause


def _causes_of_block(likeness: Likeness, sizes: Float, detector: Detector) -> Int8:
    shapes, match = detector.shapes, detector.match
    cause = np.full(len(sizes), ELONGATED, dtype=np.int8)
    rest = np.arange(len(sizes))
    if not likeness.anywhere:
        # One shape after the other stays in a core's cache.
        best = np.full(len(sizes), -np.inf)
        for shape in shapes:
            np.maximum(best, likeness.of(sizes, shape[None])[:, 0], out=best)
        is_stride = likeness.reaches(best, match)
        cause[is_stride] = STRIDE
        rest = np.flatnonzero(~is_stride)
    sizes = sizes.take(rest, axis=0)
    small, large = np.zeros(len(rest), dtype=np.bool_), np.zeros(len(rest), dtype=np.bool_)
    with np.errstate(divide="ignore", invalid="ignore"):
        for shape in _outermost(shapes):
            value, scale = (found[:, 0] for found in likeness.at_best_scale(sizes, shape[None]))
            reached = likeness.reaches(value, match)
            large |= reached & (scale < 1.0)
            small |= reached & (scale > 1.0)
    # Where both apply, "small" wins: it comes first in CAUSES.
    cause[rest[large]] = LARGE
    cause[rest[small]] = SMALL
    return cause


def scale_by(likeness: Likeness, size: Float, detector: Detector, *, up: bool) -> float:
    """Return the factor nearest 1 by which a box of size [1, 2] must be scaled, up or down, to match."""
    shapes, threshold = detector.shapes, detector.match.foreground_from
    value, best = (row[0] for row in likeness.at_best_scale(size, shapes))
    reached = (value >= threshold) & ((best > 1.0) if up else (best < 1.0))
    factors = [
        _bisect(likeness, size, shape[None], threshold, float(scale))
        for scale, shape in zip(best[reached], shapes[reached], strict=True)
    ]
    return min(factors, key=lambda factor: abs(math.log(factor)))


def _bisect(likeness: Likeness, size: Float, shape: Float, threshold: float, best: float) -> float:
    """Return the scale nearest 1 that reaches the threshold.

    The value falls steadily from its best scale towards scale 1, where it is below the threshold.
    """
    near, far = best, 1.0
    for _ in range(_HALVINGS):
        middle = math.sqrt(near * far)
        if likeness.of(size * middle, shape)[0, 0] >= threshold:
            near = middle
        else:
            far = middle
    return near


def _outermost(shapes: Float) -> Float:
    """Return, of all shapes [K, 2] that share an aspect, only the smallest and the largest.

    At its best scale a box is equally like all shapes of one aspect; only the scale differs.
    """
    return np.concatenate([own[sorted({0, len(own) - 1})] for own in by_aspect(shapes)])


def by_aspect(shapes: Float) -> list[Float]:
    """Group shapes [K, 2] by their aspect: those of each, by width."""
    aspects = np.log(shapes[:, 0] / shapes[:, 1]).round(12)
    order = np.lexsort((shapes[:, 0], aspects))
    return np.split(shapes[order], np.flatnonzero(np.diff(aspects[order])) + 1)


def scaled_ratio(sizes: Float, shapes: Float) -> tuple[Float, Float]:
    """Return the best side ratio of sizes [N, 2] with shapes [K, 2] over all scales, and that scale. [N, K].

    Scaling multiplies both ratios by the same factor. At the best scale one is the inverse of the other.
    """
    wide = sizes[:, :1] / shapes[:, 0]
    high = sizes[:, 1:] / shapes[:, 1]
    return np.sqrt(np.minimum(wide / high, high / wide)), 1.0 / np.sqrt(wide * high)


def scaled_iou(sizes: Float, shapes: Float) -> tuple[Float, Float]:
    """Return the best IoU of sizes [N, 2] with shapes [K, 2] over all scales, and that scale. [N, K].

    At the best scale t both areas are equal. Proof: between the scale that makes the widths equal and the one
    that makes the heights equal, IoU(t) = c t / (A + B t^2 - c t), with the anchor's area A and the box's
    area B. This is largest where A = B t^2. Outside that range one rectangle lies inside the other, and the
    IoU only falls.
    """
    w, h = sizes[:, 0], sizes[:, 1]
    aw, ah = shapes[:, :1], shapes[:, 1:]
    area = aw * ah
    with np.errstate(divide="ignore", over="ignore"):  # the scale of a box of 1e-300 px overflows
        scale = np.sqrt(area / (w * h))
    intersection = np.minimum(w * scale, aw) * np.minimum(h * scale, ah)
    return (intersection / (2.0 * area - intersection)).T, scale.T


BY_IOU = Likeness(wh_iou, scaled_iou)
BY_SIDES = Likeness(side_ratio, scaled_ratio, strict=True, anywhere=True)
