"""Reads the rows of a table file: the columns that are needed, as written, and the line of each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.dataset.columns import Source
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.table.dialects import CORNERS, Dialect, by_header, dialect_of
from anchoraudit.io.files import decode_names, read_input

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = (*CORNERS, "width", "height")
_TELLING = 20  # first rows by which a table without header is recognised
_CHUNK = 50_000  # rows read at a time: with all their fields they take tens of MB
_REMEDY = (
    "Use the columns image_id,label,x1,y1,x2,y2; filename,width,height,class,xmin,ymin,xmax,ymax; "
    "those of Open Images; or path,x1,y1,x2,y2,class without a header."
)


@dataclass(slots=True)
class Rows:
    """R rows.

    path: the file, or what the rows are if they come from memory.
    item: what a row is called, "line" or "row".
    box_place: as in `Source`.
    columns: R values each, "" if empty, by the names of `dialects`.
    at: R, the line or row, from 0.
    broken: positions of rows with more or fewer fields than the header.
    """

    path: Path
    dialect: Dialect
    item: str
    columns: dict[str, list[Any]]
    at: list[int]
    broken: frozenset[int] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    box_place: str = ""

    def __len__(self) -> int:
        return len(self.at)

    def place(self, row: int) -> str:
        """Return the place of a row, for findings."""
        return self.source.place_of_box(self.at[row], -1)

    @property
    def is_in_memory(self) -> bool:
        """Tell whether they come from a DataFrame, so that no file and no folder belongs to them."""
        return bool(self.box_place)

    @property
    def source(self) -> Source:
        """The table as a source, without split and image folder."""
        return Source(self.path, "", item=self.item, box_place=self.box_place)


def read_rows(path: Path) -> Rows:
    """Read a .csv or .parquet file.

    Raises AnchorauditError if it cannot be read, or if its columns are not understood.
    """
    return _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)


def _csv(path: Path) -> Rows:
    text = decode_names(read_input(path))
    separator = max(",;\t", key=text.partition("\n")[0].count)
    first = list(islice(_lines(path, text, separator, []), _TELLING))
    dialect = dialect_of([row for _, row in first])
    if dialect is None:
        shown = ",".join(first[0][1])[:200] if first else ""
        raise _not_understood(path, f"columns not understood: {shown}" if shown else "the file is empty")
    findings: list[Finding] = []
    broken: list[int] = []
    picked = _at_once(text, separator, dialect)
    if picked is not None:
        at = list(range(int(dialect.header), int(dialect.header) + len(picked)))
    else:
        pick = itemgetter(*dialect.at.values())
        picked, at = [], []
        for begins, row in islice(_lines(path, text, separator, findings), int(dialect.header), None):
            fields = row
            if len(row) != dialect.fields:
                broken.append(len(at))
                words = f"{len(row)} fields, not {dialect.fields}"
                findings.append(Finding("PAR003", words, str(path), f"line {begins + 1}", ",".join(row)[:80]))
                fields = [*row, *[""] * dialect.fields]
            picked.append(pick(fields))
            at.append(begins)
    values = zip(*picked, strict=True) if picked else [()] * len(dialect.at)
    columns = {
        name: list(column) if name in _NUMBERS else [text.strip() for text in column]
        for name, column in zip(dialect.at, values, strict=True)
    }
    return Rows(path, dialect, "line", columns, at, frozenset(broken), findings)


def _at_once(text: str, separator: str, dialect: Dialect) -> list[tuple[str, ...]] | None:
    """Return the needed fields of all rows, if every line is a row of the right length; None otherwise."""
    if '"' in text:  # a row may span several lines
        return None
    pick = itemgetter(*dialect.at.values())
    picked: list[tuple[str, ...]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        for _ in islice(reader, int(dialect.header)):
            pass
        while chunk := list(islice(reader, _CHUNK)):
            if set(map(len, chunk)) != {dialect.fields}:
                return None
            picked += map(pick, chunk)
    except csv.Error:
        return None
    return None if ("",) * len(dialect.at) in picked else picked


def _lines(path: Path, text: str, separator: str, findings: list[Finding]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line, from 0, on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    while True:
        begins = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            findings.append(Finding("PAR003", f"not a table row: {error}", str(path), f"line {begins + 1}"))
            continue
        if any(row):
            yield begins, row


def _parquet(path: Path) -> Rows:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise AnchorauditError(
            "Parquet needs pyarrow", path=path, remedy="pip install 'anchoraudit[parquet]', or use .csv."
        )
    import pandas as pd

    with _errors_of(path):
        table = pd.read_parquet(path, engine="pyarrow")
    return rows_of_frame(table, path)


def rows_of_frame(table: pd.DataFrame, path: Path, *, box_place: str = "") -> Rows:
    """Return the rows of a DataFrame. path: its file, or what it is; box_place: as in `Source`.

    Raises AnchorauditError if its columns are not understood.
    """
    names = [str(name) for name in table.columns]
    dialect = by_header(names)
    if dialect is None:
        place = "" if box_place else "line 1"
        raise _not_understood(path, f"columns not understood: {','.join(names)[:200]}", place)
    columns = {}
    with _errors_of(path):  # pyarrow decodes text only here, and fails if it is not UTF-8
        for name, i in dialect.at.items():
            column = table.iloc[:, i].astype(object)
            values = column.where(column.notna(), "").tolist()
            columns[name] = values if name in _NUMBERS else [_text_of(value) for value in values]
    return Rows(path, dialect, "row", columns, list(range(len(table))), box_place=box_place)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Turn any error of pyarrow, which raises many kinds, into an AnchorauditError that names the file."""
    try:
        yield
    except Exception as error:
        reason = str(error).partition("\n")[0][:200]
        raise AnchorauditError(
            f"cannot be read as Parquet: {reason}", path=path, remedy="Write the file again, or use .csv."
        ) from None


def _text_of(value: object) -> str:
    """Return a value as text, a whole float as an integer: pandas turns ids into floats if one is missing."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _not_understood(path: Path, words: str, place: str = "line 1") -> AnchorauditError:
    return AnchorauditError(words, path=path, place=place, remedy=_REMEDY)
