"""What a sampler is asked: which images there are, the settings of the run, and which batches.

Batches are numbered from 0. An epoch is one pass of the training loop over its loader.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from anchoraudit.arrays import Bool, Float
from anchoraudit.detectors.versions import Versions, number_of
from anchoraudit.errors import AnchorauditError

Batches = Sequence[Sequence[int]]
_EPOCHS_WITHOUT_STEPS = 100  # so many epochs without a batch, and no later one is taken to have any


@dataclass(frozen=True, slots=True)
class Numbered:
    """The images of a training run, as its framework numbers them: 0 to `count` - 1.

    width, height: float64 [count], pixels, NaN where unknown. Samplers that group images by aspect ratio look
    at them.
    """

    count: int
    width: Float
    height: Float

    def are_wide(self, *, ties: bool, who: str) -> Bool:
        """Tell which images are wider than high: bool [count]. ties: so are squares.

        Raises AnchorauditError, in the name of `who`, if the size of an image is unknown.
        """
        unknown = np.isnan(self.width) | np.isnan(self.height)
        if unknown.any():
            raise AnchorauditError(
                f"sampler {who} groups images by their aspect ratio, and {int(unknown.sum()):,} of "
                f"{self.count:,} have no known size",
                remedy="Mend them first: `anchoraudit scan` lists them (IMG002).",
            )
        wide = self.width >= self.height if ties else self.width > self.height
        return np.asarray(wide, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Batch:
    """The batch of one step.

    step: counted from 0 over the whole run. epoch: the pass over the images, from 0, in which it begins.
    step_of_epoch: counted from 0 in that epoch; None for a sampler whose stream of images has no epochs.
    numbers: the images, by the framework's numbers, in the order of the batch.
    """

    step: int
    epoch: int
    step_of_epoch: int | None
    numbers: tuple[int, ...]


_VALUES = {"whole number": "a whole number", "yes or no": "yes or no"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that only one framework has, given by `--set NAME=VALUE`.

    takes: what its value is. default: its value where nobody gives it. help: a sentence.
    """

    takes: Literal["whole number", "yes or no", "word"]
    default: int | bool | str
    help: str
    words: tuple[str, ...] = ()

    def parse(self, name: str, text: str) -> int | bool | str:
        """Return the value that a text means. Raises AnchorauditError if it means none."""
        said = text.strip()
        if self.takes == "whole number" and said.isdecimal() and len(said) < 10:
            return int(said)
        if self.takes == "yes or no" and said.casefold() in ("yes", "true", "1", "no", "false", "0"):
            return said.casefold() in ("yes", "true", "1")
        if self.takes == "word" and said in self.words:
            return said
        values = ", ".join(self.words) if self.takes == "word" else _VALUES[self.takes]
        raise AnchorauditError(
            f"--set {name}={text} means nothing", remedy=f"{name} takes {values}: {self.help}."
        )


@dataclass(frozen=True, slots=True)
class Run:
    """The settings of a training run that decide the order of its images.

    batch_size: images in a batch of one process. seed: None for the framework's own default. rank,
    world_size: which of how many processes. workers: processes that load images, as the framework starts
    them; None where nobody said. drop_last: None for the framework's own default. epochs: how many the run
    has; None where nobody said. versions: of the framework. own: values of a sampler's `SETTINGS`.
    """

    batch_size: int
    seed: int | None = None
    rank: int = 0
    world_size: int = 1
    workers: int | None = None
    drop_last: bool | None = None
    epochs: int | None = None
    versions: Versions = field(default_factory=Versions)
    own: Mapping[str, int | bool | str] = field(default_factory=dict)

    def is_version(self, since: str) -> bool | None:
        """Tell whether the framework's version is at least `since`; None if it may be either."""
        own = self.versions
        if own.version:
            return number_of(own.version) >= number_of(since)
        if not own.since or number_of(own.since) >= number_of(since):
            return True
        return False if own.until and number_of(own.until) < number_of(since) else None


class Order(ABC):
    """The batches of a run, by their steps."""

    @abstractmethod
    def batch(self, step: int, epoch: int | None = None) -> Batch:
        """Return the batch of a step, counted from 0 over the run; or from the start of an epoch.

        Raises AnchorauditError if there is no such step.
        """

    @abstractmethod
    def steps_of(self, epoch: int) -> int | None:
        """Return how many steps an epoch has; None for a stream without epochs."""


def _without_steps() -> AnchorauditError:
    return AnchorauditError(
        "an epoch has no step: no batch is full, and such batches are dropped",
        remedy="Give the batch size of the run, in one process (--batch-size), and omit --drop-last.",
    )


class ByEpoch(Order):
    """Batches that every epoch makes anew.

    make: returns the batches of an epoch. length: how many each epoch has, None if that differs. epochs: how
    many the run has.
    """

    def __init__(self, make: Callable[[int], Batches], length: int | None, epochs: int | None) -> None:
        self._make, self._length, self._epochs = make, length, epochs
        self._made: tuple[int, Batches] = (-1, ())
        if length == 0:
            raise _without_steps()

    def _of(self, epoch: int) -> Batches:
        if self._made[0] != epoch:
            self._made = epoch, self._make(epoch)
        return self._made[1]

    def steps_of(self, epoch: int) -> int:
        """Return how many steps an epoch has."""
        return len(self._of(epoch)) if self._length is None else self._length

    def batch(self, step: int, epoch: int | None = None) -> Batch:
        """Return the batch of a step. Raises AnchorauditError beyond the epochs of the run."""
        if epoch is not None:
            if step >= (length := self.steps_of(epoch)):
                raise AnchorauditError(
                    f"epoch {epoch} has no step {step}: it has {length:,}, counted from 0",
                    remedy="Without --epoch, steps are counted over the whole run.",
                )
            self._require(epoch, step)
            return Batch(self._before(epoch) + step, epoch, step, tuple(self._of(epoch)[step]))
        epoch, inside = self._place(step)
        return Batch(step, epoch, inside, tuple(self._of(epoch)[inside]))

    def _before(self, epoch: int) -> int:
        if self._length is not None:
            return epoch * self._length
        return sum(self.steps_of(earlier) for earlier in range(epoch))

    def _place(self, step: int) -> tuple[int, int]:
        """Return the epoch of a step, and its place there."""
        if self._length is not None:
            epoch, inside = divmod(step, self._length)
        else:
            epoch, inside = 0, step
            while inside >= (length := self.steps_of(epoch)):
                epoch, inside = epoch + 1, inside - length
                self._require(epoch, step)
                if epoch == _EPOCHS_WITHOUT_STEPS and inside == step:
                    raise _without_steps()
        self._require(epoch, step)
        return epoch, inside

    def _require(self, epoch: int, step: int) -> None:
        if self._epochs is not None and epoch >= self._epochs:
            last = self._before(self._epochs) - 1
            raise AnchorauditError(
                f"step {step} is beyond the run: {self._epochs} epochs end at step {last:,}, counted from 0",
                remedy="Give the number of epochs of the run (--epochs), or a step before that.",
            )


def cut(order: Sequence[int], size: int, *, drop_last: bool) -> list[list[int]]:
    """Cut an order of images into batches, as torch's `BatchSampler` does.

    >>> cut([5, 3, 1], 2, drop_last=False), cut([5, 3, 1], 2, drop_last=True)
    ([[5, 3], [1]], [[5, 3]])
    """
    batches = [list(order[start : start + size]) for start in range(0, len(order), size)]
    return batches[:-1] if drop_last and batches and len(batches[-1]) < size else batches


def steps_in(images: int, size: int, *, drop_last: bool) -> int:
    """Return how many batches of a size `cut` makes of so many images."""
    return images // size if drop_last else -(-images // size)


def of_rank(order: Sequence[int], rank: int, world: int) -> list[int]:
    """Return the images of one process, with the first ones again so that all processes have as many.

    torch's `DistributedSampler`, and mmengine's `DefaultSampler` that rounds up.

    >>> of_rank([0, 1, 2, 3, 4], 1, 2)
    [1, 3, 0]
    """
    total = -(-len(order) // world) * world
    padded = list(order) * (-(-total // len(order))) if order else []
    return padded[:total][rank::world]
