"""Read a list of names in Python, such as YOLOX's voc_classes.py: `VOC_CLASSES = ("cat", "dog")`.

The file is not executed.
"""

from __future__ import annotations

import re
from pathlib import Path

from anchoraudit.classes.readers._listed import listed
from anchoraudit.classes.readers._python import assignments, evaluated
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.expressions import parse_module

SUFFIXES = (".py",)
LOOKS_FOR = "list of names in Python (.py, `CLASSES = (...)`)"

_KEY = re.compile(r"classes|class_?name|label_?name|labels|categories", re.I)
_ASSIGNED = re.compile(r"^(\w{1,80})[ \t]*(?::[^=\n]{1,200})?=\s*+[(\[]", re.M)


def detect(path: Path, text: str) -> bool:
    """Tell whether a name such as CLASSES is assigned a list at the top level, and there is no experiment."""
    del path
    found = any(_KEY.search(assigned[1]) for assigned in _ASSIGNED.finditer(text))
    return found and not re.search(r"^class Exp\b", text, re.M)


def read(path: Path, text: str) -> Classes:
    """Read the one list of texts whose name says that it is of classes."""
    names = assignments(parse_module(text, path))
    lists = {}
    known = evaluated(names)
    for name, node in names.items():
        value = known.names.get(name) if _KEY.search(name) else None
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            lists[name] = (value, node.lineno)
    if len({tuple(value) for value, _ in lists.values()}) != 1:
        shown = ", ".join(f"{name} (line {line})" for name, (_, line) in lists.items())
        raise AnchorauditError(
            f"several lists of classes: {shown}" if lists else "no list of names of classes",
            path=path,
            remedy="Name a file with one list, or a text with a name a line.",
        )
    value, line = next(iter(lists.values()))
    return listed(path, value, place=f"line {line}")
