"""Writes a CSV or JSON Lines file again without some of its rows: all other bytes stay as they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.pieces import LeftOut, Output, Rewritten
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.table.csv_file import separator_of
from anchoraudit.formats.table.kept import Kept, count_images, kept
from anchoraudit.formats.table.lines import Block, Lines, blocks
from anchoraudit.formats.table.rows import Rows
from anchoraudit.formats.table.table_file import is_json_lines
from anchoraudit.io import stores
from anchoraudit.io.packed import Packing, is_packed, read_input

_UTF_8 = b"\xef\xbb\xbf"
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}  # by their marks


def rewrite_lines(
    path: Path,
    stretches: Sequence[Lines | None],
    read: Callable[[Lines | None], Rows],
    left_out: LeftOut,
    output: Output,
) -> Rewritten:
    """Write the rows of a file that stay, and all that is no row: a header, empty lines, a byte-order mark.

    A compressed file is compressed again. If all rows go and no header tells what the columns are, nothing is
    written: nobody could read the rest.

    stretches: which lines to read at a time, in order, together the whole file; None for all of it. read:
    reads the rows of a stretch. Raises AnchorauditError if the file cannot be read.
    """
    found: list[Kept] = []
    may_be_empty = not is_json_lines(path)
    for stretch in stretches:
        rows = read(stretch)
        may_be_empty &= rows.dialect.header
        found.append(kept(rows, left_out))
    rows_in = sum(one.rows for one in found)
    rows_out = rows_in - sum(len(one.gone) for one in found)
    if rows_out == rows_in and is_packed(path):  # to compress it again might give other bytes
        stores.copy(path, output)
    elif rows_out or may_be_empty or not rows_in:
        packing = Packing(path, output)
        for stretch, one in zip(stretches, found, strict=True):
            for data in _staying(path, stretch, one.gone):
                packing.write(data)
        packing.finish()
    images_in, images_out = (
        count_images([one.named for one in found]),
        count_images([one.stay for one in found]),
    )
    return Rewritten(rows_in, rows_out, images_in, images_out)


def _staying(path: Path, stretch: Lines | None, gone: Int) -> Iterator[bytes]:
    """Yield the bytes of a stretch without the rows that begin on lines of `gone`, sorted, counted from 0."""
    if stretch is None and not is_json_lines(path) and len(gone):
        data = read_input(path)
        if not _is_line_each(data):
            yield _without_rows(path, data, {*gone.tolist()})
            return
    for block in blocks(path, stretch):
        behind = block.first + block.data.count(b"\n") + (not block.data.endswith(b"\n"))
        first, last = np.searchsorted(gone, [block.first, behind])
        yield _without_lines(block, gone[first:last] - block.first)


def _is_line_each(data: bytes) -> bool:
    """Tell whether each row of a CSV file is a line that ends with a line feed."""
    is_utf_16 = data[:2] in _UTF_16
    return not is_utf_16 and b'"' not in data and data.count(b"\r") == data.count(b"\r\n")


def _without_lines(block: Block, gone: Int) -> bytes:
    """Return lines without some, int64, counted from the first of the block."""
    if not len(gone):
        return block.data
    text = np.frombuffer(block.data, dtype=np.uint8)
    ends = np.flatnonzero(text == ord("\n")) + 1
    if not len(ends) or ends[-1] < len(text):
        ends = np.append(ends, len(text))
    stays = np.ones(len(ends), dtype=np.bool_)
    stays[gone] = False
    left: bytes = text[np.repeat(stays, np.diff(ends, prepend=0))].tobytes()
    is_marked = block.first == 0 and block.data.startswith(_UTF_8)
    return left if stays[0] or not is_marked else _UTF_8 + left


def _without_rows(path: Path, data: bytes, gone: Set[int]) -> bytes:
    """Return a CSV file whose rows may have several lines without those that begin on some lines."""
    mark, encoding, errors = b"", "utf-8", "surrogateescape"
    if data[:2] in _UTF_16:
        mark, encoding, errors = data[:2], _UTF_16[data[:2]], "surrogatepass"
    elif data.startswith(_UTF_8):
        mark = _UTF_8
    try:
        text = data[len(mark) :].decode(encoding, errors)
    except UnicodeDecodeError:
        raise AnchorauditError(
            "this is cut off: UTF-16 has an even number of bytes", path=path, remedy="Write the file again."
        ) from None
    return mark + "".join(_kept_lines(text, separator_of(path), gone)).encode(encoding, errors)


def _kept_lines(text: str, separator: str, gone: Set[int]) -> Iterator[str]:
    """Yield the lines of a CSV file, without the rows that begin on a line of `gone`, counted from 0."""
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(iter(lines), delimiter=separator, skipinitialspace=True)
    while (begins := reader.line_num) < len(lines):
        try:
            next(reader)
        except StopIteration:
            break
        except csv.Error:
            pass  # a line that is no row, which a finding tells; it stays
        if begins not in gone:
            yield from lines[begins : reader.line_num]
