"""Telling CVAT's XML from Pascal VOC's: both have a root whose name begins the same."""

from __future__ import annotations

import re
from pathlib import Path

from anchoraudit.files import read_head
from anchoraudit.formats._folders import names_in

FILE = "annotations.xml"
_HEAD = 1 << 16
_ROOT = re.compile(rb"<annotations[\s>].*?<(?:image|meta|version)[\s>]", re.DOTALL)


def is_cvat(file: Path) -> bool:
    """Tell whether a file is CVAT's, by its first bytes."""
    return bool(_ROOT.search(read_head(file, _HEAD)))


def cvat_file(folder: Path) -> Path | None:
    """The file of a folder whose only XML is CVAT's, None for any other folder."""
    documents = [name for name in names_in(folder) if name.lower().endswith(".xml")]
    return folder / FILE if documents == [FILE] and is_cvat(folder / FILE) else None
