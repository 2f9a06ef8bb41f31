"""Exact numbers of anchors by label, for 5,000 images."""

from __future__ import annotations

from pathlib import Path

from _data import PART_IMAGES, coco_part
from _measure import MB, PROGRAM, Claim, main, peak_memory, run

DETECTOR = "torchvision-fasterrcnn_resnet50_fpn"
MOST_SECONDS, MOST_BYTES = 60, 1.5e9


def measure(data: Path) -> list[Claim]:
    """One run of the command, and one for its memory."""
    part = coco_part(data)
    command = (*PROGRAM, "scan", str(part), "--detector", DETECTOR, "--counts", "--exit-zero", "-q")
    took, peak = run(command), peak_memory(command)
    return [
        Claim(
            f"Exact counts of {PART_IMAGES:,} images, {DETECTOR}: seconds",
            f"{took.wall:.1f}",
            f"{took.cpu:.1f}",
            f"{1e3 * took.wall / PART_IMAGES:.2f} ms an image, reading included",
            f"at most {MOST_SECONDS}",
            took.wall <= MOST_SECONDS,
        ),
        Claim(
            "The same: memory, MB",
            f"{peak / MB:.0f}",
            "",
            "most at one time",
            f"at most {MOST_BYTES / MB:.0f}",
            peak <= MOST_BYTES,
        ),
    ]


if __name__ == "__main__":
    main(measure)
