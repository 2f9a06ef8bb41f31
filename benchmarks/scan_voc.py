"""`scan` of 7,300 Pascal VOC files, beside a process that only parses them, and one that reads images too."""

from __future__ import annotations

from pathlib import Path

from _data import XML_FILES, voc_folder
from _measure import HERE, PROGRAM, PYTHON, Claim, main, ratio_claim, run, side_by_side

MOST_TIMES = 1.5


def measure(data: Path) -> list[Claim]:
    """Time of `scan -q`; its processes together in the CPU time."""
    folder = voc_folder(data)
    parse = (PYTHON, str(HERE / "_bare_voc.py"), str(folder / "Annotations"))
    scan = (*PROGRAM, "scan", str(folder), "--exit-zero", "-q")
    runs = side_by_side(
        {
            "parse": lambda: run(parse),
            "scan": lambda: run((*scan, "--images", "none")),
            "parse and read": lambda: run((*parse, str(folder / "JPEGImages"))),
            "scan with images": lambda: run(scan),
        }
    )
    return [
        ratio_claim(
            f"VOC, {XML_FILES:,} files, `scan -q --images none`: times a bare parsing in one process",
            runs["scan"],
            runs["parse"],
            names=("scan", "parsing"),
            most=MOST_TIMES,
        ),
        ratio_claim(
            "VOC, `scan -q`: times that, and reading the first page of every image",
            runs["scan with images"],
            runs["parse and read"],
            names=("scan", "parsing and reading"),
            most=MOST_TIMES,
        ),
    ]


if __name__ == "__main__":
    main(measure)
