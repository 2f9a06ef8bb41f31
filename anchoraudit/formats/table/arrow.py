"""Columns of Arrow as columns of a table, without a Python object for each row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anchoraudit.arrays import Float
from anchoraudit.formats.table.columns import Numbers, Texts
from anchoraudit.formats.table.rows import text_of


def texts_of(column: pa.ChunkedArray) -> Texts:
    """Return the values of a column as texts; a missing one is ""."""
    if not len(column):
        return Texts.of([])
    if pa.types.is_nested(column.type):
        return Texts.of(map(_plain, column.to_pylist()))
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    array: Any = coded.combine_chunks()
    names = array.dictionary.to_pylist()
    if not (pa.types.is_string(array.dictionary.type) and array.dictionary.null_count == 0):
        names = [_plain(value) for value in names]
    indices = array.indices
    if indices.null_count:  # whose kind of integer may have no room for one more name
        indices, names = indices.cast(pa.int64()), [*names, ""]
    return Texts.of_codes(values_of(indices, len(names) - 1).astype(np.int64), names)


def _plain(value: object) -> str:
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return "" if missing else text_of(value)


def numbers_of(column: pa.ChunkedArray, *, nan_is_nothing: bool) -> Numbers:
    """Return the values of a column as numbers; a missing one is nothing.

    nan_is_nothing: programs write NaN for a missing value; in a CSV file somebody wrote it.
    """
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = _floats_of(column)
        return Numbers.of_floats(values) if nan_is_nothing else Numbers(values, values_of(column.is_null()))
    return Numbers.of(["" if value is None else value for value in column.to_pylist()])


def _floats_of(column: pa.ChunkedArray) -> Float:
    """Return numbers as float64 [R], NaN for a null.

    What NumPy frees, it takes again; what Arrow frees, only Arrow does. So what lasts is NumPy's.
    """
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64(), safe=False)
    values = values_of(column).astype(np.float64, copy=False)
    return np.where(values_of(column.is_null()), np.nan, values) if column.null_count else values


def values_of(column: pa.Array | pa.ChunkedArray, missing: float = 0) -> npt.NDArray[Any]:
    """Return numbers or truth values as an array that must not be changed. missing: what stands for a null.

    pyarrow's own `to_numpy` and `fill_null` import pandas, which takes longer than reading a part.
    """
    if pa.types.is_boolean(column.type):
        return values_of(column.cast(pa.uint8()), missing).view(np.bool_)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    kind = np.dtype(column.type.to_pandas_dtype())
    if not len(column):
        return np.zeros(0, dtype=kind)
    whole = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    values = np.frombuffer(whole.buffers()[1], kind, len(whole), whole.offset * kind.itemsize)
    return np.where(values_of(whole.is_null()), kind.type(missing), values) if whole.null_count else values
