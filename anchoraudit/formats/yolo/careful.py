"""A label file line by line, each broken one with what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from anchoraudit.findings import Finding
from anchoraudit.formats.yolo.columns import LARGEST_INDEX, NO_CLASS, Columns

_SHOWN = 80
_NAN = float("nan")


def read_file(number: int, path: str, data: bytes, columns: int, found: Columns) -> list[Finding]:
    """Append the lines of one file to `found`; return what is wrong with them.

    number: of the file in the data set. columns: of a line with keypoints after the box, 5 without.
    """
    rows = [_Line(at, words) for at, line in enumerate(data.split(b"\n")) if (words := line.split())]
    for row in rows:
        row.take(columns)
    found.append(
        np.full(len(rows), number, dtype=np.int64),
        np.array([row.at for row in rows], dtype=np.int64),
        np.array([row.index for row in rows], dtype=np.int64),
        np.array([row.xywh for row in rows], dtype=np.float64).reshape(-1, 4),
        np.array([row.is_read for row in rows], dtype=np.bool_),
    )
    wrong = [(row, *what) for row in rows for what in row.wrong]
    if any(row.is_polygon for row in rows):
        # Only the first is told: either the polygons or the boxes of the whole file are what was not meant.
        text = "a box among polygons: YOLOv5 and Ultralytics take it for a polygon of two points"
        wrong += [(row, "PAR003", text, row.text) for row in rows if row.is_read and not row.is_polygon][:1]
    return [Finding(code, words, path, f"line {row.at + 1}", value) for row, code, words, value in wrong]


@dataclass(slots=True)
class _Line:
    """One line that holds something. wrong: (code, message, value) each."""

    at: int
    words: list[bytes]
    index: int = NO_CLASS
    xywh: tuple[float, float, float, float] = (_NAN, _NAN, _NAN, _NAN)
    is_read: bool = False
    is_polygon: bool = False
    wrong: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The line, shortened."""
        return _shown(b" ".join(self.words[:12]))

    def take(self, columns: int) -> None:
        """Take class and box, or say why not. A line without a class keeps its box."""
        count = len(self.words)
        is_box = count in (5, columns)
        if not is_box and (count < 7 or count % 2 == 0):
            with_keypoints = f" or {columns}" if columns > 5 else ""
            expected = f"a box has 5{with_keypoints}, a polygon 7, 9, 11 and so on"
            self.wrong.append(("PAR003", f"{count} column{'s' * (count != 1)}: {expected}", self.text))
            return
        self._take_index()
        values = self._values(5 if is_box else count)
        if values is None:
            return
        self.is_read, self.is_polygon = True, not is_box
        if is_box:
            self.xywh = values[0], values[1], values[2], values[3]
            return
        points = np.array(values).reshape(-1, 2)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is reported elsewhere
            low, high = points.min(axis=0), points.max(axis=0)
            (x, y), (w, h) = ((low + high) / 2).tolist(), (high - low).tolist()
        self.xywh = x, y, w, h

    def _take_index(self) -> None:
        index = _number(self.words[0])
        if index is not None and abs(index) <= LARGEST_INDEX and index.is_integer():
            self.index = int(index)
        else:
            text = _shown(self.words[0])
            self.wrong.append(("PAR004", f"the class is {text!r}, not a whole number", text))

    def _values(self, end: int) -> list[float] | None:
        """The numbers of the columns after the first, up to `end`."""
        values: list[float] = []
        for column, word in enumerate(self.words[1:end], 2):
            value = _number(word)
            if value is None:
                text = _shown(word)
                self.wrong.append(("PAR004", f"column {column} is {text!r}, not a number", text))
                return None
            values.append(value)
        return values


def _number(word: bytes) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _shown(word: bytes) -> str:
    return word[:_SHOWN].decode("utf-8", "backslashreplace")
