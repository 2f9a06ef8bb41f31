"""Label files: `class cx cy w h` a line, shares of the image; polygons and keypoints become boxes.

Sources: yolov5 utils/dataloaders.py and ultralytics data/utils.py (verify_image_label: a line of more than
six columns is `class x y x y ...`, and so is then every line of its file), ops.segments2boxes (the bounds
of the polygon), ultralytics' `kpt_shape` (keypoints after the box).

Files that are plain on sight are read many at once as one array of numbers (`yolo.plain`); any other line
by line (`yolo.careful`), which alone decides and explains. Both give the same for a plain file.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anchoraudit.dataset import Bool, Float, Int
from anchoraudit.files import IN_AN_IMAGES_FILE, read_bytes
from anchoraudit.findings import Finding
from anchoraudit.formats.voc.xml import os_reason
from anchoraudit.formats.yolo.careful import read_file
from anchoraudit.formats.yolo.columns import Columns
from anchoraudit.formats.yolo.plain import Plain, is_plain

READ, EMPTY, BROKEN, ABSENT = range(4)
_CHUNK = 1 << 23  # bytes read at once as numbers: what the columns of some 100,000 boxes take
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(slots=True)
class Lines:
    """F label files and the M lines that hold something, in the order of the files.

    status: F of READ, EMPTY, BROKEN, ABSENT. file: int64 [M]. line: int64 [M], from 0. index: int64 [M],
    the class, NO_CLASS where it is no index. xywh: float64 [M, 4], centre and size as shares of the image,
    all NaN where no box could be read. read: bool [M], whether one could.
    """

    status: list[int]
    file: Int
    line: Int
    index: Int
    xywh: Float
    read: Bool
    findings: list[Finding]


def read_lines(paths: Sequence[str | None], columns: int = 5) -> Lines:
    """Read the label files `paths`, None where an image has none.

    columns: of a line with keypoints after the box, 5 without. What is wrong becomes a finding.
    """
    return _Reading(paths, columns).all()


class _Reading:
    """The files of one data set on their way to columns."""

    def __init__(self, paths: Sequence[str | None], columns: int) -> None:
        self.paths, self.columns = paths, columns
        self.status: list[int] = []
        self.found = Columns()
        self.findings: list[Finding] = []
        self.plain: list[tuple[int, bytes]] = []

    def all(self) -> Lines:
        """Read every file."""
        held = 0
        for number, path in enumerate(self.paths):
            data = None if path is None else self._text(path)
            self.status.append(_status(path, data))
            if data is None or self.status[-1] == EMPTY:
                continue
            if is_plain(data):
                self.plain.append((number, data))
                held += len(data)
            else:
                self._carefully(number, data)
            if held > _CHUNK:
                self._at_once()
                held = 0
        self._at_once()
        file, line, index, xywh, read = self.found.sorted()
        return Lines(self.status, file, line, index, xywh, read, self.findings)

    def _text(self, path: str) -> bytes | None:
        r"""The text of a file with `\n` between its lines, None (and a finding) if it is none."""
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

    def _at_once(self) -> None:
        """Read the files that are plain on sight; those that turn out not to be go line by line."""
        files, self.plain = self.plain, []
        odd = list(range(len(files)))
        if (plain := Plain.of([data for _, data in files])) is not None:
            good = plain.good_files(self.columns)
            odd = np.flatnonzero(~good).tolist()
            plain.append_to(self.found, np.array([number for number, _ in files]), good, self.columns)
        for position in odd:
            self._carefully(*files[position])

    def _carefully(self, number: int, data: bytes) -> None:
        path = str(self.paths[number])
        self.findings += read_file(number, path, data, self.columns, self.found)


def _status(path: str | None, data: bytes | None) -> int:
    if path is None:
        return ABSENT
    if data is None:
        return BROKEN
    return EMPTY if data.isspace() or not data else READ
