"""Data sets in parts: CPU time and memory beside a bare reading, more boxes, CSV, and Dask.

Times are medians of few runs in turns, because the sets are large; that of the largest is from one, and peaks
are from a run of their own. MILLIONS in the environment asks for another number of boxes in the largest set,
instead of 100.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from _measure import HERE, MB, PROGRAM, PYTHON, Claim, Run, main, peak_memory, run, side_by_side
from _shards import COLUMNS, shards

BOXES, PARTS = 20_000_000, 64
LARGEST = int(os.environ.get("MILLIONS", "100")) * 1_000_000
GROUP = 1 << 20  # rows of a row group, as pandas and pyarrow write it by default
CSV_BOXES = 2_000_000
MOST_CPU, MOST_BYTES, MOST_CSV = 3.5, 600e6, 4.0
MOST_DASK, LEAST_FASTER = 1.3, 1.5
# What holds if time is linear: the same time for each box, and a tenth for what other work disturbs.
MOST_GROWTH = 1.1
ROUNDS = 3

_READ = "import sys; from pyarrow import parquet; parquet.read_table(sys.argv[1], columns=sys.argv[2:])"
_READ_CSV = "import sys; from pyarrow import csv; csv.read_csv(sys.argv[1])"
_WRITE_CSV = (
    "import sys; from pyarrow import csv, parquet; "
    "csv.write_csv(parquet.read_table(sys.argv[1]), sys.argv[2])"
)


def scan(table: Path, *words: str, engine: str = "local") -> tuple[str, ...]:
    """Return the command that audits a data set in parts."""
    return (*PROGRAM, "scan", str(table), "--engine", engine, "--exit-zero", "-q", *words)


def measure(data: Path) -> list[Claim]:
    """Read and audit side by side, with all engines; then audit the larger set, and a CSV file."""
    folder, largest = shards(data, BOXES, PARTS), shards(data, LARGEST, PARTS * LARGEST // BOXES)
    grouped = shards(data, BOXES // GROUP * GROUP + GROUP, BOXES // GROUP + 1)
    work: dict[str, Callable[[], Run]] = {
        "read": lambda: run((PYTHON, "-c", _READ, str(folder), *COLUMNS)),
        "local": lambda: run(scan(folder)),
    }
    if with_dask := find_spec("distributed") is not None:
        work["dask"] = lambda: run(scan(folder, "--workers", "2", engine="dask"))
        work["alone"] = lambda: run((PYTHON, str(HERE / "_one_process.py"), str(folder)))
        work["one worker"] = lambda: run(scan(folder, "--workers", "1"))
    else:
        print("the engine dask is not measured: pip install distributed", file=sys.stderr)
    runs = side_by_side(work, rounds=ROUNDS)
    whole, large = runs["local"], run(scan(largest))
    claims = [
        _cpu_claim(
            f"Parquet, {_millions(BOXES)}: CPU, times pyarrow.read_table", whole, runs["read"], MOST_CPU
        ),
        _rate_claim(whole),
        _peak_claim(f"Parquet, {_millions(BOXES)}: peak memory, MB", scan(folder)),
        _peak_claim(f"Parquet, {_millions(LARGEST)}: peak memory, MB", scan(largest)),
        _peak_claim(f"Parquet, {_millions(BOXES)} in row groups of {GROUP:,}: peak, MB", scan(grouped)),
        _growth_claim(whole, large),
        _csv_claim(data),
    ]
    return [*claims, *_dask_claims(runs)] if with_dask else claims


def _cpu_claim(what: str, ours: Run, theirs: Run, most: float) -> Claim:
    ratio = ours.cpu / theirs.cpu
    return Claim(
        what,
        f"{ratio:.2f}",
        "",
        f"scan CPU {ours.cpu:.1f} s (wall {ours.wall:.1f} s), reading CPU {theirs.cpu:.1f} s",
        f"at most {most:g}",
        ratio <= most,
    )


def _rate_claim(ours: Run) -> Claim:
    hours = ours.cpu / BOXES * 1e9 / 3600
    return Claim(
        "Parquet: CPU hours for a billion boxes",
        f"{hours:.2f}",
        "",
        f"extrapolated from {ours.cpu:.1f} s for {_millions(BOXES)}",
    )


def _peak_claim(what: str, command: Sequence[str]) -> Claim:
    peak = peak_memory(command)
    return Claim(
        what,
        f"{peak / MB:.0f}",
        "",
        "all processes together",
        f"at most {MOST_BYTES / MB:.0f}",
        peak <= MOST_BYTES,
    )


def _growth_claim(ours: Run, large: Run) -> Claim:
    growth = (large.cpu / LARGEST) / (ours.cpu / BOXES)
    return Claim(
        f"CPU for each box of {_millions(LARGEST)}, times that of {_millions(BOXES)}",
        f"{growth:.2f}",
        "",
        f"CPU {large.cpu:.1f} s and {ours.cpu:.1f} s",
        f"at most {MOST_GROWTH:g}",
        growth <= MOST_GROWTH,
    )


def _csv_claim(data: Path) -> Claim:
    table = data / "boxes-2m.csv"
    if not table.exists():
        first = shards(data, CSV_BOXES, 1) / "part-0000.parquet"
        run((PYTHON, "-c", _WRITE_CSV, str(first), str(table)))
    runs = side_by_side(
        {
            "read": lambda: run((PYTHON, "-c", _READ_CSV, str(table))),
            "scan": lambda: run(scan(table)),
        },
        rounds=ROUNDS,
    )
    what = f"CSV, {_millions(CSV_BOXES)}: CPU, times pyarrow.csv.read_csv"
    return _cpu_claim(what, runs["scan"], runs["read"], MOST_CSV)


def _dask_claims(runs: Mapping[str, Run]) -> list[Claim]:
    local, dask, alone, single = (runs[name] for name in ("local", "dask", "alone", "one worker"))
    ratio, faster = dask.cpu / local.cpu, alone.wall / dask.wall
    return [
        Claim(
            "Dask, 2 workers: CPU, times that of the engine local",
            f"{ratio:.2f}",
            "",
            f"CPU {dask.cpu:.1f} s and {local.cpu:.1f} s",
            f"at most {MOST_DASK:g}",
            ratio <= MOST_DASK,
        ),
        Claim(
            "Dask, 2 workers: times faster than one process",
            f"{faster:.2f}",
            "",
            f"{dask.wall:.1f} s and {alone.wall:.1f} s",
            f"at least {LEAST_FASTER:g}",
            faster >= LEAST_FASTER,
        ),
        Claim(
            "Dask, 2 workers: times faster than --workers 1, where a second process adds up",
            f"{single.wall / dask.wall:.2f}",
            "",
            f"{dask.wall:.1f} s and {single.wall:.1f} s",
        ),
    ]


def _millions(boxes: int) -> str:
    return f"{boxes // 1_000_000} M boxes"


if __name__ == "__main__":
    main(measure)
