"""CVAT: its XML 1.1 for images and for video, with the root `<annotations>` and any name."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.io.files import read_head
from anchoraudit.io.folders import is_file, names_in

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset

NAME = "cvat"
LOOKS_FOR = "annotations.xml, or any .xml with the root <annotations>, of images or of a video"
SUFFIXES = (".xml",)
EXAMPLE = """\
<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><labels><label><name>cat</name></label></labels></task></meta>
  <image id="0" name="a.jpg" width="640" height="480">
    <box label="cat" occluded="0" xtl="10.00" ytl="20.00" xbr="110.00" ybr="70.00" z_order="0"/>
  </image>
</annotations>
"""
EXAMPLE_PATH = "annotations.xml"
EXAMPLE_BESIDE = {"images/a.jpg": (640, 480)}
NOT_READ = "polylines, points, cuboids, skeletons, tags, attributes; other shapes become boxes around them"

_HEAD, _PEEKED = 1 << 16, 3
_ROOT = re.compile(rb"<annotations[\s>]")
_CHILD = re.compile(rb"<(?:image|meta|version|track)[\s>]")


def detect(path: Path) -> Detection | None:
    """Recognise a file by its first elements, a folder by those of its XML files or of `annotations/`."""
    if is_file(path):
        if path.suffix.lower() != ".xml" or not _is_cvat(path):
            return None
        return Detection(NAME, path, "an XML file", Sureness.CONTENT)
    if not path.is_dir():
        return None
    for folder in (path, path / "annotations"):
        if files := _files(folder):
            beside_others = folder == path or any(name.endswith(".json") for name in names_in(folder))
            where = files[0] if len(files) == 1 else folder
            reason = files[0].name if len(files) == 1 else f"{len(files)} XML files"
            # In a folder of its own kind no other format is as sure. Beside JSON it is one of two exports.
            return Detection(NAME, where, reason, Sureness.LAYOUT if beside_others else Sureness.CONTENT)
    return None


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read a file, or all files of a folder. Frames and images without shapes are blank.

    Raises AnchorauditError if a file cannot be read, if it has only tags, or if a split is unknown.
    """
    from anchoraudit.formats.cvat.reading import assemble

    path = detection.path
    files = [(path, "")] if is_file(path) else [(file, file.stem) for file in _files(path)]
    return assemble(detection, options, files)


def _files(folder: Path) -> list[Path]:
    """Return the XML files of a folder, if one of the first three is from CVAT."""
    found: list[Path] = []
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().endswith(".xml") and not entry.name.startswith("."):
                found.append(folder / entry.name)
                if len(found) == _PEEKED and not any(map(_is_cvat, found)):
                    return []
    return sorted(found) if any(map(_is_cvat, found[:_PEEKED])) else []


def _is_cvat(file: Path) -> bool:
    """Tell whether a file is from CVAT, by its first bytes."""
    head = read_head(file, _HEAD)
    root = _ROOT.search(head)
    return root is not None and _CHILD.search(head, root.end()) is not None
