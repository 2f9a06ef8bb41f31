"""Reads the rows of a table file, by its suffix."""

from __future__ import annotations

from pathlib import Path

from anchoraudit.formats.table.csv_file import read_csv
from anchoraudit.formats.table.rows import Rows


def read_rows(path: Path, groups: tuple[int, ...] | None = None, *, only_texts: bool = False) -> Rows:
    """Read a .csv or .parquet file.

    groups, only_texts: as of `read_parquet`; other files are read whole.

    Raises AnchorauditError if it cannot be read, or if its columns are not understood.
    """
    if path.suffix.lower() != ".parquet":
        return read_csv(path)
    from anchoraudit.formats.table.parquet import read_parquet

    return read_parquet(path, groups, only_texts=only_texts)
