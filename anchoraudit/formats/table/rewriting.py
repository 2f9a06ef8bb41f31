"""Writes a Parquet file again without some of its rows: same schema and row groups, other rows untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from anchoraudit.arrays import Bool
from anchoraudit.dataset.pieces import LeftOut, Output, Rewritten
from anchoraudit.formats.table.kept import count_images, kept
from anchoraudit.formats.table.row_groups import opened
from anchoraudit.formats.table.rows import Rows
from anchoraudit.io import stores
from anchoraudit.io.memory import give_back

# Bytes of a row group that are in memory at a time, as the file counts them. A larger one, such as of
# pictures, becomes several.
_AT_ONCE = 256 << 20
# Types of views, which pyarrow has from version 16 on, and types that it can take rows of.
_VIEWS = {
    getattr(pa, f"{name}_view")(): getattr(pa, f"large_{name}")()
    for name in ("string", "binary")
    if hasattr(pa, f"{name}_view")
}


def rewrite(path: Path, texts: Callable[[int], Rows], left_out: LeftOut, output: Output) -> Rewritten:
    """Write the rows of a file that stay. If all do, they are its own bytes.

    texts: reads the names of images of a row group. Raises AnchorauditError if the file cannot be read.
    """
    with opened(path) as file:
        keeps, named, stay = [], [], []
        first = 0
        for group in file.groups:
            found = kept(texts(group), left_out)
            keep = np.ones(file.file.metadata.row_group(group).num_rows, dtype=np.bool_)
            keep[found.gone - first] = False
            first += len(keep)
            keeps.append(keep)
            named.append(found.named)
            stay.append(found.stay)
        if all(keep.all() for keep in keeps):
            stores.copy(path, output)
        else:
            with _writer(file.file, output) as writer:
                for group, keep in zip(file.groups, keeps, strict=True):
                    _write_group(file.file, group, keep, writer)
        rows_out = sum(int(np.count_nonzero(keep)) for keep in keeps)
        return Rewritten(file.count, rows_out, count_images(named), count_images(stay))


@contextmanager
def _writer(file: parquet.ParquetFile, output: Output) -> Iterator[parquet.ParquetWriter]:
    """Open a writer of files like `file`: its schema, its version, and the compression of each column."""
    about, told = file.metadata, file.metadata.metadata or {}
    compression: dict[str, str] | str = "snappy"
    more: dict[str, Any] = {"store_schema": b"ARROW:schema" in told}
    if about.num_row_groups:
        columns = [about.row_group(0).column(i) for i in range(about.num_columns)]
        compression = {
            column.path_in_schema: "NONE" if column.compression == "UNCOMPRESSED" else column.compression
            for column in columns
        }
        if any(column.physical_type == "INT96" for column in columns):
            more["use_deprecated_int96_timestamps"] = True
        if any("item" in column.path_in_schema.split(".")[1:] for column in columns):
            more["use_compliant_nested_type"] = False  # as older writers call what is in a list
    with parquet.ParquetWriter(
        pa.PythonFile(output, mode="w"),
        file.schema_arrow,
        version=about.format_version if about.format_version in ("1.0", "2.4", "2.6") else "2.6",
        compression=compression,
        **more,
    ) as writer:
        if told and not more["store_schema"] and hasattr(writer, "add_key_value_metadata"):
            writer.add_key_value_metadata(told)  # of Spark or fastparquet: otherwise it goes with the schema
        yield writer


def _write_group(file: parquet.ParquetFile, group: int, keep: Bool, writer: parquet.ParquetWriter) -> None:
    """Write the rows of a row group that stay, as one row group if it fits into memory."""
    if not keep.any():
        return
    size = max(file.metadata.row_group(group).total_byte_size, 1)
    rows = max(len(keep) * _AT_ONCE // size, 1)
    start = 0
    if rows >= len(keep):
        give_back(len(keep))  # what its names took while they were read
        stays = _filtered(file.read_row_group(group), keep)
        writer.write_table(stays, row_group_size=len(keep))
        return
    for batch in file.iter_batches(rows, row_groups=[group]):
        some = keep[start : start + len(batch)]
        start += len(batch)
        if some.any():
            writer.write_table(_filtered(pa.Table.from_batches([batch]), some), row_group_size=len(batch))


def _filtered(table: pa.Table, keep: Bool) -> pa.Table:
    """Return the rows of `keep`. pyarrow cannot take rows of views of texts: these are copied meanwhile."""
    plain = pa.schema([each.with_type(_VIEWS.get(each.type, each.type)) for each in table.schema])
    if plain.equals(table.schema):
        return table.filter(pa.array(keep))
    return table.cast(plain).filter(pa.array(keep)).cast(table.schema)
