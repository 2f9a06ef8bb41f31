"""The rows of a table file: the columns that are needed, as they are written, each with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.table.dialects import CORNERS, Dialect, by_header, dialect_of
from anchoraudit.io.files import read_input

_NUMBERS = (*CORNERS, "width", "height")
_TELLING = 20  # rows by which a table without header is told
_CHUNK = 50_000  # rows held with all their fields
_REMEDY = (
    "Known are image_id,label,x1,y1,x2,y2; filename,width,height,class,xmin,ymin,xmax,ymax; Open Images'; "
    "and path,x1,y1,x2,y2,class without a header."
)


@dataclass(slots=True)
class Rows:
    """R rows. item: what a row is called. columns: by our name, R values each, "" where empty.

    at: R, the line (or row) from 0. broken: positions of rows with another number of fields.
    """

    path: Path
    dialect: Dialect
    item: str
    columns: dict[str, list[Any]]
    at: list[int]
    broken: frozenset[int] = frozenset()
    findings: list[Finding] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.at)

    def place(self, row: int) -> str:
        """Where a row stands."""
        return f"{self.item} {self.at[row] + 1}"


def read_rows(path: Path) -> Rows:
    """Read a .csv or .parquet file.

    Raises AnchorauditError if it cannot be read, or its columns are not understood.
    """
    return _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)


def _csv(path: Path) -> Rows:
    text = _text(path)
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
    """The fields that are needed, where every line is a row of the right length; None otherwise."""
    if '"' in text:  # a row may go over lines
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


def _text(path: Path) -> str:
    data = read_input(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    # Bytes that are not UTF-8 become what the file system makes of them in names.
    return data.decode("utf-8-sig", "surrogateescape")


def _lines(path: Path, text: str, separator: str, findings: list[Finding]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, each with the line, from 0, on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    while True:
        begins = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            findings.append(Finding("PAR003", f"no row of a table: {error}", str(path), f"line {begins + 1}"))
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

    with _blamed_on(path):
        table = pd.read_parquet(path, engine="pyarrow")
    names = [str(name) for name in table.columns]
    dialect = by_header(names)
    if dialect is None:
        raise _not_understood(path, f"columns not understood: {','.join(names)[:200]}")
    columns = {}
    with _blamed_on(path):  # text that is none is met only here
        for name, i in dialect.at.items():
            column = table.iloc[:, i].astype(object)
            values = column.where(column.notna(), "").tolist()
            columns[name] = values if name in _NUMBERS else [_text_of(value) for value in values]
    return Rows(path, dialect, "row", columns, list(range(len(table))))


@contextmanager
def _blamed_on(path: Path) -> Iterator[None]:
    """Turn what pyarrow raises, which is of many kinds, into one error that names the file."""
    try:
        yield
    except Exception as error:
        reason = str(error).partition("\n")[0][:200]
        raise AnchorauditError(
            f"not readable as Parquet: {reason}", path=path, remedy="Write the file again, or use .csv."
        ) from None


def _text_of(value: object) -> str:
    """A value as text; ids that became floats, since one of them is missing, are whole numbers."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _not_understood(path: Path, words: str) -> AnchorauditError:
    return AnchorauditError(words, path=path, place="line 1", remedy=_REMEDY)
