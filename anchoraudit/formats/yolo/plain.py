"""Label files that are plain on sight: many at once, as one array of numbers."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from anchoraudit.dataset import Bool, Float, Int
from anchoraudit.formats.yolo.columns import LARGEST_INDEX, Columns

_CHARACTERS = b"0123456789+-.eE \t\n"  # what decimal numbers and lines are made of
_LONGEST = 1 << 20  # bytes; a longer file is no usual one


def is_plain(data: bytes) -> bool:
    """Tell whether a file holds nothing but characters of decimal numbers."""
    return len(data) <= _LONGEST and not data.translate(None, _CHARACTERS)


@dataclass(slots=True)
class Plain:
    """Files taken together: V numbers in L lines that hold some.

    values: float64 [V]. first, count: int64 [L], a line's first number and how many it has. file, line:
    int64 [L], position of the file and of the line in it. files: how many.
    """

    values: Float
    first: Int
    count: Int
    file: Int
    line: Int
    files: int

    @classmethod
    def of(cls, texts: list[bytes]) -> Plain | None:
        """Take plain texts apart; None if something in one of them is no number after all (`1e`, `1-2`)."""
        if not texts:
            return None
        joined = b"\n".join(texts)
        characters = np.frombuffer(joined, dtype=np.uint8)
        is_end, is_blank = characters == ord("\n"), characters <= ord(" ")
        begins = ~is_blank
        begins[1:] &= is_blank[:-1]
        per_file = np.array([text.count(b"\n") + 1 for text in texts], dtype=np.int64)
        count = np.bincount(np.cumsum(is_end)[begins], minlength=int(per_file.sum()))
        values = _numbers(joined)
        if values is None or len(values) != int(count.sum()):
            return None
        file = np.repeat(np.arange(len(texts)), per_file)
        line = np.arange(len(file)) - np.repeat(np.cumsum(per_file) - per_file, per_file)
        held = np.flatnonzero(count)
        first = np.cumsum(count) - count
        return cls(values, first[held], count[held], file[held], line[held], len(texts))

    def good_files(self, columns: int) -> Bool:
        """Tell which files hold boxes only or polygons only, each with a class: bool [files]."""
        box = self._is_box(self.count, columns)
        polygon = ~box & (self.count >= 7) & (self.count % 2 == 1)
        index = self.values[self.first]
        bad = ~(box | polygon) | (index != np.floor(index)) | (np.abs(index) > LARGEST_INDEX)
        return ~(self._having(bad) | (self._having(box) & self._having(polygon)))

    def append_to(self, found: Columns, numbers: Int, good: Bool, columns: int) -> None:
        """Append the lines of the files `good`; numbers: of the files in the whole data set."""
        rows = np.flatnonzero(good[self.file])
        first, count = self.first[rows], self.count[rows]
        box = self._is_box(count, columns)
        xywh = np.empty((len(rows), 4))
        xywh[box] = self.values[first[box, None] + np.arange(1, 5)]
        xywh[~box] = self._bounds(first[~box], count[~box])
        index = self.values[first].astype(np.int64)
        found.append(
            numbers[self.file[rows]], self.line[rows], index, xywh, np.ones(len(rows), dtype=np.bool_)
        )

    @staticmethod
    def _is_box(count: Int, columns: int) -> Bool:
        is_box: Bool = (count == 5) | (count == columns)
        return is_box

    def _having(self, lines: Bool) -> Bool:
        """Tell which files have one of these lines."""
        having = np.zeros(self.files, dtype=np.bool_)
        having[self.file[lines]] = True
        return having

    def _bounds(self, first: Int, count: Int) -> Float:
        """Centre and size around polygons `class x y x y ...`: [n, 4]."""
        if not len(first):
            return np.empty((0, 4))
        points = (count - 1) // 2
        starts = np.cumsum(points) - points
        at = np.repeat(first + 1 - 2 * starts, points) + 2 * np.arange(int(points.sum()))
        xs, ys = self.values[at], self.values[at + 1]
        low = np.column_stack([np.minimum.reduceat(xs, starts), np.minimum.reduceat(ys, starts)])
        high = np.column_stack([np.maximum.reduceat(xs, starts), np.maximum.reduceat(ys, starts)])
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is reported elsewhere
            return np.concatenate([(low + high) / 2, high - low], axis=1)


def _numbers(text: bytes) -> Float | None:
    """All numbers of a text that white space separates, None if there is anything else."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # that it stopped before the end
        try:
            return np.fromstring(text, dtype=np.float64, sep=" ")
        except (DeprecationWarning, ValueError):
            return None
