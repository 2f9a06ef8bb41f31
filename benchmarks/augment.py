"""Random geometry: 5,000 images, each augmented 32 times and audited; and what training draws, as often."""

from __future__ import annotations

from pathlib import Path

from _data import PART_IMAGES, coco_part
from _measure import PROGRAM, Claim, main, run, side_by_side

DETECTORS = ("reference", "torchvision-fasterrcnn_resnet50_fpn")
WHAT = "flip,scale=0.5..1.5,crop=0.3..1,translate=0.1"
DRAWS, MOST_SECONDS = 32, 5
# Two ways in which mosaic shows an image; the loop of crops that are tried again.
FRAMEWORKS, MOST_SECONDS_OF_TRAINING = ("yolov5", "torchvision-ssd300_vgg16"), 30


def measure(data: Path) -> list[Claim]:
    """Whole commands: reading, the audit as it is, and the draws."""
    part = str(coco_part(data))
    described = [_claim(part, detector, WHAT, MOST_SECONDS) for detector in DETECTORS]
    return described + [_claim(part, name, "framework", MOST_SECONDS_OF_TRAINING) for name in FRAMEWORKS]


def _claim(part: str, detector: str, what: str, most: float) -> Claim:
    plain = (*PROGRAM, "scan", part, "--detector", detector, "--exit-zero", "-q")
    augmented = (*plain, "--augment", what, "--draws", str(DRAWS))
    runs = side_by_side({"plain": lambda: run(plain), "augmented": lambda: run(augmented)})
    took, as_training = runs["augmented"], "" if what == WHAT else " as in training"
    return Claim(
        f"{PART_IMAGES:,} images augmented {DRAWS} times{as_training}, {detector}: seconds",
        f"{took.wall:.1f}",
        f"{took.cpu:.1f}",
        f"the whole command; without `--augment` {runs['plain'].wall:.1f} s",
        f"at most {most}",
        took.wall <= most,
    )


if __name__ == "__main__":
    main(measure)
