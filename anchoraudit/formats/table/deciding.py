"""What the four numbers of boxes in lists mean: x, y, width, height, or two corners.

No file says it. The guide of `datasets` has the former, and so has most data; some data sets of the hub have
corners. So the first boxes decide, by the test that finds boxes in another convention than their format's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.conventions import XYWH, XYXY, Convention
from anchoraudit.dataset.readings import impossible, judged_rows, misreadings, numbers_of
from anchoraudit.formats.table.rows import Rows

DECIDING = 10_000  # boxes at the start of a table that decide
_FITS = 0.05  # share of impossible boxes up to which a reading fits, as in `readings`


def meaning_of(dataset: Dataset) -> tuple[Convention, str]:
    """Return the convention of boxes that are read as x, y, width, height, and a note, "" for none.

    dataset: the first boxes of one table.
    """
    found = misreadings(dataset)
    if found and found[0].likely == XYXY:
        return XYXY, ""
    (rows,) = judged_rows(dataset)
    if found or not len(rows):  # BOX017 says what it may be
        return XYWH, ""
    image = dataset.boxes.image[rows]
    sizes = np.column_stack([dataset.images.width[image], dataset.images.height[image]])
    numbers = numbers_of(dataset.boxes.xyxy[rows], sizes, XYWH)
    if np.count_nonzero(impossible(numbers, sizes)) > _FITS * len(rows):
        return XYWH, ""
    return XYWH, (
        "the boxes fit as x, y, w, h and as corners; they are read as x, y, w, h. If they are corners, use "
        "--box-convention xyxy"
    )


def with_meaning(rows: Rows, convention: Convention, note: str = "") -> Rows:
    """Return rows whose boxes are of a convention. note: what else is said of it."""
    dialect = rows.dialect
    if convention != dialect.convention:
        old, words = dialect.convention.words, convention.words
        name = dialect.name.replace("x, y, width, height", words).replace(f"({old})", f"({words})")
        told = (
            f"the boxes are read as {words}: as {old}, many of the first ones are impossible (no extent, "
            "past the image, or in its first pixels)"
        )
        dialect = replace(dialect, name=name, convention=convention, notes=(*dialect.notes, told))
    notes = [*rows.notes, note] if note else rows.notes
    return replace(rows, dialect=dialect, notes=notes)
