"""Reads a pandas DataFrame with one row for each box, as a Parquet file with these columns is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.dataset.columns import Dataset
from anchoraudit.formats import Detection, ReadOptions
from anchoraudit.formats.table.assembly import assemble_rows
from anchoraudit.formats.table.rows import rows_of_frame

if TYPE_CHECKING:
    import pandas as pd

_PLACE = Path("<DataFrame>")


def assemble_frame(name: str, table: pd.DataFrame, options: ReadOptions) -> Dataset:
    """Read a DataFrame. name: that of the format.

    Raises AnchorauditError as `table.read_frame` does.
    """
    rows = rows_of_frame(table, _PLACE, box_place="iloc[{box}]")
    detection = Detection(name, _PLACE, "a DataFrame")
    return assemble_rows(detection, options, [(rows, "")], [(_PLACE, "")])
