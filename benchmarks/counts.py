"""Exact numbers of anchors by label, for 5,000 images."""

from __future__ import annotations

from pathlib import Path

from _data import coco_file
from _measure import MB, PROGRAM, Claim, main, peak_memory, run

IMAGES = 5_000
DETECTOR = "torchvision-fasterrcnn_resnet50_fpn"
MOST_SECONDS, MOST_BYTES = 60, 1.5e9


def measure(data: Path) -> list[Claim]:
    """One run of the command, and one for its memory."""
    part = _part(data)
    command = (*PROGRAM, "scan", str(part), "--detector", DETECTOR, "--counts", "--exit-zero", "-q")
    took, peak = run(command), peak_memory(command)
    return [
        Claim(
            f"Exact counts of {IMAGES:,} images, {DETECTOR}: seconds",
            f"{took.wall:.1f}",
            f"{took.cpu:.1f}",
            f"{1e3 * took.wall / IMAGES:.2f} ms an image, reading included",
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


def _part(data: Path) -> Path:
    """Return the first images of the generated file, in a file of their own, written once."""
    import json

    path = data / f"coco-{IMAGES}-images-1.json"
    if not path.exists():
        whole = json.loads(coco_file(data).read_bytes())
        images = whole["images"][:IMAGES]
        ids = {image["id"] for image in images}
        boxes = [annotation for annotation in whole["annotations"] if annotation["image_id"] in ids]
        path.write_text(json.dumps({**whole, "images": images, "annotations": boxes}), encoding="utf-8")
    return path


if __name__ == "__main__":
    main(measure)
