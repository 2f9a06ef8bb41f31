"""A detector as the TOML that `load_detector` reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from anchoraudit.detectors.spec import Anchors, Detector

_BLOCKS = ("resize", "anchors", "border", "match", "loss")
_WIDTH = 100


def to_toml(detector: Detector) -> str:
    """Return TOML that `load_detector` reads back to an equal detector; what is the default is left out.

    It is ASCII: names are data, and no terminal takes them for commands.
    """
    lines = _keys(detector, leave_out=_BLOCKS)
    for name in _BLOCKS:
        block = getattr(detector, name)
        if isinstance(block, Anchors):
            if own := _keys(block, leave_out=("levels",)):
                lines += ["", "[anchors]", *own]
            for level in block.levels:
                lines += ["", "[[anchors.levels]]", *_keys(level)]
        else:
            lines += ["", f"[{name}]", *_keys(block)]
    return "\n".join(lines) + "\n"


def _keys(block: msgspec.Struct, leave_out: Sequence[str] = ()) -> list[str]:
    """Lines `key = value` of what differs from its default."""
    return [
        f"{field.name} = {_value(value, len(field.name) + 3)}"
        for field in msgspec.structs.fields(type(block))
        if field.name not in leave_out and (value := getattr(block, field.name)) != field.default
    ]


def _value(value: Any, indent: int = 0) -> str:
    """Write one value; an array that is too long for the line it begins gets lines of its own."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, str):
        return f'"{"".join(map(_letter, value))}"'
    if not isinstance(value, tuple):
        return str(value)
    items = [_value(item) for item in value]
    line = f"[{', '.join(items)}]"
    if len(line) + indent <= _WIDTH:
        return line
    rows: list[str] = []
    for item in items:
        if rows and len(rows[-1]) + len(item) + 2 < _WIDTH:
            rows[-1] += f" {item},"
        else:
            rows.append(f"  {item},")
    return "\n".join(["[", *rows, "]"])


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if " " <= letter <= "~":
        return letter
    code = ord(letter)
    if 0xD800 <= code <= 0xDFFF:  # half a letter, of a file name that is no text: TOML has none
        code = 0xFFFD
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
