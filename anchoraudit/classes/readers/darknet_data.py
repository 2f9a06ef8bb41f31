"""Read a darknet `.data` file: `classes=`, and the names of the file that `names=` or `labels=` gives.

Sources: darknet src/option_list.c (read_data_cfg: blanks do not count, the first of two equal keys does;
get_metadata), src/detector.c. Paths are relative to the folder in which darknet starts.
"""

from __future__ import annotations

import re
from pathlib import Path

from anchoraudit.classes.readers._listed import lines_of_names, listed, text_named, whole_number
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".data",)
LOOKS_FOR = "darknet data (.data with classes= and names=)"


def detect(path: Path, text: str) -> bool:
    """Tell whether the text has one of the keys."""
    del path
    return bool(re.search(r"^[ \t]*(?:classes|names|labels)[ \t]*=", text, re.M))


def read(path: Path, text: str) -> Classes:
    """Read the names, one a line, and the count."""
    keys: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        key, equals, value = (re.sub(r"\s", "", part) for part in line.partition("="))
        if equals and not key.startswith(("#", ";")):
            keys.setdefault(key, (value, f"line {number}"))
    count, place = keys.get("classes", ("", ""))
    classes = whole_number(count, path, place, "classes") if place else 0
    if classes < 0:
        raise AnchorauditError(
            f"classes is {classes}", path=path, place=place, remedy="Write how many classes there are."
        )
    named, at = keys.get("names") or keys.get("labels") or ("", "")
    if not named:
        if not classes:
            raise AnchorauditError(
                "neither classes= nor names= has a value",
                path=path,
                remedy="Name the file that lists the names.",
            )
        return Classes(count=classes, stated_in=f"{path.name}, {place}")
    found, names = text_named(named, path, at)
    return listed(found, lines_of_names(names), count=classes)
