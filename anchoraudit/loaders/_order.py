"""In which order frameworks number the images that they train on. A loader names one of these in `ORDERS`.

Each takes a data set and the rows of the images that are trained, int64 [n], and returns them in the
framework's order; None where the files do not say it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anchoraudit.arrays import Int
    from anchoraudit.dataset.columns import Dataset

Orders = Mapping[str, Callable[["Dataset", "Int"], "Int | None"]]


@dataclass(frozen=True, slots=True)
class Trained:
    """The images of a data set that are trained: their rows, int64 [n]."""

    dataset: Dataset
    rows: Int

    def in_order(self, orders: Orders) -> Int | None:
        """Return the rows in the framework's order; None if that is unknown.

        orders: by the name of the format; "" for every format that has none of its own.
        """
        order = orders.get(self.dataset.format, orders.get(""))
        return None if order is None else order(self.dataset, self.rows)


def as_read(dataset: Dataset, rows: Int) -> Int:
    """Return the images in the order of the file, as `getImgIds` of pycocotools does."""
    return rows


def by_id(dataset: Dataset, rows: Int) -> Int | None:
    """Return the images of each file sorted by id, as torchvision's `CocoDetection` does, and detectron2.

    None for ids that Python cannot sort.
    """
    import numpy as np

    images = dataset.images
    try:
        return np.array(
            sorted(rows.tolist(), key=lambda row: (int(images.source[row]), images.ids[row])), dtype=np.int64
        )
    except TypeError:  # texts among numbers
        return None


def by_path(dataset: Dataset, rows: Int) -> Int:
    """Return the images sorted by path, character by character, as Ultralytics and YOLOv5 do."""
    import numpy as np

    images = dataset.images

    def path_of(row: int) -> str:
        folder = dataset.sources[int(images.source[row])].image_folder or Path()
        return str(folder / images.file_names[row])

    return np.array(sorted(rows.tolist(), key=path_of), dtype=np.int64)


def as_listed(dataset: Dataset, rows: Int) -> Int | None:
    """Return the images of Pascal VOC in the order of the list of their split; None if one is on no list."""
    import numpy as np

    from anchoraudit.formats.voc.layout import find_parts
    from anchoraudit.formats.voc.splits import read_lists

    images = dataset.images
    known = set(map(str, images.ids))
    lines: dict[tuple[Path, str], dict[str, int]] = {}
    for part in find_parts(dataset.root):
        for one in read_lists(part.lists, known)[0] if part.lists is not None else ():
            lines[part.annotations, one.name] = one.lines
    places: dict[int, tuple[int, int]] = {}
    for row in rows.tolist():
        source = int(images.source[row])
        split = dataset.splits[int(images.split[row])].rpartition("/")[2]
        line = lines.get((dataset.sources[source].path, split), {}).get(str(images.ids[row]))
        if line is None:
            return None
        places[row] = source, line
    return np.array(sorted(places, key=places.__getitem__), dtype=np.int64)
