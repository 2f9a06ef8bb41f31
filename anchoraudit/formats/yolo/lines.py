"""Reads label files: lines `class cx cy w h`, as shares of the image. Polygons and keypoints become boxes.

Sources: yolov5 utils/dataloaders.py and ultralytics data/utils.py (verify_image_label: if a line has more
than six columns, every line of its file is read as `class x y x y ...`), ops.segments2boxes (the bounds of
the polygon), ultralytics' `kpt_shape` (keypoints after the box).
"""

from __future__ import annotations

import codecs
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats._builder import NO_BOX
from anchoraudit.io.files import IN_AN_IMAGES_FILE, os_reason, read_bytes

READ, EMPTY, BROKEN, ABSENT = range(4)
NO_CLASS = int(np.iinfo(np.int64).min)
_LARGEST_INDEX = 1 << 53  # the largest class that a double holds exactly
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SHOWN = 80  # bytes of a line or a word that a finding repeats
# Reported once a file, because only the author knows whether the polygons or the boxes are the mistake.
_BOX_AMONG = "a box among polygons: YOLOv5 and Ultralytics read it as a polygon of two points"

_Wrong = tuple[str, str, str]  # code, message and value of a finding


@dataclass(slots=True)
class Lines:
    """Columns over F label files and their M lines that are not empty, in the order of the files.

    status: F of READ, EMPTY, BROKEN, ABSENT.
    file: int64 [M], index of the file.
    line: int64 [M], from 0.
    index: int64 [M], the class, NO_CLASS if it is not a whole number.
    xywh: float64 [M, 4], centre and size as shares of the image, NaN if no box could be read.
    read: bool [M], a box could be read.
    findings: in the order of the files.
    """

    status: list[int]
    file: Int
    line: Int
    index: Int
    xywh: Float
    read: Bool
    findings: list[Finding]


def read_lines(paths: Sequence[str | None], columns: int = 5) -> Lines:
    """Read the label files `paths`. None stands for an image without a label file.

    columns: the number of columns of a line, 5 without keypoints after the box. Problems become findings.
    """
    reading = _Reading(columns)
    status = [ABSENT if path is None else reading.read_file(path, n) for n, path in enumerate(paths)]
    return reading.lines(status)


class _Reading:
    """The lines read so far, as columns that grow."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.of_a_box = (5, columns)
        self.file, self.line, self.index = array("q"), array("q"), array("q")
        self.xywh = array("d")
        self.read = array("b")
        self.findings: list[Finding] = []

    def lines(self, status: list[int]) -> Lines:
        """Return the columns, after all files are read."""
        return Lines(
            status,
            np.array(self.file, dtype=np.int64),
            np.array(self.line, dtype=np.int64),
            np.array(self.index, dtype=np.int64),
            np.array(self.xywh, dtype=np.float64).reshape(-1, 4),
            np.array(self.read, dtype=np.bool_),
            self.findings,
        )

    def read_file(self, path: str, number: int) -> int:
        """Append the lines of one file, and return its status. number: index of the file."""
        text = self._text(path)
        if text is None:
            return BROKEN
        if not text or text.isspace():
            return EMPTY
        first_box: tuple[int, list[bytes]] | None = None
        has_polygon = False
        for at, line in enumerate(BytesIO(text)):
            words = line.split()
            if not words:
                continue
            index, xywh, wrong = self._take(words)
            self.file.append(number)
            self.line.append(at)
            self.index.append(index)
            self.xywh.extend(xywh or NO_BOX)
            self.read.append(bool(xywh))
            if wrong:
                self.findings += [
                    Finding(code, told, path, f"line {at + 1}", met) for code, told, met in wrong
                ]
            if xywh and len(words) not in self.of_a_box:
                has_polygon = True
            elif xywh and first_box is None:
                first_box = at, words
        if has_polygon and first_box is not None:
            at, words = first_box
            self.findings.append(Finding("PAR003", _BOX_AMONG, path, f"line {at + 1}", _line(words)))
        return READ

    def _text(self, path: str) -> bytes | None:
        r"""Return the text of a file, with lines that end in `\n`. None if it is not text, with a finding."""
        try:
            data = read_bytes(path, IN_AN_IMAGES_FILE)
        except OSError as error:
            self.findings.append(Finding("PAR001", os_reason(path, error), path))
            return None
        if data[:2] in _MARKS:
            words = "UTF-16 text, but frameworks read label files as UTF-8"
            self.findings.append(Finding("PAR006", words, path, "byte 0", f"0x{data[:2].hex()}"))
            return None
        if b"\0" in data:
            at = data.index(b"\0")
            self.findings.append(Finding("PAR001", f"not text: byte {at} is 0", path, f"byte {at}"))
            return None
        data = data.removeprefix(codecs.BOM_UTF8)
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data

    def _take(self, words: list[bytes]) -> tuple[int, Sequence[float], list[_Wrong]]:
        """Return the class of a line, its centre and size (() if no box can be read), and its problems.

        A line without a valid class keeps its box.
        """
        count = len(words)
        is_box = count in self.of_a_box
        if not is_box and (count < 7 or count % 2 == 0):
            with_keypoints = f" or {self.columns}" if self.columns > 5 else ""
            expected = f"a box has 5{with_keypoints}, a polygon 7, 9, 11 and so on"
            told = f"{count} column{'s' * (count != 1)}: {expected}"
            return NO_CLASS, (), [("PAR003", told, _line(words))]
        wrong: list[_Wrong] = []
        index = _index(words[0])
        if index == NO_CLASS:
            met = _shown(words[0])
            wrong.append(("PAR004", f"the class is {met!r}, not a whole number", met))
        try:
            values = list(map(float, words[1:5] if is_box else words[1:]))
        except ValueError:
            return index, (), [*wrong, _not_a_number(words)]
        if is_box:
            return index, values, wrong
        (x, w), (y, h) = _bounds(values[::2]), _bounds(values[1::2])
        return index, (x, y, w, h), wrong


def _index(word: bytes) -> int:
    """Return a class, a whole number that may be written as `3.0`, or NO_CLASS."""
    try:
        value = float(word)
    except ValueError:
        return NO_CLASS
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_INDEX else NO_CLASS


def _bounds(values: list[float]) -> tuple[float, float]:
    """Return middle and extent of a polygon along one axis. NaN if a value is NaN, which `min` may skip."""
    total = sum(values)
    if math.isnan(total) and any(map(math.isnan, values)):
        return math.nan, math.nan
    low, high = min(values), max(values)
    return (low + high) / 2, high - low


def _not_a_number(words: list[bytes]) -> _Wrong:
    """Return the problem of a line in which a word after the class is not a number."""
    column, word = next((n, word) for n, word in enumerate(words[1:], 2) if not _is_number(word))
    met = _shown(word)
    return "PAR004", f"column {column} is {met!r}, not a number", met


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _line(words: list[bytes]) -> str:
    return _shown(b" ".join(words[:12]))


def _shown(word: bytes) -> str:
    return word[:_SHOWN].decode("utf-8", "backslashreplace")
