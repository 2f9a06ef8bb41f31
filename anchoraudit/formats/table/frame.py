"""Reads a pandas DataFrame with one row for each box, as a Parquet file with these columns is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anchoraudit.dataset.columns import Dataset
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.assembly import assemble_rows
from anchoraudit.formats.table.cells import fours_of, interpreted, with_fours
from anchoraudit.formats.table.columns import Numbers, Texts
from anchoraudit.formats.table.dialects import by_header, judged_by_values
from anchoraudit.formats.table.names import LIST
from anchoraudit.formats.table.rows import NUMBERS, Rows, not_understood, text_of

if TYPE_CHECKING:
    import pandas as pd

_PLACE = Path("<DataFrame>")
_TELLING = 200  # first rows by which a column of classes is recognised


def assemble_frame(name: str, table: pd.DataFrame, options: ReadOptions) -> Dataset:
    """Read a DataFrame. name: that of the format.

    Raises AnchorauditError as `table.read_frame` does.
    """
    rows = _rows_of(table, options.columns)
    detection = Detection(name, _PLACE, "a DataFrame")
    return assemble_rows(detection, options, [(rows, "")], [(_PLACE, "")])


def _rows_of(table: pd.DataFrame, asked: Columns) -> Rows:
    names = [str(name) for name in table.columns]
    if (dialect := by_header(names, asked)) is None:
        raise not_understood(_PLACE, "columns not understood", names, "")
    if "label" not in dialect.at:
        first = table.head(_TELLING).astype(object)
        values = first.where(first.notna(), "").to_numpy().tolist()
        dialect = judged_by_values(dialect, names, [list(map(text_of, row)) for row in values])
    from pandas.api.types import is_float_dtype, is_integer_dtype

    texts, numbers = {}, {}
    for name, i in dialect.at.items():
        column = table.iloc[:, i]
        if name == LIST:
            continue
        if name not in NUMBERS:
            texts[name] = _texts_of(column)
        elif is_integer_dtype(column) or is_float_dtype(column):
            numbers[name] = Numbers.of_floats(column.to_numpy(np.float64, na_value=np.nan))
        else:
            numbers[name] = Numbers.of(_objects(column))
    at = np.arange(len(table))
    rows = Rows(_PLACE, dialect, "row", texts, numbers, at, box_place="iloc[{box}]")
    if LIST in dialect.at:
        cells = table.iloc[:, dialect.at[LIST]].tolist()
        rows = with_fours(rows, *fours_of(cells), cells)
    return interpreted(rows)


def _texts_of(column: pd.Series[Any]) -> Texts:
    import pandas as pd

    if column.dtype == object:  # equal objects, such as 1 and True, may be different texts
        return Texts.of(map(text_of, _objects(column)))
    codes, distinct = pd.factorize(column)  # -1 stands for a missing value
    names = [text_of(value) for value in np.asarray(distinct, dtype=object).tolist()]
    return Texts.of_codes(np.where(codes < 0, len(names), codes).astype(np.int64), [*names, ""])


def _objects(column: pd.Series[Any]) -> list[Any]:
    """Return the values as objects, "" for a missing one."""
    values = column.astype(object)
    objects: list[Any] = values.where(values.notna(), "").tolist()
    return objects
