"""How alike two box sizes are, and which way to change one to make them more alike.

A size is a width and a height in pixels; both boxes are taken to share one centre. Every measure is 1 for
equal sizes and falls towards 0, so `1 - similarity` is a distance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
