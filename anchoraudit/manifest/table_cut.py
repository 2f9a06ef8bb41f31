"""A table without the rows of some images, cut out of the source's own file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.coco.text import Texts
from anchoraudit.formats.table.cutting import cut_table
from anchoraudit.io.packed import whole_suffix
from anchoraudit.manifest.leaving import left_out, remarks
from anchoraudit.manifest.stream import Stream


def is_same_table(dataset: Dataset, path: Path) -> bool:
    """Tell whether a manifest is a table as the source is, by its suffix."""
    return dataset.has_rows and all(
        whole_suffix(path) == whole_suffix(source.path) for source in dataset.sources
    )


def write_table_cut(
    dataset: Dataset, keep: Bool, stream: Stream, taken: tuple[Dataset, Bool] | None
) -> tuple[int, list[str]]:
    """Write the rows of the images `keep` [N], all of one file, and rows that name no image.

    taken: the data set before boxes with an error were taken out of it, and which of its boxes they are, bool
    [M]; their rows are left out. Returns how many boxes were written, and remarks.

    Raises AnchorauditError if the images are of several files, or if the file cannot be read.
    """
    images = dataset.images
    numbers = np.unique(images.source[keep]).tolist()
    if len(numbers) > 1:
        raise AnchorauditError(
            f"the images are of {len(numbers)} tables, and one cannot hold them",
            path=dataset.root,
            remedy="Write one file per split, with {split} in the name, or a .json manifest.",
        )
    (number,) = numbers
    stays = frozenset(str(images.ids[row]) for row in np.flatnonzero(keep).tolist())
    reasons = left_out(dataset, Texts(())) if images.entry is None else np.zeros(len(dataset.boxes), np.int8)
    kept = keep[dataset.boxes.image]
    gone = [(dataset, reasons > 0), *([taken] if taken is not None else [])]
    boxes = [_entries_of(source, these, number) for source, these in gone]
    cut_table(dataset.sources[number].path, stays, np.unique(np.concatenate(boxes)), stream, dataset.columns)
    return int(np.count_nonzero(kept & (reasons == 0))), remarks(reasons[kept])


def _entries_of(dataset: Dataset, these: Bool, source: int) -> Int:
    """Return the rows of some boxes, bool [M], that are of a source."""
    assert dataset.boxes.entry is not None  # tables have rows
    entries: Int = dataset.boxes.entry[these & (dataset.images.source[dataset.boxes.image] == source)]
    return entries
