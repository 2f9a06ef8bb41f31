"""The dialects of tables: which columns are read, and the meaning of their numbers.

Sources: keras-retinanet README ("CSV datasets": no header, `path,x1,y1,x2,y2,class_name`, empty fields for an
image without objects); TensorFlow's object detection tutorials (`filename,width,height,class,xmin,...`);
Open Images' `*-annotations-bbox.csv` (`ImageID,...,LabelName,...,XMin,XMax,YMin,YMax` from 0 to 1, V5 "Data
Formats" on IsGroupOf); the data pages of Kaggle's RSNA Pneumonia Detection, Global Wheat Detection and
VinBigData competitions; make-sense `RectLabelsExporter.ts`; VoTT `csv.ts`; GTSRB's Readme.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from anchoraudit.dataset.conventions import XYXY, XYXY_FRACTIONS, Convention
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.asked import known_as_asked
from anchoraudit.formats.table.names import (
    CORNERS,
    FAMILIES,
    LIST,
    PAIRS,
    Known,
    column_called,
    known_columns,
    plain_names,
)
from anchoraudit.images.found import is_image_name

# Classes of rows without a box that say that there is none.
NOTHING = frozenset(
    ["", "none", "no finding", "no_finding", "nofinding", "no_box", "background", "negative", "normal"]
)
_SETS = ("TRAIN", "TRAINING", "VALIDATION", "VALIDATE", "TEST", "UNASSIGNED")
_PAIRS_FROM = 3  # the column of the first of AutoML's eight numbers
# Columns of words that are never classes: where an image or an annotation is from, and what else is met.
_NO_CLASS = frozenset(
    [
        *("source", "domain", "usage", "url", "imageurl", "annotator", "radid", "worker", "date", "datetime"),
        *("timestamp", "author", "license", "country", "city", "camera", "sensor", "comment", "comments"),
        *("notes", "note", "description", "caption", "text", "attributes", "color", "colour", "user"),
    ]
)
_TRUTHS = frozenset(["true", "false", "yes", "no", "t", "f"])
_LONGEST_CLASS = 60  # letters
_FEW = 3  # rows of which fewer show nothing
_SHOWN = 8  # columns in a note
_NO_SHARE = 2.0  # no box in fractions of its image goes so far, however careless the annotator
_LONG = 8  # columns of layouts that differ in what stands where
_PAST = 1.02  # boxes may reach so far past the image, as a share of its side


@dataclass(frozen=True, slots=True)
class Dialect:
    """The columns of a table.

    name: its description in a report.
    at: the position of each column, by what it is.
    fields: the number of fields in a row.
    header: the first row holds names of columns.
    box: the four columns of a box, once they are numbers. convention: what these mean.
    nothing: classes, in small letters, of rows that have no box and name an image without objects.
    lists_classes: keras-retinanet's list of classes may lie beside the table.
    codes_classes: classes are codes, and a file beside the table describes them.
    notes: what was decided by looking at the first rows.
    is_assumed: no name of a column says what the four numbers mean, as they are in a list.
    """

    name: str
    at: dict[str, int]
    fields: int
    header: bool = True
    box: tuple[str, ...] = CORNERS
    convention: Convention = XYXY
    nothing: frozenset[str] = NOTHING
    lists_classes: bool = False
    codes_classes: bool = False
    notes: tuple[str, ...] = ()
    is_assumed: bool = False


# Tables of programs and data sets: some of their columns, and what they are called.
_MAKES: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(words.split()), name)
    for words, name in (
        ("imageid labelname xmin", "Open Images' (coordinates from 0 to 1)"),
        ("filename class xmin xmax", "TensorFlow's (filename,class,xmin,ymin,xmax,ymax)"),
        ("imageid label x1 x2", "as --export-boxes writes (image_id,label,x1,y1,x2,y2)"),
        ("patientid target x width", "RSNA's (patientId,x,y,width,height,Target)"),
        ("labelname bboxx bboxwidth imagename", "make-sense's (label_name,bbox_x,...,image_name)"),
        ("filename roix1 roix2 classid", "GTSRB's (Filename,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId)"),
        ("imageid classname radid xmin", "VinBigData's (image_id,class_name,x_min,y_min,x_max,y_max)"),
        ("image label xmin xmax", "VoTT's (image,xmin,ymin,xmax,ymax,label)"),
        ("imageid width height bbox source", "Kaggle wheat's (image_id,width,height,bbox,source)"),
    )
)
_OPEN_IMAGES, _RSNA, _WHEAT = _MAKES[0][1], _MAKES[3][1], _MAKES[-1][1]
_KERAS = "keras-retinanet's (no header: path,x1,y1,x2,y2,class)"
_AUTOML = "AutoML's ({}set,path,label,x_min,y_min,...; coordinates from 0 to 1)"
# Layouts without a header: what each column is.
_WITHOUT_HEADER = {
    name: tuple(words.split())
    for name, words in {
        _KERAS: "image x1 y1 x2 y2 label",
        "SKU-110K's (no header: image,x1,y1,x2,y2,class,width,height)": (
            "image x1 y1 x2 y2 label width height"
        ),
        "make-sense's (no header: class,x,y,w,h,image,width,height)": "label x y w h image width height",
        "TensorFlow's (no header: filename,width,height,class,xmin,ymin,xmax,ymax)": (
            "image width height label x1 y1 x2 y2"
        ),
        "GTSRB's (no header: image,width,height,x1,y1,x2,y2,class)": "image width height x1 y1 x2 y2 label",
    }.items()
}


def dialect_of(rows: Sequence[Sequence[str]], asked: Columns = ()) -> Dialect | None:
    """Recognise the dialect by the first rows. None if the columns are not understood.

    asked: the columns that the user names. Raises AnchorauditError if they are not those of a table.
    """
    if not rows:
        return None
    if asked:
        known, has_header = known_as_asked(rows[0], asked)
        header = rows[0] if has_header else [f"{i}" for i in range(1, len(rows[0]) + 1)]
        return _judged(replace(_of_known(header, known), header=has_header), header, rows[has_header:])
    if (pairs := _automl(rows[0])) is not None:
        return pairs
    if (named := by_header(rows[0])) is not None:
        named = _judged(named, rows[0], rows[1:])
        return None if _sides_are_of_images(named, rows) else named
    return _without_header(rows)


def by_header(
    header: Sequence[str], asked: Columns = (), outside: Mapping[str, str] = MappingProxyType({})
) -> Dialect | None:
    """Return the dialect for names of columns. None if the image or a number of the box is missing.

    asked: as of `dialect_of`. outside: the names of columns that are not in the file, by what they are; their
    positions are behind those of the header. The file's own columns count first.
    """
    needed = [name for what, name in outside.items() if what == "image" or name in dict(asked).values()]
    names = [*header]
    try:
        known = _known(names, asked)
    except AnchorauditError:
        if not needed:
            raise
        known = None
    if needed and (known is None or known.lacking):
        names += needed
        known = _known(names, asked)
    assert known is not None
    for what, name in outside.items():
        if what not in known.at:
            known.at[what] = len(names)
            names.append(name)
    return None if known.lacking else replace(_of_known(names, known), fields=len(header))


def _known(header: Sequence[str], asked: Columns) -> Known:
    """Return what is known of columns. `box.xmin` is a field of the column `box`: four such are its box.

    Numbers that are columns of their own count first.
    """
    holders = {name: name.partition(".")[0] for name in header}
    holders = {name: holder for name, holder in holders.items() if holder != name and holder in header}
    # A field is a column only where the user says so: `box.left` and the `width` of the image are no box.
    plain = ["" if name in holders and name not in dict(asked).values() else name for name in header]
    while plain and not plain[-1] and holders:
        plain.pop()
    known = known_as_asked(plain, asked)[0] if asked else known_columns(plain)
    if not holders or known.box != (LIST,):
        return known
    holder = dict(asked).get(LIST) or column_called(LIST, [*holders.values()])
    own = [place for place, name in enumerate(header) if holders.get(name) == holder]
    fields = known_columns([header[place].removeprefix(f"{holder}.") for place in own])
    if not fields.box or fields.box == (LIST,):
        return known
    given = {key: known.at[key] for key, _ in asked if key != LIST}
    return known_columns(header, given | {name: own[fields.at[name]] for name in fields.box})


def judged_by_values(dialect: Dialect, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Dialect:
    """Return the dialect with a class column that shows in its values, where none has the name of one.

    rows: the first ones. Columns that are not read are noted.
    """
    if "label" in dialect.at:
        return dialect
    read = [header[i] for i in dialect.at.values() if i < len(header)]
    unread = [
        i
        for i, name in enumerate(header)
        if name.strip() and not any(own == name or own.startswith(f"{name}.") for own in read)
    ]
    likely = [i for i in unread if _holds_classes(header[i], [row[i] for row in rows if i < len(row)])]
    if len(likely) == 1:
        (place,) = likely
        name = printable(header[place])
        note = f"the class is taken from the column {name}, by its values; --columns names another"
        return replace(dialect, at={**dialect.at, "label": place}, notes=(*dialect.notes, note))
    if not unread:
        return dialect
    shown = ", ".join(printable(header[i]) for i in unread[:_SHOWN]) + ", ..." * (len(unread) > _SHOWN)
    note = f'no column is known as the class; not read: {shown}. If one is, name it: --columns "class=COLUMN"'
    return replace(dialect, notes=(*dialect.notes, note))


def _of_known(header: Sequence[str], known: Known) -> Dialect:
    at, convention = known.at, known.convention
    words = plain_names(header)
    has_class = "label" in at
    made = next((name for names, name in _MAKES if names <= words and (has_class or name == _WHEAT)), "")
    if made == _OPEN_IMAGES:
        return Dialect(made, at, len(header), convention=XYXY_FRACTIONS, codes_classes=True)
    box = FAMILIES[1][0] if known.box == (LIST,) else known.box
    if not made:
        used = ",".join(header[at[name]] for name in ("image", *known.box, "label") if name in at)
        meaning = f" ({convention.words})" if convention != XYXY else ""
        made = f"columns {used}{meaning}"
    nothing = NOTHING | {"0"} if made == _RSNA else NOTHING
    return Dialect(
        made,
        at,
        len(header),
        box=box,
        convention=convention,
        nothing=nothing,
        is_assumed=known.box == (LIST,) and made != _WHEAT,
    )


def _judged(dialect: Dialect, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Dialect:
    """Return the dialect with what the values of its first rows show."""
    dialect = judged_by_values(dialect, header, rows)
    if dialect.convention == XYXY_FRACTIONS:
        corners = list(_numbers(dialect, rows, *CORNERS))
        if len(corners) >= _FEW and 2 * sum(max(box) > _NO_SHARE for box in corners) > len(corners):
            note = "coordinates are pixels, not fractions of the image, by their values"
            name = "Open Images' columns, in pixels"
            return replace(dialect, name=name, convention=XYXY, notes=(*dialect.notes, note))
        return dialect
    if dialect.box != CORNERS or not {"width", "height"} <= {*dialect.at}:
        return dialect
    told = list(_numbers(dialect, rows, *CORNERS, "width", "height"))
    are_of_boxes = [abs(x2 - x1 - w) <= 1 and abs(y2 - y1 - h) <= 1 for x1, y1, x2, y2, w, h in told]
    if len(told) < _FEW or not all(are_of_boxes) or all(box[:2] == [0.0, 0.0] for box in told):
        return dialect
    at = {name: place for name, place in dialect.at.items() if name not in ("width", "height")}
    names = " and ".join(printable(header[dialect.at[name]]) for name in ("width", "height"))
    note = f"{names} are the sides of the boxes, not of the images, by their values"
    return replace(dialect, at=at, notes=(*dialect.notes, note))


def _sides_are_of_images(dialect: Dialect, rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether `xmin,ymin,width,height` cannot be a box: the sides are the same in all rows.

    Then they are likely those of the images, and the columns for the other corner have unusual names.
    """
    if dialect.box != FAMILIES[1][0] or LIST in dialect.at:
        return False
    named = [rows[0][dialect.at[name]].lower() for name in ("x", "w")]
    if "1" not in named[0] and "min" not in named[0] and not named[1].endswith("width"):
        return False
    told = list(_numbers(dialect, rows[1:], "x", "y", "w", "h"))
    starts, sides = ({tuple(each[i : i + 2]) for each in told} for i in (0, 2))
    return len(starts) >= _FEW and len(sides) == 1


def _numbers(dialect: Dialect, rows: Sequence[Sequence[str]], *names: str) -> Iterator[list[float]]:
    """Yield what rows have in these columns, where all are numbers."""
    places = [dialect.at[name] for name in names]
    for row in rows:
        if len(row) > max(places) and all(_is_number(row[i]) for i in places):
            yield [float(row[i]) for i in places]


def _holds_classes(name: str, values: Sequence[str]) -> bool:
    """Tell whether values look like classes: words that are repeated, and no names of files."""
    words = [value.strip() for value in values if value.strip()]
    if not words or plain_names([name]) & _NO_CLASS:
        return False
    if any(_is_number(word) or len(word) > _LONGEST_CLASS or is_image_name(word) for word in words):
        return False
    if any(sign in word for word in words for sign in "/\\[{") or {*map(str.lower, words)} <= _TRUTHS:
        return False
    return len({*words}) * 2 <= len(words) or len(words) < _FEW


def _automl(first: Sequence[str]) -> Dialect | None:
    """Recognise AutoML's rows: two vertices, or four, of which some may be empty."""
    words = list(map(str.strip, first))
    if {"set", "path", "label"} <= {*words} and len(words) == _PAIRS_FROM + len(PAIRS):
        return _of_pairs(words.index("set"), 1, header=True)
    if len(words) == _PAIRS_FROM + len(PAIRS) and words[0].upper() in _SETS:
        start = 1
    elif len(words) == _PAIRS_FROM + len(PAIRS) - 1:
        start = 0
    else:
        return None
    numbers = words[start + 2 :]
    shares = [0 <= float(word) <= _PAST for word in numbers if _is_number(word)]
    if not words[start] or any(word and not _is_number(word) for word in numbers) or not all(shares):
        return None
    if start == 0 and not shares:  # a path and nothing else may be anything
        return None
    return _of_pairs(start - 1, start, header=False)


def _of_pairs(split: int, path: int, *, header: bool) -> Dialect:
    at = {"image": path, "label": path + 1, **{name: path + 2 + i for i, name in enumerate(PAIRS)}}
    if split >= 0:
        at["split"] = split
    name = _AUTOML.format("" if header else "no header: ")
    return Dialect(name, at, path + 2 + len(PAIRS), header=header, convention=XYXY_FRACTIONS)


def _without_header(rows: Sequence[Sequence[str]]) -> Dialect | None:
    """Recognise a table whose first row holds values. None if none is known, or several are as good."""
    fit = [name for name, columns in _WITHOUT_HEADER.items() if _fits(columns, rows[0])]
    if len(fit) > 1:
        fit = [name for name in fit if _is_plausible(_WITHOUT_HEADER[name], rows)]
    if len(fit) != 1:
        return None
    columns = _WITHOUT_HEADER[fit[0]]
    at = {name: i for i, name in enumerate(columns)}
    sides = FAMILIES[1][0]
    box, convention = FAMILIES[1] if {*sides} <= {*columns} else FAMILIES[0]
    return Dialect(
        fit[0],
        at,
        len(columns),
        header=False,
        box=box,
        convention=convention,
        lists_classes=fit[0] == _KERAS,
    )


def _fits(columns: Sequence[str], row: Sequence[str]) -> bool:
    """Tell whether a row has an image, and numbers, or nothing at all, where a layout has them."""
    if len(row) != len(columns):
        return False
    of = dict(zip(columns, map(str.strip, row), strict=True))
    image = of.pop("image")
    label = of.pop("label")
    numbers = [*of.values()]
    if not image or _is_number(image):
        return False
    if len(columns) == _LONG and not is_image_name(image) and is_image_name(label):
        return False
    box = [of[name] for name in of if name not in ("width", "height")]
    is_blank = not any(box) and not label
    return all(map(_is_number, numbers)) or (is_blank and all(not n or _is_number(n) for n in numbers))


def _is_plausible(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether boxes lie in their images, as a layout of eight columns has them."""
    at = {name: i for i, name in enumerate(columns)}
    layout = Dialect("", at, len(columns))
    names = CORNERS if "x1" in at else FAMILIES[1][0]
    told = list(_numbers(layout, rows, *names, "width", "height"))
    if names != CORNERS:
        told = [[x, y, x + w, y + h, *size] for x, y, w, h, *size in told]
    return bool(told) and all(
        x1 < x2 <= _PAST * width and y1 < y2 <= _PAST * height for x1, y1, x2, y2, width, height in told
    )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
