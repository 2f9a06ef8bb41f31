"""A sample of boxes that does not depend on the parts in which a data set is audited.

Each box has a rank by its own numbers: half of all boxes have rank 0, a quarter has rank 1, and so on. A
sample is all boxes from some rank on. A part may be sampled as if it were the whole: the sample of the whole
begins at this rank or at a higher one.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.columns import Boxes

RANKS = 40
# Odd numbers without pattern, as those that mix hashes: the fractions of the golden ratio and of roots.
_MIX = np.array(
    [0x9E3779B97F4A7C15, 0x6A09E667F3BCC909, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B], dtype=np.uint64
)


def ranks(boxes: Boxes, rows: Int) -> Int:
    """Return the rank of each of these boxes, below RANKS. rows: int64 [n]. Returns int64 [n]."""
    bits = np.ascontiguousarray(boxes.xyxy.take(rows, axis=0)).view(np.uint64)
    mixed = (bits * _MIX).sum(axis=1, dtype=np.uint64)
    if boxes.entry is not None:  # so that equal boxes do not all have one rank
        mixed ^= boxes.entry[rows].astype(np.uint64) * _MIX[0]
    for _ in range(2):
        mixed ^= mixed >> np.uint64(32)
        mixed *= _MIX[2]
    mixed ^= mixed >> np.uint64(32)
    length: Int = np.frexp(mixed.astype(np.float64))[1].astype(np.int64)
    return np.clip(64 - length, 0, RANKS - 1)


def least_rank(count: int, most: int) -> int:
    """Return the rank from which on at most about `most` of so many boxes are taken; 0 takes all of them."""
    return min(max(-(-count // most) - 1, 0).bit_length(), RANKS - 1)
