"""Telling CVAT's XML from Pascal VOC's: both have a root whose name begins the same."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from anchoraudit.formats._folders import is_file, names_in

FILE = "annotations.xml"
_HEAD = 1 << 16
_ROOT = re.compile(rb"<annotations[\s>].*?<(?:image|meta|version)[\s>]", re.DOTALL)


def is_cvat(file: Path) -> bool:
    """Tell whether a file is CVAT's, by its first bytes."""
    if is_file(file):
        with suppress(OSError), file.open("rb") as stream:
            return bool(_ROOT.search(stream.read(_HEAD)))
    return False


def cvat_file(folder: Path) -> Path | None:
    """The file of a folder whose only XML is CVAT's, None for any other folder."""
    documents = [name for name in names_in(folder) if name.lower().endswith(".xml")]
    return folder / FILE if documents == [FILE] and is_cvat(folder / FILE) else None
