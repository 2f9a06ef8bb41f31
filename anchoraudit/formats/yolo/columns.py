"""Joins the label files that were read in chunks to columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, distinct
from anchoraudit.dataset.findings import Finding
from anchoraudit.formats.yolo.keypoints import LOOKED_AT, shape_of
from anchoraudit.formats.yolo.lines import Chunk, lines_of, read_chunk

# Computing corners from a smaller centre or side loses its sign, and a value below 0 decides on an image.
_SMALLEST = 1e-9


@dataclass(slots=True)
class Lines:
    """Columns over F label files and their M lines that are not empty, in the order of the files.

    status: F of READ, EMPTY, BROKEN, ABSENT.
    file: int64 [M], index of the file.
    line: int64 [M], from 0.
    index: int64 [M], the class, NO_CLASS if it is not a whole number.
    xywh: float64 [M, 4], centre and size as shares of the image, NaN if no box could be read.
    read: bool [M], a box could be read.
    outline: bool [M], the line holds a polygon, and the box is drawn around it.
    findings: in the order of the files.
    class_words: for lines whose class is not a whole number, the class as written.
    texts: by index of the file, the lines of each that is not plain (see `_Reading`).
    keypoints: what `kpt_shape` may be, if the polygons look like boxes with keypoints; None if not.
    """

    status: list[int]
    file: Int
    line: Int
    index: Int
    xywh: Float
    read: Bool
    outline: Bool
    findings: list[Finding]
    class_words: dict[int, str]
    texts: dict[int, list[str]]
    keypoints: tuple[int, int] | None = None


def read_lines(paths: Sequence[str | None], columns: int = 5) -> Lines:
    """Read the label files `paths`. None stands for an image without a label file.

    columns: the number of columns of a line, 5 without keypoints after the box. Problems become findings.
    """
    return joined([read_chunk(paths, columns)], paths)


def joined(chunks: Sequence[Chunk], paths: Sequence[str | None]) -> Lines:
    """Join chunks in their order. paths: of all their files."""
    files = np.cumsum([0, *(len(chunk.status) for chunk in chunks)]).tolist()
    rows = np.cumsum([0, *(len(chunk.file) for chunk in chunks)]).tolist()
    lines = Lines(
        [status for chunk in chunks for status in chunk.status],
        _whole([np.frombuffer(c.file, dtype=np.int64) + at for c, at in zip(chunks, files, strict=False)]),
        _whole([np.frombuffer(chunk.line, dtype=np.int64) for chunk in chunks]),
        _whole([np.frombuffer(chunk.index, dtype=np.int64) for chunk in chunks]),
        np.concatenate([np.empty(0), *(np.frombuffer(c.xywh) for c in chunks)]).reshape(-1, 4),
        np.frombuffer(b"".join(chunk.read for chunk in chunks), dtype=np.bool_),
        np.frombuffer(b"".join(chunk.outline for chunk in chunks), dtype=np.bool_),
        [finding for chunk in chunks for finding in chunk.findings],
        {row + at: w for c, at in zip(chunks, rows, strict=False) for row, w in c.class_words.items()},
        {file + at: t for c, at in zip(chunks, files, strict=False) for file, t in c.texts.items()},
        shape_of(list(islice((row for chunk in chunks for row in chunk.first_polygons), LOOKED_AT))),
    )
    polygons = [file + at for c, at in zip(chunks, files, strict=False) for file in c.polygons]
    for number in _in_doubt(lines, polygons):
        path = paths[number]
        if number not in lines.texts and path is not None and (text := lines_of(path)) is not None:
            lines.texts[number] = text
    return lines


def _whole(columns: Sequence[Int]) -> Int:
    return np.concatenate([np.empty(0, dtype=np.int64), *columns])


def _in_doubt(lines: Lines, polygons: Sequence[int]) -> list[int]:
    """Return the files with a number that is lost in corners, or with polygons that have the same bounds."""
    xywh = lines.xywh
    if not len(xywh):
        return []
    lost = ~np.isfinite(xywh) | ((xywh < 0) & (xywh > -_SMALLEST))
    files: list[int] = distinct(lines.file[lines.read & lost.any(axis=1)]).tolist()
    if polygons:
        rows = np.flatnonzero(np.isin(lines.file, np.array(polygons, dtype=np.int64)))
        with np.errstate(over="ignore"):
            bounds = xywh[rows].astype(np.float32).astype(np.float64)
        keys = np.column_stack([lines.file[rows], lines.index[rows], bounds])
        _, at, count = np.unique(keys, axis=0, return_index=True, return_counts=True)
        files += np.unique(lines.file[rows[at[count > 1]]]).tolist()
    return files
