"""Lists folders of this machine. Links are followed; loops of links and the like are skipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.addresses import Address
from anchoraudit.io.left_behind import is_left_behind

# A walk ends after so many files and folders that it was not made for, and so many more for each file that it
# was: `/`, or the folder of a user, has more. The largest data sets have one or two other files an image.
_OTHERS, _OTHERS_EACH = 100_000, 10


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
    if isinstance(folder, Address):  # `io.stores` lists those
        return []
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if not _is_hidden(folder, entry.name))
    return []


def files_ending(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the sorted regular files directly in `folder` that end so, in any case, and are not hidden.

    suffixes: in lower case. [] if the folder cannot be listed.
    """
    return [file for name in names_ending(folder, suffixes) if is_file(file := folder / name)]


def names_ending(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    """Return the sorted names of what `files_ending` returns, and of folders that are called so."""
    if isinstance(folder, Address):
        return []
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.name.lower().endswith(suffixes))
        return [name for name in names if not _is_hidden(folder, name)]
    return []


def folders_in(folder: Path) -> list[Path]:
    """Return the sorted folders directly in `folder` that are not hidden; [] if it cannot be listed."""
    names = _folder_names(folder, version) if (version := _version(folder)) else ()
    return [folder / name for name in names if not _is_hidden(folder, name)]


def _version(folder: Path) -> tuple[int, int, int] | None:
    """Return numbers that are others once something else is in a folder; None if there is none."""
    if isinstance(folder, Address):
        return None
    with suppress(OSError, ValueError):
        status = folder.stat()
        return status.st_ino, status.st_mtime_ns, status.st_ctime_ns
    return None


# Thousands of files in one folder all look for their images around it.
@lru_cache(maxsize=256)
def _folder_names(folder: Path, version: tuple[int, int, int]) -> tuple[str, ...]:
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return tuple(sorted(entry.name for entry in entries if _is_folder(entry)))
    return ()


def count_in(folder: Path, count: Callable[[Path], int]) -> int:
    """Return `count(folder)`, which is called once for a folder as long as nothing else is in it."""
    return _counted(folder, version, count) if (version := _version(folder)) else 0


@lru_cache(maxsize=256)
def _counted(folder: Path, version: tuple[int, int, int], count: Callable[[Path], int]) -> int:
    return count(folder)


def walk(folder: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder below `folder`: its path with `/`, and the sorted names of its files.

    `folder` itself comes first, as "". A folder is visited once, even if several links lead to it. Hidden
    entries are left out, as `glob` does. A folder whose name ends in `.txt` is listed as a file, so that a
    reader of label files reports it. `/proc` and `/sys` are not looked into.

    wanted: tells by its name whether a file is one of those that the walk is made for. All files are listed.

    Raises AnchorauditError if nearly all files and folders are others, and they are too many: a path in a
    file may lead anywhere, and no walk goes through a whole machine.
    """
    seen: set[tuple[int, int]] = set()
    pending = [""]
    left = _OTHERS
    while pending:
        below = pending.pop()
        files: list[str] = []
        folders: list[str] = []
        try:
            status = (folder / below).stat()
            if (status.st_dev, status.st_ino) in seen or status.st_dev in _devices_of_the_kernel():
                continue
            seen.add((status.st_dev, status.st_ino))
            here = folder / below
            with os.scandir(here) as entries:
                for entry in entries:
                    left += _OTHERS_EACH if wanted(entry.name) else -1
                    if left < 0:
                        raise _too_many(folder)
                    if not _is_hidden(here, entry.name):
                        is_file = entry.name.endswith(".txt") or not _is_folder(entry)
                        (files if is_file else folders).append(entry.name)
        except (OSError, ValueError):
            continue
        yield below, sorted(files)
        pending += [f"{below}/{name}" if below else name for name in sorted(folders, reverse=True)]


@cache
def _devices_of_the_kernel() -> frozenset[int]:
    """Return the devices of what the kernel makes up, `/proc` and `/sys`, where no data lie."""
    found = set()
    for path in ("/proc", "/sys"):
        with suppress(OSError):
            found.add(Path(path).stat().st_dev)
    return frozenset(found - {Path("/").stat().st_dev})


def _too_many(folder: Path) -> AnchorauditError:
    return AnchorauditError(
        f"below it are more than {_OTHERS:,} files and folders that are neither images nor labels, and more "
        f"than {_OTHERS_EACH} for each that is; not all of them were looked at",
        path=folder,
        remedy="Name the folder of the images itself.",
    )


def _is_hidden(folder: Path, name: str) -> bool:
    return name[:1] in "._" and (is_left_behind(folder, name) or name[:1] == ".")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False
