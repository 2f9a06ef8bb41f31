"""Where the boxes of images are, in files with a row for each image: by the kinds of its columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from anchoraudit.dataset.conventions import XYWH, Convention
from anchoraudit.formats._columns import Columns
from anchoraudit.formats.table.asked import no_column
from anchoraudit.formats.table.dialects import Dialect
from anchoraudit.formats.table.names import FAMILIES, LIST, column_called

_SIDES = FAMILIES[1][0]
_OF_IMAGE = ("image", "width", "height", "split")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a column holds.

    inner: the kind of the elements of lists, None without lists. fields: of structs. is_bytes: raw bytes.
    is_open: lists of which no element is known.
    """

    inner: Kind | None = None
    fields: Mapping[str, Kind] = field(default_factory=dict)
    is_bytes: bool = False
    is_open: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it holds lists, perhaps."""
        return self.inner is not None or self.is_open


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the boxes of such a file are.

    holder: the column of objects, "" if their lists are columns themselves. box: the field with lists of four
    numbers, "" if each number has its own. corners: these fields, by what they are. convention: what the four
    numbers mean. label, crowd: other fields, "" without one. image, width, height: columns, "" without one.
    picture: a column with the bytes of the image files. is_assumed: no name of a column says what the numbers
    mean. Those that are not there are "".
    """

    holder: str
    box: str
    corners: Mapping[str, str]
    convention: Convention
    label: str
    crowd: str
    image: str
    width: str
    height: str
    split: str
    picture: str
    is_assumed: bool = False

    def words(self) -> str:
        """Describe it, for a report."""
        if self.box:
            meaning = "x, y, width, height" if self.convention == XYWH else self.convention.words
            return f"one row an image ({self._called(self.box)}: {meaning})"
        return f"one row an image ({self._called('/'.join(self.corners.values()))})"

    def dialect(self) -> Dialect:
        """Return what its rows are: their numbers, and what these mean."""
        names = tuple(self.corners) or _SIDES
        convention = self.convention
        return Dialect(self.words(), {}, 0, box=names, convention=convention, is_assumed=self.is_assumed)

    @property
    def first(self) -> str:
        """The field whose lists say how many objects there are."""
        return self.box or next(iter(self.corners.values()))

    def _called(self, name: str) -> str:
        return f"{self.holder}.{name}" if self.holder else name


def layout_of(columns: Mapping[str, Kind], asked: Columns = ()) -> Layout | None:
    """Find the boxes. None if no column has lists of them.

    asked: what the user names; a field of objects with or without their column, `objects.bbox` or `bbox`.
    Raises AnchorauditError if what the user names is not there.
    """
    for holder, fields in _holders(columns):
        lists = [name for name, kind in fields.items() if kind.is_list]
        named = {key: _within(name, holder, fields if holder else lists) for key, name in asked}
        boxes = lists if holder else [name for name in lists if _is_list_of_lists(fields[name])]
        single = list(fields) if holder else lists
        box = named.get(LIST) or column_called("boxes", boxes)
        corners: dict[str, str] = {}
        convention = XYWH
        for names, meaning in FAMILIES:
            own = {name: named.get(name) or column_called(name, single) for name in names}
            is_asked = any(named.get(name) for name in names)
            if (is_asked or not box) and all(own.values()) and len({*own.values()}) == len(own):
                box, corners, convention = "", own, meaning
                break
        if not box and not corners:
            continue
        others = [name for name in single if name not in (box, *corners.values())]
        flat = {name: kind for name, kind in columns.items() if name != holder and not kind.is_list}
        files = [name for name, kind in flat.items() if {"bytes", "path"} <= {*kind.fields}]
        raw = [name for name, kind in flat.items() if kind.is_bytes]
        plain = [name for name, kind in flat.items() if name not in raw and not kind.fields]
        pictures = [*(f"{name}.bytes" for name in files), *raw]
        told = dict(asked)
        of_image = {key: told.get(key) or column_called(key, plain) for key in _OF_IMAGE}
        found = {**of_image, **{key: name for key, name in named.items() if key not in _OF_IMAGE}}
        there = [*plain, *(f"{holder}.{name}" if holder else name for name in fields)]
        for key, name in asked:
            if not found[key] or (
                key in _OF_IMAGE and name not in (*plain, *(f"{each}.path" for each in files))
            ):
                raise no_column(name, there)
        return Layout(
            holder=holder,
            box=box,
            corners=corners,
            convention=convention,
            label=named.get("label") or column_called("labels", others),
            crowd=named.get("crowd") or column_called("crowd", others),
            image=of_image["image"] or "".join(f"{name}.path" for name in files[:1]),
            width=of_image["width"],
            height=of_image["height"],
            split=of_image["split"],
            picture="".join(pictures[:1]),
            is_assumed=bool(box),
        )
    return None


def _within(name: str, holder: str, fields: Collection[str]) -> str:
    """Return the field of objects that the user names; "" if it is not one of these."""
    field = name.removeprefix(f"{holder}.") if holder else name
    return field if field in fields else ""


def _is_list_of_lists(kind: Kind) -> bool:
    return kind.is_open or (kind.inner is not None and kind.inner.is_list)


def _holders(columns: Mapping[str, Kind]) -> Iterator[tuple[str, Mapping[str, Kind]]]:
    """Yield each column that may hold objects, with the kinds of one object's fields; last the columns."""
    for name, kind in columns.items():
        if kind.inner is not None and kind.inner.fields:
            yield name, kind.inner.fields
        elif kind.fields:
            yield (
                name,
                {own: each.inner or Kind(is_open=True) for own, each in kind.fields.items() if each.is_list},
            )
    yield "", columns
