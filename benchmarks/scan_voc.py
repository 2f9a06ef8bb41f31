"""`scan` of 7,300 Pascal VOC files, beside a process that only parses them."""

from __future__ import annotations

from pathlib import Path

from _data import XML_FILES, voc_folder
from _measure import HERE, PROGRAM, PYTHON, Claim, main, ratio_claim, run, side_by_side

MOST_TIMES = 1.5


def measure(data: Path) -> list[Claim]:
    """Time of `scan -q`; its processes together in the CPU time."""
    folder = voc_folder(data)
    runs = side_by_side(
        {
            "parse": lambda: run((PYTHON, str(HERE / "_bare_voc.py"), str(folder / "Annotations"))),
            "scan": lambda: run((*PROGRAM, "scan", str(folder), "--exit-zero", "-q")),
        }
    )
    what = f"VOC, {XML_FILES:,} files, `scan -q`: times a bare parsing of the files in one process"
    return [ratio_claim(what, runs["scan"], runs["parse"], names=("scan", "parsing"), most=MOST_TIMES)]


if __name__ == "__main__":
    main(measure)
