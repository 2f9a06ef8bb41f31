"""A manifest that is written anew as COCO, as a scan of it reads it.

Its format is another than that of its source, and so is the loader that a detector has for it. What that
loader drops, and where it stops, is seen only in what is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.formats import read
from anchoraudit.io.outputs import replacing, scratch_folder
from anchoraudit.manifest.coco_build import image_order, write_coco


@contextlib.contextmanager
def read_back(dataset: Dataset, keep: Bool) -> Iterator[tuple[Dataset, Int]]:
    """Write the images `keep` [N] of a data set as COCO to a temporary file, and read that.

    Yields what was read, K images, and their rows in `dataset`: int64 [K]. The file is there as long as the
    context lasts. Image files are not beside it, so nothing is known of them.
    """
    with scratch_folder() as folder:
        path = folder / "manifest.json"
        with replacing(path, own=True) as stream:
            write_coco(dataset, keep, stream)
        copy = read(path, format="coco")
        rows = np.array(image_order(dataset), dtype=np.int64)[np.array(copy.images.ids, dtype=np.int64) - 1]
        yield copy, rows
