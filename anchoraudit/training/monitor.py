"""A training loop, watched step by step: each batch is judged before the network sees it, and its loss after.

`guard` and the callbacks of frameworks hand over batches and losses; what is made of them is here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from anchoraudit.detectors import Detector
from anchoraudit.detectors.classes import Classes
from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.errors import AnchorauditError
from anchoraudit.rules import Chosen, rule_of
from anchoraudit.training.blame.evidence import Evidence, write_evidence
from anchoraudit.training.check import Checked, judged
from anchoraudit.training.fed import Fed
from anchoraudit.training.losses import describe, not_finite
from anchoraudit.training.models import detector_of
from anchoraudit.training.outcomes import OUTCOMES
from anchoraudit.training.passing import Reader
from anchoraudit.training.recorder import Recorder
from anchoraudit.training.targets import Targets

_MOST_FILES = 5  # a run that goes on after NaN would write one for each of its steps
_LOG = logging.getLogger("anchoraudit")
_NO_RULES = Chosen(ignore=("ALL",))  # an empty `select` means all


@dataclass(frozen=True, slots=True, repr=False)
class Step:
    """A batch that the network is about to be fed.

    number: of the step, from 0, over all epochs. epoch: from 0. checked: the verdict. fed: its columns.
    """

    number: int
    epoch: int
    checked: Checked
    fed: Fed

    @property
    def outcome(self) -> str:
        """What the loss makes of the batch, one of `OUTCOMES`."""
        return OUTCOMES[int(self.checked.outcomes.outcome[0])]


@dataclass(slots=True)
class Epoch:
    """What one epoch fed to the network, so far.

    images, boxes: how many. without_foreground: images of them. unmatched: boxes that no anchor or point
    learns. batches: how many, and of these empty: those in which no image has foreground; not_finite: those
    whose loss was not finite.
    """

    images: int = 0
    boxes: int = 0
    without_foreground: int = 0
    unmatched: int = 0
    batches: int = 0
    empty: int = 0
    not_finite: int = 0

    def scalars(self) -> dict[str, float]:
        """Return shares, 0 to 1, under the names that loggers get."""
        return {
            "anchoraudit/images_without_foreground": self.without_foreground / max(self.images, 1),
            "anchoraudit/batches_without_foreground": self.empty / max(self.batches, 1),
            "anchoraudit/boxes_unmatched": self.unmatched / max(self.boxes, 1),
            "anchoraudit/batches_not_finite": self.not_finite / max(self.batches, 1),
        }


@dataclass(slots=True)
class Monitor:
    """Judges a training loop's batches and losses as they come.

    model: as for `check`. targets: as for `check`. stop: raise an error before a batch that would stop the
    framework or make its loss NaN, and at a loss that is not finite. folder: where the evidence is written.
    classes: as for `check`.

    Raises AnchorauditError if the model is unknown.
    """

    model: Any
    targets: Targets = None
    stop: bool = True
    folder: Path = field(default_factory=Path)
    classes: Classes | None = None
    step: Step | None = field(default=None, init=False)
    epochs: list[Epoch] = field(default_factory=lambda: [Epoch()], init=False)
    written: list[Path] = field(default_factory=list, init=False)
    _detector: Detector = field(init=False)
    _reader: Reader = field(init=False)
    _steps: int = field(default=0, init=False)
    _not_finite_at: int | None = field(default=None, init=False)  # the last step that was counted
    _told: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._detector = detector_of(self.model)
        self._reader = Reader(self.targets)

    @property
    def epoch(self) -> Epoch:
        """The epoch that runs."""
        return self.epochs[-1]

    def recognises(self, value: Any) -> bool:
        """Tell whether this is a batch, of which a call of a model may have more arguments than one."""
        return self._reader.recognises(value)

    def batch(self, batch: Any) -> Step:
        """Judge a batch before the network sees it.

        Raises AnchorauditError if its form is unknown; with `stop`, if it would stop the framework or make
        the loss NaN.
        """
        fed = self._reader.read(batch, self._steps)
        recorder = Recorder()
        recorder.add(fed, self._steps)
        checked = judged(recorder, self._reader, self._detector, rules=_NO_RULES, classes=self.classes)
        self.step = Step(self._steps, len(self.epochs) - 1, checked, fed)
        self._steps += 1
        self._count(checked)
        outcome = self.step.outcome
        if outcome in ("nan", "raises"):
            will = "would make the loss NaN or infinite" if outcome == "nan" else "would stop the framework"
            self._report(will, {}, before=True)
        return self.step

    def loss(self, value: Any) -> None:
        """Look at the loss of the batch that was judged last: a number, a tensor, a dict of them, an output.

        Raises AnchorauditError with `stop`, if it is not finite.
        """
        if wrong := not_finite(value):
            self._is_first_of_step()
            self._report(f"has a loss that is not finite: {describe(wrong)}", wrong, before=False)

    def gradients(self, names: list[str]) -> None:
        """Take note that the gradients of these parameters are not finite, unless the loss was not either.

        Raises AnchorauditError with `stop`: the weights are still whole.
        """
        if not self._is_first_of_step():
            return
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        self._report(f"has gradients that are not finite: {shown}", {}, before=False)

    def end_epoch(self) -> dict[str, float]:
        """End the epoch, and return what is logged of it."""
        scalars = self.epoch.scalars()
        self.epochs.append(Epoch())
        return scalars

    def _is_first_of_step(self) -> bool:
        """Count a batch whose loss or gradients are not finite; False if it is counted already."""
        number = None if self.step is None else self.step.number
        if number is not None and number == self._not_finite_at:
            return False
        self._not_finite_at = number
        self.epoch.not_finite += 1
        return True

    def _count(self, checked: Checked) -> None:
        audit, epoch = checked.audit, self.epoch
        without = int(audit.verdict_is(*WITHOUT_FOREGROUND).sum())
        images = len(audit.dataset.images)
        epoch.batches += 1
        epoch.images += images
        epoch.boxes += len(audit.dataset.boxes)
        epoch.without_foreground += without
        epoch.unmatched += int(np.asarray(audit.image_results.unmatched).sum())
        epoch.empty += without == images

    def _report(self, what: str, losses: Mapping[str, float], *, before: bool) -> None:
        """Write evidence of a step, and stop or warn. A warning of each kind is given once."""
        step, kind = self.step, f"{before}{bool(losses)}"
        if not self.stop and kind in self._told and len(self.written) >= _MOST_FILES:
            return  # all is said and written
        remedy = "The data are not to blame: look at learning rate and precision."
        unwritten = ""
        if step is None:  # a loss before any batch: nothing can be said of its images
            message, place = f"the loss is not finite: {describe(losses)}", None
            remedy = "Give each batch to the guard before its loss."
        else:
            evidence = Evidence(step.number, step.epoch, what, losses, step.checked, step.fed)
            place, unwritten = self._write(evidence)
            unexplained = ["nothing in its batch explains this"]
            if evidence.blamed.explains:
                unexplained = []
                remedy = "Leave out what is named, or repair it: `anchoraudit filter` does both."
            if of_form := evidence.of_form:  # no file is wrong, but what the script makes of it
                own = rule_of(of_form[0].code).remedy
                remedy = f"{own[0].upper()}{own[1:]}."
            said = "; ".join([*unexplained, *evidence.sentences][:3])
            message = f"step {step.number} (epoch {step.epoch}) {what}. {said}"
        if place is not None:
            remedy += f" Look at {place.with_suffix('.html')}; `anchoraudit blame {place}` replays the batch."
        remedy += unwritten
        if self.stop:
            raise AnchorauditError(message, remedy=remedy)
        if kind not in self._told:
            self._told.add(kind)
            _LOG.warning("%s %s", message, remedy)

    def _write(self, evidence: Evidence) -> tuple[Path | None, str]:
        """Write the evidence, of the first few steps only.

        Return where it is; or None, and why it could not be written: what is wrong with the batch matters
        more than that.
        """
        if len(self.written) >= _MOST_FILES:
            return None, ""
        try:
            path = write_evidence(evidence, self.folder)
        except AnchorauditError as error:
            return None, f" No evidence was written: {error.path}: {error.message}."
        self.written.append(path)
        return path, ""
