"""Where things stand in the bytes of a JSON file: members of its object, elements of its lists.

msgspec says how long every value is; what lies between values is white space, commas and colons. So a list
can be cut down to some of its elements with every byte of those, and of all the rest, as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import _json_text as json_text

Span = tuple[int, int]
_BETWEEN = re.compile(rb"[\s,:]*")
_KEY = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


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
            raise _key_twice(path, data)
        start = _skip(data, key.end())
        at = start + lengths[name]
        spans[name] = (start, at)
    # A key that stands twice has the length of its last value only, so the walk would end elsewhere.
    if len(spans) != len(lengths) or data[_skip(data, at) :].strip() != b"}":
        raise _key_twice(path, data)
    return spans


def _key_twice(path: Path, data: bytes) -> AnchorauditError:
    def twice(pairs: list[tuple[str, object]]) -> str:
        """Return a key that stands twice in an object; of nested ones the outermost is asked last."""
        keys = [key for key, _ in pairs]
        return next((key for key in keys if keys.count(key) > 1), "")

    key = json.loads(data, object_pairs_hook=twice)
    return AnchorauditError(f"the key {key!r} stands twice", path=path, remedy="Remove one of them.")


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
