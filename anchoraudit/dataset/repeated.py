"""Equal boxes of one group, such as an image: found by their hashes, so that few have to be sorted."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Float, Int, for_each_block

# Odd multipliers that mix the bits of a hash: those of SplitMix64's finaliser and of MurmurHash3's.
_MULTIPLIERS = (
    0xBF58476D1CE4E5B9,
    0x94D049BB133111EB,
    0xFF51AFD7ED558CCD,
    0xC4CEB9FE1A85EC53,
    0x9E3779B97F4A7C15,
)

_FEW = 1 << 17  # boxes whose hashes are sorted at once
_BITS = 22  # first bits of a hash that are counted: 32 megabytes


def repeats(group: Int, boxes: Float) -> Int:
    """Return for each of n boxes the first earlier box of its group that it equals, -1 for none: int64 [n].

    group: int64 [n], such as the image of each box. boxes: float64 [n, 4]. A box with a NaN equals no other.
    """
    first = np.full(len(group), -1, dtype=np.int64)
    rows = alike(group, boxes)
    if not len(rows):
        return first
    keys = (*boxes[rows].T, group[rows])
    order = np.lexsort(keys)  # stable: equal boxes stay in their order
    again = np.ones(len(order) - 1, dtype=np.bool_)
    for key in keys:
        again &= key[order][1:] == key[order][:-1]
    start = np.maximum.accumulate(np.where(np.append(True, ~again), np.arange(len(order)), 0))
    first[rows[order[1:][again]]] = rows[order[start[1:][again]]]
    return first


def alike(group: Int, boxes: Float) -> Int:
    """Return the rows of boxes whose hash another box has too: among them are all that equal another one.

    Few have, so that little has to be sorted.
    """
    if len(group) < 2:
        return np.zeros(0, dtype=np.int64)
    mixed = np.empty(len(group), dtype=np.uint64)

    def mix(block: slice) -> None:
        own = group[block].astype(np.uint64) * np.uint64(_MULTIPLIERS[0])
        for column, multiplier in zip(boxes[block].T, _MULTIPLIERS[1:], strict=True):
            bits = np.add(column, 0.0).view(np.uint64)  # -0.0 becomes 0.0, which it equals
            own = (own ^ (own >> np.uint64(29)) ^ bits) * np.uint64(multiplier)
        mixed[block] = own ^ (own >> np.uint64(32))

    for_each_block(len(mixed), mix)
    rows = np.arange(len(mixed))
    if len(mixed) > _FEW:  # a count of the first bits leaves few to sort
        bucket = (mixed >> np.uint64(64 - _BITS)).astype(np.int64)
        rows = np.flatnonzero(np.bincount(bucket, minlength=1 << _BITS)[bucket] > 1)
        mixed = mixed[rows]
    ordered = np.sort(mixed)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    return rows[np.isin(mixed, twice)] if len(twice) else np.zeros(0, dtype=np.int64)
