"""The loader of YOLOv5 and Ultralytics, which never ends: it asks for the next epoch before one is over.

One iterator serves all epochs. With worker processes it is ahead of the training loop: when the loop has got
k batches, it has asked for k more and for `ahead` besides (`prefetch_factor` for each worker).
"""

from __future__ import annotations

from dataclasses import dataclass

from anchoraudit.arrays import Int
from anchoraudit.training.samplers._mersenne import Generator, drawn_by

_BASE_SEED = 2  # numbers of 32 bits that a loader draws when its iterator is made


@dataclass(frozen=True, slots=True)
class Infinite:
    """Shuffles of a loader that has a generator of its own.

    images: how many. steps: of an epoch. uneven: the last batch of an epoch asks for more images than are
    left, and so makes the sampler shuffle once more at once; else that happens when the next epoch begins.
    ahead: batches that are asked for in advance. seed: of the generator.
    """

    images: int
    steps: int
    uneven: bool
    ahead: int
    seed: int

    def shuffle(self, epoch: int, restart: int | None) -> Int:
        """Return the order of an epoch. restart: the epoch before which the iterator is made anew."""
        generator = Generator(self.seed)
        one = drawn_by(self.images)
        if restart is not None and epoch >= restart:
            asked = restart * self.steps + self.ahead
            over, inside = divmod(asked, self.steps)
            shuffles = 2 * over + (inside > 0)
            if over and not inside and not self.uneven:
                shuffles -= 1  # the shuffle that nobody uses is still to come
            generator.skip(_BASE_SEED + shuffles * one)
            epoch -= restart
        generator.skip(_BASE_SEED + epoch * 2 * one)
        return generator.permutation(self.images)


def epoch_of_shuffle(number: int, steps: int, ahead: int) -> int:
    """Return what `set_epoch` was last called with when an epoch's order is made.

    The loop calls it at the start of each of its epochs, but with workers the loader has begun the next one
    by then. number: of the epoch. ahead: batches that are asked for in advance.
    """
    return max(0, number - -(-ahead // steps))
