"""Read a label map of TensorFlow's Object Detection API: `item { id: 1 name: 'cat' }`.

Source: object_detection/utils/label_map_util.py (ids from 1; 0 is reserved), tf_example_decoder.py (a class
is looked up by `name`, then by `display_name`).
"""

from __future__ import annotations

import re
from pathlib import Path

from anchoraudit.classes.readers._listed import listed, whole_number
from anchoraudit.classes.readers._text_proto import Message, parse_proto
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".pbtxt", ".txt")
LOOKS_FOR = "label map of TensorFlow (.pbtxt)"


def detect(path: Path, text: str) -> bool:
    """Tell whether the text has an item, or is one of this suffix."""
    return (
        path.suffix.lower() == ".pbtxt" or re.match(r"(?:\s++|#[^\n]*+)*+item\s*+:?\s*+\{", text) is not None
    )


def read(path: Path, text: str) -> Classes:
    """Read the items. Of two names `name` counts, unless it is a machine's, such as /m/01g317."""
    names, ids = [], []
    for item in parse_proto(text, path).messages("item"):
        names.append(_name(item, path))
        number, line = item.scalar("id") or ("0", item.line)  # 0 is what an id that is left out means
        ids.append(whole_number(number, path, f"line {line}", "id"))
    return listed(path, names, ids)


def _name(item: Message, path: Path) -> str:
    name, shown = item.scalar("name"), item.scalar("display_name")
    if name is not None and not (shown is not None and name[0].startswith("/")):
        return name[0]
    if shown is None:
        raise AnchorauditError(
            "an item without a name", path=path, place=f"line {item.line}", remedy="Give it a name there."
        )
    return shown[0]
