"""`scan` of a COCO file of 25 million boxes, and `scan --memory` part by part: memory, and time.

It is not among those of `run.py`: the larger file takes 6 GB of disk, its parts 2 GB more in TMPDIR, the bare
decoding 15 GB of memory, and all of it many minutes.
"""

from __future__ import annotations

from pathlib import Path

from _data import BOXES, LARGE_BOXES, coco_file, large_coco_file
from _measure import HERE, MB, PROGRAM, PYTHON, Claim, held, main, ratio_claim, run

MEMORY = "4G"
MOST_MEMORY, MOST_TIMES_WHOLE, MOST_TIMES_A_BOX = 4 << 30, 2.0, 1.5
MOST_TIMES, MOST_WHOLE = 3.0, 12e9  # of the larger file, read whole
_SECONDS = 0.1  # between two looks at the memory: each takes as long as a look at every process


def measure(data: Path) -> list[Claim]:
    """Peak memory of all processes; time beside the bare decoding, beside `scan`, and for each box."""
    small, large = coco_file(data), large_coco_file(data)
    scan = (*PROGRAM, "scan", "--exit-zero", "-q")
    in_parts = ("--memory", MEMORY)
    seen, of_whole = [0], [0]
    cpu = {
        "whole": run((*scan, str(small))).cpu,
        "small": run((*scan, str(small), *in_parts)).cpu,
        "large": run((*scan, str(large), *in_parts), watch=lambda: seen.append(held()), every=_SECONDS).cpu,
    }
    decoding = run((PYTHON, str(HERE / "_bare_coco.py"), str(large)))
    whole = run((*scan, str(large)), watch=lambda: of_whole.append(held()), every=_SECONDS)
    parts, boxes = cpu["small"] / cpu["whole"], cpu["large"] / cpu["small"] * BOXES / LARGE_BOXES
    return [
        ratio_claim(
            f"COCO of {LARGE_BOXES:,} boxes, `scan`: times a bare decoding of the file",
            whole,
            decoding,
            names=("scan", "decoding"),
            most=MOST_TIMES,
        ),
        Claim(
            f"COCO of {LARGE_BOXES:,} boxes, `scan`: peak memory",
            f"{max(of_whole) / MB:,.0f} MB",
            "",
            f"file {large.stat().st_size / MB:,.0f} MB",
            f"at most {MOST_WHOLE / MB:,.0f} MB",
            max(of_whole) <= MOST_WHOLE,
        ),
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
