"""What would let boxes match that never do: measured on these boxes, by the audit's own engine.

Tried are, in this order: other input sizes, a lower positive IoU, and anchors fitted to all boxes. An option
is named with the share of the boxes that get a positive anchor when the command is run with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors import Detector, override
from anchoraudit.detectors.input_sizes import other_sizes
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Clipped, clip_all, place_all
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.errors import AnchorauditError
from anchoraudit.rules._context import Context

_MOST_CLUSTERED = 20_000  # boxes: a second
# Larger inputs first: a box that is too small is the usual fault, and a larger input shows it as it is.
_LARGER, _SMALLER = (1.25, 1.5, 2.0, 2.5, 3.0, 4.0), (0.75, 0.5, 0.25)
_LOWER = (0.6, 0.5, 0.4, 0.3)
_ENOUGH = 0.9  # a remedy for this share is not looked beyond: the next one costs more
_WORTH = 0.5  # the best of one kind is taken if it helps this share; else the next kind is tried
_SAMPLE = 2_000  # boxes of a group by which an option is chosen; its share is then measured on all
_IN_WORDS = {
    "edge": "kept from their anchors by the border rule",
    "stride": "between the anchors",
    "level": "without a point of their level inside",
    "unused": "most like an anchor on no level",
    "small": "too small",
    "large": "too large",
    "elongated": "too elongated",
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """The option that helps, "" for none, and the share of the boxes that then can be positive.

    anchors: the detector has anchors. Else it has points, and of what is tried only input sizes apply.
    """

    option: str
    share: float
    anchors: bool = True

    def __str__(self) -> str:
        """Return `--input-size 1280 matches 92 %`, or of points `gives a point to 92 %`."""
        if not self.anchors:
            if not self.option:
                return "no other input size helps; anchoraudit advise tries more"
            return f"{self.option} gives a point to {percent(self.share)}"
        if not self.option:
            return "no other input size, lower threshold or fitted anchors match any of them"
        return f"{self.option} matches {percent(self.share)}"


def can_be_measured(context: Context) -> bool:
    """Tell whether there are boxes to measure remedies on; of many parts, only the totals are left."""
    return context.given is None


def causes_said(counts: Int, detector: Detector) -> str:
    """Write numbers of boxes by why they are unmatched, [causes]: `23 too small, 2 too elongated`."""
    stride = {} if detector.anchors.levels else {"stride": "without a point inside"}
    in_words = {**_IN_WORDS, **stride}
    named = sorted(((n, name) for n, name in zip(counts.tolist(), CAUSES, strict=True) if n), reverse=True)
    return ", ".join(f"{n:,} {in_words[name]}" for n, name in named)


def percent(share: float) -> str:
    """Write `92 %`. What is not all of them never reads `100 %`, and what is not none `0 %`."""
    if 0 < share < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


class Remedies:
    """Remedies for groups of boxes. Options are the same for all groups, and each is placed once a group."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._dataset = context.dataset if context.loaded is None else context.loaded.dataset

    def of(self, rows: Int) -> Remedy:
        """Return what helps the boxes in these rows, int64 [n]."""
        clipped = clip_all(self._dataset, rows)
        some = clipped
        if len(rows) > _SAMPLE:
            some = clipped.take(np.arange(0, len(rows), max(len(rows) // _SAMPLE, 1)))
        anchors = bool(self._context.detector.anchors.levels)
        best = Remedy("", 0.0, anchors)
        for kind in (self._sizes, self._thresholds, self._fitted):
            for option, detector in kind():
                share = _share(some, detector)
                if share > best.share:
                    best = Remedy(option, share, anchors)
                    chosen = detector
                if share >= _ENOUGH:
                    break
            if best.share >= _WORTH:
                break
        if not best.option or some is clipped:
            return best
        return Remedy(best.option, _share(clipped, chosen), anchors)

    def _sizes(self) -> Iterator[tuple[str, Detector]]:
        detector = self._context.detector
        # Anchors in fractions belong to a network of one input size; images that keep theirs have none.
        if detector.anchors.units == "fractions" or detector.resize.keeps_size:
            return
        for size in other_sizes(detector, (*_LARGER, *_SMALLER)):
            yield from _made(f"--input-size {size}", lambda: override(detector, input_size=size))  # noqa: B023

    def _thresholds(self) -> Iterator[tuple[str, Detector]]:
        detector = self._context.detector
        now = detector.match.positive
        if not detector.match.has_thresholds or now is None:
            return
        for value in (value for value in _LOWER if value < now):
            yield from _made(f"--positive-iou {value:g}", lambda: override(detector, positive_iou=value))  # noqa: B023

    def _fitted(self) -> Iterator[tuple[str, Detector]]:
        """The anchors that `cluster` makes of the same boxes, as many as now; of large data sets, none."""
        detector, boxes = self._context.detector, self._context.placed.boxes.boxes
        if not detector.match.judges_shapes_alone or len(boxes) > _MOST_CLUSTERED:
            return
        from anchoraudit.anchors.clustered import anchors_of
        from anchoraudit.anchors.foreground.levels import lay_out

        sizes = box_sizes(boxes)
        sizes = sizes[(sizes > 0).all(axis=1)]
        count = detector.anchors.count
        option = f"a set of {count} anchors fitted to all boxes (anchoraudit cluster --k {count})"
        yield from _made(option, lambda: lay_out(detector, anchors_of(sizes, count)))


def _made(option: str, make: Callable[[], Detector]) -> Iterator[tuple[str, Detector]]:
    """Yield the option with its detector, or nothing if the detector does not take it."""
    try:
        yield option, make()
    except AnchorauditError:
        return


def _share(clipped: Clipped, detector: Detector) -> float:
    """Return the share of boxes with a positive anchor."""
    judged = engines.judge(place_all(clipped, detector).boxes, detector)
    return float(np.count_nonzero(judged.foreground)) / len(clipped.rows)
