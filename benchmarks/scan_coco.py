"""`scan` of a COCO file of train2017's size, beside a process that only decodes the file, and beside a peer.

The peer is the validator of panlabel, written in Rust; it is measured where it is installed, on the path or
beside this Python (`pip install panlabel`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from _data import coco_file
from _measure import (
    HERE,
    PROGRAM,
    PYTHON,
    Claim,
    Run,
    main,
    peak_claim,
    peak_memory,
    ratio_claim,
    run,
    side_by_side,
)

MOST_TIMES, MOST_MEMORY, LEAST_FASTER = 1.35, 2.2, 3.0
PEER = "panlabel validate"


def measure(data: Path) -> list[Claim]:
    """Time and peak memory of `scan -q` and of `scan` with its report."""
    file = coco_file(data)
    scan = (*PROGRAM, "scan", str(file), "--exit-zero")
    work: dict[str, Callable[[], Run]] = {
        "decode": lambda: run((PYTHON, str(HERE / "_bare_coco.py"), str(file))),
        "scan -q": lambda: run((*scan, "-q")),
        "scan": lambda: run(scan),
    }
    peer = shutil.which("panlabel") or shutil.which("panlabel", path=str(Path(PYTHON).parent))
    if peer is not None:
        work[PEER] = lambda: run((peer, "validate", "--format", "coco", str(file)))
    runs = side_by_side(work)
    claims: list[Claim] = []
    for name, command in (("scan -q", (*scan, "-q")), ("scan", scan)):
        times = f"COCO, `{name}`: times a bare decoding of the file"
        memory = f"COCO, `{name}`: peak memory, times the file's size"
        claims += [
            ratio_claim(times, runs[name], runs["decode"], names=(name, "decoding"), most=MOST_TIMES),
            peak_claim(memory, peak_memory(command), file.stat().st_size, most=MOST_MEMORY),
        ]
    return [*claims, _beside_the_peer(runs["scan"], runs.get(PEER))]


def _beside_the_peer(scan: Run, peer: Run | None) -> Claim:
    what = f"COCO, `scan`: times faster than `{PEER}`"
    if peer is None:
        return Claim(what, "not measured", "", "panlabel is not installed")
    faster = peer.wall / scan.wall
    return Claim(
        what,
        f"{faster:.2f}",
        f"{peer.cpu / scan.cpu:.2f}",
        f"{PEER} {peer.wall:.2f} s (CPU {peer.cpu:.2f} s), scan {scan.wall:.2f} s (CPU {scan.cpu:.2f} s)",
        f"at least {LEAST_FASTER:g}",
        faster >= LEAST_FASTER,
    )


if __name__ == "__main__":
    main(measure)
