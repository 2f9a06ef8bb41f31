"""Columns of Arrow as columns of a table, without a Python object for each row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from anchoraudit.formats.table.columns import Numbers, Texts
from anchoraudit.formats.table.rows import text_of


def texts_of(column: pa.ChunkedArray) -> Texts:
    """Return the values of a column as texts; a missing one is ""."""
    if pa.types.is_nested(column.type):
        return Texts.of(map(_plain, column.to_pylist()))
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    array: Any = coded.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # without chunks
        return Texts.of([])
    names = array.dictionary.to_pylist()
    if not (pa.types.is_string(array.dictionary.type) and array.dictionary.null_count == 0):
        names = [_plain(value) for value in names]
    indices = array.indices
    if indices.null_count:
        indices, names = indices.fill_null(len(names)), [*names, ""]
    return Texts.of_codes(indices.to_numpy().astype(np.int64), names)


def _plain(value: object) -> str:
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return "" if missing else text_of(value)


def numbers_of(column: pa.ChunkedArray, *, nan_is_nothing: bool) -> Numbers:
    """Return the values of a column as numbers; a missing one is nothing.

    nan_is_nothing: programs write NaN for a missing value; in a CSV file somebody wrote it.
    """
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = column.cast(pa.float64(), safe=False).to_numpy()
        return Numbers.of_floats(values) if nan_is_nothing else Numbers(values, column.is_null().to_numpy())
    return Numbers.of(["" if value is None else value for value in column.to_pylist()])
