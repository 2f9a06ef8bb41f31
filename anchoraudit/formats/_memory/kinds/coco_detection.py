"""torchvision's `CocoDetection`, whatever is derived from it, and either wrapped for `transforms.v2`.

Its object of pycocotools keeps all of the annotation file, but not where that lies. So the content in memory
is read, as the file would be: with its ids, crowds, and whatever is wrong in it. Image i is that of
`dataset.ids[i]`, in `dataset.root`. Sources: torchvision 0.29.1, datasets/coco.py; pycocotools 2.0.11,
coco.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats._memory.held import held, plain, without_transforms

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions

TITLE = "torchvision's CocoDetection"
NAME = Path("<CocoDetection>")


def recognises(dataset: Any) -> bool:
    """Tell whether it has a COCO object, the ids of images, and a folder of them."""
    return (
        isinstance(held(held(dataset, "coco"), "dataset"), Mapping)
        and isinstance(held(dataset, "ids"), Sequence)
        and isinstance(held(dataset, "root"), str | os.PathLike)
    )


def read(dataset: Any, options: ReadOptions) -> Dataset:
    """Read what its COCO object holds."""
    from anchoraudit.formats._memory.rows import of_rows
    from anchoraudit.formats.coco.in_memory import assemble_value, rows_of_ids

    folder = options.image_folder or Path(os.fsdecode(dataset.root))
    reason = f"{type(dataset).__name__} in memory"
    whole = assemble_value(dataset.coco.dataset, NAME, reason, folder)
    whole.notes += without_transforms(dataset)
    return of_rows(whole, rows_of_ids(whole, [plain(identity) for identity in dataset.ids]))
