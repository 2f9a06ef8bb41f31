"""The images of one COCO file as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.dataset.columns import Flags, ImageId
from anchoraudit.dataset.traits import ImageTrait
from anchoraudit.formats.coco.lvis import lvis_counts


@dataclass(frozen=True, slots=True)
class ImageColumns:
    """Columns over N images, in file order.

    ids: [N], as in the file.
    names: [N], the paths of their files: `ImageEntry.name`.
    declared: float64 [N, 2], width and height in pixels, NaN if missing or null.
    traits: uint32 [N], bits of `ImageTrait`.
    lvis: as `lvis_counts` returns it.
    """

    ids: list[ImageId]
    names: list[str]
    declared: Float
    traits: Flags
    lvis: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.ids)

    def key_of(self, row: int) -> str:
        """Return the key of the file that an image's name is of."""
        return "coco_url" if self.traits[row] & np.uint32(ImageTrait.NAME_FROM_URL) else "file_name"


def image_columns(entries: Sequence[Any]) -> ImageColumns:
    """Turn decoded entries into columns."""
    keys = ("id", "file_name", "width", "height")
    ids, names, *sides = (list(map(attrgetter(key), entries)) for key in keys)
    declared: Float = np.array(sides, dtype=np.float64).T  # null becomes NaN
    traits = np.zeros(len(ids), dtype=np.uint32)
    if "" in names:
        named = [entry.name for entry in entries]
        from_url = [row for row, (own, name) in enumerate(zip(names, named, strict=True)) if name and not own]
        traits[from_url] |= np.uint32(ImageTrait.NAME_FROM_URL)
        names = named
    for values in sides if np.isnan(declared).any() else ():
        nulls = [row for row, side in enumerate(values) if side is None]
        traits[nulls] |= np.uint32(ImageTrait.SIZE_NOT_A_NUMBER)
    return ImageColumns(ids, names, declared, traits, lvis_counts(entries))


def joined_images(parts: Sequence[ImageColumns]) -> ImageColumns:
    """Join the images of a file that was read in parts."""
    empty = image_columns(())
    return ImageColumns(
        list(chain.from_iterable(part.ids for part in parts)),
        list(chain.from_iterable(part.names for part in parts)),
        np.concatenate([empty.declared, *(part.declared for part in parts)]),
        np.concatenate([empty.traits, *(part.traits for part in parts)]),
        (sum(part.lvis[0] for part in parts), sum(part.lvis[1] for part in parts)),
    )
