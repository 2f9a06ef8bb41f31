"""What a plan changes in the bytes of a COCO file: single numbers, and nothing around them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.errors import AnchorauditError
from anchoraudit.fixes.numbers import area_follows, extent, own_areas, spelled
from anchoraudit.formats.coco.text import CocoText, Span, elements, members
from anchoraudit.io.json_text import decode_value

if TYPE_CHECKING:
    from anchoraudit.fixes.planning import Plan

Value = tuple[str, str, str]  # its name, its old text, its new text
_CATEGORY = b'"category_id"'
_INTEGER = re.compile(rb"\s*:\s*(-?\d+)(?=[\s,}])")
_NUMBER = re.compile(rb"-?\d[\d.eE+-]*")


@dataclass(frozen=True, slots=True)
class Patch:
    """Bytes from `start` to `end` that become `new`."""

    start: int
    end: int
    new: bytes


@dataclass(slots=True)
class Edits:
    """What changes in one file.

    patches: in order, without overlap. annotations: row -> changed values, other than category ids. images:
    image -> changed values. categories: position in the list -> changed values. unclipped: rows whose entries
    have no box to clip.
    """

    patches: list[Patch] = field(default_factory=list)
    annotations: dict[int, list[Value]] = field(default_factory=dict)
    images: dict[int, list[Value]] = field(default_factory=dict)
    categories: dict[int, list[Value]] = field(default_factory=dict)
    unclipped: list[int] = field(default_factory=list)


def edits_of(plan: Plan, source: int, text: CocoText, keep: Bool, *, ids: bool = True) -> Edits:
    """Return what changes in one source, in entries of the images `keep` [N].

    ids: include annotations in which only the category id changes. There may be a million of them.

    Raises AnchorauditError if category ids cannot be replaced: a file with half of them replaced would be
    wrong.
    """
    return _Editor(plan, source, text).edits(keep, ids=ids)


class _Editor:
    def __init__(self, plan: Plan, source: int, text: CocoText) -> None:
        self.plan, self.source, self.text = plan, source, text
        self.found = Edits()

    def edits(self, keep: Bool, *, ids: bool) -> Edits:
        images, boxes = self.plan.dataset.images, self.plan.dataset.boxes
        assert images.entry is not None and boxes.entry is not None  # COCO data sets always have them
        own = keep & (images.source == self.source)
        for image in np.flatnonzero(own & self.plan.swapped).tolist():
            self._swap(image, int(images.entry[image]))
        stays = own[boxes.image] & (self.plan.dropped == 0)
        rewritten = self.plan.rewritten
        follows, reread = area_follows(boxes, rewritten), self.plan.dataset.reread
        for row in np.flatnonzero(stays & rewritten).tolist():
            self._move(row, int(boxes.entry[row]), area=bool(follows[row]), whole=bool(reread[row]))
        if self.plan.category_ids is not None:
            self._renumber_categories()
        if self.plan.category_ids is not None and ids:
            self._renumber(np.flatnonzero(stays & self.plan.renumbered[boxes.category]))
        self.found.patches.sort(key=lambda patch: patch.start)
        return self.found

    def _members(self, key: str, position: int) -> dict[str, Span]:
        """Return the spans of an entry's values, by key. Raises AnchorauditError if a key occurs twice."""
        start, end = self.text.entries[key][position]
        inside = members(self.text.path, self.text.readable[start:end])
        return {name: (first + start, last + start) for name, (first, last) in inside.items()}

    def _replace(self, span: Span, new: bytes) -> str:
        """Add a patch. Returns the bytes that it replaces, as text."""
        self.found.patches.append(Patch(*span, new))
        return self._shown(span)

    def _shown(self, span: Span) -> str:
        return self.text.data[slice(*span)].decode("utf-8", "replace")

    def _swap(self, image: int, position: int) -> None:
        spans = [self._one("images", position, name) for name in ("width", "height")]
        width, height = (self.text.data[slice(*span)] for span in spans)
        self.found.images[image] = [
            ("width", self._replace(spans[0], height), height.decode("utf-8", "replace")),
            ("height", self._replace(spans[1], width), width.decode("utf-8", "replace")),
        ]

    def _move(self, row: int, position: int, *, area: bool, whole: bool) -> None:
        """Replace the numbers of a box. area: its area, too. whole: all numbers, not only those that move."""
        try:
            spans = self._members("annotations", position)
            numbers = elements(self.text.path, self.text.readable, spans["bbox"])
        except (AnchorauditError, KeyError):
            numbers = []
        if len(numbers) != 4:
            self.found.unclipped.append(row)  # it has no bbox; its box came from its polygons
            return
        old, new = self.plan.dataset.boxes.xyxy[row].tolist(), self.plan.xyxy[row].tolist()
        before = [self.text.data[slice(*span)] for span in numbers]
        after = list(before)
        for axis in (0, 1):
            low, high = new[axis], new[axis + 2]
            if whole or (low, high) != (old[axis], old[axis + 2]):
                if whole or low != old[axis]:
                    after[axis] = spelled(low, before[axis])
                after[axis + 2] = spelled(extent(low, high), before[axis + 2])
        for span, number, other in zip(numbers, before, after, strict=True):
            if number != other:
                self._replace(span, other)
        values: list[Value] = [("bbox", _list(before), _list(after))]
        declared = self.text.data[slice(*spans["area"])] if area and "area" in spans else b""
        if _NUMBER.fullmatch(declared):
            size = spelled(float(own_areas(self.plan.xyxy[[row]])[0]), declared)
            if float(size) == float(declared):
                size = declared
        if _NUMBER.fullmatch(declared) and size != declared:
            values.append(("area", self._replace(spans["area"], size), size.decode()))
        self.found.annotations[row] = values

    def _renumber_categories(self) -> None:
        assert self.plan.category_ids is not None
        old = [category.id for category in self.plan.dataset.categories]
        new = dict(zip(old, self.plan.category_ids, strict=True))
        for position in range(len(self.text.entries.get("categories", ()))):
            self._renumber_category(position, new)

    def _renumber(self, rows: Int) -> None:
        """Replace the category ids in the annotations of `rows`."""
        boxes = self.plan.dataset.boxes
        assert boxes.entry is not None
        new = np.array(self.plan.category_ids)[boxes.category[rows]].tolist()
        for position, number in zip(boxes.entry[rows].tolist(), new, strict=True):
            span = self._category_span(position)
            self.found.patches.append(Patch(*span, b"%d" % number))

    def _renumber_category(self, position: int, new: dict[int | str, int]) -> None:
        start, end = self.text.entries["categories"][position]
        identity = _identity(self.text.readable[start:end])
        if identity not in new:
            return  # readers do not take this entry for a class
        span, number = self._one("categories", position, "id"), new[identity]
        if identity != number:
            self.found.categories[position] = [("id", self._replace(span, b"%d" % number), str(number))]

    def _category_span(self, position: int) -> Span:
        """Return where an annotation's category id is. Searches for the key only if it is unambiguous."""
        start, end = self.text.entries["annotations"][position]
        data = self.text.readable
        at = data.find(_CATEGORY, start, end)
        plain = at >= 0 and data.find(_CATEGORY, at + 1, end) < 0 and data.find(b"\\", start, end) < 0
        found = _INTEGER.match(data, at + len(_CATEGORY), end) if plain else None
        return found.span(1) if found is not None else self._one("annotations", position, "category_id")

    def _one(self, key: str, position: int, name: str) -> Span:
        try:
            return self._members(key, position)[name]
        except (AnchorauditError, KeyError):
            raise AnchorauditError(
                f"{name!r} cannot be replaced: a key occurs twice",
                path=self.text.path,
                place=f"{key}[{position}]",
                remedy="Remove one of the two, or drop --unsafe-fixes.",
            ) from None


def patched(data: bytes, span: Span, patches: list[Patch], starts: list[int]) -> Iterator[memoryview | bytes]:
    """Yield the bytes of `span` with its patches applied. starts: where each patch begins."""
    view = memoryview(data)
    at, end = span
    for patch in patches[bisect_left(starts, at) : bisect_left(starts, end)]:
        yield view[at : patch.start]
        yield patch.new
        at = patch.end
    yield view[at:end]


def _list(numbers: list[bytes]) -> str:
    return f"[{', '.join(number.decode() for number in numbers)}]"


def _identity(entry: bytes) -> int | None:
    """Return the id of an entry if it is a whole number, even if written as 1.0."""
    value = decode_value(msgspec.Raw(entry))
    identity = value.get("id") if isinstance(value, dict) else None
    if isinstance(identity, float) and identity.is_integer():
        return int(identity)
    return identity if isinstance(identity, int) and not isinstance(identity, bool) else None
