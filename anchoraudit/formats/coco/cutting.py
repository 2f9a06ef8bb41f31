"""Writes a COCO file again without some of its entries, range by range: all other bytes stay as they are.

The result is that of `manifest.coco_cut`, which has the whole file in memory: entries that stay next to each
other keep the bytes between them, and others get what stands between the first two of their list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from anchoraudit.arrays import Bool
from anchoraudit.dataset.pieces import Output
from anchoraudit.formats.coco.ranges import Range
from anchoraudit.formats.coco.stretches import Stretch, read_part
from anchoraudit.formats.coco.text import elements, members
from anchoraudit.io.unchanged import Stamp, changed


@dataclass(slots=True)
class _List:
    """A list that is cut. stays: bool, which entries. at: the next one. separator: what is between two."""

    stays: Bool
    at: int = 0
    last_stays: bool = False
    is_begun: bool = False
    separator: bytes = b", "


def cut_ranges(
    path: Path, stamp: Stamp, ranges: Sequence[Range], keep: Mapping[str, Bool], output: Output
) -> None:
    """Write a file without some entries of its lists.

    ranges: those in which it was read, in order. keep: for `images` and `annotations`, which entries stay,
    bool, by their positions. Raises AnchorauditError if the file changed since.
    """
    output.write(b" " * ranges[0].start)  # in place of the mark of UTF-8, which is no JSON
    cutter = _Cutter(path, {key: _List(stays) for key, stays in keep.items()}, output)
    try:
        for one in ranges:
            cutter.write(one, stamp)
    except (OSError, EOFError):
        raise changed(path) from None


class _Cutter:
    """Writes one range after the other. pending: what follows an entry, once it is known what comes next."""

    def __init__(self, path: Path, lists: Mapping[str, _List], output: Output) -> None:
        self._path, self._lists, self._output = path, lists, output
        self._pending = b""

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
        at, key = 0, ""
        for key, span in members(self._path, text).items():
            if key not in self._lists or text.startswith(b"null", span[0]):
                continue
            shift = len(before)
            spans = [(start - shift, end - shift) for start, end in elements(self._path, text, span)]
            if spans:
                if key != one.key:
                    self._flush(own[at : spans[0][0]])
                    at = spans[0][0]
                at = self._entries(self._lists[key], own, at, spans)
        if key in self._lists and not is_last:
            self._pending = own[at:]
        else:
            self._flush(own[at:])

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
                self._output.write(own[run:end])
                run = -1
            listed.last_stays, end, self._pending = staying, last, b""
            listed.at += 1
        if run >= 0:
            self._output.write(own[run:end])
        return end

    def _flush(self, more: bytes) -> None:
        self._output.write(self._pending + more)
        self._pending = b""
