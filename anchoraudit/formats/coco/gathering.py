"""Puts the annotations of chunks behind each other while they are decoded, each at once in its last place.

Memory that a process has not used before costs more than what is written to it, because the system clears it
page by page. The columns of a chunk are small, and each chunk is decoded in the memory of the one before it.
So what is put together is nearly all that is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import for_each
from anchoraudit.formats.coco.annotations import AnnotationColumns, joined

# Room for a tenth more rows than are expected: what is not used of it takes no memory.
_SPARE = 1.1
_TYPES: dict[str, tuple[Any, tuple[int, ...]]] = {  # of a number, and how many a row has
    "ids": (np.int64, ()),
    "image_ids": (np.int64, ()),
    "category_ids": (np.int64, ()),
    "xyxy": (np.float64, (4,)),
    "crowd": (np.bool_, ()),
    "difficult": (np.bool_, ()),
    "area": (np.float64, ()),
    "traits": (np.uint32, ()),
}


class Place(NamedTuple):
    """The rows of a chunk among those that were put together: from `first` to `end`, without `end`."""

    first: int
    end: int


class Gathered:
    """Annotations of chunks, put together in the order in which they come."""

    def __init__(self) -> None:
        self._columns = _empty(0)
        self._count = self._room = 0  # rows, and how many there may be

    def put(self, columns: AnnotationColumns, size: int, left: int) -> AnnotationColumns | Place:
        """Put the annotations of a chunk behind the others, and return where they are.

        size: of the chunk, in bytes. left: how many bytes of the file are behind it, with more annotations.
        Returns the columns themselves if they cannot be put there, such as ids that are text.
        """
        count = len(columns.entry)
        place = Place(self._count, self._count + count)
        if not (_is_plain(columns) and self._has_room(place.end, int(_SPARE * count * left / size))):
            return columns
        self._write(columns, slice(*place))
        self._count = place.end
        return place

    def joined(self, parts: Sequence[AnnotationColumns | Place]) -> AnnotationColumns:
        """Join the annotations of a file, in its order: columns, and what `put` returned. Called once."""
        own, end = 0, 0
        for part in parts:
            if not isinstance(part, Place) or part.first != end:
                break
            own, end = own + 1, part.end
        columns = [self._at(part) if isinstance(part, Place) else part for part in parts]
        # Otherwise a chunk that was put here was decoded once more, with the one before it.
        in_order = end == self._count and not any(isinstance(part, Place) for part in parts[own:])
        if own and in_order and self._follow(columns[own:]):
            return self._at(Place(0, self._count))
        return joined(columns)

    def _follow(self, others: Sequence[AnnotationColumns]) -> bool:
        """Put others behind those that are there, on two threads. Tell whether that can be done."""
        others = [other for other in others if len(other.entry)]
        starts = np.cumsum([self._count, *(len(other.entry) for other in others)]).tolist()
        if not (all(map(_is_plain, others)) and self._has_room(starts[-1], 0)):
            return False
        by_start = dict(zip(starts, others, strict=False))
        places = [slice(*span) for span in pairwise(starts)]
        for_each(places, lambda rows: self._write(by_start[rows.start], rows))
        self._count = starts[-1]
        return True

    def _has_room(self, count: int, more: int) -> bool:
        """Make room for that many rows if there is none, and for more that are expected.

        Tell whether that can be done.
        """
        if count > self._room:
            room = count + max(more, count // 2)
            try:
                larger = _empty(room)
            except MemoryError:
                return False
            for name, column in self._columns.items():
                larger[name][: self._count] = column[: self._count]
            self._columns, self._room = larger, room
        return True

    def _write(self, columns: AnnotationColumns, rows: slice) -> None:
        for name, column in self._columns.items():
            column[rows] = getattr(columns, name)

    def _at(self, place: Place) -> AnnotationColumns:
        """Return rows of what is there, not copied."""
        columns = {name: column[slice(*place)] for name, column in self._columns.items()}
        return AnnotationColumns(**columns, entry=np.arange(place.end - place.first))


def _empty(rows: int) -> dict[str, npt.NDArray[Any]]:
    return {name: np.empty((rows, *row), kind) for name, (kind, row) in _TYPES.items()}


def _is_plain(columns: AnnotationColumns) -> bool:
    """Tell whether all ids are whole numbers of 64 bits."""
    return all(getattr(columns, name).dtype == kind for name, (kind, _) in _TYPES.items())
