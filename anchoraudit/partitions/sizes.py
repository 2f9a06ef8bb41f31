"""Box sizes as a histogram of their logarithms, which merges by sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from anchoraudit.anchors.clustered import Clustered, cluster_sizes
from anchoraudit.arrays import Float, Int, stable_argsort
from anchoraudit.errors import AnchorauditError

BINS = 16  # of an octave, at least: a side doubles over so many
MOST = 1 << 16  # bins: where there are fewer, they are narrower, so that a few sizes are not mixed up
_FINEST = 8  # how often bins are halved at most: each is then 0.02 % wide
# Sides are added up in steps of 1/1024 px, so that sums are integers and their order makes no difference. The
# mean side of a bin is then right to that, whatever the side.
_STEP = 1024.0
_LARGEST = 2.0**23  # px: of 2^30 boxes of this side the sum fits into 64 bits
_OFFSET = (1 << 10) * (BINS << _FINEST)  # sides of 2^-1024 to 2^1024 px
_WIDTH = 2 * _OFFSET


@dataclass(frozen=True)
class SizeHistogram:
    """How many boxes are about as wide and as high as each other.

    The bins are as narrow as they can be so that at most MOST have boxes, but there are BINS of an octave at
    least. Each wider bin is exactly two narrower ones a side, and a part never has wider ones than the whole.
    So the order of parts makes no difference.

    fineness: how often the BINS of an octave are halved. codes: int64 [B], the bins that have boxes, in
    order. count: int64 [B], how many. sides: int64 [B, 2], the sums of their widths and heights, in 1/1024 px
    of the network's input.
    """

    fineness: int
    codes: Int
    count: Int
    sides: Int

    @classmethod
    def of(cls, sizes: Float) -> Self:
        """Count sizes, float64 [N, 2], in pixels; all are positive."""
        bins = np.floor(np.log2(sizes) * (BINS << _FINEST)).astype(np.int64) + _OFFSET
        steps = np.rint(np.minimum(sizes, _LARGEST) * _STEP).astype(np.int64)
        every = cls._summed(
            _FINEST, bins[:, 0] * _WIDTH + bins[:, 1], np.ones(len(sizes), dtype=np.int64), steps
        )
        return every._with_few_bins()

    @classmethod
    def none(cls) -> Self:
        """Count nothing."""
        return cls.of(np.zeros((0, 2)))

    @classmethod
    def _summed(cls, fineness: int, codes: Int, count: Int, sides: Int) -> Self:
        if not len(codes):
            return cls(fineness, codes, count, sides)
        order = stable_argsort(codes)
        codes = codes[order]
        first = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))  # of each bin
        counts, sums = np.add.reduceat(count[order], first), np.add.reduceat(sides[order], first, axis=0)
        return cls(fineness, codes[first], counts, sums)

    def __add__(self, other: Self) -> Self:
        fineness = min(self.fineness, other.fineness)
        both = (self._coarser(fineness), other._coarser(fineness))
        columns = (
            np.concatenate([getattr(one, name) for one in both]) for name in ("codes", "count", "sides")
        )
        return self._summed(fineness, *columns)._with_few_bins()

    def _coarser(self, fineness: int) -> Self:
        """Return the same with bins that are halved less often."""
        if fineness == self.fineness:
            return self
        bins = np.column_stack(np.divmod(self.codes, _WIDTH)) - _OFFSET
        bins = (bins >> (self.fineness - fineness)) + _OFFSET
        return self._summed(fineness, bins[:, 0] * _WIDTH + bins[:, 1], self.count, self.sides)

    def _with_few_bins(self) -> Self:
        found = self
        while len(found.codes) > MOST and found.fineness:
            found = found._coarser(found.fineness - 1)
        return found

    @property
    def mean(self) -> Float:
        """The mean width and height of the boxes of each bin: float64 [B, 2], pixels."""
        bins = np.column_stack(np.divmod(self.codes, _WIDTH)) - _OFFSET
        least = 2.0 ** (bins / (BINS << self.fineness))
        mean: Float = np.maximum(self.sides / self.count[:, None] / _STEP, least)  # 0.0001 px is no step
        return mean

    def to_builtins(self) -> dict[str, Any]:
        """Return plain values: for each bin its code, how many boxes, and the sums of their sides."""
        rows: list[list[int]] = np.column_stack([self.codes, self.count, self.sides]).tolist()
        return {"fineness": self.fineness, "bins": rows}

    @classmethod
    def from_builtins(cls, plain: Any) -> Self:
        """Return what `to_builtins` returned."""
        columns = np.array(plain["bins"], dtype=np.int64).reshape(-1, 4)
        return cls(plain["fineness"], columns[:, 0], columns[:, 1], columns[:, 2:])


def clustered(sizes: SizeHistogram, k: int, *, metric: str = "iou", seed: int = 0) -> Clustered:
    """Cluster a histogram into k anchors. metric, seed: as of `cluster_sizes`. Raises what that raises."""
    if not len(sizes.count):
        raise AnchorauditError(
            "no usable box to cluster", remedy="See anchoraudit scan for why the boxes are not usable."
        )
    return cluster_sizes(sizes.mean, k, metric=metric, seed=seed, weight=sizes.count.astype(np.float64))
