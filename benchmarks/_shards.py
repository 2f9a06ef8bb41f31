"""Parquet shards of a data set of any size, generated part by part: the same on every machine.

python benchmarks/_shards.py FOLDER BOXES PARTS
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BOXES_AN_IMAGE = 7
CLASSES = 80
COLUMNS = ("image_id", "width", "height", "label", "x1", "y1", "x2", "y2")


def shards(data: Path, boxes: int, parts: int) -> Path:
    """Path of a folder with so many boxes in so many files, generated if it is not there."""
    folder = data / f"shards-{boxes // 1_000_000}m-in-{parts}-1"
    if not folder.exists():
        print(f"generating {folder} ...", file=sys.stderr, flush=True)
        unfinished = folder.with_name(f"{folder.name}.part")
        subprocess.run([sys.executable, __file__, str(unfinished), str(boxes), str(parts)], check=True)
        unfinished.rename(folder)
    return folder


def write(folder: Path, boxes: int, parts: int) -> None:
    """Write the files. Images have on average BOXES_AN_IMAGE boxes, whose sizes are those of `_data`."""
    import numpy as np
    import pyarrow as pa
    from _data import ASPECT_SPREAD, SIDE_MEDIAN, SIDE_SPREAD, SIZE_SHARES, SIZES
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    names = pa.array([f"class {i}" for i in range(CLASSES)])
    for part in range(parts):
        rng = np.random.default_rng([2026, part])
        count = boxes // parts
        image = np.sort(rng.integers(0, count // BOXES_AN_IMAGE, count))
        size = np.array(SIZES)[rng.choice(len(SIZES), count // BOXES_AN_IMAGE, p=SIZE_SHARES)][image]
        side = np.exp(rng.normal(np.log(SIDE_MEDIAN), SIDE_SPREAD, count))
        aspect = np.exp(rng.normal(0, ASPECT_SPREAD, count))
        sides = np.clip(np.column_stack([side * aspect, side / aspect]), 1, size)
        corner = np.round(rng.uniform(0, 1, (count, 2)) * (size - sides), 2)
        ends = np.minimum(corner + np.round(sides, 2), size)
        ids = np.char.add(f"{part:04d}/", np.char.zfill(image.astype(str), 9))
        columns = [
            pa.array(ids),
            pa.array(size[:, 0].astype(np.int32)),
            pa.array(size[:, 1].astype(np.int32)),
            pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, CLASSES, count), pa.int32()), names),
            *(pa.array(column, pa.float32()) for column in (*corner.T, *ends.T)),
        ]
        parquet.write_table(pa.table(columns, names=COLUMNS), folder / f"part-{part:04d}.parquet")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
