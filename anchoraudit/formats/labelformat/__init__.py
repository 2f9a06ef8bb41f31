"""Labelbox: its export v2, read by the library labelformat (`pip install 'anchoraudit[labelformat]'`).

The library (https://github.com/lightly-ai/labelformat) also reads formats that this package reads itself,
without stopping at errors. The library stops at the first thing it cannot read, and so does this reader.
"""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.io import json_shortened
from anchoraudit.io.folders import is_file

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "labelformat"
LOOKS_FOR = "the .ndjson file of Labelbox' export v2 (needs the extra labelformat)"
SUFFIXES = (".ndjson",)
EXAMPLE = (
    '{"data_row": {"id": "1", "external_id": "a.jpg"}, "media_attributes": {"width": 640, "height": 480}, '
    '"projects": {"p": {"labels": [{"annotations": {"objects": [{"annotation_kind": "ImageBoundingBox", '
    '"name": "cat", "bounding_box": {"left": 10, "top": 20, "width": 100, "height": 50}}]}}]}}}\n'
)
EXAMPLE_PATH = "export.ndjson"
EXAMPLE_BESIDE = {"a.jpg": (640, 480)}
NOT_READ = "polygons and masks"
_SUFFIX, _LISTED = ".ndjson", 1_000
_LONGEST = 1 << 26  # bytes of the first line that are looked at


def detect(path: Path) -> Detection | None:
    """Recognise a file, or the only such file of a folder, by the keys of its first line."""
    files = [path] if is_file(path) else _files(path)
    found = [file for file in files if file.suffix.lower() == _SUFFIX and _is_labelbox(file)]
    if len(found) != 1:
        return None
    return Detection(NAME, found[0], "Labelbox, an ndjson file", Sureness.CONTENT)


def _is_labelbox(file: Path) -> bool:
    with suppress(OSError):
        return any("data_row" in row for row in json_shortened.documents(file, _LONGEST, 1))
    return False


def _files(folder: Path) -> list[Path]:
    """Return the files of this suffix among the first entries of a folder."""
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        return [folder / e.name for e in islice(entries, _LISTED) if e.name.lower().endswith(_SUFFIX)]
    return []


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read the data set with the library.

    Raises AnchorauditError if the library is not installed, or if it cannot read a file.
    """
    from anchoraudit.dataset.conventions import XYWH
    from anchoraudit.formats._builder import read_files
    from anchoraudit.formats.labelformat.labelbox import read_labelbox

    return read_files(
        detection,
        options,
        [(detection.path, "")],
        read_labelbox,
        recognised=f"{detection.reason}, by labelformat",
        item="line",
        convention=XYWH,  # left, top, width and height
    )
