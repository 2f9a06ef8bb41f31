"""What the library is asked for, and what it raises in words a user can act on.

Checked against labelformat 0.1.17: formats/kitti.py, cvat.py and labelbox.py.
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

_REMEDY = "Mend the file; labelformat stops at the first thing it cannot read."


def row_of(image: Any, objects: Sequence[Any], entry: int | None = None) -> ImageRow:
    """Take over the library's types; entry: the position of all boxes, None to count them."""
    row = ImageRow(str(image.filename), width=float(image.width), height=float(image.height))
    for item in objects:
        box = item.box
        corners = (float(box.xmin), float(box.ymin), float(box.xmax), float(box.ymax))
        row.boxes.append(BoxRow(corners, str(item.category.name), entry=entry))
    return row


def library(name: str) -> Any:
    """Return a module of the library, `labelformat.NAME`. Raises AnchorauditError without it."""
    if find_spec("labelformat") is None:
        raise AnchorauditError(
            "KITTI, CVAT and Labelbox are read by the library labelformat, which is not installed",
            remedy="pip install 'anchoraudit[labelformat]'",
        )
    return importlib.import_module(f"labelformat.{name}")


@dataclass(slots=True)
class At:
    """Where the library is."""

    path: Path
    place: str = ""


@contextmanager
def blamed(at: At) -> Iterator[None]:
    """Turn whatever the library raises into an AnchorauditError at the file and place it had come to.

    Its own warnings are kept from the terminal: what it leaves out is said in a note.
    """
    logger = logging.getLogger("labelformat")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    except AnchorauditError:
        raise
    except Exception as error:  # of any kind: KeyError, IndexError, pydantic's, its own
        cause = error.__cause__ or error
        reason = f"{type(cause).__name__}: {' '.join(str(cause).split())}"[:300]
        raise AnchorauditError(
            f"labelformat cannot read it: {reason}", path=at.path, place=at.place, remedy=_REMEDY
        ) from None
    finally:
        logger.setLevel(level)


def joined_names(names: Sequence[str], path: Path) -> str:
    """Class names as the library takes them. Raises AnchorauditError where one has a comma."""
    for name in names:
        if "," in name:
            raise AnchorauditError(
                f"the class {name!r} has a comma in its name, where labelformat takes it for two",
                path=path,
                remedy="Rename the class.",
            )
    return ",".join(names)
