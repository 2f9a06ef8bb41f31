"""Ids as columns: joins by id, and finds repeated ids, without a Python loop for integers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

from anchoraudit.arrays import Int, stable_argsort
from anchoraudit.dataset.columns import Ids
from anchoraudit.dataset.repeated import not_single

# Ids are looked up in a table if it needs at most so many places for each id. COCO's own image ids need five
# (118,287 ids up to 581,929). 16 places take 128 bytes for each image, little beside its annotations.
_TABLE_PER_ID = 16


def id_column(ids: Iterable[Any]) -> Ids:
    """Return ids as int64, or as objects if one is a string or too large. "7" and 7 stay different."""
    values = ids if isinstance(ids, list) else list(ids)
    try:
        # Unlike NumPy, array does not turn "7" into 7.
        return np.frombuffer(array("q", values), dtype=np.int64)
    except (TypeError, OverflowError):
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column


def positions(known: list[Any], wanted_ids: Ids) -> Int:
    """Return the position of each wanted id in `known` (the first, if repeated), -1 if it is not there."""
    known_ids = id_column(known)
    if object in (wanted_ids.dtype, known_ids.dtype) or not len(known_ids):
        index: dict[Any, int] = {}
        for position, identity in enumerate(known):
            index.setdefault(identity, position)
        return np.array([index.get(identity, -1) for identity in wanted_ids.tolist()], dtype=np.int64)
    lowest, highest = int(known_ids.min()), int(known_ids.max())
    if highest - lowest < _TABLE_PER_ID * len(known_ids) + 1024 and abs(lowest) < 2**62:
        return _by_table(known_ids, wanted_ids, lowest, highest)
    order = stable_argsort(known_ids)
    ranked = known_ids[order]
    rank = np.minimum(np.searchsorted(ranked, wanted_ids), len(ranked) - 1)
    return np.where(ranked[rank] == wanted_ids, order[rank], -1)


def _by_table(known_ids: Int, wanted_ids: Int, lowest: int, highest: int) -> Int:
    """Look up ids in a table over their range, which is several times faster than a search."""
    table = np.full(highest - lowest + 3, -1, dtype=np.int64)
    table[known_ids[::-1] - lowest + 1] = np.arange(len(known_ids))[::-1]
    # Ids below or above the range go to the first and last place of the table, which hold -1.
    found: Int = table[np.clip(wanted_ids, lowest - 1, highest + 1) - (lowest - 1)]
    return found


def repeated(ids: Ids) -> list[int]:
    """Return the rows whose id an earlier row has."""
    if ids.dtype != object:
        rows = not_single(ids)
        order = rows.take(stable_argsort(ids.take(rows)))
        again = ids[order][1:] == ids[order][:-1]
        return sorted(order[1:][again].tolist())
    seen: set[Any] = set()
    again_at: list[int] = []
    for i, identity in enumerate(ids.tolist()):
        if identity in seen:
            again_at.append(i)
        seen.add(identity)
    return again_at
