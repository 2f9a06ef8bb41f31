"""What each remedy would do to a data set. Every one is replayed, none is guessed.

Rows that change the detector are judged on all images by the engines of the audit. Rows that change the loss,
or drop images, follow from the present state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

from anchoraudit.advice.trials import Outcome, Trials
from anchoraudit.advice.usable import UsableOfAudit
from anchoraudit.advice.variants import Change, Found, Variants
from anchoraudit.arrays import Int, one_thread
from anchoraudit.auditing.asked import asked
from anchoraudit.auditing.audit import Audit, audit
from anchoraudit.auditing.risk import BATCH_SIZES, Risk, risk_of
from anchoraudit.detectors import Detector, DetectorLike, load_detector
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.io.processes import shared_out
from anchoraudit.io.shown import Shown
from anchoraudit.loaders import PLAIN
from anchoraudit.rules import Chosen

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Auditable

NOTHING = Chosen(ignore=("ALL",))
_EMPTY = ("empty_foreground", "blank", "no_usable_box")


# The first line of a detector file that advise wrote.
MARK = "Detector as advised by anchoraudit"


@dataclass(frozen=True, slots=True)
class Row:
    """What one remedy leaves of N images.

    group: the kind of remedy. remedy: a few words. empty: images with an empty mask. blank: those of them
    without any usable box, which no encoder can help. unmatched: usable boxes that no anchor matches.
    images_lost, boxes_lost: dropped from the training. idle: images in the training that teach nothing about
    boxes. risks: one for each batch size. changes: what was changed in the detector.
    """

    group: str
    remedy: str
    images: int
    empty: int
    blank: int
    unmatched: int
    images_lost: int
    boxes_lost: int
    idle: int
    risks: tuple[Risk, ...]
    changes: tuple[Change, ...] = ()

    @property
    def with_boxes(self) -> int:
        """Images with usable boxes whose mask is empty."""
        return self.empty - self.blank

    @property
    def survives(self) -> list[int]:
        """Batch sizes at which no step of an epoch can be NaN."""
        return [risk.batch_size for risk in self.risks if risk.expected == 0]


@dataclass(frozen=True, slots=True, repr=False)
class Advice(Shown):
    """The table of remedies, and the cheapest combination that leaves no image with boxes empty.

    Attributes
    ----------
    audit : Audit
        The present state; of a data set in parts, without its images and boxes.
    rows : list of Row
        One row for each remedy; the first is the present state.
    best : Row or None
        The cheapest combination that leaves no image with boxes empty.
    detector : Detector or None
        The detector of `best` or `nearest`; None if no change helps.
    nearest : Row or None
        If there is no `best`: the combination that leaves the fewest images empty; None if that is the
        present state.
    causes : dict
        If there is no `best`: the images left empty, by the most common cause of their boxes.
    tried : int
        How many combinations were tried.
    notes : list of str
        What could not be tried, and why.
    forced : int
        Boxes that only a forced match trains, in the present state.
    not_read : list of str
        Of a data set in parts: what could not be read, and why.

    Examples
    --------
    >>> advice = advise([{"width": 960, "height": 720, "boxes": [[400, 360, 474, 509]], "labels": ["cat"]}])
    >>> advice
    Advice for <records> and reference
      nothing to do: every image has foreground, every box is matched
      as it is: 0 images without foreground, 0 boxes unmatched
    """

    audit: Audit
    rows: list[Row]
    best: Row | None = None
    detector: Detector | None = None
    nearest: Row | None = None
    causes: dict[str, int] = field(default_factory=dict)
    tried: int = 0
    notes: list[str] = field(default_factory=list)
    forced: int = 0
    not_read: list[str] = field(default_factory=list)

    @property
    def needed(self) -> bool:
        """Tell whether there is an image without foreground or an unmatched box.

        >>> matched = {"width": 960, "height": 720, "boxes": [[400, 360, 474, 509]], "labels": ["cat"]}
        >>> advise([matched]).needed
        False
        """
        return self.rows[0].empty > 0 or self.rows[0].unmatched > 0


def advise(
    dataset: Auditable,
    detector: DetectorLike | None = None,
    *,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    drop_difficult: bool = False,
    loader: str | None = None,
    image_cache: Path | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Advice:
    """Replay every remedy on a data set.

    Parameters
    ----------
    dataset : Dataset, Audit, or what `read` reads
        As in `audit`. Of an audit, its loader and its label policy are kept too.
    detector : str, Path, Detector or model, optional
        As in `audit`. By default that of the audit, or else "reference".
    batch_sizes : sequence of int
        Batch sizes for the risk of NaN.
    drop_difficult : bool
        Boxes marked as difficult are not usable.
    loader, image_cache : optional
        As in `audit`.
    seed : int
        Random seed of the clustering.
    progress : callable, optional
        Called with (detectors judged, to judge).

    Returns
    -------
    Advice
        What each remedy leaves, and the cheapest combination that helps.

    Raises
    ------
    AnchorauditError
        If the data set or the detector cannot be read, or if no image has a known size.

    Examples
    --------
    >>> advice = advise("sample_data/coco", "reference")
    >>> advice.rows[0].remedy, advice.rows[0].empty
    ('as it is', 19)
    >>> advice.best.remedy, advice.best.with_boxes
    ('12 anchors clustered', 0)
    """
    about = asked(dataset, detector, loader=loader, drop_difficult=drop_difficult)
    detector, drop_difficult = about.detector or load_detector(), about.drop_difficult
    now = audit(
        about.dataset,
        detector,
        drop_difficult=drop_difficult,
        rules=NOTHING,
        loader=about.loader,
        image_cache=image_cache,
    )
    present = Present.of(now)
    making = Making(now, present, tuple(batch_sizes))
    if not present.needs_advice:
        return making.nothing_to_do()
    variants = Variants(detector, UsableOfAudit(now).in_order(), seed)
    table = variants.table()
    trials = Trials.on(now.dataset, [one for _, one in table], drop_difficult=drop_difficult)
    outcomes, found = _judge_all(trials, variants, progress)
    judged = {changes: outcome for (changes, _), outcome in zip(table, outcomes, strict=True)}

    causes_of = partial(causes_left_by, now, drop_difficult=drop_difficult)
    return making.advice(judged, found, variants.notes, trials.of, causes_of)


def causes_left_by(now: Audit, detector: Detector, *, drop_difficult: bool) -> Int:
    """Count the images of an audit that another detector leaves empty, by cause: int64."""
    left = audit(now.dataset, detector, drop_difficult=drop_difficult, rules=NOTHING, loader=PLAIN)
    return _causes(left)


def _judge_all(
    trials: Trials, variants: Variants, progress: Callable[[int, int], None] | None
) -> tuple[list[Outcome], Found]:
    """Judge the detectors of the table, and look for the cheapest combination beside that.

    This process begins with the search, which may take longest, and whose notes are its own.
    """
    pieces: list[Sequence[int] | None] = [*trials.pieces(), None]
    outcomes: dict[int, Outcome] = {}
    found = Found()

    def work(piece: Sequence[int] | None) -> list[Outcome] | Found:
        with one_thread() if variants.beside else nullcontext():
            return variants.cheapest() if piece is None else trials.judge(piece)

    with shared_out(work, pieces, variants.beside) as results:
        for number, result in results():
            if isinstance(result, Found):
                found = result
                continue
            outcomes.update(zip(pieces[number] or (), result, strict=True))
            if progress is not None:
                progress(len(outcomes), len(trials.detectors))
    return [outcomes[i] for i in range(len(trials.detectors))], found


def _named(detector: Detector, row: Row) -> Detector:
    """Return the detector with a name of its own, and a note on what was changed."""
    note = f"{MARK}, in place of {detector.name}: {row.remedy}."
    return msgspec.structs.replace(detector, name=f"{detector.name}-advised", notes=(note, *detector.notes))


def _named_causes(causes: Int) -> dict[str, int]:
    """Return numbers of images by cause, the most common first. causes: int64, by cause."""
    found = dict(zip(CAUSES, causes.tolist(), strict=True))
    return dict(sorted(((c, n) for c, n in found.items() if n), key=lambda item: -item[1]))


def _causes(left: Audit) -> Int:
    """Count the images with an empty foreground by cause: int64."""
    return np.bincount(left.image_results.cause[left.verdict_is("empty_foreground")], minlength=len(CAUSES))


@dataclass(frozen=True, slots=True)
class Present:
    """The present state of a data set, or of a part of it, in numbers that add up.

    images: those of known size that are trained. empty: those of them with an empty mask. blank: those
    without any usable box. lost: usable boxes of empty images. unmatched: usable boxes that no anchor
    matches. forced: those that only a forced match trains. causes: int64, images with boxes that are empty,
    by cause.
    """

    images: int
    empty: int
    blank: int
    lost: int
    unmatched: int
    forced: int
    causes: Int

    @classmethod
    def of(cls, now: Audit) -> Self:
        """Count them."""
        results, empty = now.image_results, now.images_with(*_EMPTY)
        return cls(
            images=int(np.count_nonzero(~now.verdict_is("unknown", "left_out"))),
            empty=len(empty),
            blank=len(now.images_with(*_EMPTY[1:])),
            lost=int(results.usable[empty].sum()),
            unmatched=int(results.unmatched.sum()),
            forced=int(results.forced.sum()),
            causes=_causes(now),
        )

    def __add__(self, other: Present) -> Present:
        return Present(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def needs_advice(self) -> bool:
        """Tell whether there is an image without foreground or an unmatched box."""
        return self.empty > 0 or self.unmatched > 0


@dataclass(frozen=True, slots=True)
class Making:
    """Makes advice of what was counted.

    now: the audit that reports go by; of a data set in parts, without its images and boxes. present: what
    was counted of it. not_read: what could not be read of it.
    """

    now: Audit
    present: Present
    batch_sizes: tuple[int, ...]
    not_read: list[str] = field(default_factory=list)

    def nothing_to_do(self) -> Advice:
        """Return the advice for a data set that needs none."""
        return Advice(self.now, [self._present_row()], forced=self.present.forced, not_read=self.not_read)

    def advice(
        self,
        judged: Mapping[tuple[Change, ...], Outcome],
        found: Found,
        notes: list[str],
        outcome_of: Callable[[Detector], Outcome],
        causes_of: Callable[[Detector], Int],
    ) -> Advice:
        """Return the advice.

        judged: the outcomes of the rows that change the detector. found: the cheapest combination.
        outcome_of, causes_of: the outcome of another detector, and the images that it leaves empty by cause.
        """
        present = self._present_row()
        rows = [present, *self._of_the_loss(present)]
        rows += [self._row(changes, outcome) for changes, outcome in judged.items()]
        rows.append(self._guarded(present))
        about: dict[str, Any] = {
            "tried": found.tried,
            "notes": notes,
            "forced": self.present.forced,
            "not_read": self.not_read,
        }
        if found.detector is None:
            return Advice(self.now, rows, causes=_named_causes(self.present.causes), **about)
        outcome = judged.get(found.changes) or outcome_of(found.detector)
        best = replace(self._row(found.changes, outcome), group="combination")
        advised = _named(found.detector, best)
        if best.with_boxes == 0:
            return Advice(self.now, rows, best, advised, **about)
        causes = _named_causes(causes_of(found.detector))
        return Advice(self.now, rows, None, advised, best, causes, **about)

    def _risks(self, detector: Detector, images: int, empty: int) -> tuple[Risk, ...]:
        loss = detector.loss
        return tuple(risk_of(loss.normaliser, loss.outcome, images, empty, size) for size in self.batch_sizes)

    def _present_row(self) -> Row:
        """Return the row of the present state."""
        images, empty = self.present.images, self.present.empty
        return Row(
            group="present",
            remedy="as it is",
            images=images,
            empty=empty,
            blank=self.present.blank,
            unmatched=self.present.unmatched,
            images_lost=0,
            boxes_lost=0,
            idle=empty,
            risks=self._risks(self.now.detector, images, empty),
        )

    def _of_the_loss(self, present: Row) -> list[Row]:
        """Return the rows for a truncated loss, and for dropping the images."""
        gone, boxes = self.present.empty, self.present.lost
        no_risk = self._risks(self.now.detector, present.images, 0)
        left = present.images - gone
        return [
            replace(present, group="loss", remedy="truncated loss", risks=no_risk),
            replace(
                present,
                group="filter",
                remedy="dropped (filter)",
                images=left,
                empty=0,
                blank=0,
                unmatched=present.unmatched - boxes,
                images_lost=gone,
                boxes_lost=boxes,
                idle=0,
                risks=self._risks(self.now.detector, left, 0),
            ),
        ]

    def _guarded(self, present: Row) -> Row:
        """Return the row for a guarded normaliser: the positives of a batch or an image, at least 1."""
        of = "image" if self.now.detector.loss.normaliser.startswith("image_") else "batch"
        guard = msgspec.structs.replace(self.now.detector.loss, normaliser=f"{of}_positives_or_one")
        detector = msgspec.structs.replace(self.now.detector, loss=guard)
        risks = self._risks(detector, present.images, present.empty)
        return replace(present, group="normaliser", remedy="guarded normaliser", risks=risks)

    def _row(self, changes: tuple[Change, ...], outcome: Outcome) -> Row:
        """Return the row for a changed detector with the present one's loss."""
        empty = sum(outcome.verdicts[name] for name in _EMPTY)
        return Row(
            group=changes[0].group if changes else "present",
            remedy=", ".join(change.text for change in changes),
            images=self.present.images,
            empty=empty,
            blank=sum(outcome.verdicts[name] for name in _EMPTY[1:]),
            unmatched=outcome.unmatched,
            images_lost=0,
            boxes_lost=0,
            idle=empty,
            risks=self._risks(self.now.detector, self.present.images, empty),
            changes=changes,
        )
