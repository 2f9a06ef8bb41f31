"""torchvision's `VOCDetection`, also wrapped for `transforms.v2`: its lists of annotation and image files.

The annotation files are read anew, exactly those of its split, with whatever is wrong in them. Source:
torchvision 0.29.1, datasets/voc.py.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anchoraudit.formats._memory.held import held, without_transforms

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions

TITLE = "torchvision's VOCDetection"


def recognises(dataset: Any) -> bool:
    """Tell whether it lists XML files, and an image file for each."""
    annotations, images = held(dataset, "annotations"), held(dataset, "images")
    if not (_are_texts(annotations) and _are_texts(images)):
        return False
    return len(annotations) == len(images) and annotations[0].lower().endswith(".xml")


def read(dataset: Any, options: ReadOptions) -> Dataset:
    """Read its annotation files."""
    from anchoraudit.formats._memory.rows import of_rows
    from anchoraudit.formats.voc.in_memory import assemble_listed

    annotations = list(dataset.annotations)
    split = held(dataset, "image_set")
    reason = f"{len(annotations):,} XML files of a {type(dataset).__name__} in memory"
    whole = assemble_listed(
        annotations, list(dataset.images), split if isinstance(split, str) else "", reason, options
    )
    whole.notes += without_transforms(dataset)
    rows = [row for row in rows_of_items(dataset, whole) if row is not None]
    return of_rows(whole, list(dict.fromkeys(rows)))


def rows_of_items(dataset: Any, whole: Dataset) -> list[int | None]:
    """Return the row of each item, None for one whose annotation cannot be read."""
    folders = [str(source.path) for source in whole.sources]
    named = zip(whole.images.ids, whole.images.source.tolist(), strict=True)
    row_of = {f"{folders[source]}{os.sep}{identity}": row for row, (identity, source) in enumerate(named)}
    return [row_of.get(os.path.normpath(name)[:-4]) for name in dataset.annotations]


def _are_texts(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and isinstance(value[0], str)
