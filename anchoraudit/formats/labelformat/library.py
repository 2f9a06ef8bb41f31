"""Calls the library, and turns its errors into messages that a user can act on.

Checked against labelformat 0.1.17: formats/labelbox.py.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._builder import BoxRow, ImageRow

_REMEDY = "Fix the file: labelformat stops at the first thing it cannot read."


def row_of(image: Any, objects: Sequence[Any], entry: int | None = None) -> ImageRow:
    """Turn the library's image and objects into a row. entry: position of all boxes, None to count."""
    row = ImageRow(str(image.filename), width=float(image.width), height=float(image.height))
    for item in objects:
        box = item.box
        corners = (float(box.xmin), float(box.ymin), float(box.xmax), float(box.ymax))
        row.boxes.append(BoxRow(corners, str(item.category.name), entry=entry))
    return row


def library(name: str) -> Any:
    """Return a module of the library, `labelformat.NAME`.

    Raises AnchorauditError if the library is not installed.
    """
    if find_spec("labelformat") is None:
        raise AnchorauditError(
            "Labelbox is read by the library labelformat, which is not installed",
            remedy="Install it: pip install 'anchoraudit[labelformat]'",
        )
    return importlib.import_module(f"labelformat.{name}")


@dataclass(slots=True)
class At:
    """The file and the place in it that the library is reading, kept up to date by the caller."""

    path: Path
    place: str = ""


@contextmanager
def errors_at(at: At) -> Iterator[None]:
    """Turn any error of the library into an AnchorauditError that names the file and place it was reading.

    The library's warnings are not shown. Notes say what it leaves out.
    """
    logger = logging.getLogger("labelformat")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    except AnchorauditError:
        raise
    except Exception as error:  # many kinds: KeyError, IndexError, those of pydantic, its own
        cause = error.__cause__ or error
        reason = f"{type(cause).__name__}: {' '.join(str(cause).split())}"[:300]
        raise AnchorauditError(
            f"labelformat cannot read it: {reason}", path=at.path, place=at.place, remedy=_REMEDY
        ) from None
    finally:
        logger.setLevel(level)


def joined_names(names: Sequence[str], path: Path) -> str:
    """Join class names for the library. Raises AnchorauditError if one has a comma."""
    for name in names:
        if "," in name:
            raise AnchorauditError(
                f"the class {name!r} has a comma in its name, so labelformat would read it as two",
                path=path,
                remedy="Rename the class.",
            )
    return ",".join(names)
