"""What readers saw of the image files that they opened. It goes with the data set: none is opened twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float
from anchoraudit.images.headers import Headers
from anchoraudit.images.rows import ROW, Rows


@dataclass(frozen=True, slots=True)
class OpenedFolder:
    """What was seen in one folder. index: the row of each file, by its name."""

    index: Mapping[str, int]
    rows: Rows


def sizes_of(headers: Headers, *, upright: bool = False) -> tuple[Float, Bool]:
    """Return the width and height of each file, [F, 2], and which were turned, bool [F].

    In pixels, NaN if unknown. upright: as in `sizes.read_sizes`.
    """
    sizes = np.array(headers.sides, dtype=np.float64).reshape(-1, 2)
    turned = np.frombuffer(bytes(headers.turned), dtype=np.bool_) & upright
    sizes[turned] = sizes[turned, ::-1]
    return sizes, turned


def opened_by_folder(
    headers: Headers, files: Iterable[tuple[str, str]]
) -> dict[str, tuple[OpenedFolder, ...]]:
    """Return what was seen, by folder.

    files: for each of F files its folder, absolute as `images.folders.find` names it, and its name in there.
    """
    rows = Rows(np.frombuffer(headers.table, dtype=ROW), headers.problem)
    index: dict[str, dict[str, int]] = {}
    for number, (folder, name) in enumerate(files):
        index.setdefault(folder, {})[name] = number
    return {folder: (OpenedFolder(own, rows),) for folder, own in index.items()}
