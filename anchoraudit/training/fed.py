"""What one batch hands to the network, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.dataset.columns import ImageId
from anchoraudit.detectors.labels import Labels

NO_LABEL = -(1 << 63)  # no framework has it for a class; -1 is one that a user may have made


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the form of a batch's targets.

    code: a rule of the family BAT. image: its position in the batch, None for the batch as a whole.
    message: what is wrong. place: the part of the batch, such as `targets[1]['boxes']`. value: what stands
    there, in short. stops: all models that take batches of this form stop at it, whatever their weights.
    box_type: the type of the numbers of boxes, such as "float64", where only that is wrong: models that take
    this type have no problem.
    """

    code: str
    image: int | None
    message: str
    place: str
    value: str = ""
    stops: bool = False
    box_type: str = ""


@dataclass(frozen=True, slots=True)
class Fed:
    """The B images of a batch and their n boxes, as the network gets them.

    sizes: float64 [B, 2], width and height of each image in pixels, NaN if unknown.
    boxes: float64 [n, 4], `x1, y1, x2, y2` in pixels of its image, continuous coordinates.
    image: int64 [n], the position of each box's image in the batch, ascending.
    labels: int64 [n], the class index that the model gets, `NO_LABEL` for none.
    names: what each image is called in the targets, None for one without a name.
    problems: what is wrong with the form.
    """

    sizes: Float
    boxes: Float
    image: Int
    labels: Int
    names: Sequence[ImageId | None]
    problems: Sequence[Problem] = field(default_factory=tuple)

    def __len__(self) -> int:
        return len(self.sizes)

    def leads_to(self, problem: Problem, labels: Labels) -> str | None:
        """Return what a problem of this batch leads to: "raises", "nan", "trains"; None if it is none.

        labels: those of the detector, which say what types of numbers its model takes.
        """
        if problem.stops:
            return "raises"
        if not problem.box_type:
            return "trains"
        found = labels.of_type(problem.box_type)
        if found == "nan" and not np.any(self.image == problem.image):  # nothing is computed of no box
            return None
        return None if found == "trains" else found
