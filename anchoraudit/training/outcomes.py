"""What the loss makes of each batch, as far as its images and boxes decide it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Int, Int8, are_any
from anchoraudit.auditing.audit import Audit
from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND

OUTCOMES = ("trains", "teaches_little", "nan", "raises")
"""trains: at least one image has foreground. teaches_little: no image has, and the loss bears it. nan: the
loss is NaN or infinite. raises: the framework stops."""
OUTCOME_CODE = {name: code for code, name in enumerate(OUTCOMES)}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Columns over K batches.

    number: int64 [K], the numbers of the batches, ascending. images: int64 [K], how many images each has.
    without_foreground: int64 [K], how many of them have no foreground. outcome: int8 [K], index into
    `OUTCOMES`. of_image: int64 [N], the index of each image's batch. guilty: bool [N], the image alone makes
    its batch NaN or stops it.
    """

    number: Int
    images: Int
    without_foreground: Int
    outcome: Int8
    of_image: Int
    guilty: Bool

    def is_(self, *names: str) -> Bool:
        """Tell which batches have one of these outcomes: bool [K]."""
        return are_any(self.outcome, [OUTCOME_CODE[name] for name in names])


def outcomes_of(audit: Audit, batch: Int, by_form: Mapping[int, str] | None = None) -> Outcomes:
    """Return what the loss makes of each batch.

    audit: of what was fed, with a detector. batch: int64 [N], the number of each image's batch. by_form:
    "raises" or "nan" for the number of a batch whose form alone has that outcome.

    A batch raises if its form stops the model, or if the model raises at a box or an image of it, such as
    one without candidates. Else it is NaN if its form or a box makes the loss NaN; or if the loss divides by
    the positives of each image and one image has none; or by those of the batch, and no image has any (the
    detector's `Loss`).
    """
    number, of_image = np.unique(batch, return_inverse=True)
    of_image = of_image.astype(np.int64)
    count = len(number)
    images = np.bincount(of_image, minlength=count)
    empty = audit.verdict_is(*WITHOUT_FOREGROUND)
    without = np.bincount(of_image[empty], minlength=count)
    raises, nan = _by_boxes(audit)
    if audit.detector.match.no_candidates == "raises":
        raises = raises | audit.verdict_is("empty_foreground")
    loss = audit.detector.loss
    if loss.outcome == "nan" and loss.normaliser.startswith("image_"):
        nan = nan | empty
    outcome = np.full(count, OUTCOME_CODE["trains"], dtype=np.int8)
    all_empty = without == images
    outcome[all_empty] = OUTCOME_CODE["teaches_little"]
    if loss.outcome == "nan":
        outcome[all_empty] = OUTCOME_CODE["nan"]
    by_form = by_form or {}
    outcome[of_image[nan]] = OUTCOME_CODE["nan"]
    outcome[np.isin(number, [k for k, name in by_form.items() if name == "nan"])] = OUTCOME_CODE["nan"]
    outcome[of_image[raises]] = OUTCOME_CODE["raises"]
    outcome[np.isin(number, [k for k, name in by_form.items() if name == "raises"])] = OUTCOME_CODE["raises"]
    return Outcomes(number, images, without, outcome, of_image, nan | raises)


def _by_boxes(audit: Audit) -> tuple[Bool, Bool]:
    """Tell which images make the model raise, and which its loss NaN, by their boxes alone: bool [N] both."""
    raises = audit.image_results.raises > 0
    nan = np.zeros(len(raises), dtype=np.bool_)
    admitted = audit.admitted
    if admitted is not None and len(admitted.fatal):
        image = audit.dataset.boxes.image[admitted.fatal]
        is_nan = admitted.is_nan(admitted.fatal)
        nan[image[is_nan]] = True
        raises = raises.copy()
        raises[image[~is_nan]] = True
    return raises, nan & ~raises
