"""`scan --memory` of COCO files, part by part: memory, and CPU time for each box.

It is not among those of `run.py`: the larger file takes 6 GB of disk, its parts 2 GB more in TMPDIR, and a
scan of it takes minutes.
"""

from __future__ import annotations

from pathlib import Path

from _data import BOXES, LARGE_BOXES, coco_file, large_coco_file
from _measure import MB, PROGRAM, Claim, held, main, run

MEMORY = "4G"
MOST_MEMORY, MOST_TIMES_WHOLE, MOST_TIMES_A_BOX = 4 << 30, 2.0, 1.5
_SECONDS = 0.1  # between two looks at the memory: each takes as long as a look at every process


def measure(data: Path) -> list[Claim]:
    """Peak memory of all processes, CPU time beside the scan of the whole, and for each box."""
    small, large = coco_file(data), large_coco_file(data)
    scan = (*PROGRAM, "scan", "--exit-zero", "-q")
    in_parts = ("--memory", MEMORY)
    seen = [0]
    cpu = {
        "whole": run((*scan, str(small))).cpu,
        "small": run((*scan, str(small), *in_parts)).cpu,
        "large": run((*scan, str(large), *in_parts), watch=lambda: seen.append(held()), every=_SECONDS).cpu,
    }
    parts, boxes = cpu["small"] / cpu["whole"], cpu["large"] / cpu["small"] * BOXES / LARGE_BOXES
    return [
        Claim(
            f"COCO of {LARGE_BOXES:,} boxes, `scan --memory {MEMORY}`: peak memory",
            f"{max(seen) / MB:,.0f} MB",
            "",
            f"file {large.stat().st_size / MB:,.0f} MB, CPU {cpu['large']:.0f} s",
            f"at most {MOST_MEMORY / MB:,.0f} MB",
            max(seen) <= MOST_MEMORY,
        ),
        Claim(
            f"COCO of {BOXES:,} boxes, `scan --memory {MEMORY}`: CPU time, times that of `scan`",
            f"{parts:.2f}",
            f"{parts:.2f}",
            f"CPU {cpu['small']:.2f} s, whole {cpu['whole']:.2f} s",
            f"at most {MOST_TIMES_WHOLE:g}",
            parts <= MOST_TIMES_WHOLE,
        ),
        Claim(
            f"COCO of {LARGE_BOXES:,} boxes: CPU time for a box, times that of {BOXES:,} boxes",
            f"{boxes:.2f}",
            f"{boxes:.2f}",
            f"CPU {cpu['large']:.0f} s, {cpu['small']:.2f} s",
            f"at most {MOST_TIMES_A_BOX:g}",
            boxes <= MOST_TIMES_A_BOX,
        ),
    ]


if __name__ == "__main__":
    main(measure)
