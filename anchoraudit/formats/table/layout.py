"""Where the boxes of images are, in files with a row for each image: by the kinds of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from anchoraudit.formats.table.dialects import CORNERS, column_called


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
    numbers, "" if each corner has its own. corners: the fields of the corners. label, crowd: other fields, ""
    without one. image, width, height: columns, "" without one. picture: a column with the bytes of the image
    files. Those that are not there are "".
    """

    holder: str
    box: str
    corners: Mapping[str, str]
    label: str
    crowd: str
    image: str
    width: str
    height: str
    split: str
    picture: str

    def words(self) -> str:
        """Describe it, for a report."""
        if self.box:
            return f"one row an image ({self._called(self.box)}: x, y, width, height)"
        return f"one row an image ({self._called('/'.join(self.corners.values()))})"

    def _called(self, name: str) -> str:
        return f"{self.holder}.{name}" if self.holder else name


def layout_of(columns: Mapping[str, Kind]) -> Layout | None:
    """Find the boxes. None if no column has lists of them."""
    for holder, fields in _holders(columns):
        lists = [name for name, kind in fields.items() if kind.is_list]
        boxes = lists if holder else [name for name in lists if _is_list_of_lists(fields[name])]
        box = column_called("boxes", boxes)
        single = list(fields) if holder else lists
        corners = {} if box else {corner: column_called(corner, single) for corner in CORNERS}
        if not box and not all(corners.values()):
            continue
        others = [name for name in single if name not in (box, *corners.values())]
        named = {name: kind for name, kind in columns.items() if name != holder and not kind.is_list}
        files = [name for name, kind in named.items() if {"bytes", "path"} <= {*kind.fields}]
        raw = [name for name, kind in named.items() if kind.is_bytes]
        plain = [name for name, kind in named.items() if name not in raw and not kind.fields]
        pictures = [*(f"{name}.bytes" for name in files), *raw]
        return Layout(
            holder,
            box,
            corners,
            label=column_called("labels", others),
            crowd=column_called("crowd", others),
            image=column_called("image", plain) or "".join(f"{name}.path" for name in files[:1]),
            width=column_called("width", plain),
            height=column_called("height", plain),
            split=column_called("split", plain),
            picture="".join(pictures[:1]),
        )
    return None


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
