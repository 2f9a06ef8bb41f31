"""Finds label files that are not where they follow from the paths of their images: by their names.

`Labels/` beside `Images/`, `label/` beside `image/`, `bboxes/` beside `photos/`: YOLOv5 and Ultralytics do
not find them. They are read here, and SET018 says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from itertools import islice
from pathlib import Path

from anchoraudit.dataset.splits import is_split
from anchoraudit.images.found import is_image_name
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import folders_in, names_in

_PEEKED = 200  # entries of a folder that show whether it has label files; nearly all of theirs are
_READ = 20  # label files that are looked into for one that is not empty
_HEAD = 1 << 12  # bytes of each
_SIBLINGS = 50  # folders beside one of images that may be that of its labels
_LEVELS = 3  # of folders above the images beside which labels are looked for
_ONLY_FILES = 2  # links to a folder without folders: its own name, and its entry `.`
_MARGIN = 0.5  # how far values may be outside 0 to 1: a box that crosses the edge by half the image


def pair_in(root: Path) -> tuple[Path, Path] | None:
    """Return a folder of images and one of labels, which are `root` itself or directly in it; or None.

    The names of the folders do not count. Some of the first label files have the names of images, and hold
    lines of a class and four fractions.
    """
    if _has_files_only(root):
        return None
    folders = folders_in(root)[:_SIBLINGS]
    for labels in folders:
        files = {name[:-4]: path for name, path in _first(labels, _is_label)}
        if not files or not _hold_fractions(list(files.values())):
            continue
        for images in (*(folder for folder in folders if folder != labels), root):
            if any(_has_stem(folder, files.keys()) for folder in (images, *_below(images, root))):
                return images, labels
    return None


def labels_elsewhere(
    images: Path, stems: Sequence[str], tops: Sequence[Path], listed: Callable[[Path], frozenset[str]]
) -> Iterator[Path]:
    """Yield folders that hold label files of images in `images`, where a framework does not look.

    stems: of some images, as paths below `images` without suffix. tops: folders of the data set, above which
    nothing is looked for. listed: returns the names in a folder.

    First in folders of `images`, then beside it, then beside each folder above it, where the same path leads
    on. Folders with images are those of another split, and no candidates.
    """
    for folder in _candidates(images, tops):
        found = [
            folder / f"{stem}.txt"
            for stem in stems
            if f"{stem.rpartition('/')[2]}.txt" in listed(folder / stem.rpartition("/")[0])
        ]
        if found and not any(map(is_image_name, islice(listed(folder), _PEEKED))) and _hold_fractions(found):
            yield folder


def _candidates(images: Path, tops: Sequence[Path]) -> Iterator[Path]:
    yield from folders_in(images)[:_SIBLINGS]
    here, rest = images, Path()
    for level in range(_LEVELS):
        above = here.parent
        if level and not any(above.is_relative_to(top) for top in tops):
            return
        for folder in folders_in(above)[:_SIBLINGS]:
            if folder != here and not (is_split(folder.name) and is_split(here.name)):
                yield from dict.fromkeys((folder / rest, folder))
        here, rest = above, Path(here.name) / rest


def holds_fractions(file: Path) -> bool | None:
    """Tell whether a file begins with a class and four fractions of an image; None if it is empty."""
    words = read_head(file, _HEAD).removeprefix(b"\xef\xbb\xbf").strip().partition(b"\n")[0].split()
    if not words:
        return None
    try:
        values = [float(word) for word in words[:5]]
    except ValueError:
        return False
    return (
        len(values) == 5
        and values[0].is_integer()
        and all(-_MARGIN <= value <= 1 + _MARGIN for value in values[1:])
    )


def _hold_fractions(files: Sequence[Path]) -> bool:
    told = (holds_fractions(file) for file in files[:_READ])
    return next((holds for holds in told if holds is not None), False)


def _first(folder: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, Path]]:
    """Yield wanted ones of the first files in a folder, and in the folders in it, with their paths."""
    for place in (folder, *_below(folder)):
        with suppress(OSError), os.scandir(place) as entries:
            for entry in islice(entries, _PEEKED):
                if wanted(entry.name):
                    yield entry.name, Path(entry.path)


def _below(folder: Path, root: Path | None = None) -> list[Path]:
    """Return the folders in `folder`, unless it is `root`."""
    return [] if folder == root or _has_files_only(folder) else folders_in(folder)[:_SIBLINGS]


def _has_files_only(folder: Path) -> bool:
    """Tell whether the file system says that there is no folder in `folder`, which is fast to ask."""
    with suppress(OSError):
        return folder.stat().st_nlink == _ONLY_FILES
    return True


def _is_label(name: str) -> bool:
    return name.endswith(".txt") and not name.startswith(".")


def _has_stem(folder: Path, stems: Set[str]) -> bool:
    return any(is_image_name(name) and name.rpartition(".")[0] in stems for name in names_in(folder))
