"""Advice on a data set that is read part by part.

Each pass asks every part about many variants at once, and adds up what it counts. Anchors are clustered from,
and searched on, the same boxes as for the whole, which are drawn by what they are: the first pass keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import add
from os import PathLike
from typing import NamedTuple

import numpy as np

from anchoraudit.advice.advise import NOTHING, Advice, Making, Present, causes_left_by
from anchoraudit.advice.rounds import InRounds
from anchoraudit.advice.trials import Outcome, Trials
from anchoraudit.advice.usable import SIZES, Left, Question, UsableOfAudit, sample_size, sizes_of
from anchoraudit.anchors.drawing import Drawn
from anchoraudit.anchors.foreground.searched import MOST_BOXES
from anchoraudit.arrays import Float, Int
from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.risk import BATCH_SIZES
from anchoraudit.detectors import Detector, DetectorLike
from anchoraudit.encoding.canvas import Clipped, OnCanvas, place_all
from anchoraudit.loaders import Tally
from anchoraudit.partitions.passes import Passes, Summed, Together
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings


def advise_partitions(
    source: str | PathLike[str] | InParts,
    detector: DetectorLike = "reference",
    *,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    drop_difficult: bool = False,
    loader: str | None = None,
    images: str = "none",
    seed: int = 0,
) -> Advice:
    """Replay every remedy on a data set part by part, in bounded memory. Parts are read several times.

    Parameters
    ----------
    source : str, Path or InParts
        What `audit_partitions` takes; an `InParts` says also how it is read, and where.
    detector, batch_sizes, drop_difficult, loader, seed
        As `advise` takes them.
    images : {"none", "header", "decode"}
        How image files are checked, where they are found.

    Returns
    -------
    Advice
        As of `advise`. Its audit has no images and boxes. Its `not_read` says which parts could not be read.

    Raises
    ------
    AnchorauditError
        If no part, or the detector, can be read.

    Examples
    --------
    >>> advice = advise_partitions("sample_data/coco", "reference")
    >>> advice.best.remedy, advice.best.with_boxes
    ('12 anchors clustered', 0)
    """
    settings = Settings.of(detector, NOTHING, drop_difficult=drop_difficult, loader=loader, images=images)
    reading = source if isinstance(source, InParts) else InParts(source)
    return advised(reading, settings, batch_sizes=batch_sizes, seed=seed).advice


class Advised(NamedTuple):
    """Advice, and what the loader did in all parts; None without one."""

    advice: Advice
    tally: Tally | None


def advised(
    reading: InParts, settings: Settings, *, batch_sizes: Sequence[int] = BATCH_SIZES, seed: int = 0
) -> Advised:
    """Replay every remedy part by part. settings: with a detector. Raises as `advise_partitions`."""
    with Passes.over(reading, settings) as passes:
        return passes.until_all_answer(partial(_advised, passes, tuple(batch_sizes), seed))


def _advised(passes: Passes, batch_sizes: tuple[int, ...], seed: int) -> Advised:
    together: Together[_Counted] = passes.first(partial(_count, seed))
    total, tally = together.found, together.tally
    now, drop_difficult = passes.now, passes.settings.drop_difficult
    making = Making(now, total.present, batch_sizes, passes.not_read)
    if not total.present.needs_advice:
        return Advised(making.nothing_to_do(), tally)
    variants = InRounds(now.detector, _UsableOfParts(passes, total), seed)
    table = variants.table()
    detectors = tuple(detector for _, detector in table)
    outcomes = passes.sum(partial(_judge, detectors, drop_difficult)).each if table else ()
    judged = {changes: outcome for (changes, _), outcome in zip(table, outcomes, strict=True)}
    found = variants.cheapest()

    def outcome_of(other: Detector) -> Outcome:
        judged: Summed[Outcome] = passes.sum(partial(_judge, (other,), drop_difficult))
        return judged.each[0]

    def causes_of(other: Detector) -> Int:
        causes: Int = passes.sum(partial(_causes, other, drop_difficult))
        return causes

    return Advised(making.advice(judged, found, variants.notes, outcome_of, causes_of), tally)


class _Sample(NamedTuple):
    """Boxes that anchors are found from. even: of twice the size of the sample. of_images: for a search."""

    even: Drawn
    of_images: Drawn


@dataclass(frozen=True, slots=True)
class _Counted:
    """The present state of a part, how many usable boxes it has, and images with boxes that are empty.

    sample: None where anchors cannot be fitted.
    """

    present: Present
    boxes: int
    empty: int
    sample: _Sample | None

    def __add__(self, other: _Counted) -> _Counted:
        sample = None
        if self.sample is not None and other.sample is not None:
            sample = _Sample(*map(add, self.sample, other.sample))
        return _Counted(
            self.present + other.present, self.boxes + other.boxes, self.empty + other.empty, sample
        )


def _count(seed: int, now: Audit) -> Together[_Counted]:
    boxes, sample = UsableOfAudit(now), None
    if now.detector.match.judges_shapes_alone:
        clipped, keys = boxes.in_file, boxes.keys
        sample = _Sample(
            Drawn.of(clipped, keys.even, keys.box, 2 * SIZES),
            Drawn.of(clipped, keys.of_images(seed), keys.box, MOST_BOXES),
        )
    return Together.of(now, _Counted(Present.of(now), boxes.number, boxes.empty, sample))


def _judge(detectors: tuple[Detector, ...], drop_difficult: bool, now: Audit) -> Summed[Outcome]:
    return Summed(tuple(Trials.on(now.dataset, detectors, drop_difficult=drop_difficult).every()))


def _causes(detector: Detector, drop_difficult: bool, now: Audit) -> Int:
    return causes_left_by(now, detector, drop_difficult=drop_difficult)


def _leave(questions: tuple[Question, ...], now: Audit) -> Int:
    """Count what each question asks: int64 [Q, 2]."""
    return np.array(UsableOfAudit(now).leaves(questions), dtype=np.int64)


class _UsableOfParts:
    """The usable boxes of all parts."""

    def __init__(self, passes: Passes, counted: _Counted) -> None:
        self._passes, self._counted = passes, counted
        self.number, self.empty = counted.boxes, counted.empty

    def sizes(self, detector: Detector) -> Float:
        """Return box sizes [n, 2] on a detector's input, an even sample."""
        return sizes_of(self._even, detector)

    def drawn(self, detector: Detector, seed: int) -> tuple[OnCanvas, Int]:
        """Return the boxes of the images drawn, on a detector's input, and the image of each.

        seed: that of the run, for which they were drawn.
        """
        drawn = self._sampled.of_images
        return place_all(drawn.clipped, detector).boxes, drawn.image

    def leaves(self, questions: Sequence[Question]) -> list[Left]:
        """Count, for each question, the images with boxes left empty, and the unmatched boxes."""
        return [(empty, lost) for empty, lost in self._passes.sum(partial(_leave, tuple(questions))).tolist()]

    @property
    def _sampled(self) -> _Sample:
        assert self._counted.sample is not None  # asked for only where anchors can be fitted
        return self._counted.sample

    @cached_property
    def _even(self) -> Clipped:
        return self._sampled.even.first(sample_size(self.number)).clipped
