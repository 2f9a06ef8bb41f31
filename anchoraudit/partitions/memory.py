"""How large parts may be, so that the run keeps to the memory that it is given."""

from __future__ import annotations

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.processes import cores

# Measured on Parquet with a row for each box, under the default detector: `benchmarks/scale.py`.
_PROCESS = 130 << 20  # bytes that a process takes before it reads anything
_ROW = 450  # bytes that a box takes while it is read and judged
_USUAL = 400_000  # boxes of a part if nobody says how much memory there is
_LEAST = 10_000


def rows_of_part(memory: int | None, workers: int | None) -> int:
    """Return about how many boxes a part may have. memory: bytes for all processes together.

    Raises AnchorauditError if that is too little for any.
    """
    if memory is None:
        return _USUAL
    processes = (workers or cores()) + 1
    rows = (memory // processes - _PROCESS) // _ROW
    if rows < _LEAST:
        least = -(-processes * (_PROCESS + _ROW * _LEAST) >> 20)  # rounded up, so that it is enough
        raise AnchorauditError(
            f"{memory >> 20:,} MiB are too little for {processes} processes",
            remedy=f"Give at least {least:,} MiB.",
        )
    return min(rows, 4 * _USUAL)
