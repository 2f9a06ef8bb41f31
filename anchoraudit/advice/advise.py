"""What each remedy would do to a data set. Every one is replayed, none is guessed.

Rows that change the detector are judged on all images by the engines of the audit. Rows that change the loss,
or drop images, follow from the present state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from anchoraudit.advice.trials import Outcome, Trials
from anchoraudit.advice.variants import Change, Found, Variants
from anchoraudit.arrays import one_thread
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
        The present state.
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
    nothing = Chosen(ignore=("ALL",))
    about = asked(dataset, detector, loader=loader, drop_difficult=drop_difficult)
    detector, drop_difficult = about.detector or load_detector(), about.drop_difficult
    now = audit(
        about.dataset,
        detector,
        drop_difficult=drop_difficult,
        rules=nothing,
        loader=about.loader,
        image_cache=image_cache,
    )
    as_trained = now.dataset
    variants = Variants(now, seed=seed, drop_difficult=drop_difficult)
    judge = _Judge(now, tuple(batch_sizes))
    present = judge.present()
    if not present.empty and not present.unmatched:
        return Advice(now, [present])
    table = variants.table()
    trials = Trials.on(as_trained, [one for _, one in table], drop_difficult=drop_difficult)
    outcomes, found = _judge_all(trials, variants, progress)
    judged = {changes: outcome for (changes, _), outcome in zip(table, outcomes, strict=True)}
    rows = [present, *judge.of_the_loss(present)]
    rows += [judge.row(changes, outcome) for changes, outcome in judged.items()]
    rows.append(judge.guarded(present))
    notes = variants.notes
    if found.detector is None:
        return Advice(now, rows, causes=_causes(now), tried=found.tried, notes=notes)
    outcome = judged.get(found.changes) or trials.of(found.detector)
    best = replace(judge.row(found.changes, outcome), group="combination")
    advised = _named(found.detector, best)
    if best.with_boxes == 0:
        return Advice(now, rows, best, advised, tried=found.tried, notes=notes)
    left = audit(as_trained, found.detector, drop_difficult=drop_difficult, rules=nothing, loader=PLAIN)
    return Advice(now, rows, None, advised, best, _causes(left), found.tried, notes)


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


def _causes(left: Audit) -> dict[str, int]:
    """Count the images with an empty foreground by cause, the most common first."""
    causes = left.image_results.cause[left.verdict_is("empty_foreground")]
    found = {name: int(np.count_nonzero(causes == code)) for code, name in enumerate(CAUSES)}
    return dict(sorted(((c, n) for c, n in found.items() if n), key=lambda item: -item[1]))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Makes rows."""

    audit: Audit
    batch_sizes: tuple[int, ...]

    @property
    def images(self) -> int:
        """The number of images of known size that are trained."""
        return int(np.count_nonzero(~self.audit.verdict_is("unknown", "left_out")))

    def _risks(self, detector: Detector, images: int, empty: int) -> tuple[Risk, ...]:
        loss = detector.loss
        return tuple(risk_of(loss.normaliser, loss.outcome, images, empty, size) for size in self.batch_sizes)

    def present(self) -> Row:
        """Return the row of the present state."""
        results, detector = self.audit.image_results, self.audit.detector
        empty, blank = len(self.audit.images_with(*_EMPTY)), len(self.audit.images_with(*_EMPTY[1:]))
        return Row(
            group="present",
            remedy="as it is",
            images=self.images,
            empty=empty,
            blank=blank,
            unmatched=int(results.unmatched.sum()),
            images_lost=0,
            boxes_lost=0,
            idle=empty,
            risks=self._risks(detector, self.images, empty),
        )

    def of_the_loss(self, present: Row) -> list[Row]:
        """Return the rows for a truncated loss, and for dropping the images."""
        gone = np.flatnonzero(self.audit.verdict_is(*_EMPTY))
        boxes = int(self.audit.image_results.usable[gone].sum())
        no_risk = self._risks(self.audit.detector, present.images, 0)
        left = present.images - len(gone)
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
                images_lost=len(gone),
                boxes_lost=boxes,
                idle=0,
                risks=self._risks(self.audit.detector, left, 0),
            ),
        ]

    def guarded(self, present: Row) -> Row:
        """Return the row for a guarded normaliser: the positives of a batch or an image, at least 1."""
        of = "image" if self.audit.detector.loss.normaliser.startswith("image_") else "batch"
        guard = msgspec.structs.replace(self.audit.detector.loss, normaliser=f"{of}_positives_or_one")
        detector = msgspec.structs.replace(self.audit.detector, loss=guard)
        risks = self._risks(detector, present.images, present.empty)
        return replace(present, group="normaliser", remedy="guarded normaliser", risks=risks)

    def row(self, changes: tuple[Change, ...], outcome: Outcome) -> Row:
        """Return the row for a changed detector with the present one's loss."""
        empty = sum(outcome.verdicts[name] for name in _EMPTY)
        return Row(
            group=changes[0].group if changes else "present",
            remedy=", ".join(change.text for change in changes),
            images=self.images,
            empty=empty,
            blank=sum(outcome.verdicts[name] for name in _EMPTY[1:]),
            unmatched=outcome.unmatched,
            images_lost=0,
            boxes_lost=0,
            idle=empty,
            risks=self._risks(self.audit.detector, self.images, empty),
            changes=changes,
        )
