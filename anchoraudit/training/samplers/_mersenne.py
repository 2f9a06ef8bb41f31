"""PyTorch's generator of random numbers on the CPU, in NumPy: the same Mersenne Twister, the same order.

`torch.Generator` is MT19937, seeded with the lower 32 bits of the seed as `numpy.random.RandomState` is. A
shuffle draws one number of 32 bits for each place but the last, and swaps that place with one of those behind
it (Fisher and Yates). An int64 is made of two numbers, the first of which is the upper half; its sign is cut
off. Found by running torch 2.14.1 for up to 300,000 images; `tests/sampler_cases` has its answers.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.errors import AnchorauditError

# 2^32 / 20, ATen/native/TensorFactories.cpp `randperm_cpu`: from here on torch draws 64 bits for each place.
MOST_IMAGES = 2**32 // 20
_LEAST_SEED, _GREATEST_SEED = -(2**63), 2**64 - 1  # what `torch.manual_seed` takes
_BLOCK = 1 << 20  # numbers that are skipped at a time


def require_seed(seed: int) -> int:
    """Return a seed. Raises AnchorauditError for one that torch does not take."""
    if not _LEAST_SEED <= seed <= _GREATEST_SEED:
        raise AnchorauditError(
            f"{seed} is not a seed that torch takes",
            remedy=f"Give one from {_LEAST_SEED} to {_GREATEST_SEED}, as in the training script.",
        )
    return seed


class Generator:
    """`torch.Generator()` after `manual_seed(seed)`.

    >>> generator = Generator(0)
    >>> generator.permutation(10).tolist()
    [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]
    """

    def __init__(self, seed: int) -> None:
        self._state = np.random.RandomState(seed & 0xFFFFFFFF)

    def _draw(self, count: int) -> Int:
        """Draw numbers of 32 bits: int64 [count]."""
        return self._state.randint(0, 1 << 32, size=count, dtype=np.uint32).astype(np.int64)

    def skip(self, count: int) -> None:
        """Draw so many numbers of 32 bits, and drop them."""
        while count > 0:
            block = min(count, _BLOCK)
            self._state.randint(0, 1 << 32, size=block, dtype=np.uint32)
            count -= block

    def int64(self) -> int:
        """Return `torch.empty((), dtype=torch.int64).random_()`: 0 to 2^63 - 1."""
        upper, lower = self._draw(2).tolist()
        return int((upper << 32 | lower) & (2**63 - 1))

    def permutation(self, count: int) -> Int:
        """Return `torch.randperm(count)`: int64 [count]. Raises AnchorauditError above `MOST_IMAGES`."""
        if count >= MOST_IMAGES:
            raise AnchorauditError(
                f"{count:,} images: torch shuffles {MOST_IMAGES:,} and more in another way",
                remedy="That way is not replayed.",
            )
        places = np.arange(max(count - 1, 0))
        behind = (self._draw(len(places)) % (count - places) + places).tolist()
        order = list(range(count))
        for place, other in enumerate(behind):
            order[place], order[other] = order[other], order[place]
        return np.array(order, dtype=np.int64)


def drawn_by(count: int) -> int:
    """Return how many numbers of 32 bits a shuffle of `count` images draws."""
    return max(count - 1, 0)


def shuffled(count: int, seed: int) -> Int:
    """Return the first shuffle after a seed: int64 [count]."""
    return Generator(seed).permutation(count)
