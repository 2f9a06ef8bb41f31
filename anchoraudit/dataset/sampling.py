"""A sample of boxes that does not depend on the parts in which a data set is audited.

Each box has a rank by its own numbers: half of all boxes have rank 0, a quarter has rank 1, and so on. A
sample is all boxes from some rank on. A part is sampled from a lower rank than the whole, or from the same
one, so that the sample of the whole can be taken out of those of its parts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Int, for_each_block, rows_of
from anchoraudit.dataset.columns import Boxes

RANKS = 40
# Odd numbers without pattern, as those that mix hashes: the fractions of the golden ratio and of roots.
_MIX = np.array(
    [0x9E3779B97F4A7C15, 0x6A09E667F3BCC909, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B], dtype=np.uint64
)
_EXACT = np.uint64((1 << 64) - (1 << 11))  # the 53 bits that a float64 has


# A part need not be sampled anew before the data set has grown 2^2 times.
_COARSE = 2


def from_rank(boxes: Boxes, rows: Int, least: int) -> tuple[Int, Int]:
    """Return those of these boxes of a rank from `least` on: places in `rows`, and ranks: int64 [m], twice.

    rows: int64 [n], ascending, each once.
    """
    mixed, are_all = np.empty(len(rows), dtype=np.uint64), len(rows) == len(boxes)

    def mix(block: slice) -> None:
        mixed[block] = _mixed(boxes, block if are_all else rows[block])

    for_each_block(len(rows), mix)
    places = np.flatnonzero(mixed <= np.uint64((1 << (64 - least)) - 1))
    length: Int = np.frexp(mixed[places].astype(np.float64))[1].astype(np.int64)
    return places, np.clip(64 - length, least, RANKS - 1)


def least_rank(count: int, most: int) -> int:
    """Return the rank from which on at most about `most` of so many boxes are taken; 0 takes all of them."""
    return min(max(-(-count // most) - 1, 0).bit_length(), RANKS - 1)


def rank_in_parts(count: int, most: int) -> int:
    """Return the rank from which on each part of a data set is sampled.

    count: rows that were counted before they were read. The sample of the whole begins at this rank or at a
    higher one, if at least half of these rows turn out to be boxes.

    >>> least_rank(20_000_000, 10_000), rank_in_parts(20_000_000, 10_000), rank_in_parts(50_000, 10_000)
    (11, 10, 2)
    """
    return least_rank(count // 2, most) // _COARSE * _COARSE


def _mixed(boxes: Boxes, rows: Int | slice) -> npt.NDArray[np.uint64]:
    """Return for each of these boxes a number without pattern: uint64 [n]."""
    bits = np.ascontiguousarray(rows_of(boxes.xyxy, rows)).view(np.uint64)
    mixed: npt.NDArray[np.uint64] = bits[:, 0] * _MIX[0]
    for column in (1, 2, 3):
        mixed += bits[:, column] * _MIX[column]
    if boxes.entry is not None:  # so that equal boxes do not all have one rank
        mixed ^= boxes.entry[rows].astype(np.uint64) * _MIX[0]
    for _ in range(2):
        mixed ^= mixed >> np.uint64(32)
        mixed *= _MIX[2]
    mixed ^= mixed >> np.uint64(32)
    mixed &= _EXACT
    return mixed
