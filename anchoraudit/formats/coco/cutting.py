"""Writes a COCO file again without some of its entries, range by range: all other bytes stay as they are.

The result is that of `manifest.coco_cut`, which has the whole file in memory: entries that stay next to each
other keep the bytes between them, and others get what stands between the first two of their list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from anchoraudit.arrays import Bool
from anchoraudit.dataset.pieces import Output
from anchoraudit.formats.coco.ranges import Range
from anchoraudit.formats.coco.stretches import Stretch, read_part
from anchoraudit.formats.coco.text import CocoText, Patch, elements, members, patched
from anchoraudit.io.unchanged import Stamp, changed


@dataclass(slots=True)
class _List:
    """A list that is cut. stays: bool, which entries. at: the next one. separator: what is between two."""

    stays: Bool
    at: int = 0
    last_stays: bool = False
    is_begun: bool = False
    separator: bytes = b", "


class Edit(Protocol):
    """What replaces values in the entries that stay."""

    def __call__(
        self, text: CocoText, first: Mapping[str, int], stays: Mapping[str, Sequence[bool]]
    ) -> list[Patch]:
        """Return what is replaced in a range of the file, in order.

        text: the range, as JSON. first: for each list, the position in the file of its first entry in it.
        stays: for `images` and `annotations`, which entries of the range stay. It is called for each range,
        in order.
        """
        ...


def cut_ranges(
    path: Path,
    stamp: Stamp,
    ranges: Sequence[Range],
    keep: Mapping[str, Bool],
    output: Output,
    *,
    edit: Edit | None = None,
) -> None:
    """Write a file without some entries of its lists.

    ranges: those in which it was read, in order. keep: for `images` and `annotations`, which entries stay,
    bool, by their positions. edit: replaces values. Raises AnchorauditError if the file changed since.
    """
    output.write(b" " * ranges[0].start)  # in place of the mark of UTF-8, which is no JSON
    cutter = _Cutter(path, {key: _List(stays) for key, stays in keep.items()}, output, edit)
    try:
        for one in ranges:
            cutter.write(one, stamp)
    except (OSError, EOFError):
        raise changed(path) from None


class _Cutter:
    """Writes one range after the other. pending: what follows an entry, once it is known what comes next."""

    def __init__(self, path: Path, lists: Mapping[str, _List], output: Output, edit: Edit | None) -> None:
        self._path, self._lists, self._output, self._edit = path, lists, output, edit
        self._pending = b""
        self._classes = 0  # entries of `categories` so far
        self._patches: list[Patch] = []
        self._starts: list[int] = []

    def write(self, one: Range, stamp: Stamp) -> None:
        """Write what stays of a range."""
        before = b"{" + msgspec.json.encode(one.key) + b":[" if one.key else b""
        is_last = one.end == stamp.size
        behind = b"" if is_last else b"}"
        data = read_part(Stretch(self._path, stamp, one.start, one.end, before, behind))
        own = bytes(memoryview(data)[len(before) : len(data) - len(behind)])
        if not is_last:  # the comma at the cut
            data[data.rfind(b",", 0, len(data) - len(behind))] = ord("]")
        text = bytes(data)
        inside = members(self._path, text)
        listed = {
            key: elements(self._path, text, span)
            for key, span in inside.items()
            if key in self._lists or (self._edit is not None and key == "categories")
            if not text.startswith(b"null", span[0])
        }
        self._look(CocoText(self._path, text, text, inside, listed), len(before))
        at, key = 0, ""
        for key in inside:
            if key not in self._lists:
                continue
            shift = len(before)
            spans = [(start - shift, end - shift) for start, end in listed.get(key, ())]
            if spans:
                if key != one.key:
                    self._flush(own, at, spans[0][0])
                    at = spans[0][0]
                at = self._entries(self._lists[key], own, at, spans)
        if key in self._lists and not is_last:
            self._pending = own[at:]
        else:
            self._flush(own, at, len(own))

    def _look(self, text: CocoText, shift: int) -> None:
        """Find out what is replaced in a range. shift: how many bytes its text has before its own."""
        if self._edit is None:
            return
        first = {key: self._lists[key].at for key in self._lists} | {"categories": self._classes}
        stays = {
            key: self._lists[key].stays[first[key] : first[key] + len(text.entries.get(key, ()))].tolist()
            for key in self._lists
        }
        self._classes += len(text.entries.get("categories", ()))
        patches = self._edit(text, first, stays)
        self._patches = [Patch(each.start - shift, each.end - shift, each.new) for each in patches]
        self._starts = [patch.start for patch in self._patches]

    def _write(self, own: bytes, start: int, end: int) -> None:
        """Write bytes of a range, with what is replaced in them."""
        for piece in patched(own, (start, end), self._patches, self._starts):
            self._output.write(piece)

    def _entries(self, listed: _List, own: bytes, at: int, spans: Sequence[tuple[int, int]]) -> int:
        """Write the entries that stay. at: where the bytes before the first one begin. Returns their end."""
        run, end = -1, at
        stays = listed.stays[listed.at : listed.at + len(spans)].tolist()
        for (start, last), staying in zip(spans, stays, strict=True):
            if listed.at == 1:
                listed.separator = self._pending + own[end:start]
            if staying and run < 0:
                if listed.is_begun:
                    self._output.write(
                        self._pending + own[end:start] if listed.last_stays else listed.separator
                    )
                run, listed.is_begun = start, True
            elif not staying and run >= 0:
                self._write(own, run, end)
                run = -1
            listed.last_stays, end, self._pending = staying, last, b""
            listed.at += 1
        if run >= 0:
            self._write(own, run, end)
        return end

    def _flush(self, own: bytes, start: int, end: int) -> None:
        self._output.write(self._pending)
        self._pending = b""
        self._write(own, start, end)
