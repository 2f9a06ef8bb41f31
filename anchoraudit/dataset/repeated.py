"""Equal boxes of one group, such as an image: found by their hashes, so that few have to be sorted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import BLOCK, Bool, Float, Floating, Int, for_each, for_each_block

# Odd multipliers that mix the bits of a hash: those of SplitMix64's finaliser and of MurmurHash3's.
_MULTIPLIERS = (
    0xBF58476D1CE4E5B9,
    0x94D049BB133111EB,
    0xFF51AFD7ED558CCD,
    0xC4CEB9FE1A85EC53,
    0x9E3779B97F4A7C15,
)

# Keys are told apart in so many rounds at most, each with another hash, as long as one leaves at most this
# share of the rows. The table has two to four places of four bytes for each row, and at most 2^_PLACES.
_ROUNDS, _WORTH_MORE, _PLACES = 3, 0.75, 30


def repeats(group: Int, boxes: Float) -> Int:
    """Return for each of n boxes the first earlier box of its group that it equals, -1 for none: int64 [n].

    group: int64 [n], such as the image of each box. boxes: float64 [n, 4]. A box with a NaN equals no other.
    """
    first = np.full(len(group), -1, dtype=np.int64)
    rows = alike(group, boxes[:, ::3])  # x1 and y2: few boxes share these and are not equal
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


def close(group: Int, boxes: Float, within: Float, *, most: int = 1_000) -> Int:
    """Return the rows of boxes that have another one of their group near them in all four numbers: int64.

    Only these can be equal after both are moved and rounded. group: int64 [n], ascending. boxes: float64
    [n, 4]. within: float64 [n], how much the numbers may differ. Of groups with more boxes than `most`, all
    are returned.
    """
    found = np.bincount(group, minlength=1)[group] > most
    some = np.flatnonzero(~found)

    def look(part: slice) -> None:
        found[some[part]] = _close(group[some[part]], boxes[some[part]], within[some[part]])

    for_each(by_groups(group[some]), look)
    return np.flatnonzero(found)


def _close(group: Int, boxes: Float, within: Float) -> Bool:
    """Tell which boxes have another one of their group near them: bool [n]."""
    with np.errstate(over="ignore"):
        columns = [*(np.asarray(column, dtype=np.float32) for column in boxes.T)]
        columns.append(np.asarray(within * (1 + 2**-10), dtype=np.float32))  # float32 rounds: a little more
    found = np.zeros(len(group), dtype=np.bool_)
    for column in columns[:4]:
        found |= np.isinf(column)  # beyond float32: not known to be apart
    for of_one_group, before, after in pairs_within(group, columns):
        met = of_one_group
        with np.errstate(invalid="ignore"):
            for one, other in zip(before.columns[:4], after.columns[:4], strict=True):
                met &= np.abs(other - one) <= after.columns[4]
        found[before.rows[met]] = found[after.rows[met]] = True
    return found


class Side(NamedTuple):
    """One side of some pairs: their rows, int64 [m], and the columns of values in these rows, [m] each."""

    rows: Int
    columns: list[Floating]


def pairs_within(
    group: Int, columns: Sequence[Floating], most: int | None = None
) -> Iterator[tuple[Bool, Side, Side]]:
    """Yield all pairs of rows of one group: those next to each other, then those two apart, and so on.

    group: int64 [n], ascending. columns: [n] each. most: rows farther apart are no pair. Each item holds
    which pairs are of one group, bool [m], the rows that come first, and the others.
    """
    if not len(group):
        return
    start = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    number = np.diff(np.append(start, len(group)))
    # Groups of most rows first: then those with more rows than any distance are the first ones, in one piece.
    order = np.argsort(-number, kind="stable")
    start, number = start[order], number[order]
    end = np.cumsum(number)
    place = np.arange(len(group)) - np.repeat(end - number, number)
    rows = np.repeat(start, number) + place
    columns = [column[rows] for column in columns]
    farthest = int(number[0]) - 1
    for distance in range(1, (farthest if most is None else min(farthest, most)) + 1):
        stop = end[np.searchsorted(-number, -distance) - 1]
        before, after = (
            Side(rows[part], [column[part] for column in columns])
            for part in (slice(stop - distance), slice(distance, stop))
        )
        yield place[distance:stop] >= distance, before, after


def by_groups(group: Int, size: int = BLOCK) -> list[slice]:
    """Cut rows into parts of whole groups, about `size` rows each. group: int64 [n], ascending."""
    parts, start = [], 0
    while start < len(group):
        end = min(start + size, len(group))
        end = int(np.searchsorted(group, group[end - 1], side="right"))
        parts.append(slice(start, end))
        start = end
    return parts


def alike(group: Int, numbers: Float) -> Int:
    """Return rows whose hash another row has too: among them are all that equal another one.

    group: int64 [n]. numbers: float64 [n, c], at most four columns.
    """
    if len(group) < 2:
        return np.zeros(0, dtype=np.int64)
    mixed = np.empty(len(group), dtype=np.uint64)

    def mix(block: slice) -> None:
        own = group[block].astype(np.uint64) * np.uint64(_MULTIPLIERS[0])
        for column, multiplier in zip(numbers[block].T, _MULTIPLIERS[1:], strict=False):
            bits = np.add(column, 0.0).view(np.uint64)  # -0.0 becomes 0.0, which it equals
            own = (own ^ (own >> np.uint64(29)) ^ bits) * np.uint64(multiplier)
        mixed[block] = own ^ (own >> np.uint64(32))

    for_each_block(len(mixed), mix)
    return not_single(mixed)


def not_single(keys: npt.NDArray[Any]) -> Int:
    """Return the rows whose key another row has too: int64, ascending. keys: whole numbers [n]."""
    rows = may_repeat(keys)
    own = keys.take(rows)
    ordered = np.sort(own)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return np.zeros(0, dtype=np.int64)
    place = np.minimum(np.searchsorted(twice, own), len(twice) - 1)
    found: Int = rows[twice[place] == own]
    return found


def may_repeat(keys: npt.NDArray[Any]) -> Int:
    """Return the rows whose key another row has too, and few others where most keys differ: int64, ascending.

    keys: whole numbers [n]. Each row is written into a table at the place that its key hashes to. Whoever
    finds itself there, and met no other, is alone. That takes as long as a sort with vector instructions, and
    a fifth of it where NumPy's are slow, as on Zen 4.
    """
    bits = min(len(keys).bit_length() + 1, _PLACES)
    if len(keys) >> bits:  # more rows than places: most meet another one
        return np.arange(len(keys))
    keys = keys.view(np.uint64) if keys.itemsize == 8 else keys.astype(np.uint64)
    table, before = np.empty(1 << bits, dtype=np.int32), len(keys)
    rows = _meeting(keys, _MULTIPLIERS[0], table)
    for multiplier in _MULTIPLIERS[1:_ROUNDS]:
        if not 0 < len(rows) <= _WORTH_MORE * before:
            break
        before = len(rows)
        rows = rows.take(_meeting(keys.take(rows), multiplier, table))
    return rows


def _meeting(keys: npt.NDArray[np.uint64], multiplier: int, table: npt.NDArray[np.int32]) -> Int:
    """Return the rows whose key hashes to the same place of a table as another: int64, ascending.

    table: [2^b], whatever is in it is written over.
    """
    shift = np.uint64(65 - len(table).bit_length())
    place = ((keys * np.uint64(multiplier)) >> shift).view(np.int64)
    number = np.arange(len(keys), dtype=np.int32)
    table[place] = number
    last = table.take(place)
    met = last != number
    met[last[met]] = True
    return np.flatnonzero(met)
