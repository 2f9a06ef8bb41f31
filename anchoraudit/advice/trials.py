"""Variants of a detector on the data set of an audit, judged with as little work as they share.

Variants that place boxes alike share the placed boxes. Those that differ only in their border share most
statuses: under a wider border more anchors count, which can only help a box. So a box that has one status
under the narrowest border and under the widest has it under all between.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from anchoraudit.advice.fed import Fed, InFile, OnInput, placing
from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import OnCanvas, place_all
from anchoraudit.encoding.results import Judged
from anchoraudit.encoding.statuses import has


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a detector leaves: the number of images by verdict, and of usable boxes that nothing matches."""

    verdicts: dict[str, int]
    unmatched: int

    def __add__(self, other: Outcome) -> Outcome:
        """Add up two parts of a data set."""
        verdicts = {name: number + other.verdicts[name] for name, number in self.verdicts.items()}
        return Outcome(verdicts, self.unmatched + other.unmatched)


@dataclass(frozen=True, slots=True)
class Trials:
    """The boxes of a data set as a loader has handed it over, and the detectors that are tried on them."""

    fed: Fed
    detectors: tuple[Detector, ...]
    _held: dict[Hashable, tuple[OnInput, Int]] = field(default_factory=dict)

    @classmethod
    def on(cls, dataset: Dataset, detectors: Sequence[Detector], *, drop_difficult: bool) -> Trials:
        """Return the trials of some detectors on a data set."""
        in_file = InFile(dataset, drop_difficult=drop_difficult)
        return cls(Fed(dataset, in_file, admits=False), tuple(detectors))

    def pieces(self) -> list[tuple[int, ...]]:
        """Return the detectors by number, in groups that share most of their work, the largest last."""
        alike: dict[Hashable, list[int]] = {}
        for i, one in enumerate(self.detectors):
            border = one.border
            if _more_anchors_only_help(one):
                border = msgspec.structs.replace(border, margin="off")
            key = (one.resize, one.anchors, one.points, one.match, one.labels, border)
            alike.setdefault(key, []).append(i)
        return [tuple(group) for group in sorted(alike.values(), key=len)]

    def of(self, detector: Detector) -> Outcome:
        """Return the outcome of another detector."""
        (found,) = replace(self, detectors=(detector,)).judge([0])
        return found

    def every(self) -> list[Outcome]:
        """Return the outcome of each detector, in their order."""
        found: dict[int, Outcome] = {}
        for piece in self.pieces():
            found.update(zip(piece, self.judge(piece), strict=True))
        return [found[i] for i in range(len(self.detectors))]

    def judge(self, piece: Sequence[int]) -> list[Outcome]:
        """Return the outcome of each detector of a piece."""
        detectors = [self.detectors[i] for i in piece]
        every, of_image = self._placed(detectors[0])
        return [
            _outcome(every, judged, detector, of_image)
            for judged, detector in zip(_by_border(every, detectors), detectors, strict=True)
        ]

    def _placed(self, detector: Detector) -> tuple[OnInput, Int]:
        """Return the boxes on the input of a detector, and the canvas of each image: int64 [N]."""
        key = placing(detector)
        if key not in self._held:
            self._held.clear()
            placed = place_all(self.fed.clipped, detector)
            self._held[key] = OnInput(self.fed, placed.boxes), placed.of_image
        return self._held[key]


def _more_anchors_only_help(detector: Detector) -> bool:
    return detector.match.judges_shapes_alone and not engines.has_rivals(detector)


def _by_border(every: OnInput, detectors: Sequence[Detector]) -> list[Judged]:
    """Judge boxes by detectors that differ in nothing but the margin of their border, in their order.

    Between two borders only the boxes are judged that have another status under each of these.
    """
    margins = [np.inf if one.border.pixels is None else one.border.pixels for one in detectors]
    order = sorted(range(len(detectors)), key=lambda i: margins[i])
    if len(detectors) < 3:
        return [_judged(every.boxes, detector) for detector in detectors]
    found = {i: _judged(every.boxes, detectors[i]) for i in (order[0], order[-1])}
    narrow, wide = found[order[0]].status, found[order[-1]].status
    rows = np.flatnonzero(narrow != wide)
    some = every.boxes.take(rows)
    for i in order[1:-1]:
        status = narrow.copy()
        status[rows] = _judged(some, detectors[i]).status
        found[i] = Judged(found[order[0]].best, status)
    return [found[i] for i in range(len(detectors))]


def _judged(boxes: OnCanvas, detector: Detector) -> Judged:
    """Judge boxes alone. Where boxes have no rivals, only the status is computed; the best values are NaN."""
    if engines.has_rivals(detector):
        return engines.judge_quickly(boxes, detector)
    status = engines.statuses(boxes, detector)
    return Judged(np.full(len(status), np.nan), status)


def _outcome(every: OnInput, judged: Judged, detector: Detector, of_image: Int) -> Outcome:
    judged = every.compete(judged, detector)
    verdicts = every.verdicts(judged, every.fed.dataset, detector, of_image)
    return Outcome(verdicts, int(np.count_nonzero(has(judged.status, "unmatched"))))
