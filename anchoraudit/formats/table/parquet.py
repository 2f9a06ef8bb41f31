"""Reads a Parquet file whose rows are boxes, or images with lists of objects: only the columns it needs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.cells import interpreted, with_fours
from anchoraudit.formats.table.dialects import Dialect, by_header, judged_by_values
from anchoraudit.formats.table.names import LIST
from anchoraudit.formats.table.rows import NUMBERS, Rows, no_boxes_in, not_understood
from anchoraudit.io.memory import give_back
from anchoraudit.io.unchanged import note_large

if TYPE_CHECKING:
    import pyarrow as pa

    from anchoraudit.formats.table.row_groups import ArrowRows

_TELLING = 200  # first rows by which a column of classes is recognised


def read_parquet(
    path: Path,
    groups: tuple[int, ...] | None = None,
    *,
    only_texts: bool = False,
    asked: Columns = (),
    outside: Mapping[str, str] = MappingProxyType({}),
) -> Rows:
    """Read a Parquet file.

    groups: the row groups to read; None for all. only_texts: names of images, splits and classes, not boxes
    and sizes. asked: the columns that the user names. outside: as of `by_header`; they are not among the
    columns of the result.

    Raises AnchorauditError without pyarrow, if the file cannot be read, or if its columns are not understood.
    """
    require_pyarrow(path)
    from anchoraudit.formats.table.layout import layout_of
    from anchoraudit.formats.table.nested import kinds_of, read_nested, read_nested_texts
    from anchoraudit.formats.table.row_groups import opened

    note_large(path)
    with opened(path, groups) as file:
        metadata = file.file.metadata
        if (layout := layout_of(kinds_of(file.schema), asked)) is not None:
            return (read_nested_texts if only_texts else read_nested)(file, layout, path)
        dialect = dialect_of(file, path, asked, outside)
        needed = columns_in(file.schema, dialect)
    if only_texts:
        needed = {what: needed[what] for what in ("image", "label", "split") if what in needed}
    rows = _flat(path, groups, needed, dialect, metadata)
    if only_texts and _may_name_nothing(rows):
        return read_parquet(path, groups, asked=asked, outside=outside)
    return rows


def read_ends(
    path: Path, groups: tuple[int, ...] | None = None, asked: Columns = ()
) -> tuple[Rows, tuple[str, str]] | None:
    """Read the classes of rows, and not the names of their images, but the first and the last one.

    None where the file does not say which these are, where some rows have no image, or where more must be
    read for other reasons. Names are in order of their code points. Takes what `read_parquet` takes, and
    raises as it does.
    """
    require_pyarrow(path)
    from anchoraudit.formats.table.layout import layout_of
    from anchoraudit.formats.table.nested import kinds_of
    from anchoraudit.formats.table.row_groups import opened

    with opened(path, groups) as file:
        metadata = file.file.metadata
        if layout_of(kinds_of(file.schema), asked) is not None:
            return None
        dialect = dialect_of(file, path, asked)
        if "image" not in dialect.at or "split" in dialect.at:
            return None
        there = columns_in(file.schema, dialect)
        if (ends := file.ends(there["image"])) is None:
            return None
    needed = {what: name for what, name in there.items() if what == "label"}
    rows = _flat(path, groups, needed, dialect, metadata)
    if _may_name_nothing(rows):
        return None
    return rows, ends


def _may_name_nothing(rows: Rows) -> bool:
    """Tell whether a class may stand for no object: it does in a row without a box."""
    names = rows.texts["label"].names if "label" in rows.texts else []
    return any(name.lower() in rows.dialect.nothing for name in names if name)


def dialect_of(
    file: ArrowRows, path: Path, asked: Columns, outside: Mapping[str, str] = MappingProxyType({})
) -> Dialect:
    """Return what the columns of rows that are boxes mean. outside: as of `by_header`.

    Raises AnchorauditError if they are not understood, or if no box can be read from their column.
    """
    header = header_of(file.schema)
    if (dialect := by_header(header, asked, outside)) is None:
        raise not_understood(path, "columns not understood", header, "")
    if LIST in dialect.at:
        _require_boxes(file.schema, header[dialect.at[LIST]], path)
    if "label" not in dialect.at:
        dialect = judged_by_values(dialect, header, file.first_texts(_TELLING))
    return dialect


def header_of(schema: pa.Schema) -> list[str]:
    """Return the names of columns, and behind them those of numbers in structs, `bbox.xmin`."""
    from pyarrow import types

    return [
        *schema.names,
        *(
            f"{column.name}.{each.name}"
            for column in schema
            if types.is_struct(column.type)
            for each in column.type
            if types.is_integer(each.type) or types.is_floating(each.type) or types.is_decimal(each.type)
        ),
    ]


def columns_in(schema: pa.Schema, dialect: Dialect) -> dict[str, str]:
    """Return the names of the columns of a dialect that a file has, by what they are."""
    header = header_of(schema)
    return {what: header[place] for what, place in dialect.at.items() if place < len(header)}


def _require_boxes(schema: pa.Schema, name: str, path: Path) -> None:
    """Raise AnchorauditError if a column can have no lists of four numbers, nor texts of these."""
    from pyarrow import types

    kind = schema.field(name).type
    tests = (types.is_struct, types.is_map, types.is_union, types.is_primitive, types.is_decimal)
    if any(test(kind) for test in tests):
        raise no_boxes_in(path, name, f"{kind}")


def _flat(
    path: Path, groups: tuple[int, ...] | None, needed: dict[str, str], dialect: Dialect, metadata: Any
) -> Rows:
    """Read columns of rows that are boxes. needed: their names, by what they are."""
    from anchoraudit.formats.table.row_groups import opened

    codes = [own for name, own in needed.items() if name not in NUMBERS and name != LIST]
    with opened(path, groups, as_codes=codes, metadata=metadata) as file:
        return flat_rows(file, path, needed, dialect)


def flat_rows(file: ArrowRows, path: Path, needed: dict[str, str], dialect: Dialect) -> Rows:
    """Read columns of Arrow whose rows are boxes. needed: their names, by what they are."""
    from anchoraudit.formats.table.arrow import numbers_of, texts_of
    from anchoraudit.formats.table.nested import boxes_in, is_list

    give_back(file.count)  # of what was read before
    texts, numbers = {}, {}
    lists: Any = None
    # Texts first: the names of images take the most memory while they are read.
    in_order = sorted(needed, key=lambda name: name in NUMBERS)
    for name, column in zip(in_order, file.columns([needed[name] for name in in_order]), strict=True):
        if name == LIST and is_list(column.type):
            lists = boxes_in(column)
        elif name in NUMBERS:
            numbers[name] = numbers_of(column, nan_is_nothing=True)
        else:
            texts[name] = texts_of(column)
    give_back(file.count)
    at = np.arange(file.first, file.first + file.count)
    rows = Rows(path, dialect, "row", texts, numbers, at)
    if lists is not None:
        rows = with_fours(rows, *lists)
    return interpreted(rows)


def require_pyarrow(path: Path) -> None:
    """Raise AnchorauditError if pyarrow is not installed."""
    if find_spec("pyarrow") is None:
        raise AnchorauditError(
            "Parquet needs pyarrow", path=path, remedy="pip install 'anchoraudit[parquet]', or use .csv."
        )
