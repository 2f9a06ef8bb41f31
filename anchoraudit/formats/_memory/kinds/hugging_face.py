"""`datasets.Dataset` of Hugging Face, and a `DatasetDict` of them, each a split.

Columns are read as Arrow keeps them: pictures are not decoded, and a transform of `set_transform` does not
run. Where no column says what the numbers of a box mean, the first boxes decide, as for a Parquet file.
Source: datasets 5.2.0, arrow_dataset.py `with_format`, `select_columns`; features/features.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats._memory.held import held, without_transforms

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions
    from anchoraudit.formats.table.in_memory import TableInMemory

TITLE = "datasets.Dataset of Hugging Face, or a DatasetDict"
READS_COLUMNS = True
NAME = Path("<datasets.Dataset>")


def recognises(dataset: Any) -> bool:
    """Tell whether it has features, and columns of Arrow; or is a dict of such data sets."""
    if isinstance(dataset, Mapping):
        return bool(dataset) and all(map(_is_one, dataset.values()))
    return _is_one(dataset)


def read(dataset: Any, options: ReadOptions) -> Dataset:
    """Read the columns that are needed."""
    from anchoraudit.formats.table.in_memory import assemble_tables

    if isinstance(dataset, Mapping):
        splits = {str(name): one for name, one in dataset.items()}
    else:
        splits = {str(held(dataset, "split") or ""): dataset}
        splits = {name if name.isidentifier() else "": one for name, one in splits.items()}
    tables = [(_table(one), name) for name, one in splits.items()]
    whole = assemble_tables(tables, NAME, f"a {type(dataset).__name__} in memory", options)
    whole.notes += without_transforms(next(iter(splits.values())))
    return whole


def _is_one(dataset: Any) -> bool:
    return (
        isinstance(held(dataset, "features"), Mapping)
        and callable(held(dataset, "with_format"))
        and callable(held(dataset, "select_columns"))
        and hasattr(type(dataset), "__getitem__")
        and hasattr(type(dataset), "__len__")
    )


def _table(dataset: Any) -> TableInMemory:
    from anchoraudit.formats.table.in_memory import TableInMemory

    # A format without a transform hands over tables of Arrow, with the rows that `select` and `shuffle` left.
    arrow = dataset.with_format("arrow")
    selected: dict[tuple[str, ...], Any] = {}

    def fetch(columns: Sequence[str], start: int, end: int) -> Any:
        if tuple(columns) not in selected:
            selected[tuple(columns)] = arrow.select_columns(list(columns))
        return selected[tuple(columns)][start:end]

    return TableInMemory(dataset.features.arrow_schema, len(dataset), fetch)
