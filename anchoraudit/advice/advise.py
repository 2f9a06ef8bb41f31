"""What each remedy would do to a data set: every one replayed, none guessed.

Rows that change the detector are judged on all images by the same engines as the audit. Rows that change the
loss, or leave images out, follow from the present state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from anchoraudit.advice.compare import Compared, compare
from anchoraudit.advice.variants import Change, Variants
from anchoraudit.auditing.audit import Audit, audit
from anchoraudit.auditing.risk import BATCH_SIZES, Risk, risk_of
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.rules import Chosen

_EMPTY = ("empty_foreground", "blank", "no_usable_box")


# How a detector begins that is written as advised.
MARK = "Detector as advised by anchoraudit"


@dataclass(frozen=True, slots=True)
class Row:
    """What one remedy leaves of N images.

    group: which of the remedies; remedy: in a few words. empty: images with an empty mask; blank: those of
    them that no encoder can help, without any usable box. unmatched: usable boxes that no anchor matches.
    images_lost, boxes_lost: left out of the training. taught: images that are trained without teaching
    anything about boxes. risks: one a batch size. changes: what was changed of the detector.
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


@dataclass(frozen=True, slots=True)
class Advice:
    """The table, and the cheapest combination that leaves no image with boxes empty.

    best: None where none of those tried does; then `nearest` is the one that leaves fewest, None if that is
    the present state, and `causes` counts the images that are left empty by the cause that most of their
    boxes have. detector: that of either, None where no change helps. notes: what could not be tried, and why.
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
        """Tell whether there is anything to advise on: an image without foreground, or a lost box."""
        return self.rows[0].empty > 0 or self.rows[0].unmatched > 0


def advise(
    dataset: Dataset,
    detector: Detector,
    *,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    drop_difficult: bool = False,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Advice:
    """Replay every remedy. progress: called with (detectors judged, to judge) of the table.

    Raises AnchorauditError if no image can be judged.
    """
    nothing = Chosen(ignore=("ALL",))
    now = audit(dataset, detector, drop_difficult=drop_difficult, rules=nothing, images="none")
    variants = Variants(now, seed=seed, drop_difficult=drop_difficult)
    judge = _Judge(now, tuple(batch_sizes))
    present = judge.present()
    if not present.empty and not present.unmatched:
        return Advice(now, [present])
    changes = variants.table()
    compared = compare(
        dataset, [detector for _, detector in changes], drop_difficult=drop_difficult, progress=progress
    )
    rows = [present, *judge.of_the_loss(present)]
    rows += [
        judge.row(change, one, loss=detector) for (change, _), one in zip(changes, compared, strict=True)
    ]
    rows.append(judge.guarded(present))
    found = variants.cheapest()
    notes = variants.notes
    if found.detector is None:
        return Advice(now, rows, causes=_causes(now), tried=found.tried, notes=notes)
    (one,) = compare(dataset, [found.detector], drop_difficult=drop_difficult)
    best = replace(judge.row(found.changes, one, loss=detector), group="combination")
    advised = _named(found.detector, best)
    if best.with_boxes == 0:
        return Advice(now, rows, best, advised, tried=found.tried, notes=notes)
    left = audit(dataset, found.detector, drop_difficult=drop_difficult, rules=nothing, images="none")
    return Advice(now, rows, None, advised, best, _causes(left), found.tried, notes)


def _named(detector: Detector, row: Row) -> Detector:
    """The detector under a name of its own, with a note of what was changed."""
    note = f"{MARK}, in place of {detector.name}: {row.remedy}."
    return msgspec.structs.replace(detector, name=f"{detector.name}-advised", notes=(note, *detector.notes))


def _causes(left: Audit) -> dict[str, int]:
    """Images with an empty foreground mask by cause, the most common first."""
    causes = left.image_results.cause[left.verdict_is("empty_foreground")]
    found = {name: int(np.count_nonzero(causes == code)) for code, name in enumerate(CAUSES)}
    return dict(sorted(((c, n) for c, n in found.items() if n), key=lambda item: -item[1]))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Makes rows; what is the same for all of them."""

    audit: Audit
    batch_sizes: tuple[int, ...]

    @property
    def images(self) -> int:
        """Images that can be judged."""
        return int(np.count_nonzero(~self.audit.verdict_is("unknown")))

    def _risks(self, detector: Detector, images: int, empty: int) -> tuple[Risk, ...]:
        loss = detector.loss
        return tuple(risk_of(loss.normaliser, loss.outcome, images, empty, size) for size in self.batch_sizes)

    def present(self) -> Row:
        """The state as it is."""
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
        """Truncating the loss, and leaving the images out."""
        gone = np.flatnonzero(self.audit.verdict_is(*_EMPTY))
        boxes = int(self.audit.image_results.usable[gone].sum())
        no_risk = self._risks(self.audit.detector, present.images, 0)
        left = present.images - len(gone)
        return [
            replace(present, group="loss", remedy="truncated loss", risks=no_risk),
            replace(
                present,
                group="filter",
                remedy="left out (filter)",
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
        """Another normaliser: the count of positives, of a batch or of an image, but at least 1."""
        of = "image" if self.audit.detector.loss.normaliser.startswith("image_") else "batch"
        guard = msgspec.structs.replace(self.audit.detector.loss, normaliser=f"{of}_positives_or_one")
        detector = msgspec.structs.replace(self.audit.detector, loss=guard)
        risks = self._risks(detector, present.images, present.empty)
        return replace(present, group="normaliser", remedy="guarded normaliser", risks=risks)

    def row(self, changes: tuple[Change, ...], one: Compared, *, loss: Detector) -> Row:
        """A changed detector, with the loss of the present one."""
        empty = sum(one.verdicts[name] for name in _EMPTY)
        return Row(
            group=changes[0].group if changes else "present",
            remedy=", ".join(change.text for change in changes),
            images=self.images,
            empty=empty,
            blank=sum(one.verdicts[name] for name in _EMPTY[1:]),
            unmatched=one.unmatched,
            images_lost=0,
            boxes_lost=0,
            idle=empty,
            risks=self._risks(loss, self.images, empty),
            changes=changes,
        )
