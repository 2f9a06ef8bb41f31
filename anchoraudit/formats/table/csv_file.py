"""Reads the rows of a CSV file.

With pyarrow, a file whose every line is a row is read by it, many times faster. A file with quotes within
fields, empty lines, rows of another length or numbers in an unusual spelling is read line by line, as all are
without pyarrow.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from anchoraudit.arrays import Int, is_alone
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.cells import interpreted
from anchoraudit.formats.table.class_list import find_class_list
from anchoraudit.formats.table.columns import Numbers, Texts, joined_numbers, joined_texts
from anchoraudit.formats.table.dialects import Dialect, dialect_of
from anchoraudit.formats.table.lines import Lines, bytes_of, count_ends, cut, head_of
from anchoraudit.formats.table.list_cells import holds_lists, read_images
from anchoraudit.formats.table.rows import NUMBERS, Rows, not_understood
from anchoraudit.io.files import decode_names
from anchoraudit.io.packed import is_packed, read_input
from anchoraudit.io.unchanged import note, note_large

_TELLING = 200  # first rows in which the columns show
_HEAD = 1 << 16  # characters that hold them
_CHUNK = 50_000  # rows read at a time: with all their fields they take tens of MB
_BLOCK = 1 << 20  # bytes in which quotes are looked for at a time
_WORTH_ARROW = 1 << 20  # characters from which on it is worth the import of pyarrow
_MARK = b"\xef\xbb\xbf"  # with which programs begin a file in UTF-8
_TEXTS = ("image", "label", "split")
_Columns = tuple[dict[str, Texts], dict[str, Numbers]]


def read_csv(
    path: Path, lines: Lines | None = None, asked: Columns = (), *, only_texts: bool = False
) -> Rows:
    """Read a CSV file.

    lines: which of its lines, as `cut_csv` returns them; None for all. asked: the columns that the user
    names. only_texts: names of images, splits and classes are enough, of a file that pyarrow can read.

    Raises AnchorauditError if it cannot be read, or if its columns are not understood.
    """
    return interpreted(_read(path, lines, asked, only_texts))


def _read(path: Path, lines: Lines | None, asked: Columns, only_texts: bool) -> Rows:
    data = read_input(path) if lines is None else bytes_of(path, lines)
    if lines is None and is_packed(path):  # the bytes of the file are others
        note_large(path)
    elif lines is None:  # or else they are not all: the folder's tables are looked at so
        note(path, data)
    # So many bytes have as many characters, and more where each takes several.
    head = data[: 4 * _HEAD] if lines is None else head_of(path)
    separator, told = _first_rows(path, decode_names(head)[:_HEAD])
    first = 0 if lines is None else lines.first
    if holds_lists(told):
        findings: list[Finding] = []
        every = _lines(path, decode_names(data), separator, findings, first)
        return read_images(path, told, islice(every, int(first == 0), None), findings, asked)
    dialect = _dialect_of(path, told, asked)
    begins = int(dialect.header and first == 0)
    plain = None
    if only_texts:
        plain = by_arrow(data, separator, dialect, begins, _TEXTS, is_plain=lines is not None)
        if plain is not None and _names_nothing(plain, dialect):
            plain = None  # without a box, such a class means that there is none
    if plain is None:
        plain = by_arrow(data, separator, dialect, begins, is_plain=lines is not None)
    text = "" if plain is not None else decode_names(data)
    if plain is None and '"' not in text:
        plain = _at_once(text, separator, dialect, begins)
    if plain is not None:
        texts, numbers = plain
        at_line = np.arange(first + begins, first + begins + len(texts["image"]))
        return Rows(path, dialect, "line", texts, numbers, at_line)
    findings = []
    broken: list[int] = []
    at: list[int] = []
    picked: list[tuple[str, ...]] = []
    pick = itemgetter(*dialect.at.values())
    for line, row in islice(_lines(path, text, separator, findings, first), begins, None):
        fields = row
        if len(row) != dialect.fields and (len(row) < dialect.fields or any(row[dialect.fields :])):
            broken.append(len(at))
            words = f"{len(row)} fields, not {dialect.fields}"
            findings.append(Finding("PAR003", words, str(path), f"line {line + 1}", ",".join(row)[:80]))
            fields = [*row, *[""] * dialect.fields]
        picked.append(pick(fields))
        at.append(line)
    texts, numbers = _columns([picked], dialect)
    of_rows, odd = (np.array(each, dtype=np.int64) for each in (at, broken))
    return Rows(path, dialect, "line", texts, numbers, of_rows, odd, findings)


def cut_csv(path: Path, rows: int, asked: Columns = ()) -> list[Lines]:
    """Cut a CSV file into pieces of about `rows` boxes; [] if it is small, or must be read as a whole.

    The latter is one in which a quoted field may go on in the next line, and one with a list of classes
    beside it, with which all of its rows are compared.

    Raises AnchorauditError if the file cannot be read.
    """
    head = head_of(path)
    if not head or head[:2] in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16
        return []
    separator, told = _first_rows(path, decode_names(head)[:_HEAD])
    if holds_lists(told):
        return cut(path, rows, partial(_is_plain, separator))
    dialect = _dialect_of(path, told, asked)
    if dialect.lists_classes and find_class_list([path]) is not None:
        return []
    return cut(path, rows, partial(_is_plain, separator), partial(_end_of_image, separator, dialect))


def _end_of_image(separator: str, dialect: Dialect, lines: bytes) -> int:
    """Return behind how many bytes of some lines the last image begins, all if that is not near their end.

    An image whose rows are in two pieces is read once more from both.
    """
    end, later = len(lines), None
    for line in reversed(lines[-_HEAD:].splitlines(keepends=True)[1:]):
        row: list[str] = next(_rows_in(separator, decode_names(line)), [])
        image = row[dialect.at["image"]] if len(row) == dialect.fields else None
        if later is not None and image != later:
            return end
        end, later = end - len(line), image
    return len(lines)


def _rows_in(separator: str, text: str) -> Any:
    """Return a reader of the module `csv`, whose type has no public name."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)


def _is_plain(separator: str, lines: bytes) -> bool:
    """Tell whether every row is a line: no quoted field has a line end in it, and none is a bare return.

    Quotes come in pairs, the first after a separator and the second before one, or doubled within a field.
    """
    if b"\r" in lines and lines.count(b"\r") != lines.count(b"\r\n"):
        return False
    if b'"' not in lines:
        return True
    quotes = _quotes_of(separator, lines)
    if quotes is None:
        return False
    ends = np.flatnonzero(np.frombuffer(lines, dtype=np.uint8) == ord("\n"))
    return not (np.searchsorted(quotes, ends) % 2).any()  # as many that begin as that end


def _quotes_of(separator: str, lines: bytes) -> Int | None:
    """Return where quotes are, if they are around whole fields; None if any is elsewhere."""
    text = np.frombuffer(lines, dtype=np.uint8)
    quotes = np.flatnonzero(text == ord('"'))
    if len(quotes) % 2:
        return None
    opening, closing = quotes[::2], quotes[1::2]
    may_be_before, may_be_after = np.zeros((2, 256), dtype=np.bool_)
    may_be_before[list(f'"{separator}\n'.encode())] = True
    may_be_after[list(f'"{separator}\r\n'.encode())] = True
    inner, last = opening[opening > 0], closing[closing < len(text) - 1]
    is_whole = may_be_before[text[inner - 1]].all() and may_be_after[text[last + 1]].all()
    return quotes if is_whole else None


def _first_rows(path: Path, head: str) -> tuple[str, list[list[str]]]:
    """Return the separator, and the first rows, in which the columns show."""
    line = next((line for line in head.splitlines() if line.strip()), "")
    separator = max(",;\t", key=line.count)
    return separator, [row for _, row in islice(_lines(path, head, separator, []), _TELLING)]


def _dialect_of(path: Path, first: list[list[str]], asked: Columns) -> Dialect:
    """Return the columns. Raises AnchorauditError if they are not understood."""
    try:
        dialect = dialect_of(first, asked)
    except AnchorauditError as error:
        raise error.within(path, "line 1") from None
    if dialect is None:
        words = "columns not understood" if first else "the file is empty"
        raise not_understood(path, words, first[0] if first else ())
    return dialect


def separator_of(path: Path) -> str:
    """Return the separator of a CSV file. Raises AnchorauditError if it cannot be read."""
    return _first_rows(path, decode_names(head_of(path))[:_HEAD])[0]


def by_arrow(
    data: bytes,
    separator: str,
    dialect: Dialect,
    begins: int,
    wanted: Collection[str] = (),
    *,
    is_plain: bool = False,
) -> _Columns | None:
    """Read a large file whose every line is a row, by pyarrow. None for any other, or without pyarrow.

    begins: the lines before the first row. wanted: the columns to read, by the names of `dialects`; all if
    empty. is_plain: it is known that every row is a line, as of a file that `cut_csv` has cut.
    """
    if len(data) < _WORTH_ARROW or find_spec("pyarrow") is None:
        return None
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    from anchoraudit.formats.table.arrow import numbers_of, texts_of

    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16
        data = decode_names(data).encode("utf-8", "surrogateescape")
    has_quotes = b'"' in data
    if has_quotes and not (
        is_plain or all(_quotes_of(separator, block) is not None for block in _blocks_of(data))
    ):
        return None
    names = [f"{i}" for i in range(dialect.fields)]
    text_kind = pa.dictionary(pa.int32(), pa.string())
    at = {name: i for name, i in dialect.at.items() if not wanted or name in wanted}
    kinds = {names[i]: pa.float64() if name in NUMBERS else text_kind for name, i in at.items()}
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(memoryview(data)[len(_MARK) * data.startswith(_MARK) :]),
            arrow_csv.ReadOptions(column_names=names, skip_rows=begins, use_threads=not is_alone()),
            arrow_csv.ParseOptions(
                delimiter=separator, quote_char='"' if has_quotes else False, ignore_empty_lines=False
            ),
            arrow_csv.ConvertOptions(
                column_types=kinds, include_columns=list(kinds), null_values=[""], strings_can_be_null=False
            ),
        )
        if not len(table):
            return None
        if has_quotes and not is_plain:
            lines = count_ends(data) + (not data.endswith(b"\n")) - begins
            if len(table) != lines:  # a quoted field goes on in the next line
                return None
        texts = {
            name: texts_of(table.column(names[i])).stripped() for name, i in at.items() if name not in NUMBERS
        }
        numbers = {
            name: numbers_of(table.column(names[i]), nan_is_nothing=False)
            for name, i in at.items()
            if name in NUMBERS
        }
    except (pa.ArrowException, UnicodeError):
        return None
    return None if _have_empty_row(texts, numbers) else (texts, numbers)


def _names_nothing(columns: _Columns, dialect: Dialect) -> bool:
    """Tell whether the class of any row says that there is no object."""
    labels = columns[0].get("label")
    return labels is not None and any(name and name.lower() in dialect.nothing for name in labels.names)


def _blocks_of(data: bytes) -> Iterator[bytes]:
    """Yield whole lines, some megabytes at a time, so that the places of quotes do not take much memory."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + _BLOCK) + 1 or len(data)
        yield data[start:end]
        start = end


def _at_once(text: str, separator: str, dialect: Dialect, begins: int) -> _Columns | None:
    """Read a file without quotes, if every line is a row of the right length; None otherwise."""
    pick = itemgetter(*dialect.at.values())
    picked: list[list[tuple[str, ...]]] = []
    reader = _rows_in(separator, text)
    try:
        for _ in islice(reader, begins):
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


def _lines(
    path: Path, text: str, separator: str, findings: list[Finding], first: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line on which it begins. first: that of the text."""
    reader = _rows_in(separator, text)
    while True:
        begins = first + reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            findings.append(Finding("PAR003", f"not a table row: {error}", str(path), f"line {begins + 1}"))
            continue
        if any(row):
            yield begins, row
