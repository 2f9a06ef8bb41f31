"""What the rules cost: a scan with all of them beside one with none, image files not looked at."""

from __future__ import annotations

from pathlib import Path

from _data import coco_file
from _measure import PROGRAM, Claim, main, run, side_by_side

MOST_ADDED = 3.0


def measure(data: Path) -> list[Claim]:
    """Both scans, side by side."""
    scan = (*PROGRAM, "scan", str(coco_file(data)), "--exit-zero", "--images", "none")
    runs = side_by_side(
        {
            "all": lambda: run(scan),
            "none": lambda: run((*scan, "--ignore", "ALL")),
        }
    )
    added = runs["all"].wall - runs["none"].wall
    return [
        Claim(
            "All rules, image files not looked at: seconds more than a scan without rules",
            f"{added:.2f}",
            f"{runs['all'].cpu - runs['none'].cpu:.2f}",
            f"{runs['all'].wall:.2f} s and {runs['none'].wall:.2f} s",
            f"at most {MOST_ADDED:g}",
            added <= MOST_ADDED,
        )
    ]


if __name__ == "__main__":
    main(measure)
