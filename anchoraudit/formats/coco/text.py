"""Where things stand in the bytes of a COCO file: members of its object, elements of its lists.

msgspec says how long every value is; what lies between values is white space, commas and colons. So a list
can be cut down to some of its elements, and single values be replaced, with every byte of all the rest as it
was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import json_text

Span = tuple[int, int]
LISTS = ("images", "annotations", "categories")
_BETWEEN = re.compile(rb"[\s,:]*")
_KEY = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


@dataclass(slots=True)
class CocoText:
    """One COCO file: its bytes, where its members stand, and the entries of its lists, by key.

    Positions are taken in `readable`, which is JSON whatever NaN the file has, and the same length as `data`.
    """

    path: Path
    data: bytes
    readable: bytes
    members: dict[str, Span]
    entries: dict[str, list[Span]] = field(default_factory=dict)

    def values(self, entry: Span, names: Sequence[str]) -> dict[str, str]:
        """Some values of an entry as they stand, on one line; none of an entry that has a key twice."""
        start, end = entry
        try:
            found = members(self.path, self.readable[start:end])
        except AnchorauditError:
            return {}
        spans = {name: found[name] for name in names if name in found}
        texts = {name: self.data[start + a : start + b] for name, (a, b) in spans.items()}
        return {name: " ".join(text.decode("utf-8", "replace").split()) for name, text in texts.items()}


def open_text(path: Path) -> CocoText:
    """Read a COCO file. Raises AnchorauditError if it is no JSON object in UTF-8, or has a key twice."""
    data = json_text.read_bytes(path)
    json_text.require_utf8(path, data)
    text = _opened(path, data)
    for key in LISTS:
        span = text.members.get(key)
        if span is not None and not text.readable.startswith(b"null", span[0]):
            text.entries[key] = elements(path, text.readable, span)
    return text


class Texts:
    """The COCO files of a data set, by the numbers of its sources; each is opened when it is asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._open: dict[int, CocoText] = {}

    def __getitem__(self, number: int) -> CocoText:
        if number not in self._open:
            self._open[number] = open_text(self._paths[number])
        return self._open[number]


def _opened(path: Path, data: bytes) -> CocoText:
    try:
        return CocoText(path, data, data, members(path, data))
    except AnchorauditError:  # NaN, or nothing that can be mended, which the second try says
        readable = json_text.readable(data)
        return CocoText(path, data, readable, members(path, readable))


def members(path: Path, data: bytes) -> dict[str, Span]:
    """Span of each value of the JSON object `data`, by key, in order.

    Raises AnchorauditError if a key stands twice: which of its values counts is for readers to guess.
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
    # A key that stands twice has the length of its last value only, so the walk would end elsewhere.
    if len(spans) != len(lengths) or data[_skip(data, at) :].strip() != b"}":
        raise json_text.key_twice(path, data)
    return spans


def elements(path: Path, data: bytes, span: Span) -> list[Span]:
    """Span of each element of the list that stands at `span`."""
    at = span[0] + 1
    spans: list[Span] = []
    with _syntax_of(path, data):
        listed = msgspec.json.decode(memoryview(data)[slice(*span)], type=list[msgspec.Raw])
    between = b""
    for raw in listed:
        # Nearly always what stands between two entries is what stood between the two before.
        start = at + len(between)
        if data[at:start] != between or data[start : start + 1] != b"{":
            start = _skip(data, at)
            between = data[at:start]
        at = start + memoryview(raw).nbytes
        spans.append((start, at))
    return spans


def runs(spans: list[Span], keep: list[bool]) -> Iterator[Span]:
    """Spans of the kept elements; neighbours that are both kept are one span, with what is between them."""
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


def separator(data: bytes, spans: list[Span]) -> bytes:
    """Return what stands between two elements in this file, `, ` where there are no two."""
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
