"""Ids as columns: joining by id, and finding those used twice, without a Python loop over integers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

from anchoraudit.dataset import Ids, Int


def id_column(ids: Iterable[Any]) -> Ids:
    """Ids as int64, or as objects where one of them is a string or too large: "7" and 7 stay apart."""
    values = list(ids)
    try:
        return np.frombuffer(array("q", values), dtype=np.int64)  # unlike NumPy, array takes no "7" for 7
    except (TypeError, OverflowError):
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column


def positions(known: list[Any], wanted: Iterable[Any]) -> Int:
    """Position of each wanted id among the known ones (the first, if used twice), -1 where unknown."""
    wanted_ids, known_ids = id_column(wanted), id_column(known)
    if object in (wanted_ids.dtype, known_ids.dtype) or not len(known_ids):
        index: dict[Any, int] = {}
        for position, identity in enumerate(known):
            index.setdefault(identity, position)
        return np.array([index.get(identity, -1) for identity in wanted_ids.tolist()], dtype=np.int64)
    order = np.argsort(known_ids, kind="stable")
    ranked = known_ids[order]
    rank = np.minimum(np.searchsorted(ranked, wanted_ids), len(ranked) - 1)
    return np.where(ranked[rank] == wanted_ids, order[rank], -1)


def repeated(ids: Ids | None) -> list[int]:
    """Rows whose id an earlier row has."""
    if ids is None or len(ids) < 2 or (ids.dtype != object and bool(np.all(ids[1:] > ids[:-1]))):
        return []
    if ids.dtype != object:
        order = np.argsort(ids, kind="stable")
        again = ids[order][1:] == ids[order][:-1]
        return sorted(order[1:][again].tolist())
    seen: set[Any] = set()
    again_at: list[int] = []
    for i, identity in enumerate(ids.tolist()):
        if identity in seen:
            again_at.append(i)
        seen.add(identity)
    return again_at
