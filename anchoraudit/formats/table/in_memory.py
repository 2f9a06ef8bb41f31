"""Reads tables of Arrow that a program has in memory, as a Parquet file with these columns is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from anchoraudit.dataset.columns import Dataset
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats.table import NAME
from anchoraudit.formats.table.arrow import texts_of
from anchoraudit.formats.table.assembly import assemble_rows
from anchoraudit.formats.table.columns import Texts
from anchoraudit.formats.table.layout import layout_of
from anchoraudit.formats.table.nested import kinds_of, read_nested
from anchoraudit.formats.table.parquet import columns_in, dialect_of, flat_rows
from anchoraudit.formats.table.row_groups import names_of_texts, texts_in
from anchoraudit.formats.table.rows import Rows
from anchoraudit.io.memory import without_garbage_collection


@dataclass(frozen=True, slots=True)
class TableInMemory:
    """R rows of a program's own table.

    schema: its columns. count: R. fetch: returns some columns, by their names, of the rows from one number up
    to another one.
    """

    schema: pa.Schema
    count: int
    fetch: Callable[[Sequence[str], int, int], pa.Table]
    first: int = 0

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Read some columns. A dotted name is a field of a struct, if it is not a column."""
        return pa.table({name: self.column(name) for name in columns})

    def column(self, name: str) -> pa.ChunkedArray:
        """Read one column."""
        return self._column(name, 0, self.count)

    def columns(self, names: Sequence[str]) -> Iterator[pa.ChunkedArray]:
        """Read columns."""
        yield from map(self.column, names)

    def first_texts(self, count: int) -> list[list[str]]:
        """Return the first rows as texts, "" where a column holds something else."""
        names = names_of_texts(self.schema)
        return texts_in(self.fetch(names, 0, min(count, self.count)), self.schema) if names else []

    def batches(self, size: int, name: str) -> Iterator[pa.Table]:
        """Read one column, `size` rows at a time."""
        for start in range(0, self.count, size):
            yield pa.table({name: self._column(name, start, min(start + size, self.count))})

    def _column(self, name: str, start: int, end: int) -> pa.ChunkedArray:
        holder, _, field = name.partition(".")
        if field and name not in self.schema.names:
            return pc.struct_field(self.fetch([holder], start, end).column(0), field)
        return self.fetch([name], start, end).column(0)


def assemble_tables(
    tables: Sequence[tuple[TableInMemory, str]], name: Path, reason: str, options: ReadOptions
) -> Dataset:
    """Read tables, each with the name of its split, "" if its rows may name it.

    name: what they are called in findings. reason: how they were recognised.

    Raises AnchorauditError if their columns are not understood.
    """
    several = len(tables) > 1
    with without_garbage_collection():
        read = [(_rows(table, split if several else "", name, options), split) for table, split in tables]
        found = [(name, split) for _, split in tables]
        return assemble_rows(Detection(NAME, name, reason), options, read, found)


def _rows(table: TableInMemory, split: str, name: Path, options: ReadOptions) -> Rows:
    """Return the rows of a table. split: set where rows of other tables have the same numbers."""
    path = name if not split else Path(f"{str(name)[:-1]} {split}>")
    asked = options.columns
    layout = layout_of(kinds_of(table.schema), asked)
    if layout is None:
        dialect = dialect_of(table, path, asked)
        flat = flat_rows(table, path, columns_in(table.schema, dialect), dialect)
        return replace(flat, box_place="rows[{box}]")
    rows = read_nested(table, layout, path)
    if rows.unnamed and split:  # the number of a row names no image of several tables
        rows.texts["image"] = replace(
            rows.texts["image"], names=[f"{split}/{own}" for own in rows.texts["image"].names]
        )
    picture = layout.picture.removesuffix(".bytes")
    if picture != layout.picture:
        assert rows.parents is not None  # each row is an image
        files = texts_of(table.column(f"{picture}.path"))
        if any(map(_leads_somewhere, files.names)):
            rows.texts["file_name"] = _absolute(files).take(rows.parents)
    return replace(rows, box_place="rows[{box}]")


def _absolute(files: Texts) -> Texts:
    """Return the paths that are absolute, "" for others: those name what was packed into the table."""
    return Texts.of_codes(
        np.asarray(files.codes), [own if _leads_somewhere(own) else "" for own in files.names]
    )


def _leads_somewhere(file: str) -> bool:
    return Path(file).is_absolute()
