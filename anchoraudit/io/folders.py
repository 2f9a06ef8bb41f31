"""Lists folders. Links are followed; loops of links, and folders that cannot be listed, are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def is_folder(path: Path) -> bool:
    """Tell whether `path` is a folder. False if its name is not valid, for example too long."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def is_file(path: Path) -> bool:
    """Tell whether `path` is a regular file. False if its name is not valid, for example too long."""
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


def names_in(folder: Path) -> list[str]:
    """Return the sorted names of all entries of `folder` that are not hidden; [] if it cannot be listed."""
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if not entry.name.startswith("."))
    return []


def folders_in(folder: Path) -> list[Path]:
    """Return the sorted folders directly in `folder` that are not hidden; [] if it cannot be listed."""
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return [folder / name for name in sorted(e.name for e in entries if _is_folder(e))]
    return []


def walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder below `folder`: its path with `/`, and the sorted names of its files.

    `folder` itself comes first, as "". A folder is visited once, even if several links lead to it. Hidden
    entries are left out, as `glob` does. A folder whose name ends in `.txt` is listed as a file, so that a
    reader of label files reports it.
    """
    seen: set[tuple[int, int]] = set()
    pending = [""]
    while pending:
        below = pending.pop()
        files: list[str] = []
        folders: list[str] = []
        try:
            status = (folder / below).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder / below) as entries:
                for entry in entries:
                    if not entry.name.startswith("."):
                        is_file = entry.name.endswith(".txt") or not _is_folder(entry)
                        (files if is_file else folders).append(entry.name)
        except (OSError, ValueError):
            continue
        yield below, sorted(files)
        pending += [f"{below}/{name}" if below else name for name in sorted(folders, reverse=True)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):  # a loop of links
        return not entry.name.startswith(".") and entry.is_dir()
    return False
