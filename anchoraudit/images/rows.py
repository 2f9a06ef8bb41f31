"""Facts about files: one row of plain numbers for each, which can be sent and stored as bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Int

# size, mtime: bytes, nanoseconds; if one changes, the row is no longer valid.
# width, height: stored pixels, 0 if unknown.
# mark: CRC-32 of the start and the end of the file, which is equal for copies.
# read, decoded, hashed: which of the other fields are filled.
ROW = np.dtype(
    [
        ("size", "<i8"),
        ("mtime", "<i8"),
        ("width", "<i4"),
        ("height", "<i4"),
        ("mark", "<u4"),
        ("orientation", "i1"),
        ("read", "?"),
        ("decoded", "?"),
        ("one_colour", "?"),
        ("hashed", "?"),
        ("digest", "V16"),
    ]
)
Table = npt.NDArray[Any]  # of ROW


@dataclass(slots=True)
class Rows:
    """Rows [F] of ROW, and the texts that belong to them.

    problem: by row, why the header could not be read.
    undecoded: by row, why decoding failed.
    passing: rows whose problem may be gone in the next run (the disk failed, memory ran out). They are not
    cached.
    """

    table: Table
    problem: dict[int, str] = field(default_factory=dict)
    undecoded: dict[int, str] = field(default_factory=dict)
    passing: set[int] = field(default_factory=set)

    @classmethod
    def empty(cls, count: int) -> Rows:
        """Return empty rows for `count` files."""
        return cls(np.zeros(count, dtype=ROW))

    def put(self, at: Int, other: Rows) -> None:
        """Set the rows `at` to those of `other`, in that order."""
        self.table[at] = other.table
        places = at.tolist()
        for mine, theirs in ((self.problem, other.problem), (self.undecoded, other.undecoded)):
            for place in places if mine else ():
                mine.pop(place, None)
            mine.update((places[i], text) for i, text in theirs.items())
        self.passing.difference_update(places)
        self.passing.update(places[i] for i in other.passing)

    def take(self, at: Int) -> Rows:
        """Return the rows `at`, in that order."""
        places = at.tolist()
        return Rows(self.table[at], _taken(self.problem, places), _taken(self.undecoded, places))


def _taken(texts: dict[int, str], places: list[int]) -> dict[int, str]:
    # Not the other way round: each of many folders takes a few of all texts.
    return {i: texts[old] for i, old in enumerate(places) if old in texts} if texts else {}
