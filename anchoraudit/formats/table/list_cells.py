"""CSV files with a row for each image, and lists of its objects in cells, as JSON or as Python writes them.

Sources: `datasets` 5.2, "ImageFolder": a `metadata.csv` has a `file_name` in each row, and what a
`metadata.jsonl` has in its objects; the Global Wheat Head Dataset 2021 (`image_name,BoxesString,domain`:
`x1 y1 x2 y2` of each head, with `;` between them, or `no_box`).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.dataset.conventions import XYXY
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._builder import SHOWN, shorten
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.json_lines import layout_of_objects, rows_of_images
from anchoraudit.formats.table.names import LIST, plain_names
from anchoraudit.formats.table.rows import Rows

_LISTS = re.compile(r"\s*(?:\{|\[\s*[\[{])")  # what a cell with a list of objects begins with
_ANY = re.compile(r"\s*[\[{]")
_LONGEST = 1_000_000  # letters of a cell that is read as Python, whose parser needs 600 bytes for each
_STRING, _NO_BOX = "boxesstring", "no_box"

_decode = msgspec.json.Decoder().decode


def holds_lists(rows: Sequence[Sequence[str]]) -> bool:
    """Tell by the first rows, of which the first is the header, whether cells hold lists of objects."""
    if not rows:
        return False
    return _STRING in plain_names(rows[0]) or any(_LISTS.match(cell) for row in rows[1:] for cell in row)


def read_images(
    path: Path,
    first: Sequence[Sequence[str]],
    rows: Iterable[tuple[int, Sequence[str]]],
    findings: list[Finding],
    asked: Columns,
) -> Rows:
    """Read the rows of such a file.

    first: the header, and the first rows, by which columns are recognised. rows: each with its line, from 0.
    findings: those of `rows`, to which others are added.

    Raises AnchorauditError if no column holds boxes.
    """
    strings = [plain_names([name]) == {_STRING} for name in first[0]]
    header = [LIST if is_string else name for name, is_string in zip(first[0], strings, strict=True)]
    reader = _Reader(path, header, strings)
    try:
        objects = [each for row in first[1:] if (each := reader.object(row, 0, [])) is not None]
        layout = layout_of_objects(objects, asked)
    except AnchorauditError as error:
        raise error.within(path, "line 1") from None
    if layout is None:
        raise AnchorauditError(
            "cells hold lists, but none of boxes",
            path=path,
            place="line 1",
            remedy=f"Name their column: --columns bbox=COLUMN. Columns: {', '.join(header)}.",
        )
    if any(strings):
        layout = replace(layout, convention=XYXY, is_assumed=False)
    read = [(line, each) for line, row in rows if (each := reader.object(row, line, findings)) is not None]
    return rows_of_images(path, layout, [each for _, each in read], [line for line, _ in read], findings)


class _Reader:
    """Reads rows as objects. strings: which columns hold boxes as Global Wheat writes them."""

    def __init__(self, path: Path, header: Sequence[str], strings: Sequence[bool]) -> None:
        self.path, self.header, self.strings = path, header, strings

    def object(self, row: Sequence[str], line: int, findings: list[Finding]) -> dict[str, Any] | None:
        """Return a row as an object; None if it cannot be read whole. line: counted from 0."""
        found: dict[str, Any] = {}
        if len(row) < len(self.header) or any(row[len(self.header) :]):
            words = f"{len(row)} fields, not {len(self.header)}; the image is left out"
            place = f"line {line + 1}"
            findings.append(Finding("PAR003", words, str(self.path), place, ",".join(row)[:SHOWN]))
            return None
        for name, is_string, cell in zip(self.header, self.strings, row, strict=False):
            if is_string:
                found[name] = _of_string(cell)
            elif not cell.strip():
                found[name] = None
            elif _ANY.match(cell):
                found[name], is_read = _parsed(cell)
                if not is_read:
                    words = f"{name} is neither JSON nor a Python value; the image is left out"
                    place = f"line {line + 1}"
                    findings.append(Finding("PAR003", words, str(self.path), place, shorten(cell)))
                    return None
            else:
                found[name] = cell.strip()
        return found


def _of_string(cell: str) -> list[Any]:
    """Return the boxes of a cell of Global Wheat; what is no box stays text, which is reported later."""
    boxes = [part.split() for part in cell.split(";") if part.strip()]
    return [] if cell.strip().lower() == _NO_BOX else boxes


def _parsed(cell: str) -> tuple[Any, bool]:
    """Return the value of a cell, and whether it is JSON or a Python value."""
    try:
        return _decode(cell), True
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of odd escapes in the cell
            return ast.literal_eval(cell.strip()) if len(cell) <= _LONGEST else None, len(cell) <= _LONGEST
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None, False
