"""DOTA: aerial images, `labelTxt/P0001.txt` beside `images/P0001.png`, a polygon of four corners a line.

Source: https://captain-whu.github.io/DOTA/dataset.html: `x1 y1 x2 y2 x3 y3 x4 y4 category difficult`, in
pixels. Versions 1.0 and 1.5 put two lines before, `imagesource:GoogleEarth` and `gsd:0.25`. The box is drawn
around the four corners.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.errors import printable
from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats._lines import (
    Layout,
    Line,
    LineError,
    all_folders,
    box_around,
    find_folders,
    numbers_of,
)
from anchoraudit.io.folders import is_folder

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "dota"
LOOKS_FOR = "labelTxt/ beside images/: eight numbers, a class and 0 or 1 a line"
SUFFIXES = (".txt",)
EXAMPLE = """\
imagesource:GoogleEarth
gsd:0.25
10 20 110 20 110 70 10 70 small-vehicle 0
200.0 30.0 230.0 20.0 240.0 50.0 210.0 60.0 ship 1
"""
EXAMPLE_PATH = "labelTxt/P0001.txt"
EXAMPLE_BESIDE = {"images/P0001.png": (640, 480)}
NOT_READ = "the orientation of boxes: each is read as the box around its four corners"

# The folders of version 1.5 hold one of the split, and one of horizontal boxes of the same objects.
_NAMES = ("labelTxt", "labelTxt-v2.0", "labelTxt-v1.5", "labelTxt-v1.0")
_LAYOUTS = tuple(Layout(name, ("images",), alone=True) for name in _NAMES)
_HORIZONTAL = "_hbb"
_HEADER = re.compile(r"\s*(?:imagesource|acquisition dates|gsd)\s*:", re.IGNORECASE)
_NUMBER = rb"-?\d++(?:\.\d*+)?(?:[eE][+-]?\d++)?"
_LINE = re.compile(rb"\s*(?:%b\s+){8}[^\s\d]\S*(?:\s+[^\s\d]\S*)*(?:\s+\d)?\s*" % _NUMBER)
_AROUND = "read as the boxes around their four corners: polygons"


def detect(path: Path) -> Detection | None:
    """Recognise folders by their names, and by the first lines of the files in them.

    Folders with `labels/` too have been converted for YOLO. Which of both is meant is asked.
    """
    folders = find_folders(path, _LAYOUTS, _is_line, skip=_HORIZONTAL) if path.is_dir() else []
    if not folders:
        return None
    one = folders[0]
    converted = any(is_folder(folder.labels.parent / "labels") for folder in folders)
    where = one.labels if len(folders) == 1 else path
    reason = f"{one.labels.name}/ beside {one.images.name}/"
    return Detection(NAME, where, reason, Sureness.LAYOUT if converted else Sureness.CONTENT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all folders, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if there is no image and no label file.
    """
    from anchoraudit.formats._label_files import read_folders

    folders = find_folders(detection.path, _LAYOUTS, _is_line, skip=_HORIZONTAL)
    return read_folders(
        detection,
        options,
        folders,
        _take,
        recognised=f"DOTA: {detection.reason}",
        skip=_HORIZONTAL,
        notes=[f"not read: {printable(folder)}" for one in folders for folder in _others(one.labels)],
    )


def _others(labels: Path) -> list[Path]:
    """Return folders of the same objects: of another version, or with horizontal boxes."""
    versions = [labels.parent / name for name in _NAMES if name != labels.name]
    within = [folder for folder in all_folders(labels) if folder.name.endswith(_HORIZONTAL)]
    return [folder for folder in (*versions, *within) if is_folder(folder)]


def _is_line(line: bytes) -> bool:
    return _LINE.fullmatch(line) is not None


def _take(line: str) -> Line | None:
    """Return what a line says, None for a header. Raises LineError."""
    if _HEADER.match(line):
        return None
    words = line.split()
    difficult = words.pop() if len(words) > 9 and words[-1].isdigit() else "0"
    if len(words) < 9:
        count = f"{len(words)} column{'s' * (len(words) != 1)}"
        raise LineError("PAR003", f"{count}: a line has 8 numbers, a class and whether it is difficult")
    label = " ".join(words[8:])
    numbers = numbers_of(words[:8], 1, label)
    box = box_around(numbers[::2], numbers[1::2])
    return Line(box, label, difficult=difficult != "0", outline=True, remark=_AROUND)
