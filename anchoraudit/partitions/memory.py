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
    workers = workers or cores()
    processes = workers + 1
    rows = (memory // processes - _PROCESS) // _ROW
    if rows < _LEAST:
        given = f"{memory >> 20:,} MiB" if memory >> 20 else f"{memory:,} bytes"
        fewer = f", or --workers 1, for which {_least(1):,} MiB are enough" if workers > 1 else ""
        raise AnchorauditError(
            f"--memory of {given} is too little for {processes:,} processes, {workers:,} of them workers",
            remedy=f"Give --memory {_least(workers)}M or more{fewer}.",
        )
    return min(rows, 4 * _USUAL)


def _least(workers: int) -> int:
    """Return the least memory for so many workers, in MiB, rounded up so that it is enough."""
    return -(-(workers + 1) * (_PROCESS + _ROW * _LEAST) >> 20)
