"""Writes a table file again without the rows of some images: all other bytes stay as they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Set
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.pieces import LeftOut, Output
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.csv_file import separator_of
from anchoraudit.formats.table.rows import Rows
from anchoraudit.formats.table.table_file import read_rows
from anchoraudit.io.files import decode_names
from anchoraudit.io.stores import read_input

_MARK = b"\xef\xbb\xbf"


def cut_table(path: Path, stays: Set[str], boxes: Int, output: Output, asked: Columns = ()) -> None:
    """Write the rows of a file that name an image of `stays`, or no image.

    boxes: int64, the entries of rows that go, too, where a row is a box. asked: the columns that the user
    names. In Parquet, schema and row groups
    stay. Raises AnchorauditError if the file cannot be read, or is a CSV file in UTF-16.
    """
    if path.suffix.lower() == ".parquet":
        from anchoraudit.formats.table.rewriting import rewrite

        names = {*read_rows(path, only_texts=True, asked=asked).texts["image"].names} - {""}

        def texts(group: int) -> Rows:
            return read_rows(path, (group,), only_texts=True, asked=asked)

        rewrite(path, texts, LeftOut(frozenset(names - stays), np.sort(boxes)), output)
        return
    data = read_input(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise AnchorauditError(
            "a table in UTF-16 is not cut", path=path, remedy="Write a .json manifest, or save it as UTF-8."
        )
    rows = read_rows(path, asked=asked)
    image = rows.texts["image"]
    goes = np.array([bool(name) and name not in stays for name in image.names], dtype=np.bool_)[image.codes]
    begins = rows.at if rows.parents is None else rows.parents
    gone = {*begins[goes].tolist(), *(boxes.tolist() if rows.parents is None else ())}
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        kept = (line for number, line in enumerate(io.BytesIO(data)) if number not in gone)
        output.write(b"".join(kept))
        return
    output.write(_MARK * data.startswith(_MARK))
    text = "".join(_kept(decode_names(data), separator_of(path), gone))
    output.write(text.encode("utf-8", "surrogateescape"))


def _kept(text: str, separator: str, gone: Set[int]) -> Iterator[str]:
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
