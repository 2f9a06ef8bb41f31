"""Positions in the bytes of a COCO file: the members of its object, and the elements of its lists.

msgspec tells the length of every value, and between values are only white space, commas and colons. So
elements of a list can be removed and single values replaced, while all other bytes stay the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from anchoraudit.dataset.columns import Source
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import json_text, unchanged
from anchoraudit.io.unchanged import Reading

Span = tuple[int, int]
LISTS = ("images", "annotations", "categories")
_BETWEEN = re.compile(rb"[\s,:]*")
_KEY = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Patch:
    """Bytes from `start` to `end` that become `new`."""

    start: int
    end: int
    new: bytes


@dataclass(slots=True)
class CocoText:
    """One COCO file: its bytes, and the positions of its members and of the entries of its lists, by key.

    readable: `data` as strict JSON, without NaN. It has the same length, so positions are the same in both.
    """

    path: Path
    data: bytes
    readable: bytes
    members: dict[str, Span]
    entries: dict[str, list[Span]] = field(default_factory=dict)

    def values(self, entry: Span, names: Sequence[str]) -> dict[str, str]:
        """Return values of an entry as they are written, each on one line; {} if it has a duplicate key."""
        start, end = entry
        try:
            found = members(self.path, self.readable[start:end])
        except AnchorauditError:
            return {}
        spans = {name: found[name] for name in names if name in found}
        texts = {name: self.data[start + a : start + b] for name, (a, b) in spans.items()}
        return {name: " ".join(text.decode("utf-8", "replace").split()) for name, text in texts.items()}


def open_text(path: Path, before: Reading | None = None) -> CocoText:
    """Read a COCO file. before: how it was read to be judged; None if it was not.

    Raises AnchorauditError if it changed since, is not a JSON object in UTF-8, or has a duplicate key.
    """
    data = json_text.without_mark(path, unchanged.read_again(path, before, remedy=json_text.REMEDY))
    json_text.require_utf8(path, data)
    text = _opened(path, data)
    for key in LISTS:
        span = text.members.get(key)
        if span is not None and not text.readable.startswith(b"null", span[0]):
            text.entries[key] = elements(path, text.readable, span)
    return text


class Texts:
    """The COCO files of a data set, by index of the source. Each is read when it is first asked for.

    Asking raises AnchorauditError if the file is not the one any more that was judged.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._open: dict[int, CocoText] = {}

    def __getitem__(self, number: int) -> CocoText:
        if number not in self._open:
            source = self._sources[number]
            self._open[number] = open_text(source.path, source.reading)
        return self._open[number]


def _opened(path: Path, data: bytes) -> CocoText:
    try:
        return CocoText(path, data, data, members(path, data))
    except AnchorauditError:  # try again without NaN; if that fails too, its error is raised
        readable = json_text.readable(data)
        return CocoText(path, data, readable, members(path, readable))


def members(path: Path, data: bytes) -> dict[str, Span]:
    """Return the span of each value of the JSON object `data`, by key, in order.

    Raises AnchorauditError for a duplicate key, because readers differ in which of its values they take.
    """
    with _syntax_of(path, data):
        raw = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    lengths = {key: memoryview(value).nbytes for key, value in raw.items()}
    spans: dict[str, Span] = {}
    at = data.index(b"{") + 1
    while (key := _KEY.match(data, _skip(data, at))) is not None:
        name = msgspec.json.decode(key[0], type=str)
        if name in spans or name not in lengths:
            raise json_text.key_twice(path, data)
        start = _skip(data, key.end())
        at = start + lengths[name]
        spans[name] = (start, at)
    # For a duplicate key only the length of its last value is known. The walk then ends in the wrong place.
    if len(spans) != len(lengths) or data[_skip(data, at) :].strip() != b"}":
        raise json_text.key_twice(path, data)
    return spans


def elements(path: Path, data: bytes, span: Span) -> list[Span]:
    """Return the span of each element of the list at `span`."""
    at = span[0] + 1
    spans: list[Span] = []
    with _syntax_of(path, data):
        listed = msgspec.json.decode(memoryview(data)[slice(*span)], type=list[msgspec.Raw])
    between = b""
    for raw in listed:
        # The bytes between two entries are nearly always the same as between the two entries before.
        start = at + len(between)
        if data[at:start] != between or data[start : start + 1] != b"{":
            start = _skip(data, at)
            between = data[at:start]
        at = start + memoryview(raw).nbytes
        spans.append((start, at))
    return spans


def runs(spans: list[Span], keep: list[bool]) -> Iterator[Span]:
    """Yield the spans of the elements to keep. Neighbours are one span, with the bytes between them."""
    start = end = -1
    for (first, last), kept in zip(spans, keep, strict=True):
        if not kept:
            if start >= 0:
                yield start, end
            start = -1
        else:
            start = first if start < 0 else start
            end = last
    if start >= 0:
        yield start, end


def patched(data: bytes, span: Span, patches: list[Patch], starts: list[int]) -> Iterator[memoryview | bytes]:
    """Yield the bytes of `span` with its patches applied. starts: where each patch begins."""
    view = memoryview(data)
    at, end = span
    for patch in patches[bisect_left(starts, at) : bisect_left(starts, end)]:
        yield view[at : patch.start]
        yield patch.new
        at = patch.end
    yield view[at:end]


def separator(data: bytes, spans: list[Span]) -> bytes:
    """Return the bytes between two elements of this list; `, ` if it has fewer than two."""
    return data[spans[0][1] : spans[1][0]] if len(spans) > 1 else b", "


def _skip(data: bytes, at: int) -> int:
    found = _BETWEEN.match(data, at)
    return found.end() if found else at


@contextmanager
def _syntax_of(path: Path, data: bytes) -> Iterator[None]:
    try:
        yield
    except msgspec.DecodeError as error:
        raise json_text.syntax_error(path, data, str(error)) from None
