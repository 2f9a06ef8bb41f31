"""Which rows of a table file stay where some images and boxes are left out of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from anchoraudit.arrays import Int, distinct
from anchoraudit.dataset.keys import keys_of
from anchoraudit.dataset.pieces import Keys, LeftOut
from anchoraudit.formats.table.rows import Rows


class Kept(NamedTuple):
    """What becomes of some rows of a file.

    gone: int64, sorted, the numbers of those that go, as the file counts them: rows, or the lines on which
    they begin. rows: how many there were. named, stay: uint64, sorted, the hashes of the images that
    were named, and of those that still are.
    """

    gone: Int
    rows: int
    named: Keys
    stay: Keys


def kept(rows: Rows, left_out: LeftOut) -> Kept:
    """Tell which rows stay: those that name an image that does, or no image, and are no box that goes."""
    images = rows.texts["image"]
    goes = np.array([name in left_out.images for name in images.names], dtype=np.bool_)[images.codes]
    number = rows.at if rows.parents is None else rows.parents
    if rows.parents is None and len(left_out.boxes):
        goes |= np.isin(number, left_out.boxes)
    keys, is_named = keys_of(images.names), np.array([name != "" for name in images.names], dtype=np.bool_)
    of_any, there = np.zeros((2, len(images.names)), dtype=np.bool_)
    of_any[images.codes] = True
    there[images.codes[~goes]] = True
    return Kept(
        distinct(number[goes]),
        rows.in_file,
        distinct(keys[is_named & of_any]),
        distinct(keys[is_named & there]),
    )


def count_images(keys: list[Keys]) -> int:
    """Count the images of parts of a file, each of which may be in several."""
    return len(distinct(np.concatenate(keys))) if keys else 0
