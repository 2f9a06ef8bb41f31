"""Other detectors than the reference: what one adds to a scan, and all presets in one pass."""

from __future__ import annotations

from pathlib import Path

from _data import coco_file
from _measure import PROGRAM, Claim, main, ratio_claim, run, side_by_side

FPN = "torchvision-fasterrcnn_resnet50_fpn"
MOST_ADDED, MOST_TIMES = 1.0, 4.0


def measure(data: Path) -> list[Claim]:
    """Scans and the comparison, side by side."""
    file = str(coco_file(data))
    scan = (*PROGRAM, "scan", file, "--exit-zero")
    runs = side_by_side(
        {
            "reference": lambda: run(scan),
            "fpn": lambda: run((*scan, "--detector", FPN)),
            "all": lambda: run((*PROGRAM, "compare", file)),
        }
    )
    added = runs["fpn"].wall - runs["reference"].wall
    names = ("compare, all presets", "scan")
    return [
        Claim(
            f"Scan with {FPN}: seconds more than with reference",
            f"{added:.2f}",
            f"{runs['fpn'].cpu - runs['reference'].cpu:.2f}",
            f"{runs['fpn'].wall:.2f} s and {runs['reference'].wall:.2f} s",
            f"at most {MOST_ADDED:g}",
            added <= MOST_ADDED,
        ),
        ratio_claim(
            "All presets in one comparison, beside one scan",
            runs["all"],
            runs["reference"],
            names=names,
            most=MOST_TIMES,
        ),
    ]


if __name__ == "__main__":
    main(measure)
