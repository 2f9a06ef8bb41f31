"""`scan` of a COCO file of train2017's size, beside a process that only decodes the file."""

from __future__ import annotations

from pathlib import Path

from _data import coco_file
from _measure import (
    HERE,
    PROGRAM,
    PYTHON,
    Claim,
    main,
    peak_claim,
    peak_memory,
    ratio_claim,
    run,
    side_by_side,
)

MOST_TIMES, MOST_MEMORY = 2.0, 2.2


def measure(data: Path) -> list[Claim]:
    """Time and peak memory of `scan -q` and of `scan` with its report."""
    file = coco_file(data)
    scan = (*PROGRAM, "scan", str(file), "--exit-zero")
    runs = side_by_side(
        {
            "decode": lambda: run((PYTHON, str(HERE / "_bare_coco.py"), str(file))),
            "scan -q": lambda: run((*scan, "-q")),
            "scan": lambda: run(scan),
        }
    )
    claims: list[Claim] = []
    for name, command in (("scan -q", (*scan, "-q")), ("scan", scan)):
        times = f"COCO, `{name}`: times a bare decoding of the file"
        memory = f"COCO, `{name}`: peak memory, times the file's size"
        claims += [
            ratio_claim(times, runs[name], runs["decode"], names=(name, "decoding"), most=MOST_TIMES),
            peak_claim(memory, peak_memory(command), file.stat().st_size, most=MOST_MEMORY),
        ]
    return claims


if __name__ == "__main__":
    main(measure)
