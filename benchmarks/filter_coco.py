"""`filter` of a COCO file of train2017's size, beside a plain copy of the file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from _data import coco_file
from _measure import PROGRAM, PYTHON, Claim, main, peak_claim, peak_memory, ratio_claim, run, side_by_side

_COPY = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"


def measure(data: Path) -> list[Claim]:
    """Time and peak memory; no bar, since a copy judges nothing."""
    file = coco_file(data)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        clean, copy = Path(folder, "clean.json"), Path(folder, "copy.json")
        command = (*PROGRAM, "filter", str(file), "-o", str(clean), "--force")
        runs = side_by_side(
            {
                "copy": lambda: run((PYTHON, "-c", _COPY, str(file), str(copy))),
                "filter": lambda: run(command),
            }
        )
        peak = peak_memory(command)
    times = "COCO, `filter -o`: times a copy of the file"
    memory = "COCO, `filter -o`: peak memory, times the file's size"
    return [
        ratio_claim(times, runs["filter"], runs["copy"], names=("filter", "copying"), most=None),
        peak_claim(memory, peak, file.stat().st_size, most=None),
    ]


if __name__ == "__main__":
    main(measure)
