"""Reads the rows of a CSV file.

With pyarrow, a file of plain rows is read by it, many times faster. A file with quotes, empty lines, rows of
another length or numbers in an unusual spelling is read line by line, as all are without pyarrow.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from operator import itemgetter
from pathlib import Path

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.formats.table.columns import Numbers, Texts, joined_numbers, joined_texts
from anchoraudit.formats.table.dialects import Dialect, dialect_of
from anchoraudit.formats.table.rows import NUMBERS, Rows, not_understood
from anchoraudit.io.files import decode_names
from anchoraudit.io.stores import read_input
from anchoraudit.io.unchanged import note

_TELLING = 20  # first rows by which a table without header is recognised
_HEAD = 1 << 16  # characters that hold them
_CHUNK = 50_000  # rows read at a time: with all their fields they take tens of MB
_WORTH_ARROW = 1 << 20  # characters from which on it is worth the import of pyarrow
_Columns = tuple[dict[str, Texts], dict[str, Numbers]]


def read_csv(path: Path) -> Rows:
    """Read a CSV file.

    Raises AnchorauditError if it cannot be read, or if its columns are not understood.
    """
    data = read_input(path)
    note(path, data)
    text = decode_names(data)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    first = list(islice(_lines(path, text[:_HEAD], separator, []), _TELLING))
    dialect = dialect_of([row for _, row in first])
    if dialect is None:
        shown = ",".join(first[0][1])[:200] if first else ""
        raise not_understood(path, f"columns not understood: {shown}" if shown else "the file is empty")
    begins = int(dialect.header)
    plain = None if '"' in text else by_arrow(text, separator, dialect) or _at_once(text, separator, dialect)
    if plain is not None:
        texts, numbers = plain
        return Rows(path, dialect, "line", texts, numbers, np.arange(begins, begins + len(texts["image"])))
    findings: list[Finding] = []
    broken: list[int] = []
    at: list[int] = []
    picked: list[tuple[str, ...]] = []
    pick = itemgetter(*dialect.at.values())
    for line, row in islice(_lines(path, text, separator, findings), begins, None):
        fields = row
        if len(row) != dialect.fields:
            broken.append(len(at))
            words = f"{len(row)} fields, not {dialect.fields}"
            findings.append(Finding("PAR003", words, str(path), f"line {line + 1}", ",".join(row)[:80]))
            fields = [*row, *[""] * dialect.fields]
        picked.append(pick(fields))
        at.append(line)
    texts, numbers = _columns([picked], dialect)
    lines, odd = (np.array(each, dtype=np.int64) for each in (at, broken))
    return Rows(path, dialect, "line", texts, numbers, lines, odd, findings)


def by_arrow(text: str, separator: str, dialect: Dialect) -> _Columns | None:
    """Read a large file whose every line is a row, by pyarrow. None for any other, or without pyarrow."""
    if len(text) < _WORTH_ARROW or find_spec("pyarrow") is None:
        return None
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    from anchoraudit.formats.table.arrow import numbers_of, texts_of

    names = [f"{i}" for i in range(dialect.fields)]
    text_kind = pa.dictionary(pa.int32(), pa.string())
    kinds = {names[i]: pa.float64() if name in NUMBERS else text_kind for name, i in dialect.at.items()}
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text.encode("utf-8", "surrogateescape")),
            arrow_csv.ReadOptions(column_names=names, skip_rows=int(dialect.header)),
            arrow_csv.ParseOptions(delimiter=separator, quote_char=False, ignore_empty_lines=False),
            arrow_csv.ConvertOptions(
                column_types=kinds, include_columns=list(kinds), null_values=[""], strings_can_be_null=False
            ),
        )
        if not len(table):
            return None
        texts = {
            name: texts_of(table.column(names[i])).stripped()
            for name, i in dialect.at.items()
            if name not in NUMBERS
        }
        numbers = {
            name: numbers_of(table.column(names[i]), nan_is_nothing=False)
            for name, i in dialect.at.items()
            if name in NUMBERS
        }
    except (pa.ArrowException, UnicodeError):
        return None
    return None if _have_empty_row(texts, numbers) else (texts, numbers)


def _at_once(text: str, separator: str, dialect: Dialect) -> _Columns | None:
    """Read a file without quotes, if every line is a row of the right length; None otherwise."""
    pick = itemgetter(*dialect.at.values())
    picked: list[list[tuple[str, ...]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        for _ in islice(reader, int(dialect.header)):
            pass
        while chunk := list(islice(reader, _CHUNK)):
            if set(map(len, chunk)) != {dialect.fields}:
                return None
            picked.append(list(map(pick, chunk)))
    except csv.Error:
        return None
    if not picked or any(("",) * len(dialect.at) in chunk for chunk in picked):
        return None
    return _columns(picked, dialect)


def _columns(chunks: Sequence[list[tuple[str, ...]]], dialect: Dialect) -> _Columns:
    """Turn rows of the fields that `dialect.at` names into columns."""
    texts: dict[str, list[Texts]] = {name: [] for name in dialect.at if name not in NUMBERS}
    numbers: dict[str, list[Numbers]] = {name: [] for name in dialect.at if name in NUMBERS}
    for chunk in chunks:
        values = zip(*chunk, strict=True) if chunk else [()] * len(dialect.at)
        for name, column in zip(dialect.at, values, strict=True):
            if name in NUMBERS:
                numbers[name].append(Numbers.of(column))
            else:
                texts[name].append(Texts.of(column).stripped())
    return (
        {name: joined_texts(parts) for name, parts in texts.items()},
        {name: joined_numbers(parts) for name, parts in numbers.items()},
    )


def _have_empty_row(texts: dict[str, Texts], numbers: dict[str, Numbers]) -> bool:
    """Tell whether any row has nothing in all columns: it may be an empty line."""
    empty = np.logical_and.reduce(
        [*(column.are("") for column in texts.values()), *(column.empty for column in numbers.values())]
    )
    return bool(empty.any())


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
