"""Which formats are asked whether a path is of theirs: those of whose files there is one.

What the files of a format end in is read without importing it. To import all formats takes longer than to
read a small data set, and each looks for its own files in the same folders.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from anchoraudit.io.plugins import stated

# Where there is more, all formats are asked: they know where to look.
_FOLDERS, _NAMES, _DEPTH = 2_000, 1_000_000, 8


def in_order(package: str, names: Iterable[str], path: Path) -> tuple[list[str], list[str]]:
    """Return the formats to ask about a file or folder, and those to ask if none of them recognises it.

    package: that of the formats. names: of the formats. One that does not state its `SUFFIXES` is asked.
    """
    there = _suffixes_at(path)
    first: list[str] = []
    rest: list[str] = []
    for name in names:
        wanted = None if there is None else stated(package, name, "SUFFIXES")
        is_there = there is None or wanted is None or not there.isdisjoint(wanted)
        (first if is_there else rest).append(name)
    return first, rest


def _suffixes_at(path: Path) -> set[str] | None:
    """Return the suffixes of a file, or of those at and below a folder, in lower case; None if too many."""
    if not path.is_dir():
        return {path.suffix.lower()}
    found: set[str] = set()
    seen: set[tuple[int, int]] = set()
    names = 0
    level = [os.fspath(path)]
    for _ in range(_DEPTH):
        below: list[str] = []
        for folder in level:
            try:
                status = os.stat(folder)  # noqa: PTH116  one of many folders
                if (identity := (status.st_dev, status.st_ino)) in seen:  # a link
                    continue
                seen.add(identity)
                with os.scandir(folder) as entries:
                    for entry in entries:
                        names += 1
                        try:
                            is_folder = entry.is_dir()
                        except OSError:  # a loop of links
                            is_folder = False
                        if not is_folder:
                            found.add(entry.name.rpartition(".")[2])
                        elif not entry.name.startswith("."):
                            below.append(entry.path)
            except OSError:
                return None  # the formats say what is wrong with it
            if len(seen) + len(below) > _FOLDERS or names > _NAMES:
                return None
        if not below:
            return {f".{suffix.lower()}" for suffix in found}
        level = below
    return None
