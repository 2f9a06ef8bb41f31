"""Exact numbers of anchors by label, for 5,000 images."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from _data import coco_file
from _measure import HERE, MB, PROGRAM, PYTHON, Claim, main, peak_memory, run

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
    path = data / f"coco-{IMAGES}-images-1.json"
    if not path.exists():  # in a process of its own: what this one held would count as the command's memory
        write = "import sys, counts; counts.write_part(*sys.argv[1:])"
        subprocess.run([PYTHON, "-c", write, str(coco_file(data)), str(path)], cwd=HERE, check=True)
    return path


def write_part(source: str, target: str) -> None:
    """Write the first images of a COCO file, with their annotations."""
    whole = json.loads(Path(source).read_bytes())
    images = whole["images"][:IMAGES]
    ids = {image["id"] for image in images}
    boxes = [annotation for annotation in whole["annotations"] if annotation["image_id"] in ids]
    text = json.dumps({**whole, "images": images, "annotations": boxes})
    Path(target).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(measure)
