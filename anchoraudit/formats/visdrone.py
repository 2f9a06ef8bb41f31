"""VisDrone: the text files of its detection task, one for each image, with commas and whole numbers.

Sources: README of https://github.com/VisDrone/VisDrone2018-DET-toolkit (the eight columns and the twelve
categories), and VisDrone.yaml of Ultralytics, whose script leaves out lines with a score of 0. In the
annotations a score of 0 marks what the evaluation ignores: regions with people too small to be labelled, and
others. They must be neither positive nor negative, so they become crowds.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats._lines import LabelFolder, Layout, Line, LineError, find_folders, numbers_of

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "visdrone"
LOOKS_FOR = "annotations/*.txt beside images/: eight whole numbers with commas a line"
SUFFIXES = (".txt",)
EXAMPLE = """\
10,20,100,50,1,4,0,1
200,5,30,30,0,0,0,0
"""
EXAMPLE_PATH = "VisDrone2019-DET-train/annotations/0000001.txt"
EXAMPLE_BESIDE = {"VisDrone2019-DET-train/images/0000001.jpg": (640, 480)}
NOT_READ = "truncation, occlusion; files of VisDrone's video tasks"

_LAYOUTS = (Layout("annotations", ("images",)),)
_CLASSES = (
    "ignored regions",
    "pedestrian",
    "people",
    "bicycle",
    "car",
    "van",
    "truck",
    "tricycle",
    "awning-tricycle",
    "bus",
    "motor",
    "others",
)
_COLUMNS = 8
_FOLDER = re.compile(r"VisDrone\d*-DET-(.+)", re.IGNORECASE)
_LINE = re.compile(rb"\s*-?\d+(?:\s*,\s*-?\d+){7}\s*,?\s*")


def detect(path: Path) -> Detection | None:
    """Recognise folders by their names, and by the first lines of the files in them."""
    folders = _folders(path) if path.is_dir() else []
    if not folders:
        return None
    where = folders[0].labels if len(folders) == 1 else path
    return Detection(NAME, where, "annotations/ beside images/", Sureness.LAYOUT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all folders, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if there is no image and no label file.
    """
    from anchoraudit.dataset.conventions import XYWH
    from anchoraudit.formats._label_files import read_folders

    words = f"VisDrone: {detection.reason}"
    folders = _folders(detection.path)
    return read_folders(detection, options, folders, _take, recognised=words, convention=XYWH)


def _folders(path: Path) -> list[LabelFolder]:
    """Return the folders, with splits named after `VisDrone2019-DET-train`."""
    folders = find_folders(path, _LAYOUTS, lambda line: _LINE.fullmatch(line) is not None)
    named = [_FOLDER.fullmatch(folder.split) for folder in folders]
    return [replace(f, split=n[1]) if n else f for f, n in zip(folders, named, strict=True)]


def _take(line: str) -> Line:
    """Return what a line says. Raises LineError."""
    words = [word.strip() for word in line.split(",")]
    if len(words) == _COLUMNS + 1 and not words[-1]:  # some lines end with a comma
        words.pop()
    if len(words) != _COLUMNS:
        count = f"{len(words)} column{'s' * (len(words) != 1)}"
        raise LineError("PAR003", f"{count}: a line has 8: left, top, width, height, score, category, ...")
    category = numbers_of(words[5:6], 6)[0]
    if category not in range(len(_CLASSES)):
        raise LineError("PAR003", f"the category is {words[5]}, not 0 to {len(_CLASSES) - 1}")
    label = _CLASSES[int(category)]
    x, y, width, height, score = numbers_of(words[:5], 1, label)
    return Line((x, y, x + width, y + height), label, crowd=score == 0 or category == 0)
