"""Recognises the formats that labelformat reads."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

from anchoraudit.io.files import read_head
from anchoraudit.io.folders import is_file, is_folder, names_in

# Names of the folder of labels and of the folder of images beside it: those of KITTI, then those of
# labelformat.
FOLDERS = (("label_2", "image_2"), ("labels", "images"), ("label", "image"))
_PEEKED_FILES, _PEEKED_WITH_TEXT, _HEAD = 200, 5, 1 << 16
_NUMBER = re.compile(rb"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?")
_LABELBOX = re.compile(rb'\s*\{.*?"data_row"\s*:', re.DOTALL)
_CVAT = "annotations.xml"
_CVAT_ROOT = re.compile(rb"<annotations[\s>]")
_CVAT_CHILD = re.compile(rb"<(?:image|meta|version)[\s>]")
COLUMNS = 14  # columns of a KITTI line after the class, whose name may have spaces


def find_kind(path: Path) -> tuple[Path, str] | None:
    """Return the file or folder to read and a description of its format; None if it is not recognised."""
    if is_file(path):
        suffix = path.suffix.lower()
        if suffix == ".xml" and _is_cvat(path):
            return path, "CVAT for images, an XML file"
        if suffix == ".ndjson" and _LABELBOX.match(read_head(path, _HEAD)):
            return path, "Labelbox, an ndjson file"
        return None
    for labels, images in FOLDERS:
        folder = path / labels
        if is_folder(folder) and is_folder(path / images) and _holds_kitti(folder):
            return folder, f"KITTI, {labels}/ beside {images}/"
    if (file := _cvat_file(path)) is not None:
        return file, f"CVAT for images, {file.name}"
    return None


def _holds_kitti(folder: Path) -> bool:
    """Tell whether one of the first text files that are not empty begins with a line of KITTI."""
    files = (folder / name for name in names_in(folder) if name.endswith(".txt"))
    told = (
        line
        for file in islice(files, _PEEKED_FILES)
        if (line := read_head(file, _HEAD).strip().partition(b"\n")[0])
    )
    return any(map(_is_kitti, islice(told, _PEEKED_WITH_TEXT)))


def _is_kitti(line: bytes) -> bool:
    words = line.split()
    named = len(words) > COLUMNS and not _NUMBER.fullmatch(words[0])
    return named and all(map(_NUMBER.fullmatch, words[-COLUMNS:]))


def _is_cvat(file: Path) -> bool:
    """Tell whether a file is from CVAT, by its first bytes."""
    head = read_head(file, _HEAD)
    root = _CVAT_ROOT.search(head)
    return root is not None and _CVAT_CHILD.search(head, root.end()) is not None


def _cvat_file(folder: Path) -> Path | None:
    """Return CVAT's file in `folder` if that is its only XML file, else None."""
    documents = [name for name in names_in(folder) if name.lower().endswith(".xml")]
    return folder / _CVAT if documents == [_CVAT] and _is_cvat(folder / _CVAT) else None
