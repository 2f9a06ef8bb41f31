"""Reads label files: lines `class cx cy w h`, as shares of the image. Polygons and keypoints become boxes.

Sources: yolov5 utils/dataloaders.py and ultralytics data/utils.py (verify_image_label: if a line has more
than six columns, every line of its file is read as `class x y x y ...`), ops.segments2boxes (the bounds of
the polygon), ultralytics' `kpt_shape` (keypoints after the box).
"""

from __future__ import annotations

import codecs
import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from io import BytesIO

from anchoraudit.dataset.findings import Finding
from anchoraudit.formats.yolo.keypoints import LOOKED_AT, MOST_COLUMNS
from anchoraudit.io.files import IN_AN_IMAGES_FILE, os_reason, read_bytes
from anchoraudit.io.unchanged import note

READ, EMPTY, BROKEN, ABSENT = range(4)
NO_CLASS = -(1 << 63)  # no file has it: a class must be exact as a double
_LARGEST_INDEX = 1 << 53  # the largest class that a double holds exactly
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SHOWN = 80  # bytes of a line or a word that a finding repeats
# Characters at which str.splitlines() or str.split() splits, and bytes.split() or a line does not.
_SEPARATORS = re.compile(rb"[\x0b\x0c\x1c-\x1f]")
# What nearly all files are, and what the fast way takes: at most 15 digits of a class are exact as a double.
_BOX = rb"\d{1,15} [\d.]{1,30} [\d.]{1,30} [\d.]{1,30} [\d.]{1,30}"
_PLAIN = re.compile(rb"(?:%b\r?\n)*+(?:%b)?+" % (_BOX, _BOX))
_LONGEST_IN_DOUBT = 8  # columns: YOLOv7 reads rows as polygons only if one of them has more
_NO_BOX = (math.nan, math.nan, math.nan, math.nan)
# Reported once a file, because only the author knows whether the polygons or the boxes are the mistake.
_BOX_AMONG = (
    "a box among polygons: YOLOv5 and Ultralytics 8.3 read it as a polygon of two points, "
    "Ultralytics 8.4.190 drops the image"
)

_Wrong = tuple[str, str, str]  # code, message and value of a finding


@dataclass(slots=True)
class Chunk:
    """The lines of some label files, as columns that grow and that are sent from process to process.

    status: of each file READ, EMPTY, BROKEN, ABSENT.
    file, line, index, xywh, read, outline, findings, class_words, texts: as in `columns.Lines`.
    polygons: the plain files of polygons. first_polygons: the numbers of some of the first ones.
    """

    status: list[int] = field(default_factory=list)
    file: array[int] = field(default_factory=lambda: array("q"))
    line: array[int] = field(default_factory=lambda: array("q"))
    index: array[int] = field(default_factory=lambda: array("q"))
    xywh: array[float] = field(default_factory=lambda: array("d"))
    read: bytearray = field(default_factory=bytearray)
    outline: bytearray = field(default_factory=bytearray)
    findings: list[Finding] = field(default_factory=list)
    class_words: dict[int, str] = field(default_factory=dict)
    texts: dict[int, list[str]] = field(default_factory=dict)
    polygons: list[int] = field(default_factory=list)
    first_polygons: list[list[float]] = field(default_factory=list)


def read_chunk(paths: Sequence[str | None], columns: int) -> Chunk:
    """Read label files. paths: None for an image without one. columns: as in `columns.read_lines`."""
    reading = _Reading(columns)
    reading.status += [
        ABSENT if path is None else reading.read_file(path, number) for number, path in enumerate(paths)
    ]
    return Chunk(**{one.name: getattr(reading, one.name) for one in fields(Chunk)})


def lines_of(path: str) -> list[str] | None:
    """Return the lines of a label file as they stand. None if it is not text."""
    data = _Reading(5).text(path)
    return None if data is None else _shown_lines(data)


class _Reading(Chunk):
    """The files read so far.

    texts: the lines of each file in which frameworks may see something else than one row for each line that
    is not blank, of a class and a box. A plain file has boxes only, or polygons of which one has more than
    three points, with whole numbers for classes and no blank line between rows.
    """

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.of_a_box = (5, columns)

    def read_file(self, path: str, number: int) -> int:
        """Append the lines of one file, and return its status. number: index of the file."""
        text = self.text(path)
        if text is None:
            return BROKEN
        if text and _PLAIN.fullmatch(text) and self._read_plain(text, number):
            return READ
        body = text.removeprefix(codecs.BOM_UTF8)
        marked = len(body) < len(text)
        plain, rows = _rows(body.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in body else body)
        told, begin, classless = len(self.findings), len(self.file), len(self.class_words)
        columns: set[int] = set()
        first_box: tuple[int, list[bytes]] | None = None
        has_polygon = False
        for at, words in rows:
            if not words:
                continue
            index, xywh, wrong = self._take(words)
            if index == NO_CLASS:
                self.class_words[len(self.file)] = _shown(words[0])
            self.file.append(number)
            self.line.append(at)
            self.index.append(index)
            self.xywh.extend(xywh or _NO_BOX)
            self.read.append(bool(xywh))
            count = len(words)
            self.outline.append(bool(xywh) and count not in self.of_a_box)
            columns.add(count)
            if wrong:
                self.findings += [
                    Finding(code, told, path, f"line {at + 1}", met) for code, told, met in wrong
                ]
            if xywh and count not in self.of_a_box:
                has_polygon = True
            elif xywh and first_box is None:
                first_box = at, words
        found = len(self.file) - begin
        if not found:
            if marked:
                self.texts[number] = _shown_lines(text)
            return EMPTY
        if has_polygon and first_box is not None:
            at, words = first_box
            self.findings.append(Finding("PAR003", _BOX_AMONG, path, f"line {at + 1}", _line(words)))
        odd = len(self.findings) > told or len(self.class_words) > classless
        gaps = self.line[-1] - self.line[begin] + 1 > found
        short = has_polygon and max(columns) <= _LONGEST_IN_DOUBT
        if marked or not plain or odd or gaps or short or len(columns.intersection(self.of_a_box)) > 1:
            self.texts[number] = _shown_lines(text)
        elif has_polygon:
            self.polygons.append(number)
        return READ

    def _read_plain(self, text: bytes, number: int) -> bool:
        """Append the lines of a file of nothing but boxes. False if a number is none, such as `0.5.5`."""
        words = text.decode("ascii").split()  # numbers in str are read faster than in bytes
        classes = words[::5]
        del words[::5]
        try:
            values = array("d", map(float, words))
        except ValueError:
            return False
        count = len(classes)
        self.file.extend([number] * count)
        self.line.extend(range(count))
        self.index.extend(map(int, classes))
        self.xywh += values
        self.read += b"\1" * count
        self.outline += bytes(count)
        return True

    def text(self, path: str) -> bytes | None:
        """Return the text of a file as it stands. None if it is not text, with a finding."""
        try:
            data = read_bytes(path, IN_AN_IMAGES_FILE)
            note(path, data)
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
        return data

    def _take(self, words: list[bytes]) -> tuple[int, Sequence[float], list[_Wrong]]:
        """Return the class of a line, its centre and size (() if no box can be read), and its problems.

        A line without a valid class keeps its box.
        """
        count = len(words)
        is_box = count in self.of_a_box
        if not is_box and (count < 7 or count % 2 == 0):
            with_keypoints = f" or {self.columns}" if self.columns > 5 else ""
            expected = f"a box has 5{with_keypoints}, a polygon 7, 9, 11 and so on"
            told = f"{count} column{'s' * (count != 1)}: {expected}{_with_keypoints(count)}"
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
        if len(self.first_polygons) < LOOKED_AT and count <= MOST_COLUMNS:
            self.first_polygons.append(values)
        (x, w), (y, h) = _bounds(values[::2]), _bounds(values[1::2])
        return index, (x, y, w, h), wrong


def _rows(text: bytes) -> tuple[bool, Iterator[tuple[int, list[bytes]]]]:
    """Return whether a text is plain ASCII, and its lines as numbers and words, split as frameworks do.

    Other texts are split as Python splits text, also at characters beyond ASCII.
    """
    if text.isascii() and not _SEPARATORS.search(text):
        return True, enumerate(map(bytes.split, BytesIO(text)))
    lines = enumerate(text.decode("utf-8", "surrogateescape").splitlines())
    return False, ((at, [w.encode("utf-8", "surrogateescape") for w in line.split()]) for at, line in lines)


def _with_keypoints(count: int) -> str:
    """Return what to say of a line that may be a box with keypoints of three numbers each."""
    if count < 8 or count % 3 != 2:
        return ""
    return f". If it is a box with keypoints, `kpt_shape: [{count // 3 - 1}, 3]` in data.yaml says so"


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


def _shown_lines(text: bytes) -> list[str]:
    """Return the lines of a file as they stand. Bytes that are not UTF-8 become lone surrogates."""
    return text.decode("utf-8", "surrogateescape").split("\n")


def _shown(word: bytes) -> str:
    return word[:_SHOWN].decode("utf-8", "backslashreplace")
