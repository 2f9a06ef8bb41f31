"""What readers of lists of classes share: lists become `Classes`, and files that a file names are found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import documents
from anchoraudit.io.folders import is_file

# More than any data set has. A file with more is of another kind.
MOST = 100_000


def listed(
    path: Path, names: Sequence[str], ids: Sequence[int] = (), *, place: str = "", count: int = 0
) -> Classes:
    """Return the names of a file as `Classes`; ids that are the positions, 0, 1, ..., are left out.

    place: where in the file they are; "": the whole file lists them.

    Raises AnchorauditError if there is none, or if there are too many.
    """
    if not names:
        raise AnchorauditError("no class is listed", path=path, place=place, remedy="List the classes there.")
    if len(names) > MOST:
        raise AnchorauditError(
            f"{len(names):,} entries; a list of classes has at most {MOST:,}",
            path=path,
            place=place,
            remedy="Name the file that lists the classes.",
        )
    own = () if tuple(ids) == tuple(range(len(names))) else tuple(ids)
    stated_in = f"{path.name}, {place}" if place else path.name
    return Classes(names=tuple(names), ids=own, count=count, stated_in=stated_in)


def whole_number(value: Any, path: Path, place: str, what: str) -> int:
    """Return a number, or a text of one, as int. Raises AnchorauditError if it is no whole number."""
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]{1,18}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1e18:
        return value
    raise AnchorauditError(
        f"{what} is {str(value)[:60]!r}, not a whole number",
        path=path,
        place=place,
        remedy="Write a whole number there.",
    )


def lines_of_names(text: str) -> list[str]:
    """Return one name a line, without the blank lines at the end; one between names has its position."""
    return [line.strip() for line in text.rstrip().split("\n")]


def file_named(name: str, path: Path, place: str) -> Path:
    """Return the file that `path` names: in the working directory, or in the folder of `path` or above it.

    Raises AnchorauditError if it is in none of them.
    """
    here = path.resolve().parent
    for folder in (Path.cwd(), here, here.parent):
        try:
            if is_file(found := folder / Path(name).expanduser()):
                return found
        except (OSError, ValueError, RuntimeError):  # not a possible path
            break
    raise AnchorauditError(
        f"{name!r} is missing: no such file in the working directory, nor beside this file",
        path=path,
        place=place,
        remedy="Start in the folder that its path begins in, or name that file itself.",
    )


def text_named(name: str, path: Path, place: str) -> tuple[Path, str]:
    """Return the file that `path` names, and its text. Raises as `file_named` and `documents.read_text`."""
    found = file_named(name, path, place)
    return found, documents.read_text(found, "file of classes")
