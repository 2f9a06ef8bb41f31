"""Whole row groups of a Parquet file: the unit in which such a file is written and read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.io import stores
from anchoraudit.io.addresses import is_address
from anchoraudit.io.files import open_regular, unreadable


class ArrowRows(Protocol):
    """R rows with columns of Arrow: of a Parquet file, or in memory."""

    @property
    def first(self) -> int:
        """The number of the first row, from 0."""
        ...

    @property
    def count(self) -> int:
        """The number of rows, R."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """The columns."""
        ...

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Read some columns. A dotted name is a field of a struct."""
        ...

    def column(self, name: str) -> pa.ChunkedArray:
        """Read one column."""
        ...

    def columns(self, names: Sequence[str]) -> Iterator[pa.ChunkedArray]:
        """Read columns, one in memory at a time where that saves memory."""
        ...

    def first_texts(self, count: int) -> list[list[str]]:
        """Return the first rows as texts, "" where a column holds something else."""
        ...

    def batches(self, size: int, name: str) -> Iterator[pa.Table]:
        """Read one column, `size` rows at a time."""
        ...


@dataclass(frozen=True, slots=True)
class RowGroups:
    """R rows of an open Parquet file.

    groups: the row groups, in order and next to each other. first: the row of the file with which they begin,
    from 0. count: R. is_far: it is at an address.
    """

    file: parquet.ParquetFile
    groups: tuple[int, ...]
    first: int
    count: int
    is_far: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The columns of the file."""
        return self.file.schema_arrow

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Read some columns. A dotted name is a field of a struct."""
        return self.file.read_row_groups(list(self.groups), columns=list(columns))

    def column(self, name: str) -> pa.ChunkedArray:
        """Read one column, or a field of a struct by its dotted name."""
        return self._in(self.table([name]), name)

    def _in(self, table: pa.Table, name: str) -> pa.ChunkedArray:
        if name in self.schema.names:
            return table.column(name)
        holder, _, field = name.partition(".")
        return pc.struct_field(table.column(holder), field)

    def columns(self, names: Sequence[str]) -> Iterator[pa.ChunkedArray]:
        """Read columns, one in memory at a time; at an address all of them, in few requests."""
        if self.is_far:
            table = self.table(list(names))
            yield from (self._in(table, name) for name in names)
        else:
            yield from map(self.column, names)

    def first_texts(self, count: int) -> list[list[str]]:
        """Return the first rows of the file as texts, "" where a column holds something else."""
        names = names_of_texts(self.schema)
        first = next(self.file.iter_batches(count, columns=names), None) if names else None
        return [] if first is None else texts_in(first, self.schema)

    def ends(self, name: str) -> tuple[str, str] | None:
        """Return the first and the last text of a column, by code points, without reading it.

        None where the statistics of the row groups do not tell, or where a row has none or an empty one. The
        texts may be others, before all or after all: a writer may shorten long ones.
        """
        schema = self.file.schema
        at = [i for i in range(len(schema)) if schema.column(i).path == name]
        if len(at) != 1 or name not in names_of_texts(self.schema) or not self.groups:
            return None
        found = []
        for group in self.groups:
            told = self.file.metadata.row_group(group).column(at[0]).statistics
            if told is None or not told.has_min_max or not told.has_null_count or told.null_count:
                return None
            try:
                found.append((told.min, told.max))
            except ValueError:  # not UTF-8
                return None
        first, last = min(first for first, _ in found), max(last for _, last in found)
        return (first, last) if isinstance(first, str) and first else None

    def batches(self, size: int, name: str) -> Iterator[pa.Table]:
        """Read one column, `size` rows at a time."""
        for batch in self.file.iter_batches(size, row_groups=list(self.groups), columns=[name]):
            yield pa.Table.from_batches([batch])


def names_of_texts(schema: pa.Schema) -> list[str]:
    """Return the names of the columns that hold texts."""
    kinds = [each.type.value_type if pa.types.is_dictionary(each.type) else each.type for each in schema]
    is_text = [pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in kinds]
    return [name for name, text in zip(schema.names, is_text, strict=True) if text]


def texts_in(rows: pa.RecordBatch | pa.Table, schema: pa.Schema) -> list[list[str]]:
    """Return rows as texts in the columns of a schema, "" in those that `rows` does not have."""
    values = {name: rows.column(name).to_pylist() for name in rows.schema.names}
    nothing: list[str | None] = [None] * len(rows)
    columns = [values.get(name, nothing) for name in schema.names]
    return [[text or "" for text in row] for row in zip(*columns, strict=True)]


@contextmanager
def opened(
    path: Path,
    groups: tuple[int, ...] | None = None,
    *,
    as_codes: Sequence[str] = (),
    metadata: parquet.FileMetaData | None = None,
) -> Iterator[RowGroups]:
    """Open a Parquet file within the block.

    groups: the row groups to read; None for all. as_codes: columns of texts, to be read as codes into the
    distinct ones. metadata: of the file, if it was read before. Any error of pyarrow, which raises many
    kinds, becomes an AnchorauditError that names the file.
    """
    try:
        if not (is_far := is_address(path)):
            _require_file(path)
        options = {"read_dictionary": list(as_codes), "metadata": metadata, "pre_buffer": is_far}
        with (
            stores.opened(path) if is_far else nullcontext(path) as place,
            parquet.ParquetFile(place, **options) as file,
        ):
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            chosen = tuple(range(len(sizes))) if groups is None else groups
            first = sum(sizes[: chosen[0]]) if chosen else 0
            yield RowGroups(file, chosen, first, sum(sizes[i] for i in chosen), is_far)
    except AnchorauditError as error:
        raise error.within(path) from None
    except Exception as error:
        reason = str(error).partition("\n")[0][:200]
        raise AnchorauditError(
            f"cannot be read as Parquet: {reason}", path=path, remedy="Write the file again, or use .csv."
        ) from None


def _require_file(path: Path) -> None:
    """Raise AnchorauditError if there is no file to read. pyarrow would wait for what is in a pipe."""
    try:
        os.close(open_regular(path))
    except IsADirectoryError:
        raise AnchorauditError(
            "a folder without Parquet files", path=path, remedy="Write it again, or remove it."
        ) from None
    except OSError as error:
        if path.is_symlink() and not path.exists():
            raise AnchorauditError(
                f"a link to {printable(str(path.readlink()))}, which is not there",
                path=path,
                remedy="Restore what it leads to, or remove it.",
            ) from None
        raise unreadable(path, error) from None


def row_group_sizes(path: Path) -> list[int]:
    """Return how many rows each row group of a file has. Raises AnchorauditError if it cannot be read."""
    with opened(path) as file:
        return [file.file.metadata.row_group(i).num_rows for i in file.groups]
