"""The encoder's answer for a set of anchors: images left empty, boxes unmatched, and how well shapes fit.

A set of anchors matches a box if one of its shapes does. So each shape on its level is judged once, by the
same engine as in an audit, and the answer for a set is the union over its shapes. A move of the search
changes one shape, and costs judging one shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec
import numpy as np

from anchoraudit.anchors.file import Anchor
from anchoraudit.anchors.foreground.levels import OnLevel, by_stride, on_levels
from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.boxes import box_sizes, wh_iou
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.statuses import has

# Bytes for remembered answers of single shapes: 2,000 shapes over the 20,000 boxes of a search.
_REMEMBERED = 200_000_000


class Outcome(NamedTuple):
    """What the search minimises. The first number counts most; `misfit` decides if the others are equal.

    empty: images with usable boxes, none of them matched. unmatched: usable boxes that are not matched
    (forced ones are not). misfit: 1 - mean over the usable boxes of the best shape's IoU with the same
    centre.
    """

    empty: int
    unmatched: int
    misfit: float


class Encoder:
    """A detector's encoder over usable boxes, for any anchors.

    boxes: n boxes on their canvases. image: int64 [n], the image of each, ascending. Only matching counts;
    forcing is off.
    """

    def __init__(self, boxes: OnCanvas, image: Int, detector: Detector) -> None:
        self.boxes = _only_used(boxes)
        self.starts = np.flatnonzero(np.r_[True, image[1:] != image[:-1]][: len(image)])
        self.detector = _without_forcing(detector)
        self._known: dict[tuple[int, Anchor], tuple[Bool, Floating]] = {}
        self._most = max(64, _REMEMBERED // (5 * max(len(image), 1)))

    @cached_property
    def sizes(self) -> Float:
        """Widths and heights [n, 2] of the boxes."""
        return box_sizes(self.boxes.boxes)

    def matched(self, anchors: Sequence[Anchor]) -> Bool:
        """Tell which boxes these anchors match, dealt out to the levels: bool [n]."""
        return _any([row[0] for row in self._rows(anchors)])

    def outcome(self, anchors: Sequence[Anchor], at_most: Outcome | None = None) -> Outcome | None:
        """Return the outcome of a set of anchors.

        None if it is worse than `at_most` in empty images or unmatched boxes; the misfit is not computed
        then.
        """
        rows = self._rows(anchors)
        matched = _any([row[0] for row in rows])
        empty, unmatched = self._losses(matched)
        if at_most is not None and (empty, unmatched) > at_most[:2]:
            return None
        return Outcome(empty, unmatched, self._misfit(rows))

    def outcome_on(self, levels: Sequence[OnLevel]) -> Outcome:
        """Return the outcome of anchors with levels. Levels are paired with the detector's by stride."""
        rows = self._rows_on(by_stride(levels, self.detector))
        return Outcome(*self._losses(_any([row[0] for row in rows])), self._misfit(rows))

    def without_foreground(self, matched: Bool) -> Bool:
        """Tell which boxes belong to an image without a matched box: bool [n]."""
        some = np.logical_or.reduceat(matched, self.starts)
        return np.repeat(~some, np.diff(np.r_[self.starts, len(matched)]))

    def _losses(self, matched: Bool) -> tuple[int, int]:
        some = np.logical_or.reduceat(matched, self.starts)
        return len(some) - int(np.count_nonzero(some)), len(matched) - int(np.count_nonzero(matched))

    def _misfit(self, rows: Sequence[tuple[Bool, Floating]]) -> float:
        best = rows[0][1]
        if len(rows) > 1:
            best = np.maximum(best, rows[1][1])
            for row in rows[2:]:
                np.maximum(best, row[1], out=best)
        return 1.0 - float(best.mean(dtype=np.float64))

    def _rows(self, anchors: Sequence[Anchor]) -> list[tuple[Bool, Floating]]:
        return self._rows_on(on_levels(anchors, self.detector))

    def _rows_on(self, levels: Sequence[OnLevel]) -> list[tuple[Bool, Floating]]:
        return [self._row(number, shape) for number, level in enumerate(levels) for shape in level.anchors]

    def _row(self, number: int, shape: Anchor) -> tuple[Bool, Floating]:
        """Return which boxes one shape on one level matches, and its IoU with every box: [n] each."""
        key = (number, shape)
        if key not in self._known:
            if len(self._known) >= self._most:
                self._known.pop(next(iter(self._known)))
            alone = _alone(self.detector, number, shape)
            fits = wh_iou(self.sizes, np.array([shape]))[:, 0].astype(np.float32)
            self._known[key] = has(engines.statuses(self.boxes, alone), "matched"), fits
        return self._known[key]


def judged(boxes: OnCanvas, image: Int, detector: Detector) -> tuple[int, int]:
    """Count images without a matched box, and unmatched boxes, as an audit of the whole detector would.

    image: int64 [n], the image of each box, ascending.
    """
    matched = matches(boxes, detector)
    empty = count_images(image) - count_images(image[matched])
    return empty, len(matched) - int(np.count_nonzero(matched))


def matches(boxes: OnCanvas, detector: Detector) -> Bool:
    """Tell which boxes an anchor matches, without any being forced: bool [n]."""
    return has(engines.statuses(boxes, _without_forcing(detector)), "matched")


def count_images(image: Int) -> int:
    """Count the images in an ascending column of theirs."""
    return int(np.count_nonzero(image[1:] != image[:-1])) + bool(len(image))


def _any(rows: Sequence[Bool]) -> Bool:
    matched = rows[0].copy()
    for row in rows[1:]:
        matched |= row
    return matched


def _without_forcing(detector: Detector) -> Detector:
    match = msgspec.structs.replace(detector.match, force="none", force_floor=0.0)
    return msgspec.structs.replace(detector, match=match)


def _alone(detector: Detector, number: int, shape: Anchor) -> Detector:
    """Return the detector with one shape only, on one of its levels."""
    anchors = detector.anchors
    alone = anchors.with_pixel_shapes((anchors.levels[number].holding((shape,)),))
    return msgspec.structs.replace(detector, anchors=alone)


def _only_used(boxes: OnCanvas) -> OnCanvas:
    """Return the same boxes without the canvases that no box uses."""
    used, of = np.unique(boxes.of, return_inverse=True)
    canvases = Canvases(*(getattr(boxes.canvases, name)[used] for name in Canvases.__slots__))
    return OnCanvas(boxes.boxes, of.reshape(-1).astype(np.int64), canvases)
