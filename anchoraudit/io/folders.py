"""Folders of files on disk: links are followed, loops and what cannot be listed passed over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def is_folder(path: Path) -> bool:
    """Tell whether `path` is a folder; False for a name that no file system takes."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def is_file(path: Path) -> bool:
    """Tell whether `path` is a regular file; False for a name that no file system takes."""
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


def names_in(folder: Path) -> list[str]:
    """Names of all entries of `folder` that are not hidden, sorted; [] if it cannot be listed."""
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if not entry.name.startswith("."))
    return []


def folders_in(folder: Path) -> list[Path]:
    """The folders right in `folder` that are not hidden, sorted; [] if it cannot be listed."""
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return [folder / name for name in sorted(e.name for e in entries if _is_folder(e))]
    return []


def walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Each folder below `folder`, itself first as "": its path with `/` and the names of its files, sorted.

    A folder is visited once, however many links lead to it. Hidden entries are left out, as `glob` does.
    A folder whose name ends in `.txt` counts as a file: it stands where one should.
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
