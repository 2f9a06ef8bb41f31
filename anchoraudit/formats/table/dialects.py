"""The dialects of tables: the names of their columns, and the meaning of their numbers.

Sources: keras-retinanet README ("CSV datasets": no header, `path,x1,y1,x2,y2,class_name`, empty fields for an
image without objects); TensorFlow's object detection tutorials (`filename,width,height,class,xmin,...`);
Open Images' `*-annotations-bbox.csv` (`ImageID,...,LabelName,...,XMin,XMax,YMin,YMax` from 0 to 1).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

CORNERS = ("x1", "y1", "x2", "y2")
# Names of the columns, in small letters and digits only. The first name that is in the header counts.
_CALLED = {
    "image": ("imageid", "filename", "image", "imagename", "imagepath", "imgpath", "path", "file", "img"),
    "file_name": ("filename", "imagepath", "imagename", "path"),
    "label": ("label", "class", "labelname", "classname", "category", "categoryname"),
    "x1": ("x1", "xmin", "left", "xtl"),
    "y1": ("y1", "ymin", "top", "ytl"),
    "x2": ("x2", "xmax", "right", "xbr"),
    "y2": ("y2", "ymax", "bottom", "ybr"),
    "width": ("width", "imagewidth", "imgwidth"),
    "height": ("height", "imageheight", "imgheight"),
    "split": ("split", "subset"),
}
# Fields of objects in a list.
_CALLED_IN_LISTS = {
    "boxes": ("bbox", "bboxes", "box", "boxes"),
    "labels": (
        *("category", "categories", "label", "labels", "class", "classes", "categoryname", "classname"),
        *("categoryid", "categoryids", "classid", "labelid", "name"),
    ),
    "crowd": ("iscrowd", "crowd"),
}
_WITHOUT_HEADER = dict(zip(("image", *CORNERS, "label"), range(6), strict=True))


@dataclass(frozen=True, slots=True)
class Dialect:
    """The columns of a table.

    name: its description in a report.
    at: the position of each column, by the names of `_CALLED`.
    fields: the number of fields in a row.
    header: the first row holds names of columns.
    shares: coordinates are shares of the image's width and height, from 0 to 1; otherwise pixels.
    """

    name: str
    at: dict[str, int]
    fields: int
    header: bool = True
    shares: bool = False


def dialect_of(rows: Sequence[Sequence[str]]) -> Dialect | None:
    """Recognise the dialect by the first rows. None if the columns are not understood."""
    if not rows:
        return None
    if (named := by_header(rows[0])) is not None:
        return named
    if any(map(_is_bare, rows)):
        return Dialect(
            "keras-retinanet's (no header: path,x1,y1,x2,y2,class)", _WITHOUT_HEADER, 6, header=False
        )
    return None


def by_header(header: Sequence[str]) -> Dialect | None:
    """Return the dialect for names of columns. None if the image or a coordinate is missing."""
    plain = list(map(_plain, header))
    at = {name: place for name, called in _CALLED.items() if (place := _place(called, plain)) >= 0}
    if "image" not in at or not all(name in at for name in CORNERS):
        return None
    if at.get("file_name") == at["image"]:
        del at["file_name"]
    words = set(plain)
    if {"imageid", "labelname", "xmin"} <= words:
        return Dialect("Open Images' (coordinates from 0 to 1)", at, len(header), shares=True)
    if {"filename", "class", "xmin"} <= words:
        return Dialect("TensorFlow's (filename,class,xmin,ymin,xmax,ymax)", at, len(header))
    if {"imageid", "label", "x1"} <= words:
        return Dialect("as --export-boxes writes (image_id,label,x1,y1,x2,y2)", at, len(header))
    used = ",".join(header[at[name]] for name in ("image", *CORNERS, "label") if name in at)
    return Dialect(f"columns {used}", at, len(header))


def column_called(what: str, names: Sequence[str]) -> str:
    """Return the first of the columns, or fields of objects, that is called so; "" if none is.

    what: "boxes", "labels", "crowd", or a column of a flat table.
    """
    place = _place({**_CALLED, **_CALLED_IN_LISTS}[what], list(map(_plain, names)))
    return names[place] if place >= 0 else ""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _place(called: Sequence[str], plain: Sequence[str]) -> int:
    return next((plain.index(word) for word in called if word in plain), -1)


def _is_bare(row: Sequence[str]) -> bool:
    """Tell whether a row is from a table without a header: path, four numbers or nothing, class."""
    if len(row) != 6 or not row[0].strip():
        return False
    corners = [field.strip() for field in row[1:5]]
    return not any(corners) or all(map(_is_number, corners))


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False
