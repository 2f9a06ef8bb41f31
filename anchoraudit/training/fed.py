"""What one batch hands to the network, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from anchoraudit.arrays import Float, Int
from anchoraudit.dataset.columns import ImageId

NO_LABEL = -(1 << 63)  # no framework has it for a class; -1 is one that a user may have made


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the form of a batch's targets.

    code: a rule of the family BAT. image: its position in the batch, None for the batch as a whole.
    message: what is wrong. place: the part of the batch, such as `targets[1]['boxes']`. value: what stands
    there, in short. stops: all models that take batches of this form stop at it, whatever their weights.
    """

    code: str
    image: int | None
    message: str
    place: str
    value: str = ""
    stops: bool = False


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
