"""OIDv4 ToolKit: Open Images as this tool downloads it, `train/Apple/a.jpg` and `train/Apple/Label/a.txt`.

Source: https://github.com/EscVM/OIDv4_ToolKit, modules/downloader.py: `name left top right bottom`, in pixels
of the image as it was downloaded. A class that was downloaded alone has a folder of its own, so an image may
lie in several folders, and each has only the boxes of its class.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats._lines import (
    LabelFolder,
    Line,
    LineError,
    all_folders,
    first_folders,
    is_number,
    numbers_of,
)
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import is_folder

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "oidv4"
LOOKS_FOR = "train/CLASS/Label/*.txt, as the OIDv4 ToolKit writes them: a class and four numbers a line"
SUFFIXES = (".txt",)
EXAMPLE = """\
Apple 10.0 20.0 110.0 70.0
Apple 200.5 30.0 230.0 50.5
"""
EXAMPLE_PATH = "train/Apple/Label/0a1b2c3d4e5f6071.txt"
EXAMPLE_BESIDE = {"train/Apple/0a1b2c3d4e5f6071.jpg": (640, 480)}
NOT_READ = ""

_LABEL = "Label"
_SPLITS = ("train", "validation", "test")
_ABOVE = ("Dataset", "OID/Dataset")
_PEEKED, _HEAD = 20, 1 << 12


def detect(path: Path) -> Detection | None:
    """Recognise folders by the name `Label` and by the first lines of the files in them."""
    folders = _folders(path, every=False) if path.is_dir() else []
    if not any(_holds(folder.labels) for folder in folders[:_PEEKED]):
        return None
    return Detection(NAME, path, f"folders {_LABEL}/", Sureness.LAYOUT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all folders, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if there is no image and no label file.
    """
    from anchoraudit.formats._label_files import read_folders

    folders = _folders(detection.path, every=True)
    words = f"OIDv4 ToolKit: {detection.reason}"
    dataset = read_folders(detection, options, folders, _take, recognised=words)
    lying = Counter(zip(dataset.images.ids, dataset.images.split.tolist(), strict=True))
    if twice := sum(count > 1 for count in lying.values()):
        dataset.notes.append(
            f"in the folders of several classes: {twice:,} images, each time with the boxes of one class, so "
            "that the other objects count as background"
        )
    return dataset


def _folders(path: Path, *, every: bool) -> list[LabelFolder]:
    """Return the folders of a class, of a split, or of all splits, at a path.

    every: all of them; otherwise enough to recognise them.
    """
    if path.name == _LABEL:
        return [LabelFolder(path, path.parent)]
    if is_folder(path / _LABEL):
        return [LabelFolder(path / _LABEL, path)]
    for root in (path, *(path / above for above in _ABOVE)):
        splits = [name for name in _SPLITS if is_folder(root / name)]
        own = [
            one for name in splits for one in _classes(root / name, name if len(splits) > 1 else "", every)
        ]
        if own:
            return own
    return list(_classes(path, "", every))


def _classes(root: Path, split: str, every: bool) -> Iterator[LabelFolder]:
    for folder in all_folders(root) if every else first_folders(root):
        if is_folder(folder / _LABEL):
            yield LabelFolder(folder / _LABEL, folder, split)


def _holds(labels: Path) -> bool:
    """Tell whether one of the first files begins with a class and four numbers."""
    with suppress(OSError, ValueError), os.scandir(labels) as entries:
        names = [entry.name for entry in islice(entries, _PEEKED) if entry.name.endswith(".txt")]
        return any(map(_is_line, (read_head(labels / name, _HEAD) for name in names)))
    return False


def _is_line(head: bytes) -> bool:
    words = head.strip().partition(b"\n")[0].split()
    return len(words) > 4 and not is_number(words[0]) and all(map(is_number, words[-4:]))


def _take(line: str) -> Line:
    """Return what a line says: the class may have blanks in it. Raises LineError."""
    words = line.split()
    if len(words) < 5:
        count = f"{len(words)} column{'s' * (len(words) != 1)}"
        raise LineError("PAR003", f"{count}: a line has a class, left, top, right and bottom", words[0])
    label = " ".join(words[:-4])
    left, top, right, bottom = numbers_of(words[-4:], len(words) - 3, label)
    return Line((left, top, right, bottom), label)
