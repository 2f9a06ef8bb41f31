"""Read a list of names, one a line: labelImg's classes.txt, darknet's .names, `classes=` of mmdetection.

Sources: darknet src/data.c (get_labels), mmengine fileio/parse.py (list_from_file). Neither knows comments:
every line is a name, and a blank one between others has its position.
"""

from __future__ import annotations

import re
from pathlib import Path

from anchoraudit.classes.readers._listed import lines_of_names, listed
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".txt", ".names", ".labels", ".list")
LOOKS_FOR = "list of names, one a line (.txt, .names)"

_LABEL = re.compile(r"[0-9]+(?:\s+[-+0-9.eE]+){4,}")
_IMAGE = re.compile(r".*\.(?:jpe?g|png|bmp|tiff?|webp)", re.I)


def detect(path: Path, text: str) -> bool:
    """Accept any text with such a suffix; `read` reports what is wrong with it."""
    del path, text
    return True


def read(path: Path, text: str) -> Classes:
    """Read the names. A file whose every line is a label of YOLO or an image is one of another kind."""
    names = lines_of_names(text)
    for pattern, what in ((_LABEL, "labels of YOLO"), (_IMAGE, "images")):
        if all(pattern.fullmatch(name) for name in names):
            raise AnchorauditError(
                f"a list of {what}, not of class names: {names[0][:60]!r}",
                path=path,
                place="line 1",
                remedy="Name the file that lists the classes, a name a line.",
            )
    return listed(path, names)
