"""Reads the rows of a table file, by its suffix: all of them, or a stretch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.csv_file import cut_csv, read_csv
from anchoraudit.formats.table.json_lines import read_json_lines
from anchoraudit.formats.table.lines import NOTHING, Lines, cut
from anchoraudit.formats.table.rows import Rows
from anchoraudit.io import stores
from anchoraudit.io.packed import suffix_of

_PARQUET = ".parquet"
_JSON_LINES = (".jsonl", ".ndjson")
_LARGE = 8 << 20  # bytes of a Parquet file, some 500,000 rows, from which on it may have several row groups

# Some of the rows of a file: lines, or row groups of Parquet.
Stretch = Lines | tuple[int, ...]


def read_rows(
    path: Path,
    stretch: Stretch | None = None,
    *,
    only_texts: bool = False,
    asked: Columns = (),
    outside: Mapping[str, str] = MappingProxyType({}),
) -> Rows:
    """Read a table file.

    stretch: the rows to read; None for all. only_texts: names of images, splits and classes are enough.
    asked: the columns that the user names. outside: the names of columns that a Parquet file need not have,
    by what they are: whoever calls adds them.

    Raises AnchorauditError if it cannot be read, or if its columns are not understood.
    """
    suffix = suffix_of(path)
    if suffix == _PARQUET:
        from anchoraudit.formats.table.parquet import read_parquet

        assert not isinstance(stretch, Lines)
        return read_parquet(path, stretch, only_texts=only_texts, asked=asked, outside=outside)
    lines = Lines(*stretch) if stretch is not None else None
    if suffix in _JSON_LINES:
        return read_json_lines(path, lines, asked)
    return read_csv(path, lines, asked, only_texts=only_texts)


def read_ends(
    path: Path, stretch: Stretch | None = None, asked: Columns = ()
) -> tuple[Rows, tuple[str, str]] | None:
    """Read the classes of rows, and of the names of their images only the first and the last one.

    None where that is not possible. stretch, asked: as of `read_rows`. Raises AnchorauditError as it does.
    """
    if not is_parquet(path):
        return None
    from anchoraudit.formats.table import parquet

    assert not isinstance(stretch, Lines)
    return parquet.read_ends(path, stretch, asked)


def is_parquet(path: Path) -> bool:
    """Tell whether a file is Parquet."""
    return suffix_of(path) == _PARQUET


def is_json_lines(path: Path) -> bool:
    """Tell whether a file has a JSON object in each line."""
    return suffix_of(path) in _JSON_LINES


def nothing_of(path: Path) -> Stretch:
    """Return the stretch of a file without rows, which has its columns."""
    return () if is_parquet(path) else NOTHING


def stretches(path: Path, rows: int, asked: Columns = ()) -> Iterator[tuple[Stretch | None, str]]:
    """Yield stretches of a file of about `rows` boxes, each with words for it; None and "" for all of it.

    Raises AnchorauditError if the file cannot be read.
    """
    suffix = suffix_of(path)
    if suffix == _PARQUET:
        yield from _groups(path, rows, asked)
        return
    lines = cut(path, rows) if suffix in _JSON_LINES else cut_csv(path, rows, asked)
    if not lines:
        yield None, ""
    for number, one in enumerate(lines, 1):
        last = f"to {lines[number].first}" if number < len(lines) else "and after it"
        yield one, f"line {one.first + 1} {last}"


def _groups(path: Path, rows: int, asked: Columns) -> Iterator[tuple[Stretch | None, str]]:
    sizes: list[int] = []
    if stores.status(path).size > _LARGE:
        from anchoraudit.formats.table.nested import boxes_in_groups

        sizes = boxes_in_groups(path, asked)
    if sum(sizes) <= rows:
        yield None, ""
        return
    start, count = 0, 0
    for end, size in enumerate([*sizes, rows + 1]):
        if count and count + size > rows:
            yield tuple(range(start, end)), f"row groups {start} to {end - 1}"
            start, count = end, 0
        count += size
