"""Reads a Parquet file whose rows are boxes, or images with lists of objects: only the columns it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.table.dialects import by_header
from anchoraudit.formats.table.rows import NUMBERS, Rows, not_understood
from anchoraudit.io.unchanged import note_large


def read_parquet(path: Path) -> Rows:
    """Read a Parquet file.

    Raises AnchorauditError without pyarrow, if the file cannot be read, or if its columns are not understood.
    """
    if find_spec("pyarrow") is None:
        raise AnchorauditError(
            "Parquet needs pyarrow", path=path, remedy="pip install 'anchoraudit[parquet]', or use .csv."
        )
    from pyarrow import parquet

    from anchoraudit.formats.table.arrow import numbers_of, texts_of
    from anchoraudit.formats.table.nested import layout_of, read_nested

    note_large(path)
    with _errors_of(path), parquet.ParquetFile(path) as file:
        header = file.schema_arrow.names
        count = file.metadata.num_rows
        layout = layout_of(file.schema_arrow)
        if layout is not None:
            return read_nested(file, layout, path)
    if (dialect := by_header(header)) is None:
        raise not_understood(path, f"columns not understood: {','.join(header)[:200]}")
    asked = {name: header[i] for name, i in dialect.at.items()}
    texts, numbers = {}, {}
    with (
        _errors_of(path),
        parquet.ParquetFile(
            path, read_dictionary=[called for name, called in asked.items() if name not in NUMBERS]
        ) as file,
    ):
        for name, called in asked.items():  # one column in memory at a time
            (column,) = file.read([called]).columns
            if name in NUMBERS:
                numbers[name] = numbers_of(column, nan_is_nothing=True)
            else:
                texts[name] = texts_of(column)
    return Rows(path, dialect, "row", texts, numbers, np.arange(count))


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
