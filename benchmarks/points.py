"""Detectors without anchors: what they add to a scan, and exact numbers of points."""

from __future__ import annotations

from pathlib import Path

from _data import PART_IMAGES, coco_file, coco_part
from _measure import PROGRAM, Claim, main, run, side_by_side

# One for each way of matching; the first and the last cost most.
DETECTORS = (
    "torchvision-fcos_resnet50_fpn",
    "ultralytics-yolo11",
    "yolox",
    "mmdet-centernet512",
    "mmdet-fcos",
)
MOST_ADDED, MOST_SECONDS = 0.5, 60


def measure(data: Path) -> list[Claim]:
    """Scans side by side, each by its encoder alone; then the counts of a part."""
    scan = (*PROGRAM, "scan", str(coco_file(data)), "--exit-zero", "--loader", "none")
    runs = side_by_side(
        {
            "reference": lambda: run(scan),
            **{name: lambda name=name: run((*scan, "--detector", name)) for name in DETECTORS},
        }
    )
    base = runs["reference"]
    claims = [
        Claim(
            f"Scan with {name}: seconds more than with reference",
            f"{runs[name].wall - base.wall:.2f}",
            f"{runs[name].cpu - base.cpu:.2f}",
            f"{runs[name].wall:.2f} s and {base.wall:.2f} s",
            f"at most {MOST_ADDED:g}",
            runs[name].wall - base.wall <= MOST_ADDED,
        )
        for name in DETECTORS
    ]
    part = str(coco_part(data))
    for name in (DETECTORS[0], DETECTORS[-1]):
        took = run((*PROGRAM, "scan", part, "--detector", name, "--counts", "--exit-zero", "-q"))
        claims.append(
            Claim(
                f"Exact counts of {PART_IMAGES:,} images, {name}: seconds",
                f"{took.wall:.1f}",
                f"{took.cpu:.1f}",
                f"{1e3 * took.wall / PART_IMAGES:.2f} ms an image, reading included",
                f"at most {MOST_SECONDS}",
                took.wall <= MOST_SECONDS,
            )
        )
    return claims


if __name__ == "__main__":
    main(measure)
