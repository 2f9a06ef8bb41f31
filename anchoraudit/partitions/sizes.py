"""Box sizes as a histogram: bins are wide for long sides and narrow for short ones. It merges by sums."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from anchoraudit.anchors.clustered import Clustered, cluster_sizes
from anchoraudit.arrays import Float, Int, at_most, for_each_block, octave_bins, octave_edges, stable_sort
from anchoraudit.errors import AnchorauditError

_BITS = 4
BINS = 1 << _BITS  # of an octave, at least, each as wide as the others: a side doubles over so many
MOST = 1 << 16  # bins: where there are fewer, they are narrower, so that a few sizes are not mixed up
_FINEST = 8  # how often bins are halved at most: each is then 0.02 % wide
# Sides are added up in steps of 1/1024 px, so that sums are integers and their order makes no difference. The
# mean side of a bin is then right to that, whatever the side.
_STEP = 1024.0
_LARGEST = 2.0**23  # px: of 2^30 boxes of this side the sum fits into 64 bits
_OCTAVES = 32  # below one pixel, and above: shorter and longer sides fall into the last bins
_BINS = 2 * _OCTAVES * (BINS << _FINEST)  # the finest ones of a side, of which a number has 18 bits
_HALF = 9  # bits
# Steps that put a free bit before each of the last 32 bits of a number: how far its halves move apart, then
# those of each half, and so on; and where bits are then.
_SPREAD = (
    (16, 0x0000_FFFF_0000_FFFF),
    (8, 0x00FF_00FF_00FF_00FF),
    (4, 0x0F0F_0F0F_0F0F_0F0F),
    (2, 0x3333_3333_3333_3333),
    (1, 0x5555_5555_5555_5555),
)


@dataclass(frozen=True)
class SizeHistogram:
    """How many boxes are about as wide and as high as each other.

    The bins are as narrow as they can be so that at most MOST have boxes, but there are BINS of an octave at
    least. Each wider bin is exactly two narrower ones a side, and a part never has wider ones than the whole.
    So the order of parts makes no difference.

    fineness: how often the BINS of an octave are halved. codes: int64 [B], the bins that have boxes, in
    order. count: int64 [B], how many. sides: int64 [B, 2], the sums of their widths and heights, in 1/1024 px
    of the network's input.

    A code has the bits of both sides' bins in turns (a Morton code), so that those of a wider bin come one
    after the other: once sorted, codes are in order at every fineness, and without their last two bits they
    are those of wider bins.
    """

    fineness: int
    codes: Int
    count: Int
    sides: Int

    @classmethod
    def of(cls, sizes: Float) -> Self:
        """Count sizes, float64 [N, 2], in pixels; all are positive."""
        codes = np.empty(len(sizes), dtype=np.int64)
        sides = np.empty((2, len(sizes)), dtype=np.int64)

        def work(block: slice) -> None:
            width, height = sizes[block].T
            codes[block] = _codes_of(width) << 1
            codes[block] |= _codes_of(height)
            sides[0, block], sides[1, block] = _in_steps(width), _in_steps(height)

        for_each_block(len(sizes), work)
        return cls._gathered(_FINEST, *stable_sort(codes), None, sides)

    @classmethod
    def none(cls) -> Self:
        """Count nothing."""
        return cls.of(np.zeros((0, 2)))

    @classmethod
    def _gathered(
        cls, fineness: int, codes: Int, order: Int, count: Int | None, sides: Int | Sequence[Int]
    ) -> Self:
        """Put equal bins together, and make them wider where there are too many.

        codes: int64 [n], in order. order: int64 [n], which rows of the others they belong to. count: int64
        [n], boxes of each row; None for one each. sides: the sums of widths, and those of heights, int64 [n]
        each.
        """
        if not len(codes):
            nothing = np.zeros(0, dtype=np.int64)
            return cls(fineness, nothing, nothing, np.zeros((0, 2), dtype=np.int64))
        apart = codes[1:] ^ codes[:-1]
        wider = bisect_left(
            range(fineness), True, key=lambda by: bool(np.count_nonzero(apart >= 1 << 2 * by) < MOST)
        )
        first = np.flatnonzero(np.append(True, apart >= 1 << 2 * wider))  # of each bin
        if count is None:
            counts: Int = np.diff(first, append=len(codes))
        else:
            counts = np.add.reduceat(count.take(order), first)
        sums = np.empty((len(first), 2), dtype=np.int64)
        for axis in (0, 1):  # one after the other is several times faster than both
            sums[:, axis] = np.add.reduceat(sides[axis].take(order), first)
        return cls(fineness - wider, codes[first] >> 2 * wider, counts, sums)

    def __add__(self, other: Self) -> Self:
        fineness = min(self.fineness, other.fineness)
        codes = np.concatenate([one.codes >> 2 * (one.fineness - fineness) for one in (self, other)])
        sides = [np.concatenate([self.sides[:, axis], other.sides[:, axis]]) for axis in (0, 1)]
        order = np.argsort(codes, kind="stable")  # which joins two ordered halves in one go
        count = np.concatenate([self.count, other.count])
        return self._gathered(fineness, codes.take(order), order, count, sides)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what another process makes the same of: a third of the bytes."""
        steps = np.diff(self.codes, prepend=0)
        return _widened, (self.fineness, *map(_narrowed, (steps, self.count, self.sides)))

    @property
    def mean(self) -> Float:
        """The mean width and height of the boxes of each bin: float64 [B, 2], pixels."""
        bins = np.column_stack([_every_second(self.codes >> 1), _every_second(self.codes)])
        least = octave_edges(bins, _BITS + self.fineness, -_OCTAVES)
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


def _narrowed(numbers: Int) -> npt.NDArray[np.unsignedinteger]:
    """Return numbers, none below 0, as integers of as few bits as they need."""
    return numbers.astype(np.min_scalar_type(numbers.max(initial=0)))


def _widened(
    fineness: int, steps: npt.NDArray[Any], count: npt.NDArray[Any], sides: npt.NDArray[Any]
) -> SizeHistogram:
    """Return the histogram of which codes are given as steps from one to the next."""
    codes = np.cumsum(steps, dtype=np.int64)
    return SizeHistogram(fineness, codes, count.astype(np.int64), sides.astype(np.int64))


def _codes_of(sides: Float) -> Int:
    """Return the finest bin of each side, float64 [N], with a free bit before each of its bits: int64 [N]."""
    number = octave_bins(sides, _BITS + _FINEST, -_OCTAVES)
    np.clip(number, 0, _BINS - 1, out=number)
    codes: Int = _spread().take(number >> _HALF)
    codes <<= 2 * _HALF
    codes |= _spread().take(number & ((1 << _HALF) - 1))
    return codes


@cache
def _spread() -> Int:
    """Return the numbers of up to _HALF bits, with a free bit before each of their bits: int64 [2^_HALF]."""
    codes = np.arange(1 << _HALF)
    for shift, mask in _SPREAD:
        codes |= codes << shift
        codes &= mask
    return codes


def _in_steps(sides: Float) -> Int:
    """Return sides, float64 [N] pixels, in whole steps: int64 [N]."""
    steps = at_most(sides, _LARGEST)
    steps *= _STEP
    return np.rint(steps, out=steps).astype(np.int64)


def _every_second(codes: Int) -> Int:
    """Return the numbers that have every second bit of these, from the last one on: int64 [B]."""
    bins = codes & _SPREAD[-1][1]
    before = [mask for _, mask in _SPREAD[-2::-1]]
    for (shift, _), mask in zip(reversed(_SPREAD), [*before, (1 << 32) - 1], strict=True):
        bins |= bins >> shift
        bins &= mask
    return bins


def clustered(sizes: SizeHistogram, k: int, *, metric: str = "iou", seed: int = 0) -> Clustered:
    """Cluster a histogram into k anchors. metric, seed: as of `cluster_sizes`. Raises what that raises."""
    if not len(sizes.count):
        raise AnchorauditError(
            "no usable box to cluster", remedy="See anchoraudit scan for why the boxes are not usable."
        )
    return cluster_sizes(sizes.mean, k, metric=metric, seed=seed, weight=sizes.count.astype(np.float64))
