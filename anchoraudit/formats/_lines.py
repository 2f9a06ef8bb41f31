"""Folders with a text file of labels for each image, and an object on each line.

A format says what its folders are called (`Layout`), what one of its lines looks like, and what a line means
(a function that returns a `Line`, or raises `LineError`). Everything else is the same for all of them:
`find_folders` finds the folders, and `read_folders` of `_label_files` makes the data set.

NumPy is not imported here, because all formats are imported to recognise one.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from anchoraudit.dataset.findings import Finding
from anchoraudit.io.files import IN_AN_IMAGES_FILE, os_reason, read_bytes, read_head
from anchoraudit.io.folders import is_folder
from anchoraudit.io.unchanged import note

# To recognise a folder, so many of its entries are listed, so many of its files are opened, and of those with
# text so many are looked at.
_LISTED, _PEEKED, _WITH_TEXT, _HEAD = 1_000, 200, 5, 1 << 12
_FIRST_LINES = 20
_SHOWN = 80  # characters of a line that a finding repeats
MOST_FRAMES = 10_000_000  # four days of video; a larger number of a frame is a mistake
_POINTER = b"version https://git-lfs.github.com/spec/"
_MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16


class Layout(NamedTuple):
    """Names of a folder of labels, and of the folders of images that may lie beside it.

    alone: the name is so rare that the labels are recognised without images beside them.
    """

    labels: str
    images: tuple[str, ...]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class LabelFolder:
    """A folder of labels, that of its images, which may not exist, and the name of its split, "" if none."""

    labels: Path
    images: Path
    split: str = ""


class Line(NamedTuple):
    """What a line says of one object.

    xyxy: in pixels, continuous coordinates.
    outline: the line holds a polygon, and the box is drawn around it.
    remark: a kind of line that is to be counted in a note, "" for none.
    """

    xyxy: tuple[float, float, float, float]
    label: str
    crowd: bool = False
    difficult: bool = False
    outline: bool = False
    remark: str = ""


class LineError(ValueError):
    """A line that is not as the format has it: the code of the finding, and what is wrong.

    label, frame: the class of the object, and in files of sequences its frame, if these can be read.
    """

    def __init__(self, code: str, words: str, label: str = "", frame: int | None = None) -> None:
        super().__init__(words)
        self.code, self.label, self.frame = code, label, frame


def numbers_of(words: Sequence[str], first: int, label: str = "") -> list[float]:
    """Return words as numbers. first: the column of the first word, from 1. Raises LineError."""
    try:
        return list(map(float, words))
    except ValueError:
        column, word = next((n, word) for n, word in enumerate(words, first) if not is_number(word))
        raise LineError("PAR004", f"column {column} is {word[:_SHOWN]!r}, not a number", label) from None


def box_around(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float, float, float]:
    """Return the box around points. It is NaN along an axis with a coordinate that is not finite.

    min() and max() may not see a NaN.
    """
    (x1, x2), (y1, y2) = (
        (min(values), max(values)) if math.isfinite(sum(values)) else (math.nan, math.nan)
        for values in (xs, ys)
    )
    return x1, y1, x2, y2


def frame_number(text: str) -> int:
    """Return the number of a frame, which may be written as `1.0`. Raises LineError."""
    with suppress(ValueError):
        number = float(text)
        if number.is_integer() and 0 <= number <= MOST_FRAMES:
            return int(number)
    raise LineError("PAR004", f"the frame is {text[:_SHOWN]!r}, not a whole number")


def is_number(word: str | bytes) -> bool:
    """Tell whether float() takes a word."""
    try:
        float(word)
    except ValueError:
        return False
    return True


def text_of(path: Path, most: int | None = IN_AN_IMAGES_FILE) -> str | Finding:
    """Return the text of a file, or the finding that says why it cannot be read.

    most: the most bytes that it may have, as `read_bytes` takes it.
    """
    try:
        data = read_bytes(path, most)
    except OSError as error:
        return Finding("PAR001", os_reason(str(path), error), str(path))
    note(path, data)
    if data[:2] in _MARKS:
        return Finding("PAR006", "UTF-16 text; save it as UTF-8", str(path), "byte 0", f"0x{data[:2].hex()}")
    if b"\0" in data:
        at = data.index(b"\0")
        return Finding("PAR001", f"not text: byte {at} is 0", str(path), f"byte {at}")
    if data.startswith(_POINTER):
        words = "a pointer of Git LFS in place of the file: run `git lfs pull`"
        return Finding("PAR001", words, str(path), "line 1")
    return data.decode("utf-8-sig", "backslashreplace")


# Finding folders


def find_folders(
    path: Path, layouts: Sequence[Layout], is_line: Callable[[bytes], bool], *, skip: str = "\0"
) -> list[LabelFolder]:
    """Return the folders of labels at `path`: one, or one for each split; [] if there are none.

    `path` is the folder of labels itself, the folder above, or one above folders of splits. The splits may
    also be folders within the folders of labels and images.

    is_line: tells whether the first line of a file that is not empty, as bytes, is one of the format.
    skip: the ending of names of folders that are not looked into.
    """
    for layout in layouts:
        if path.name == layout.labels and _holds(path, is_line, skip):
            return [_beside(path, layout)] if _has_images(path.parent, layout) else []
    if found := _in(path, layouts, is_line, skip):
        return found
    folders = first_folders(path)
    holding = [layout for layout in layouts if any(_in(f, [layout], is_line, skip) for f in folders)]
    # A split whose label files are all empty, or broken, is still one.
    splits = [
        LabelFolder(one.labels, one.images, one.split or folder.name)
        for folder in (all_folders(path) if holding else ())
        for one in _in(folder, holding, None, skip)
    ]
    return splits if len(splits) != 1 else [LabelFolder(splits[0].labels, splits[0].images)]


def first_folders(folder: Path) -> list[Path]:
    """Return the folders directly in `folder`, sorted, of its first thousand entries; hidden ones excepted.

    Folders of splits lie beside few other things. To list a folder of 100,000 images for each format that
    looks for them would take longer than to read small data sets.
    """
    return _folders(folder, _LISTED)


def all_folders(folder: Path) -> list[Path]:
    """Return all folders directly in `folder`, sorted, to read them; hidden ones excepted."""
    return _folders(folder, None)


def _folders(folder: Path, most: int | None) -> list[Path]:
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return [folder / name for name in sorted(e.name for e in islice(entries, most) if _is_folder(e))]
    return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):  # a loop of links
        return not entry.name.startswith(".") and entry.is_dir()
    return False


def _in(
    root: Path, layouts: Sequence[Layout], is_line: Callable[[bytes], bool] | None, skip: str
) -> list[LabelFolder]:
    """Return the folders of labels in `root`. is_line: as in `find_folders`, None to accept all lines."""
    for layout in layouts:
        labels = root / layout.labels
        if not (is_folder(labels) and _has_images(root, layout)):
            continue
        if is_line is not None and not _holds(labels, is_line, skip):
            continue
        whole = _beside(labels, layout)
        names = [folder.name for folder in all_folders(labels) if not folder.name.endswith(skip)]
        own = [name for name in names if is_folder(whole.images / name)]
        splits = [LabelFolder(labels / name, whole.images / name, name) for name in own]
        return splits if len(splits) > 1 and not _texts(labels) else [whole]
    return []


def _has_images(root: Path, layout: Layout) -> bool:
    return layout.alone or any(is_folder(root / name) for name in layout.images)


def _beside(labels: Path, layout: Layout) -> LabelFolder:
    folders = [labels.parent / name for name in layout.images]
    return LabelFolder(labels, next(filter(is_folder, folders), folders[0]))


def _holds(labels: Path, is_line: Callable[[bytes], bool], skip: str) -> bool:
    """Tell whether one of the first files with text begins with a line of the format."""
    folders = [labels, *(f for f in first_folders(labels) if not f.name.endswith(skip))]
    files = (folder / name for folder in folders for name in _texts(folder))
    heads = (head for file in islice(files, _PEEKED) if (head := read_head(file, _HEAD).strip()))
    return any(any(map(is_line, _whole_lines(head))) for head in islice(heads, _WITH_TEXT))


def _whole_lines(head: bytes) -> list[bytes]:
    """Return the first lines of a file that are not empty. A line that is cut off does not count."""
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines()
    whole = lines if len(head) < _HEAD - 1 or len(lines) == 1 else lines[:-1]
    return [line for line in whole if line.strip()][:_FIRST_LINES]


def _texts(folder: Path) -> list[str]:
    """Return the names of the first text files directly in a folder."""
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return sorted(e.name for e in islice(entries, _LISTED) if _is_text(e.name))[:_PEEKED]
    return []


def _is_text(name: str) -> bool:
    return name.endswith(".txt") and not name.startswith(".")
