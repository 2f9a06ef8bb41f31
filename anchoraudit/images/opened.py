"""What readers saw of the image files that they opened. It goes with the data set: none is opened twice."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from anchoraudit.arrays import Bool, Float
from anchoraudit.images.headers import Headers
from anchoraudit.images.opening import read_all_headers
from anchoraudit.images.rows import ROW, Rows


@dataclass(frozen=True, slots=True)
class OpenedFolder:
    """What was seen in one folder. index: the row of each file, by its name."""

    index: Mapping[str, int]
    rows: Rows


def sizes_of(headers: Headers, *, upright: bool = False) -> tuple[Float, Bool]:
    """Return the width and height of each file, [F, 2], and which were turned, bool [F].

    In pixels, NaN if unknown. upright: apply a JPEG's EXIF orientation, as OpenCV does, and so YOLOv5 and
    Ultralytics (exif_size). Otherwise sizes are as stored, which is what most annotations refer to.
    """
    sizes = np.array(headers.sides, dtype=np.float64).reshape(-1, 2)
    turned = np.frombuffer(bytes(headers.turned), dtype=np.bool_) & upright
    sizes[turned] = sizes[turned, ::-1]
    return sizes, turned


Opened = dict[str, tuple[OpenedFolder, ...]]  # by absolute folder


def measure(paths: Sequence[str | Path | None], opened: Opened | None = None) -> Float:
    """Return width and height of each image as stored, [N, 2] in pixels, NaN if unknown.

    paths: None for an image that does not exist. opened: gets what else was seen of the files.
    """
    names = [None if path is None else os.fspath(path) for path in paths]
    headers = read_all_headers(names)
    if opened is not None:
        opened.update(together([opened, opened_by_folder(headers, map(_folder_and_name, names))]))
    return sizes_of(headers)[0]


def together(several: Iterable[Opened]) -> Opened:
    """Return what was seen at several times, in their order."""
    all_of_them: Opened = {}
    for opened in several:
        for folder, seen in opened.items():
            all_of_them[folder] = (*all_of_them.get(folder, ()), *seen)
    return all_of_them


def _folder_and_name(path: str | None) -> tuple[str, str]:
    folder, name = os.path.split(path or "")
    return _absolute(folder), name


@lru_cache(maxsize=64)
def _absolute(folder: str) -> str:
    return str(Path(folder).absolute())


def opened_by_folder(headers: Headers, files: Iterable[tuple[str, str]]) -> Opened:
    """Return what was seen, by folder.

    files: for each of F files its folder, absolute as `images.folders.find` names it, and its name in there.
    """
    rows = Rows(np.frombuffer(headers.table, dtype=ROW), headers.problem)
    index: dict[str, dict[str, int]] = {}
    for number, (folder, name) in enumerate(files):
        index.setdefault(folder, {})[name] = number
    return {folder: (OpenedFolder(own, rows),) for folder, own in index.items()}
