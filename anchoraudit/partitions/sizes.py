"""Box sizes as a histogram of their logarithms, which merges by sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from anchoraudit.arrays import Float, Int

BINS = 16  # of an octave: a side doubles over so many
# Sides are added up in steps of 1/1024 px, so that sums are integers and their order makes no difference. The
# mean side of a bin is then right to that, whatever the side.
_STEP = 1024.0
_LARGEST = 2.0**23  # px: of 2^30 boxes of this side the sum fits into 64 bits
_OFFSET, _WIDTH = 1 << 14, 1 << 15  # sides of 2^-1024 to 2^1024 px


@dataclass(frozen=True)
class SizeHistogram:
    """How many boxes are about as wide and as high as each other.

    codes: int64 [B], the bins that have boxes, in order. count: int64 [B], how many. sides: int64 [B, 2], the
    sums of their widths and heights, in 1/1024 px of the network's input.
    """

    codes: Int
    count: Int
    sides: Int

    @classmethod
    def of(cls, sizes: Float) -> Self:
        """Count sizes, float64 [N, 2], in pixels; all are positive."""
        with np.errstate(divide="ignore"):
            bins = np.floor(np.log2(sizes) * BINS).astype(np.int64) + _OFFSET
        steps = np.rint(np.minimum(sizes, _LARGEST) * _STEP).astype(np.int64)
        return cls._summed(bins[:, 0] * _WIDTH + bins[:, 1], np.ones(len(sizes), dtype=np.int64), steps)

    @classmethod
    def _summed(cls, codes: Int, count: Int, sides: Int) -> Self:
        order = np.argsort(codes, kind="stable")
        own, first = np.unique(codes[order], return_index=True)
        if not len(own):
            return cls(own, count[:0], sides[:0])
        return cls(own, np.add.reduceat(count[order], first), np.add.reduceat(sides[order], first))

    def __add__(self, other: Self) -> Self:
        return self._summed(
            np.concatenate([self.codes, other.codes]),
            np.concatenate([self.count, other.count]),
            np.concatenate([self.sides, other.sides]),
        )

    @property
    def mean(self) -> Float:
        """The mean width and height of the boxes of each bin: float64 [B, 2], pixels."""
        least = 2.0 ** ((np.column_stack(np.divmod(self.codes, _WIDTH)) - _OFFSET) / BINS)
        mean: Float = np.maximum(self.sides / self.count[:, None] / _STEP, least)  # 0.0001 px is no step
        return mean

    def to_builtins(self) -> list[list[int]]:
        """Return a row for each bin: its code, how many boxes, and the sums of their sides."""
        rows: list[list[int]] = np.column_stack([self.codes, self.count, self.sides]).tolist()
        return rows

    @classmethod
    def from_builtins(cls, rows: Any) -> Self:
        """Return what `to_builtins` returned."""
        columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
        return cls(columns[:, 0], columns[:, 1], columns[:, 2:])
