"""What a folder holds, in a few words: its files by suffix, and the folders below it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from anchoraudit.errors import printable
from anchoraudit.images.found import is_image_name
from anchoraudit.io.folders import folders_in, names_in

_FOLDERS = 40  # folders that are looked into, at two levels
_KINDS, _NAMED = 4, 3  # suffixes of a folder, and folders, in a line
_FILES = 3  # of each suffix that are looked into, in a folder
_ALL_FILES = 24
_ENOUGH = 200_000  # names of a folder that are counted


def below(path: Path) -> list[Path]:
    """Return the folders one level below `path`, then those two levels below; not more than 40."""
    first = folders_in(path)
    second = (folder for above in first for folder in folders_in(above))
    return [*islice(first, _FOLDERS), *islice(second, max(0, _FOLDERS - len(first)))]


def contents(path: Path) -> list[str]:
    """Say what is in a folder, and in the folders below it: one or two lines."""
    files, folders = _counted(path), below(path)
    here = _told(files)
    if not folders:
        return [f"It holds {here}, and no folder."] if files else ["It is an empty folder."]
    shown = [
        f"{printable(folder.relative_to(path))}/ ({_told(_counted(folder))})" for folder in _telling(folders)
    ]
    more = len(folders) - len(shown)
    rest = f", and {more} more" if more else ""
    return [f"It holds {here}." if files else "It holds folders only.", f"Below: {', '.join(shown)}{rest}."]


def samples(path: Path) -> list[Path]:
    """Return some files of a folder and of those below it that are no images: a few of each suffix."""
    found: list[Path] = []
    for folder in [path, *below(path)]:
        kinds: Counter[str] = Counter()
        for name in names_in(folder)[:_ENOUGH]:
            suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122  a Path for each name is slow
            if kinds[suffix] < _FILES and not is_image_name(name) and (folder / name).is_file():
                kinds[suffix] += 1
                found.append(folder / name)
        if len(found) >= _ALL_FILES:
            break
    return found[:_ALL_FILES]


def has_only_images(path: Path) -> bool:
    """Tell whether all files of a folder and of those below it are images, and there are some."""
    counts = sum((_counted(folder) for folder in [path, *below(path)]), Counter[str]())
    return bool(counts) and all(is_image_name(f"a{suffix}") for suffix in counts)


def _counted(folder: Path) -> Counter[str]:
    """Return how many files of each suffix a folder holds."""
    return Counter(_suffixes(folder))


def _suffixes(folder: Path) -> Iterator[str]:
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        for entry in islice(entries, _ENOUGH):
            if not entry.name.startswith(".") and not _is_folder(entry):
                yield os.path.splitext(entry.name)[1].lower() or "without suffix"  # noqa: PTH122


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return entry.is_dir()
    return False


def _told(files: Counter[str]) -> str:
    kinds = [f"{count:,} {printable(suffix)[:20]}" for suffix, count in files.most_common(_KINDS)]
    more = len(files) - len(kinds)
    return (", ".join(kinds) + (f" and {more} more kinds" if more else "")) or "no file"


def _telling(folders: Sequence[Path]) -> Sequence[Path]:
    """Return the folders to name: first those that hold files, in their order."""
    return sorted(folders, key=lambda folder: not _counted(folder))[:_NAMED]
