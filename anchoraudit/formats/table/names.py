"""What columns of tables are called, and which of them are a box.

Names are compared in small letters and digits only: `Roi.X1` is `roix1`. Those of the programs and data sets
that `dialects` knows are here, and what people call such columns. What is not in these lists is not guessed:
the user names it with `--columns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from anchoraudit.dataset.conventions import XYWH, XYXY, Convention

CORNERS = ("x1", "y1", "x2", "y2")
_SIDES = ("x", "y", "w", "h")
_CENTRE = ("cx", "cy", "w", "h")
LIST = "bbox"  # one column with four numbers in each cell
PAIRS = tuple(f"p{i}" for i in range(8))  # x and y of up to four vertices: AutoML's
# The columns of a box, and what its numbers mean: the first that are all there count.
FAMILIES: tuple[tuple[tuple[str, ...], Convention], ...] = (
    (CORNERS, XYXY),
    (_SIDES, XYWH),
    (_CENTRE, Convention("cxcywh")),
)
# The names of columns. Of several that are there, the first counts.
_IMAGE = (
    *("imageid", "filename", "image", "imagename", "imagepath", "imgpath", "path", "file", "img"),
    *("imagefile", "imagefilename", "imgname", "imgfile", "imgid", "filepath", "fname", "frame", "photo"),
    *("patientid", "nameid", "name"),
)
_LABEL = (
    *("label", "class", "labelname", "classname", "category", "categoryname", "labels", "classes"),
    *("classlabel", "objectclass", "objectlabel", "target", "tag", "tagname", "cls", "clsname"),
    *("classid", "categoryid", "labelid", "classidx", "classindex", "name"),
)
_CALLED = {
    "image": _IMAGE,
    "file_name": ("filename", "imagepath", "imagename", "path"),
    "label": _LABEL,
    "width": ("width", "imagewidth", "imgwidth", "imwidth", "imagew", "imgw", "imw"),
    "height": ("height", "imageheight", "imgheight", "imheight", "imageh", "imgh", "imh"),
    "split": ("split", "subset", "set"),
    "crowd": ("isgroupof", "iscrowd", "crowd"),
    "x1": ("x1", "xmin", "left", "xtl", "bboxx1", "bboxxmin", "roix1"),
    "y1": ("y1", "ymin", "top", "ytl", "bboxy1", "bboxymin", "roiy1"),
    "x2": ("x2", "xmax", "right", "xbr", "bboxx2", "bboxxmax", "roix2"),
    "y2": ("y2", "ymax", "bottom", "ybr", "bboxy2", "bboxymax", "roiy2"),
    "x": ("x", "left", "xmin", "x1", "xtl", "bboxx", "bboxleft", "bboxxmin", "boxx", "bx"),
    "y": ("y", "top", "ymin", "y1", "ytl", "bboxy", "bboxtop", "bboxymin", "boxy", "by"),
    "w": ("w", "bboxwidth", "bboxw", "boxwidth", "boxw", "bw", "width"),
    "h": ("h", "bboxheight", "bboxh", "boxheight", "boxh", "bh", "height"),
    "cx": ("cx", "xcenter", "xcentre", "centerx", "centrex", "xc", "bboxcx"),
    "cy": ("cy", "ycenter", "ycentre", "centery", "centrey", "yc", "bboxcy"),
    LIST: ("bbox", "box", "boundingbox", "bboxes", "boxes"),
}
# Corners whose names mean something else in other tables: together they are clear.
_ONLY_TOGETHER = (("x0", "y0", "x1", "y1"), ("x", "y", "x2", "y2"))
# Fields of objects in a list.
_CALLED_IN_LISTS = {
    "boxes": ("bbox", "bboxes", "box", "boxes"),
    "labels": (
        *("category", "categories", "label", "labels", "class", "classes", "categoryname", "classname"),
        *("categoryid", "categoryids", "classid", "labelid", "name"),
    ),
    "crowd": ("iscrowd", "crowd"),
}
_OTHERS = ("image", "file_name", "label", "width", "height", "split", "crowd")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the columns of a header.

    at: the position of each column, by what it is. box: the columns of a box, () if they are not all there.
    convention: what its numbers mean. lacking: what is missing to read boxes, in words.
    """

    at: dict[str, int]
    box: tuple[str, ...]
    convention: Convention
    lacking: tuple[str, ...]


def known_columns(header: Sequence[str], given: Mapping[str, int] | None = None) -> Known:
    """Tell which columns of a header are which. given: positions of those that the user has named."""
    plain = list(map(_plain, header))
    at = dict(given or {})
    asked = {name for name in at if name not in _OTHERS}
    box, convention, own = _box(plain, at, asked)
    at |= own
    for name in _OTHERS:
        if name not in at and (place := _place(_CALLED[name], plain, at.values())) >= 0:
            at[name] = place
    if "file_name" not in (given or {}):
        # The name of a file, where images are called otherwise.
        at.pop("file_name", None)
        place = _place(_CALLED["file_name"], plain, ())
        if place >= 0 and place not in at.values():
            at["file_name"] = place
    lacking = [] if "image" in at else ["the image"]
    if not box:
        lacking.append(_nearest_box(at, asked))
    return Known(at, box, convention, tuple(lacking))


def _box(
    plain: Sequence[str], at: Mapping[str, int], asked: set[str]
) -> tuple[tuple[str, ...], Convention, dict[str, int]]:
    """Return the columns of a box, what they mean, and their places; those that are there if not all are."""
    best: dict[str, int] = {}
    for names, convention in FAMILIES:
        if not asked <= {*names}:
            continue
        own = {name: at[name] for name in names if name in at}
        for name in names:
            if (
                name not in own
                and (place := _place(_CALLED[name], plain, [*at.values(), *own.values()])) >= 0
            ):
                own[name] = place
        if len(own) == len(names):
            return names, convention, own
        if len(own) > len(best):
            best = own
    for together in _ONLY_TOGETHER:
        if not asked and {*together} <= {*plain}:
            places = map(plain.index, together)
            return CORNERS, XYXY, dict(zip(CORNERS, places, strict=True))
    if asked <= {LIST}:
        place = at.get(LIST, _place(_CALLED[LIST], plain, at.values()))
        if place >= 0:
            return (LIST,), XYWH, {LIST: place}
    return (), XYXY, best


def _nearest_box(at: Mapping[str, int], asked: set[str]) -> str:
    """Say which columns of a box are missing, of the way to write boxes that is nearly there."""
    ways = [names for names, _ in FAMILIES if asked <= {*names}]
    if not ways:
        return f"a box ({', '.join(sorted(asked))} are not of one)"
    near = max(ways, key=lambda names: sum(name in at for name in names))
    missing = [name for name in near if name not in at]
    if len(missing) == len(near):
        return "the box (x1,y1,x2,y2 or x,y,w,h or bbox)"
    return f"{', '.join(missing)} of the box"


def suggested(header: Sequence[str]) -> str:
    """Return `--columns` with what is known of a header, and COLUMN for what is not."""
    known = known_columns(header).at
    near = max((names for names, _ in FAMILIES), key=lambda names: sum(name in known for name in names))
    keys = {"image": "image", **dict(zip(near, near, strict=True)), "class": "label"}
    said = (f"{key}={header[known[name]] if name in known else 'COLUMN'}" for key, name in keys.items())
    return f'--columns "{",".join(said)}"'


def column_called(what: str, names: Sequence[str]) -> str:
    """Return the first of the columns, or fields of objects, that is called so; "" if none is.

    what: "boxes", "labels", "crowd", or a column of a flat table.
    """
    return "".join(columns_called(what, names)[:1])


def columns_called(what: str, names: Sequence[str]) -> list[str]:
    """Return all columns, or fields of objects, that are called so, in the order in which they count.

    what: as of `column_called`.
    """
    plain = list(map(_plain, names))
    words = {**_CALLED, **_CALLED_IN_LISTS}[what]
    return [names[place] for word in words for place, own in enumerate(plain) if own == word]


def plain_names(header: Iterable[str]) -> set[str]:
    """Return the names of columns as they are compared."""
    return set(map(_plain, header))


def place_of(column: str, header: Sequence[str]) -> int:
    """Return the position of a column by its name, exactly or else as names are compared; -1 without it."""
    if column in header:
        return header.index(column)
    plain = list(map(_plain, header))
    own = _plain(column)
    return plain.index(own) if own and plain.count(own) == 1 else -1


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _place(called: Sequence[str], plain: Sequence[str], taken: Iterable[int]) -> int:
    """Return the place of the first name that is there, in a column that is not taken; -1 without one."""
    used = {*taken}
    for word in called:
        for place, own in enumerate(plain):
            if own == word and place not in used:
                return place
    return -1
