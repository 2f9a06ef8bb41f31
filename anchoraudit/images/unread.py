"""Finds folders of images in a data set of which it has no image, such as a split without annotations."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from anchoraudit.dataset.columns import Dataset
from anchoraudit.images.found import is_image_name
from anchoraudit.io.left_behind import is_left_behind

# Folders and entries after which the search ends: `/` or the folder of a user has more, and a data set with
# more has all its folders of images read, or is not one.
_MOST_FOLDERS, _MOST_ENTRIES = 5_000, 500_000
# A folder of a data set with more images is not listed a second time unless it is known to have folders.
_SMALL = 10_000
_ONLY_FILES = 2  # links to a folder without folders: its own name, and its entry `.`


@dataclass(slots=True)
class Unread:
    """What was found. folders: their paths with `/`, and how many images they have. whole: all were seen."""

    folders: dict[str, int] = field(default_factory=dict)
    whole: bool = True


def unread_images(dataset: Dataset, root: Path) -> Unread:
    """Return the folders below `root` with image files in which no image of the data set is.

    Hidden folders are left out. Folders with the images or annotations of the data set are not listed again
    if the file system tells that they have no folders.
    """
    known = _identities(dataset)
    found, seen, left = Unread(), set[tuple[int, int]](), _MOST_ENTRIES
    pending = [""]
    while pending:
        below = pending.pop()
        folder = root / below
        try:
            status = folder.stat()
            identity = (status.st_dev, status.st_ino)
            if identity in seen:
                continue
            if len(seen) >= _MOST_FOLDERS or left < 0:
                found.whole = False
                return found
            seen.add(identity)
            if identity in known and _has_files_only(status.st_nlink, len(dataset.images)):
                continue
            images, folders = 0, []
            with os.scandir(folder) as entries:
                for entry in entries:
                    left -= 1
                    if entry.name.startswith(".") or is_left_behind(folder, entry.name):
                        continue
                    if is_image_name(entry.name) and not entry.is_dir():
                        images += 1
                    elif entry.is_dir():
                        folders.append(f"{below}{entry.name}/")
        except (OSError, ValueError):
            continue
        if images and identity not in known:
            found.folders[below] = images
        pending += sorted(folders, reverse=True)
    return found


def _has_files_only(links: int, images: int) -> bool:
    """Tell whether a folder has no folders, or may take long to list. links: 1 where nothing is told."""
    return links == _ONLY_FILES or (links < _ONLY_FILES and images > _SMALL)


def _identities(dataset: Dataset) -> frozenset[tuple[int, int]]:
    """Return device and inode of the folders that the data set has images or annotations in."""
    sources = dataset.sources
    below = {
        (source, name.replace("\\", "/").rpartition("/")[0])
        for source, name in (
            *zip(dataset.images.source.tolist(), dataset.images.file_names, strict=True),
            *dataset.left_out,  # a note tells of those
        )
    }
    images = ((sources[source].image_folder, inner) for source, inner in below)
    folders = {folder / inner for folder, inner in images if folder is not None and "\0" not in inner}
    return frozenset(_identity_of([*folders, *(source.path for source in sources)]))


def _identity_of(folders: Iterable[Path]) -> Iterable[tuple[int, int]]:
    for folder in folders:
        try:
            status = folder.stat()
        except (OSError, ValueError):
            continue
        yield status.st_dev, status.st_ino
