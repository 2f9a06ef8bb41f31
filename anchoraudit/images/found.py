"""Finds image files: which files are images, and in which folders they usually are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from anchoraudit.dataset.splits import is_split, is_training
from anchoraudit.io.addresses import Address
from anchoraudit.io.files import name_parts, safe_join
from anchoraudit.io.folders import count_in, folders_in, is_folder
from anchoraudit.io.left_behind import is_left_behind
from anchoraudit.io.suggest import nearest

# What torchvision, detectron2 and YOLOv5 load. A file with another suffix is not treated as an image.
SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".bmp",
        ".dib",
        ".gif",
        ".tif",
        ".tiff",
        ".webp",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".jp2",
        ".avif",
    ]
)
# Usual names of a folder of images, in the order in which they are tried. docs/formats.md lists the same
# names.
IMAGE_FOLDERS = ("JPEGImages", "images", "image", "imgs", "img", "data", "Images")
# A folder is recognised by so many names from the start, the middle and the end. A few are enough, and
# looking for all of 100,000 files in a dozen folders takes seconds.
_SAMPLE = 8
# Folders around a file that are looked into where no usual one has its images. People keep a few dozen; the
# folder above may be that of all their data sets.
_LOOKED_INTO = 200
_SPLITS = r"(?:train(?:ing)?|val(?:id(?:ation)?)?|test(?:ing)?|all)"
_OF_ANNOTATIONS = re.compile(
    rf"(?:{_SPLITS}[ _-]?)?"
    r"(?:ann(?:s|ots?|otations?)?|label(?:s|txt|led)?|lbls?|b?box(?:es)?|xmls?|jsons?|csvs?|gt"
    r"|ground[ _-]?truth|meta|coco)"
    rf"(?:[ _-]?(?:{_SPLITS}|xmls?|jsons?|txts?|v?\d+))?",
    re.IGNORECASE,
)


def holds_annotations(folder: str) -> bool:
    """Tell whether the name of a folder says that it holds the annotations of the data set around it."""
    return _OF_ANNOTATIONS.fullmatch(folder) is not None


def is_image_name(name: str) -> bool:
    """Tell whether a file is an image, by its suffix."""
    dot = name.rfind(".")
    if name[dot:].lower() not in SUFFIXES:
        return False
    # `splitext` knows that `.jpg` is a hidden file without a suffix. It is slow for each of 100,000 names.
    return dot > 0 and (name[dot - 1] not in "./\\" or os.path.splitext(name)[1] != "")  # noqa: PTH122


def list_images(folder: Path) -> list[str]:
    """Return the sorted names of the image files directly in `folder`; [] if it cannot be listed."""
    if isinstance(folder, Address):  # images are only looked for on this machine
        return []
    try:
        with os.scandir(folder) as entries:
            names = (entry.name for entry in entries if is_image_name(entry.name))
            return sorted(name for name in names if not is_left_behind(folder, name))
    except (OSError, ValueError):
        return []


def list_below(root: Path, folder: str) -> list[str]:
    """Return `list_images` of `root / folder`; [] if `folder` leads out of `root`."""
    path = folder.replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or "\0" in path:
        return []
    return list_images(root / path)


def usual_folders(file: Path, split: str = "") -> list[Path]:
    """Return the folders in which the images of an annotation file usually are, in the order they are tried.

    First around the folder of the file: `.`, `SPLIT/`, `images/SPLIT/`, `SPLIT/images/`, `images/`, where
    `images` stands for each of IMAGE_FOLDERS. Then the same around the folder above, which itself comes last.

    split: the name of the file's split, "" if it has none. [] for a file at an address: images are looked for
    on this machine.
    """
    if isinstance(file, Address):
        return []
    return list(_usual_folders(file.parent, split))


@lru_cache(maxsize=8)  # asked several times about each of many files
def _usual_folders(here: Path, split: str) -> tuple[Path, ...]:
    above = here.parent
    around_here = [here, *_around(here, split)]
    return tuple(dict.fromkeys([*around_here, *_around(above, split), above]))


def _around(root: Path, split: str) -> list[Path]:
    whole = [root / name for name in IMAGE_FOLDERS]
    if not split:
        return whole
    of_split = [path for name in IMAGE_FOLDERS for path in (root / name / split, root / split / name)]
    return [root / split, *of_split, *whole]


def folders_around(file: Path, split: str = "") -> Iterator[Path]:
    """Yield all other folders beside an annotation file, then those beside its folder.

    The latter only if the name of its folder says that it holds annotations (`annots/`, `Label/`): beside the
    root of a data set are other data sets, which may have images of the same names. Each folder is followed
    by `SPLIT/` and the folders of IMAGE_FOLDERS in it. At most 200 are looked into. Left out are folders of
    another split (`val/` for `train.json`), and those whose names are nearly that of the split: the framework
    does not find those either, which SET012 says.
    """
    if isinstance(file, Address):
        return
    usual = set(usual_folders(file, split))
    # Of tables in a folder, that is the folder.
    here, is_all = (file, True) if is_folder(file) else (file.parent, False)
    bases = [here, *([here.parent] if not is_all and holds_annotations(here.name) else [])]
    beside = (folder for base in bases for folder in folders_in(base))
    some = list(islice((folder for folder in beside if folder != here), _LOOKED_INTO))
    similar = set(nearest(split, [folder.name for folder in some])) - {split} if is_split(split) else set()
    for folder in some:
        if folder.name in similar or _of_another_split(folder.name, split):
            continue
        inside = (folder / name for name in dict.fromkeys([split, *IMAGE_FOLDERS]) if name)
        yield from (path for path in (folder, *inside) if path not in usual)


def _of_another_split(name: str, split: str) -> bool:
    return is_split(name) and is_split(split) and is_training(name) != is_training(split)


def find_folder(names: Sequence[str], folders: Iterable[Path]) -> Path | None:
    """Return the first of `folders` that holds one of `names`, or None. Looks for a sample of the names."""
    sample = _sample(names)
    there = (folder for folder in folders if is_folder(folder))  # most of those that are tried are not
    return next((f for f in there if any(safe_join(f, name) is not None for name in sample)), None)


def folder_of(
    names: Sequence[str], file: Path, split: str = "", folders: Iterable[Path] | None = None
) -> Path | None:
    """Return the folder of the images that an annotation file names, None if there is none.

    The first of `folders`, by default the usual ones, that has one of them; else the folder around the file
    that has most of them, if that is at least half of a sample.
    """
    usual = find_folder(names, usual_folders(file, split) if folders is None else folders)
    return _most_of(_sample(names), file, split)[0] if usual is None else usual


def _most_of(sample: Sequence[str], file: Path, split: str) -> tuple[Path | None, int]:
    """Return the folder around a file that has most of these images, and how many; at least half, or None."""
    best, most = None, 0
    for folder in filter(is_folder, folders_around(file, split)):
        count = sum(safe_join(folder, name) is not None for name in sample)
        if count > most and 2 * count >= len(sample):
            best, most = folder, count
    return best, most


@dataclass(frozen=True, slots=True)
class Found:
    """Where N images are.

    folder: the folder that holds them, None if none was found.
    names: N paths below that folder.
    present: N, whether the file exists.
    """

    folder: Path | None
    names: list[str]
    present: list[bool]


def find_images(names: Sequence[str], folders: Iterable[Path]) -> Found:
    """Find the images `names` in the first of `folders` that has some of them.

    First the names are tried as they are. Then without their first folders, because people move images
    without changing the annotations. Then by stem, for names without a suffix. A name that leads out of a
    folder is never followed.
    """
    candidates = list(folders)
    sample = [_plain(name) for name in _sample(names)]
    deepest = max((name.count("/") for name in sample), default=0)
    for cut in range(deepest + 1):
        folder = find_folder([_without(name, cut) for name in sample], candidates)
        if folder is not None:
            return _found_in(folder, [_without(_plain(name), cut) for name in names])
    for folder in candidates:
        stems = {name.rpartition(".")[0]: name for name in reversed(list_images(folder))}
        if any(name in stems for name in sample):
            return _found_in(folder, [stems.get(name, name) for name in map(_plain, names)])
    return Found(None, list(names), [False] * len(names))


def images_of(names: Sequence[str], file: Path, split: str = "") -> Found:
    """Find the images that an annotation file names: in the usual folders, else in others around it."""
    found = find_images(names, usual_folders(file, split))
    return images_around(names, file, split) if found.folder is None else found


def images_around(names: Sequence[str], file: Path, split: str = "") -> Found:
    """Find images in a folder of any name around an annotation file, as `find_images` does.

    As in `folder_of`, the folder needs at least half of a sample of them.
    """
    sample = [_plain(name) for name in _sample(names)]
    deepest = max((name.count("/") for name in sample), default=0)
    cuts = ((cut, *_most_of([_without(n, cut) for n in sample], file, split)) for cut in range(deepest + 1))
    cut, folder, _ = max(cuts, key=lambda each: each[2])
    if folder is not None:
        return _found_in(folder, [_without(_plain(name), cut) for name in names])
    if not any(map(is_image_name, sample)):
        for folder in filter(is_folder, folders_around(file, split)):
            stems = {name.rpartition(".")[0]: name for name in reversed(list_images(folder))}
            if sample and 2 * sum(name in stems for name in sample) >= len(sample):
                return _found_in(folder, [stems.get(name, name) for name in map(_plain, names)])
    return Found(None, list(names), [False] * len(names))


def others_around(file: Path, split: str = "") -> tuple[Path, int] | None:
    """Return the folder around an annotation file with the most image files, and how many; None without any.

    For a message that says where images may be, where none of those that the file names was found.
    """
    folders = dict.fromkeys([*usual_folders(file, split), *folders_around(file, split)])
    counts = ((folder, count_in(folder, _number_of_images)) for folder in folders)
    best = max(counts, key=lambda each: each[1], default=None)
    return best if best is not None and best[1] else None


def _number_of_images(folder: Path) -> int:
    return len(list_images(folder))


def are_present(folder: Path, names: Sequence[str]) -> list[bool]:
    """Tell for each name whether it is an image file below `folder`. Each folder is listed only once."""
    listed: dict[str, frozenset[str]] = {}
    present = []
    for name in names:
        below, base = name_parts(name)
        if below not in listed:
            listed[below] = frozenset(list_below(folder, below))
        present.append(base in listed[below])
    return present


def _plain(name: str) -> str:
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _found_in(folder: Path, names: list[str]) -> Found:
    present = are_present(folder, names)
    stems: dict[str, dict[str, str]] = {}
    for i, name in enumerate(names):
        if not present[i] and not is_image_name(name):
            below, base = name_parts(name)
            if below not in stems:
                listed = reversed(list_below(folder, below))
                stems[below] = {other.rpartition(".")[0]: other for other in listed}
            if base in stems[below]:
                names[i] = f"{below}/{stems[below][base]}" if below else stems[below][base]
                present[i] = True
    return Found(folder, names, present)


def sample_of(count: int) -> list[int]:
    """Return the positions of the names, of so many, by which a folder is recognised."""
    if count <= 3 * _SAMPLE:
        return list(range(count))
    starts = (0, count // 2, count - _SAMPLE)
    return [start + position for start in starts for position in range(_SAMPLE)]


def _sample(names: Sequence[str]) -> list[str]:
    return [names[position] for position in sample_of(len(names))]


def _without(name: str, folders: int) -> str:
    """Remove the first `folders` folders from a name. The last part stays."""
    parts = name.split("/")
    return "/".join(parts[min(folders, len(parts) - 1) :])
