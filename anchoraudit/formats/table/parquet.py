"""Reads a Parquet file whose rows are boxes, or images with lists of objects: only the columns it needs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.table.dialects import by_header
from anchoraudit.formats.table.rows import NUMBERS, Rows, not_understood
from anchoraudit.io.unchanged import note_large


def read_parquet(path: Path, groups: tuple[int, ...] | None = None, *, only_texts: bool = False) -> Rows:
    """Read a Parquet file.

    groups: the row groups to read; None for all. only_texts: names of images, splits and classes, not boxes
    and sizes.

    Raises AnchorauditError without pyarrow, if the file cannot be read, or if its columns are not understood.
    """
    require_pyarrow(path)
    from anchoraudit.formats.table.arrow import numbers_of, texts_of
    from anchoraudit.formats.table.layout import layout_of
    from anchoraudit.formats.table.nested import kinds_of, read_nested, read_nested_texts
    from anchoraudit.formats.table.row_groups import opened

    note_large(path)
    with opened(path, groups) as file:
        header, metadata = file.schema.names, file.file.metadata
        if (layout := layout_of(kinds_of(file.schema))) is not None:
            return (read_nested_texts if only_texts else read_nested)(file, layout, path)
    if (dialect := by_header(header)) is None:
        raise not_understood(path, f"columns not understood: {','.join(header)[:200]}")
    asked = {
        name: header[i]
        for name, i in dialect.at.items()
        if not only_texts or name in ("image", "label", "split")
    }
    texts, numbers = {}, {}
    codes = [own for name, own in asked.items() if name not in NUMBERS]
    with opened(path, groups, as_codes=codes, metadata=metadata) as file:
        for name, column in zip(asked, file.columns(list(asked.values())), strict=True):
            if name in NUMBERS:
                numbers[name] = numbers_of(column, nan_is_nothing=True)
            else:
                texts[name] = texts_of(column)
        at = np.arange(file.first, file.first + file.count)
    return Rows(path, dialect, "row", texts, numbers, at)


def require_pyarrow(path: Path) -> None:
    """Raise AnchorauditError if pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise AnchorauditError(
            "Parquet needs pyarrow", path=path, remedy="pip install 'anchoraudit[parquet]', or use .csv."
        )
