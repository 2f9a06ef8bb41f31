"""`scan` of the same images and boxes in each format, beside a process that only parses the files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

from _formats import BOXES, IMAGES
from _measure import HERE, PROGRAM, PYTHON, Claim, main, output_of, run, side_by_side

OPTIONAL = {"labelformat"}  # one whose reader is a library
ROUNDS = 3


def measure(data: Path) -> list[Claim]:
    """Time of `scan -q --images none` of each format that has a generator, which all but OPTIONAL have."""
    from anchoraudit.formats import format_names

    return [_claim(name, _folder_of(name, data)) for name in format_names() if name not in OPTIONAL]


def _folder_of(name: str, data: Path) -> Path:
    folder = data / f"formats-{IMAGES}-1" / name
    if not folder.exists():
        print(f"generating {folder} ...", file=sys.stderr, flush=True)
        partly = folder.with_name(f"{name}.part")
        shutil.rmtree(partly, ignore_errors=True)
        subprocess.run([PYTHON, str(HERE / "_formats.py"), name, str(partly)], check=True)
        partly.rename(folder)
    return folder


def _claim(name: str, folder: Path) -> Claim:
    words = (*PROGRAM, "scan", str(folder), "--exit-zero", "--images", "none")
    found = json.loads(output_of((*words, "--output-format", "json")))
    summary = found["summary"]
    if (found["format"], summary["boxes"]) != (name, IMAGES * BOXES):
        raise RuntimeError(f"{folder}: read as {found['format']}, {summary['boxes']} boxes")
    runs = side_by_side(
        {
            "parse": partial(run, (PYTHON, str(HERE / "_bare_parse.py"), str(folder))),
            "scan": partial(run, (*words, "-q")),
        },
        rounds=ROUNDS,
    )
    scan, bare = runs["scan"], runs["parse"]
    return Claim(
        f"{name}, {IMAGES:,} images: boxes a second",
        f"{IMAGES * BOXES / scan.wall:,.0f}",
        f"{IMAGES * BOXES / scan.cpu:,.0f}",
        f"scan {scan.wall:.2f} s (CPU {scan.cpu:.2f} s), {scan.wall / bare.wall:.1f} times parsing alone: "
        f"{bare.wall:.2f} s (CPU {bare.cpu:.2f} s)",
    )


if __name__ == "__main__":
    main(measure)
