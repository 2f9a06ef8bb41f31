"""Writes JSON in pieces. ASCII only: names are data, and must not control the terminal that shows a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any


def document(head: dict[str, Any], key: str, entries: Iterable[Any]) -> Iterator[str]:
    """Yield an object: the keys of `head`, then `key` with a list, one entry a line.

    >>> print("".join(document({"a": 1}, "b", [2, 3])), end="")
    {
    "a": 1,
    "b": [
    2,
    3
    ]}
    """
    yield "{\n"
    for name, value in head.items():
        yield f"{_text(name)}: {_text(value)},\n"
    yield f"{_text(key)}: "
    yield from listed(entries)
    yield "}\n"


def listed(entries: Iterable[Any]) -> Iterator[str]:
    """Yield a list, one entry a line."""
    opening = "[\n"
    empty = True
    for entry in entries:
        yield opening + _text(entry)
        opening, empty = ",\n", False
    yield "[]" if empty else "\n]"


def _text(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def number(value: float) -> int | float:
    """Return a whole number without its decimal point."""
    return int(value) if value.is_integer() else value
