"""What a plan changes in the bytes of a COCO file: single numbers, and nothing around them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from anchoraudit.arrays import Bool, Int
from anchoraudit.errors import AnchorauditError
from anchoraudit.fixes.numbers import area_follows, extent, own_areas, spelled
from anchoraudit.formats.coco.text import CocoText, Patch, Span, elements, members
from anchoraudit.io.json_text import decode_value

if TYPE_CHECKING:
    from anchoraudit.fixes.planning import Plan

Value = tuple[str, str, str]  # its name, its old text, its new text
_CATEGORY = b'"category_id"'
_INTEGER = re.compile(rb"\s*:\s*(-?\d+)(?=[\s,}])")
_NUMBER = re.compile(rb"-?\d[\d.eE+-]*")


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
    images, boxes = plan.dataset.images, plan.dataset.boxes
    assert images.entry is not None and boxes.entry is not None  # COCO data sets always have them
    editor, found = Editor(text), Edits()
    own = keep & (images.source == source)
    for image in np.flatnonzero(own & plan.swapped).tolist():
        found.images[image] = editor.swap(int(images.entry[image]))
    stays = own[boxes.image] & (plan.dropped == 0)
    moving = np.flatnonzero(stays & plan.rewritten)
    for row, move in zip(
        moving.tolist(), Move.of(plan, moving, area_follows(boxes, plan.rewritten)), strict=True
    ):
        if values := editor.move(int(boxes.entry[row]), move):
            found.annotations[row] = values
        else:
            found.unclipped.append(row)
    if plan.category_ids is not None:
        old = [category.id for category in plan.dataset.categories]
        new = dict(zip(old, plan.category_ids, strict=True))
        for position in range(len(text.entries.get("categories", ()))):
            if values := editor.renumber_category(position, new):
                found.categories[position] = values
        rows = np.flatnonzero(stays & plan.renumbered[boxes.category]) if ids else moving[:0]
        numbers = np.array(plan.category_ids)[boxes.category[rows]].tolist()
        for position, number in zip(boxes.entry[rows].tolist(), numbers, strict=True):
            editor.renumber(position, number)
    found.patches = sorted(editor.patches, key=lambda patch: patch.start)
    return found


class Move(NamedTuple):
    """What becomes of the box of an annotation.

    old, new: x1, y1, x2, y2. area: its area is changed, too. whole: all numbers are written, not only those
    that move.
    """

    old: tuple[float, ...]
    new: tuple[float, ...]
    area: bool
    whole: bool = False

    @classmethod
    def of(cls, plan: Plan, rows: Int, follows: Bool) -> list[Move]:
        """Return the moves of boxes of a plan. follows: bool [M], which areas follow."""
        old, new = plan.dataset.boxes.xyxy[rows].tolist(), plan.xyxy[rows].tolist()
        more = zip(follows[rows].tolist(), plan.dataset.reread[rows].tolist(), strict=True)
        pairs = zip(old, new, more, strict=True)
        return [cls(tuple(before), tuple(after), area, whole) for before, after, (area, whole) in pairs]


class Editor:
    """Replaces values in the entries of a text. patches: what it has replaced so far.

    first: for each list, the position in the file of its first entry in the text, for messages.
    """

    def __init__(self, text: CocoText, first: Mapping[str, int] = MappingProxyType({})) -> None:
        self.text, self._first = text, first
        self.patches: list[Patch] = []

    def swap(self, position: int) -> list[Value]:
        """Exchange width and height of an image. Returns what changes."""
        spans = [self._one("images", position, name) for name in ("width", "height")]
        width, height = (self.text.data[slice(*span)] for span in spans)
        return [
            ("width", self._replace(spans[0], height), height.decode("utf-8", "replace")),
            ("height", self._replace(spans[1], width), width.decode("utf-8", "replace")),
        ]

    def move(self, position: int, move: Move) -> list[Value]:
        """Replace the numbers of a box. Returns what changes; [] where an annotation has no bbox of four."""
        try:
            spans = self._members("annotations", position)
            numbers = elements(self.text.path, self.text.readable, spans["bbox"])
        except (AnchorauditError, KeyError):
            numbers = []
        if len(numbers) != 4:
            return []  # it has no bbox; its box came from its polygons
        old, new, whole = move.old, move.new, move.whole
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
        declared = self.text.data[slice(*spans["area"])] if move.area and "area" in spans else b""
        if _NUMBER.fullmatch(declared):
            size = spelled(float(own_areas(np.array([new]))[0]), declared)
            if float(size) == float(declared):
                size = declared
        if _NUMBER.fullmatch(declared) and size != declared:
            values.append(("area", self._replace(spans["area"], size), size.decode()))
        return values

    def renumber_category(self, position: int, new: Mapping[int | str, int]) -> list[Value]:
        """Replace the id of a class. new: ids by the old ones. Returns what changes, if anything does."""
        start, end = self.text.entries["categories"][position]
        identity = _identity(self.text.readable[start:end])
        if identity is None or identity not in new:
            return []  # readers do not take this entry for a class
        span, number = self._one("categories", position, "id"), new[identity]
        return [] if identity == number else [("id", self._replace(span, b"%d" % number), str(number))]

    def renumber(self, position: int, number: int) -> None:
        """Replace the category id of an annotation."""
        self.patches.append(Patch(*self.category_span(position), b"%d" % number))

    def category_span(self, position: int) -> Span:
        """Return where an annotation's category id is. Searches for the key only if it is unambiguous."""
        start, end = self.text.entries["annotations"][position]
        data = self.text.readable
        at = data.find(_CATEGORY, start, end)
        plain = at >= 0 and data.find(_CATEGORY, at + 1, end) < 0 and data.find(b"\\", start, end) < 0
        found = _INTEGER.match(data, at + len(_CATEGORY), end) if plain else None
        return found.span(1) if found is not None else self._one("annotations", position, "category_id")

    def _members(self, key: str, position: int) -> dict[str, Span]:
        """Return the spans of an entry's values, by key. Raises AnchorauditError if a key occurs twice."""
        start, end = self.text.entries[key][position]
        inside = members(self.text.path, self.text.readable[start:end])
        return {name: (first + start, last + start) for name, (first, last) in inside.items()}

    def _replace(self, span: Span, new: bytes) -> str:
        """Add a patch. Returns the bytes that it replaces, as text."""
        self.patches.append(Patch(*span, new))
        return self.text.data[slice(*span)].decode("utf-8", "replace")

    def _one(self, key: str, position: int, name: str) -> Span:
        try:
            return self._members(key, position)[name]
        except (AnchorauditError, KeyError):
            raise AnchorauditError(
                f"{name!r} cannot be replaced: a key occurs twice",
                path=self.text.path,
                place=f"{key}[{self._first.get(key, 0) + position}]",
                remedy="Remove one of the two, or drop --unsafe-fixes.",
            ) from None


def _list(numbers: list[bytes]) -> str:
    return f"[{', '.join(number.decode() for number in numbers)}]"


def _identity(entry: bytes) -> int | None:
    """Return the id of an entry if it is a whole number, even if written as 1.0."""
    value = decode_value(msgspec.Raw(entry))
    identity = value.get("id") if isinstance(value, dict) else None
    if isinstance(identity, float) and identity.is_integer():
        return int(identity)
    return identity if isinstance(identity, int) and not isinstance(identity, bool) else None
