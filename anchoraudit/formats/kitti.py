"""KITTI: a text file of labels for each image, as the object benchmark has them, or one for each sequence.

Source: readme.txt of the object development kit, https://www.cvlibs.net/datasets/kitti: `type truncated
occluded alpha left top right bottom height width length x y z rotation_y`, in pixels counted from 0, and in
files of results a 16th number, the score. The tracking benchmark puts `frame track_id` in front, and has one
file for each sequence. `DontCare` marks regions in which objects are not labelled. They must be neither
positive nor negative, so they become crowds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats._lines import (
    Layout,
    Line,
    LineError,
    find_folders,
    frame_number,
    is_number,
    numbers_of,
)
from anchoraudit.io.folders import names_in

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "kitti"
LOOKS_FOR = "label_2/ beside image_2/, or labels/ beside images/: a class and 14 numbers a line"
SUFFIXES = (".txt",)
EXAMPLE = """\
Car 0.00 0 -1.57 10.00 20.00 110.00 70.00 1.50 1.60 4.00 1.00 1.50 20.00 -1.60
DontCare -1 -1 -10 200.00 30.00 230.00 50.00 -1 -1 -1 -1000 -1000 -1000 -10
"""
EXAMPLE_PATH = "training/label_2/000000.txt"
EXAMPLE_BESIDE = {"training/image_2/000000.png": (640, 480)}
NOT_READ = "truncation, occlusion, 3D boxes, tracks"

_LAYOUTS = (
    Layout("label_2", ("image_2", "image_3", "images"), alone=True),
    Layout("labels", ("images",)),
    Layout("label", ("image",)),
)
_TRACKING = (Layout("label_02", ("image_02", "image_03"), alone=True),)
_IGNORED = "DontCare"
_COLUMNS = 14  # numbers of a line, after the class, whose name may have blanks
_SCORED = "lines with a 16th number, the score of a detection, as in results"
_NUMBER = re.compile(rb"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?|nan", re.IGNORECASE)


def detect(path: Path) -> Detection | None:
    """Recognise folders by their names, and by the first lines of the files in them."""
    if not path.is_dir():
        return None
    for layouts, is_line, what in ((_LAYOUTS, _is_line, ""), (_TRACKING, _is_tracking, "tracking, ")):
        if folders := find_folders(path, layouts, is_line):
            one = folders[0]
            reason = f"{what}{one.labels.name}/ beside {one.images.name}/"
            return Detection(NAME, one.labels if len(folders) == 1 else path, reason, Sureness.LAYOUT)
    return None


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all folders, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if there is no image and no label file.
    """
    from anchoraudit.formats._label_files import read_folders

    path, words = detection.path, f"KITTI: {detection.reason}"
    if folders := find_folders(path, _LAYOUTS, _is_line):
        return read_folders(detection, options, folders, _take, recognised=words)
    from anchoraudit.formats._sequences import Video, read_videos

    videos = [
        Video(folder.labels / name, folder.images / name[:-4], name[:-4], folder.split, suffix=".png")
        for folder in find_folders(path, _TRACKING, _is_tracking)
        for name in names_in(folder.labels)
        if name.endswith(".txt")
    ]
    return read_videos(detection, options, videos, lambda _: _frame, recognised=words)


def _is_line(line: bytes) -> bool:
    words = line.split()
    named = len(words) > _COLUMNS and not _NUMBER.fullmatch(words[0])
    return named and all(map(_NUMBER.fullmatch, words[-_COLUMNS:]))


def _is_tracking(line: bytes) -> bool:
    words = line.split(maxsplit=2)
    numbered = len(words) == 3 and words[0].isdigit() and words[1].lstrip(b"-").isdigit()
    return numbered and _is_line(words[2])


def _frame(line: str) -> tuple[int, Line]:
    """Return the frame of a line of a sequence, from 0, and what it says. Raises LineError."""
    words = line.split(maxsplit=2)
    frame = frame_number(words[0])
    try:
        return frame, _take(words[2] if len(words) > 2 else "")
    except LineError as error:
        error.frame = frame
        raise


def _take(line: str) -> Line:
    """Return what a line says. Raises LineError."""
    words = line.split()
    first = next((n for n in range(len(words), 0, -1) if not is_number(words[n - 1])), min(len(words), 1))
    numbers = words[first:]
    if len(numbers) < _COLUMNS:
        if len(words) > _COLUMNS:
            first = len(words) - _COLUMNS
            numbers_of(words[first:], first + 1, " ".join(words[:first]))
        count = f"{len(words)} column{'s' * (len(words) != 1)}"
        raise LineError("PAR003", f"{count}: a line has a class and 14 numbers", words[0] if first else "")
    skipped = 0 if len(numbers) == _COLUMNS or _may_begin(numbers) else len(numbers) - _COLUMNS
    label = " ".join(words[: first + skipped])
    left, top, right, bottom = numbers_of(numbers[skipped + 3 : skipped + 7], first + skipped + 4, label)
    scored = _SCORED if len(numbers) - skipped == _COLUMNS + 1 and label != _IGNORED else ""
    return Line((left, top, right, bottom), label, crowd=label == _IGNORED, remark=scored)


def _may_begin(numbers: Sequence[str]) -> bool:
    """Tell whether numbers may begin with truncation and occlusion, not with the end of a name: `Car 2`."""
    truncated, occluded = float(numbers[0]), float(numbers[1])
    return (truncated == -1 or 0 <= truncated <= 1) and occluded in (-1, 0, 1, 2, 3)
