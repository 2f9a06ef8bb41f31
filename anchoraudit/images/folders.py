"""Finds the image files of a data set. Each folder is listed once, and each file is looked for once."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.images.found import is_image_name
from anchoraudit.io.files import name_parts


@dataclass(slots=True)
class Folder:
    """A folder that image names lead to, and the files of the data set in it, each once.

    path: absolute. first: the number of its first file among the files of all folders. names, sizes, times:
    of the files, in bytes and nanoseconds. on_disk: all names in the folder.
    """

    path: str
    first: int
    names: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    on_disk: frozenset[str] = frozenset()

    def rows(self) -> Int:
        """Return the numbers of its files among the files of all folders."""
        return np.arange(self.first, self.first + len(self.names))

    def paths(self) -> list[str]:
        """Return the paths of the files."""
        return [f"{self.path}{os.sep}{name}" for name in self.names]


@dataclass(slots=True)
class Located:
    """Columns over the N images of a data set, and its F files, folder by folder.

    looked: bool [N], a folder is known for it. file: int64 [N], number of its file, -1 without one.
    other_case, unlisted: as in `ImageFiles`.
    """

    looked: Bool
    file: Int
    other_case: list[str]
    unlisted: list[tuple[int, str]]
    folders: list[Folder]


@dataclass(slots=True)
class _Named:
    """What the data set names in one folder: each image's row, and the last part of its name."""

    path: str
    source: int
    prefix: str
    members: list[tuple[int, str]]


def find(dataset: Dataset) -> Located | None:
    """Look for every image's file as `Dataset.image_path` does. Returns None if no image folder is known."""
    known = [source.image_folder is not None for source in dataset.sources]
    if not any(known):
        return None
    count = len(dataset.images)
    looked = np.array(known, dtype=np.bool_)[dataset.images.source]
    located = Located(looked, np.full(count, -1, dtype=np.int64), [""] * count, [], [])
    first = 0
    for named in _by_folder(dataset, looked):
        folder = _look_into(named, first, located)
        first += len(folder.names)
        located.folders.append(folder)
    return located


def _by_folder(dataset: Dataset, looked: Bool) -> Iterable[_Named]:
    """Return each folder that names lead to, once, even if several paths lead to it."""
    members: dict[tuple[int, str], list[tuple[int, str]]] = {}
    prefixes: dict[str, str | None] = {}
    names, sources = dataset.images.file_names, dataset.images.source.tolist()
    for i in np.flatnonzero(looked).tolist():
        prefix, base = _apart(names[i], prefixes)
        if prefix is not None:
            members.setdefault((sources[i], prefix), []).append((i, base))
    folders: dict[object, _Named] = {}
    for (source, prefix), own in members.items():
        root = dataset.sources[source].image_folder
        assert root is not None  # true for every image in `looked`
        path = str(root.absolute() / prefix)
        folder = folders.setdefault(_identity(path), _Named(path, source, prefix, []))
        folder.members += own
    return folders.values()


def _apart(name: str, prefixes: dict[str, str | None]) -> tuple[str | None, str]:
    """Split a name into its folder within the image folder, and its last part.

    The folder is None if the name leads outside. This follows `safe_join`. `prefixes` remembers the answer
    for each folder.
    """
    prefix, base = name_parts(name)
    if base in {"", ".", ".."} or "\0" in name or name[0] in "/\\":
        path = PurePosixPath(name.replace("\\", "/"))
        if "\0" in name or path.is_absolute() or ".." in path.parts or not path.name:
            return None, ""
        prefix, base = str(path.parent), path.name
    if prefix not in prefixes:
        inner = PurePosixPath(prefix.replace("\\", "/"))
        outside = inner.is_absolute() or ".." in inner.parts
        prefixes[prefix] = None if outside else "/".join(inner.parts)
    return prefixes[prefix], base


def _identity(path: str) -> object:
    try:
        status = os.stat(path)  # noqa: PTH116  a Path for each of 100,000 files is slow
    except (OSError, ValueError):
        return path
    return (status.st_dev, status.st_ino) if status.st_ino else path


def _look_into(named: _Named, first: int, located: Located) -> Folder:
    """Look for the files in one folder. `first` is the number of the first file found."""
    folder = Folder(named.path, first, on_disk=_listing(named.path))
    found: dict[str, int] = {}
    inexact: list[tuple[int, str]] = []
    for i, base in named.members:
        if base not in folder.on_disk:
            inexact.append((i, base))
        if base not in found:
            # Also ask for names that are not listed: some file systems ignore case, and some folders can be
            # entered but not listed.
            status = _status(f"{named.path}{os.sep}{base}")
            if status is None:
                continue
            found[base] = first + len(found)
            folder.names.append(base)
            folder.sizes.append(status.st_size)
            folder.times.append(status.st_mtime_ns % 2**63)  # a time in the far future must fit the column
        located.file[i] = found[base]
    others = [
        name
        for name in sorted(folder.on_disk.difference(found))
        if is_image_name(name) and _status(f"{named.path}{os.sep}{name}") is not None
    ]
    within = f"{named.prefix}/" if named.prefix else ""
    similar = {_folded(name): name for name in reversed(others)} if inexact else {}
    told = set()
    for i, base in inexact:
        if (name := similar.get(_folded(base))) is not None:
            located.other_case[i] = within + name
            told.add(name)
    located.unlisted += [
        (named.source, within + name)
        for name in others
        if name not in told and not name.startswith(".")  # macOS puts ._x.jpg next to x.jpg
    ]
    return folder


def _listing(folder: str) -> frozenset[str]:
    """Return all names in a folder, none if it cannot be listed."""
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208
    except (OSError, ValueError):
        return frozenset()


def _status(path: str) -> os.stat_result | None:
    """Return the status of a file, following links; None if it does not exist or is not a file."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _folded(name: str) -> str:
    """Return the name without case, and with one encoding of accents. Systems differ in both."""
    return (name if name.isascii() else unicodedata.normalize("NFC", name)).casefold()
