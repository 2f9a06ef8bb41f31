"""Random geometry: 5,000 images, each augmented 32 times and audited."""

from __future__ import annotations

from pathlib import Path

from _data import PART_IMAGES, coco_part
from _measure import PROGRAM, Claim, main, run, side_by_side

DETECTORS = ("reference", "torchvision-fasterrcnn_resnet50_fpn")
WHAT = "flip,scale=0.5..1.5,crop=0.3..1,translate=0.1"
DRAWS, MOST_SECONDS = 32, 5


def measure(data: Path) -> list[Claim]:
    """Whole commands: reading, the audit as it is, and the draws."""
    part = str(coco_part(data))
    return [_claim(part, detector) for detector in DETECTORS]


def _claim(part: str, detector: str) -> Claim:
    plain = (*PROGRAM, "scan", part, "--detector", detector, "--exit-zero", "-q")
    augmented = (*plain, "--augment", WHAT, "--draws", str(DRAWS))
    runs = side_by_side({"plain": lambda: run(plain), "augmented": lambda: run(augmented)})
    took = runs["augmented"]
    return Claim(
        f"{PART_IMAGES:,} images augmented {DRAWS} times, {detector}: seconds",
        f"{took.wall:.1f}",
        f"{took.cpu:.1f}",
        f"the whole command; without `--augment` {runs['plain'].wall:.1f} s",
        f"at most {MOST_SECONDS}",
        took.wall <= MOST_SECONDS,
    )


if __name__ == "__main__":
    main(measure)
