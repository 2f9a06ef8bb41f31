"""`scan` of trees of small files, half labels and half photographs, beside a process that only opens them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from _data import tree
from _measure import HERE, PROGRAM, PYTHON, Claim, main, ratio_claim, run, side_by_side

MOST_TIMES = 4.0
FILES = (20_000, 100_000)


def measure(data: Path) -> list[Claim]:
    """Time of `scan -q`; its processes together in the CPU time."""
    claims: list[Claim] = []
    for layout in ("yolo", "voc"):
        for files in FILES:
            folder = str(tree(data, layout, files))
            opening = (PYTHON, str(HERE / "_bare_tree.py"), folder)
            scan = (*PROGRAM, "scan", folder, "--exit-zero", "-q")
            runs = side_by_side({"open": partial(run, opening), "scan": partial(run, scan)})
            claims.append(
                ratio_claim(
                    f"{layout.upper()}, {files:,} files, `scan -q`: times opening each of them once",
                    runs["scan"],
                    runs["open"],
                    names=("scan", "opening"),
                    most=MOST_TIMES,
                )
            )
    return claims


if __name__ == "__main__":
    main(measure)
