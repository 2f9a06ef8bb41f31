"""The table of the images that a filter leaves out: a row for each, written some rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.report import words

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("image_id", "file_name", "split", "verdict", "cause", "boxes", "why")
AT_ONCE = 1 << 16  # rows; of Parquet, those of a row group
_INT64 = range(-(2**63), 2**63)

Row = tuple[Any, ...]  # the values of COLUMNS


def dropped_rows(audit: Audit, keep: Bool, why: Mapping[int, Finding]) -> list[Row]:
    """Return a row for each image that is not kept: its names, its verdict, and why it is dropped.

    keep: bool [N]. why: for images with an error, the first one.
    """
    dataset, results = audit.original, audit.image_results
    causes, verdicts = (*CAUSES, ""), (*VERDICTS, "")  # -1 is ""
    gone = np.flatnonzero(~keep).tolist()
    judged = [i for i in gone if i not in why]
    said = {i: f"{own.code}: {own.message}" for i, own in why.items()}
    said |= dict(zip(judged, words.whys(audit, judged), strict=True))
    return [
        (
            dataset.images.ids[i],
            dataset.images.file_names[i],
            dataset.splits[int(dataset.images.split[i])],
            verdicts[int(results.verdict[i])],
            causes[int(results.cause[i])],
            int(results.boxes[i]),
            said[i],
        )
        for i in gone
    ]


def are_numbers(rows: Iterable[Row]) -> bool:
    """Tell whether all ids are integers. If some are not, Parquet has all of them as texts."""
    return all(isinstance(row[0], int) and row[0] in _INT64 for row in rows)


def write_dropped(
    rows: Iterable[Row], stream: IO[bytes], suffix: str, *, numbers: bool, csv_safe: bool = False
) -> None:
    """Write rows as `.csv` or `.parquet`, some of them in memory at a time.

    numbers: all ids are integers. csv_safe: as CSV, so that a spreadsheet runs nothing in it.
    """
    writer = None
    for number, some in enumerate(_batches(rows)):
        frame = _frame(some)
        if suffix == ".csv":
            if csv_safe:
                from anchoraudit.report.spreadsheet import safe_table

                frame = safe_table(frame)
            frame.to_csv(stream, index=False, header=not number, encoding="utf-8", errors="backslashreplace")
            continue
        import pyarrow as pa
        from pyarrow import parquet

        if not (numbers and some):
            frame["image_id"] = frame["image_id"].astype(str)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        writer = writer or parquet.ParquetWriter(pa.PythonFile(stream, mode="w"), table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield some rows at a time; without any, an empty list."""
    every = iter(rows)
    some = list(islice(every, AT_ONCE))
    yield some
    while some := list(islice(every, AT_ONCE)):
        yield some


def _frame(rows: list[Row]) -> pd.DataFrame:
    import pandas as pd

    from anchoraudit.auditing.tables import encodable

    columns: dict[str, Any] = {name: [row[at] for row in rows] for at, name in enumerate(COLUMNS)}
    for name in ("image_id", "file_name"):
        columns[name] = encodable(columns[name])
    columns["boxes"] = np.array(columns["boxes"], dtype=np.int64)
    return pd.DataFrame(columns)
