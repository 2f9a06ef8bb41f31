"""Write a detector as TOML, and read it back. The presets are such files too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from anchoraudit.detectors.spec import (
    Anchors,
    AutoAnchor,
    Border,
    Classes,
    Detector,
    Labels,
    Level,
    Loading,
    Loss,
    Match,
    Points,
    Resize,
    Versions,
)
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.documents import parse_toml
from anchoraudit.io.suggest import did_you_mean

T = TypeVar("T")
_WRITTEN = (
    "resize",
    "anchors",
    "points",
    "border",
    "match",
    "loss",
    "labels",
    "classes",
    "auto_anchor",
    "loading",
    "versions",
)
_REQUIRED = {field.name for field in msgspec.structs.fields(Detector) if field.required}
_WIDTH = 100


def to_toml(detector: Detector) -> str:
    """Return TOML that `load_detector` reads back as an equal detector. Defaults are left out.

    The text is ASCII, so that a name from a file cannot send commands to a terminal.
    """
    lines = _keys(detector, leave_out=_WRITTEN)
    for name in _WRITTEN:
        block = getattr(detector, name)
        if isinstance(block, Anchors):
            if own := _keys(block, leave_out=("levels",)):
                lines += ["", "[anchors]", *own]
            for level in block.levels:
                lines += ["", "[[anchors.levels]]", *_keys(level)]
        elif (own := _keys(block)) or name in _REQUIRED:
            lines += ["", f"[{name}]", *own]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a text as a TOML string, in ASCII."""
    return _value(text)


def _keys(block: msgspec.Struct, leave_out: Sequence[str] = ()) -> list[str]:
    """Return lines `key = value` for all values that differ from their defaults."""
    return [
        f"{field.name} = {_value(value, len(field.name) + 3)}"
        for field in msgspec.structs.fields(type(block))
        if field.name not in leave_out and (value := getattr(block, field.name)) != _default(field)
    ]


def _default(field: msgspec.structs.FieldInfo) -> Any:
    """Return a field's default. That of a mapping is made anew each time, by a factory."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _value(value: Any, indent: int = 0) -> str:
    """Return the text of one value. An array too long for one line is spread over several."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, str):
        return f'"{"".join(map(_letter, value))}"'
    if isinstance(value, dict):
        pairs = (f"{_name(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}"
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


def _name(key: str) -> str:
    """Return a key of an inline table, in quotes where TOML needs them."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if " " <= letter <= "~":
        return letter
    code = ord(letter)
    if 0xD800 <= code <= 0xDFFF:  # a lone surrogate, from a file name with invalid bytes: not allowed in TOML
        code = 0xFFFD
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def from_toml(text: str, path: Path) -> Detector:
    """Read a detector. Raises AnchorauditError with the line, the nearest known key and what is allowed."""
    detector = _convert(text, path, Detector)
    return msgspec.structs.replace(detector, classes=_with_place(detector.classes, path))


class _OnlyClasses(msgspec.Struct, frozen=True):
    """The classes of a file, whatever else is in it."""

    classes: Classes = Classes()


def classes_from_toml(text: str, path: Path) -> Classes:
    """Read the table `[classes]` alone; the rest need not be a detector. Raises as `from_toml`."""
    return _with_place(_convert(text, path, _OnlyClasses).classes, path)


def _with_place(classes: Classes, path: Path) -> Classes:
    """Return the classes with this file as the place that states them, unless the file names another."""
    if classes.is_silent or classes.stated_in:
        return classes
    return msgspec.structs.replace(classes, stated_in=f"{path.name}, [classes]")


def _convert(text: str, path: Path, kind: type[T]) -> T:
    try:
        return msgspec.convert(_whole_floats_as_ints(parse_toml(text, path)), kind)
    except msgspec.ValidationError as error:
        raise _spec_error(str(error), text, path) from None


_READ: dict[str, Any] = {
    "resize": Resize,
    "anchors": Anchors,
    "levels": Level,
    "points": Points,
    "border": Border,
    "match": Match,
    "loss": Loss,
    "labels": Labels,
    "classes": Classes,
    "auto_anchor": AutoAnchor,
    "loading": Loading,
    "versions": Versions,
}


def _whole_floats_as_ints(value: Any) -> Any:
    """Turn `800.0` into 800, so that it is accepted where an int is needed; msgspec takes ints as floats."""
    if isinstance(value, dict):
        return {key: _whole_floats_as_ints(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_floats_as_ints(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _spec_error(message: str, text: str, path: Path) -> AnchorauditError:
    """Turn msgspec's message into an error with file, line, and what is allowed."""
    reason, _, where = message.partition(" - at ")
    steps = re.findall(r"[A-Za-z_]+|\[\d+\]", where.strip("`$"))
    keys = [step for step in steps if not step.startswith("[")]
    remedy = "See the detector file format in docs/detectors.md."
    if unknown := re.search(r"unknown field `(\w+)`", reason):
        allowed = _fields(keys)
        remedy = f"{did_you_mean(unknown[1], allowed)}Allowed here: {', '.join(allowed)}."
        steps.append(unknown[1])
    elif missing := re.search(r"missing required field `(\w+)`", reason):
        remedy = f"Add {missing[1]}. Allowed here: {', '.join(_fields(keys))}."
    elif (wrong := re.search(r"Invalid enum value '(.*)'", reason)) and (allowed := _values(keys)):
        reason = f"{keys[-1]} is {wrong[1]!r}"
        remedy = f"{did_you_mean(wrong[1], allowed)}Allowed are: {', '.join(allowed)}."
    line = _line_of(steps, text)
    dotted = re.sub(r"\.(\[)", r"\1", ".".join(steps))
    place = ", ".join(part for part in (f"line {line}" if line else "", dotted) if part)
    return AnchorauditError(reason, path=path, place=place, remedy=remedy)


def _fields(keys: Sequence[str]) -> list[str]:
    block = next((_READ[key] for key in reversed(keys) if key in _READ), Detector)
    return list(block.__struct_fields__)


def _values(keys: Sequence[str]) -> list[str]:
    """Return the values allowed for the last of `keys`; empty if it does not choose among words."""
    block = next((_READ[key] for key in reversed(keys[:-1]) if key in _READ), Detector)
    hint = get_type_hints(block).get(keys[-1]) if keys else None
    numbers = ["a number"] if float in get_args(hint) else []
    choices = [choice for choice in (hint, *get_args(hint)) if get_origin(choice) is Literal]
    return numbers + [str(value) for choice in choices for value in get_args(choice) if value != ""]


def _line_of(steps: Sequence[str], text: str) -> int:
    """Return the line of a key: follow the table's header, its n-th occurrence, then the key. 0: not found.

    Keys inside an inline table or array are not searched: the line on which it starts is returned.
    """
    lines = text.splitlines()
    line = 0
    path: list[str] = []
    for number, step in enumerate(steps):
        if step.startswith("["):
            if path and path[-1] == "levels":
                headers = [
                    n for n, row in enumerate(lines, 1) if re.match(r"\s*\[\[\s*anchors\.levels\b", row)
                ]
                line = headers[int(step[1:-1])] if int(step[1:-1]) < len(headers) else line
            continue
        path.append(step)
        header = re.compile(rf"\s*\[+\s*{re.escape('.'.join(path))}\s*\]")
        found = next((n for n, row in enumerate(lines, 1) if header.match(row)), 0)
        found = found or _key_line(step, lines, line, first=number == 0)
        line = found or line
    return line


def _key_line(key: str, lines: Sequence[str], start: int, *, first: bool) -> int:
    """Return the line of `key` in the table that starts on line `start`; 0 if it is not there."""
    pattern = re.compile(rf"""\s*["']?(\w+\.)*{re.escape(key)}["']?\s*(=|\.)""")
    for number, row in enumerate(lines[start:], start + 1):
        if re.match(r"\s*\[+\s*[\w.\"']+\s*\]+\s*(#.*)?$", row):
            if first and re.match(rf"\s*\[+\s*{re.escape(key)}\b", row):
                return number
            if not first:
                return 0
        if pattern.match(row):
            return number
    return 0
