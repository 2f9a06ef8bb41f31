"""JSON that people and tools wrote: read within bounds, and with messages that say where it stops.

Every file in JSON is read through this module, with one policy:

size: at most half of this machine's memory, or what the caller allows (`files.read_bytes`).
encoding: UTF-8; a byte order mark is skipped, UTF-16 and anything else is refused with the byte.
depth, digits: what Python's parser cannot hold is refused, with the line.
NaN and infinities: read, because Python's `json` writes them.
a key that stands twice: its last value counts, as in Python. Where the bytes themselves are cut or changed it
    is refused (`key_twice`), because readers differ in which value they take.

`parse` and `decode` give plain Python values. COCO is decoded by msgspec straight into structs, and cut out
of its bytes: `readable` makes strict JSON of the same length, so that every byte keeps its place.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import files

if TYPE_CHECKING:
    from msgspec import Raw

_CHUNK = 1 << 24
_BRACKET = re.compile(r"[\[{]|[\]}]")
_LONG_NUMBER = re.compile(r"[0-9][0-9_]{4000}")  # Python parses 4300 digits
_DEEP = 100  # brackets in each other: a line with more is what a parser stopped at
UTF8_BOM = b"\xef\xbb\xbf"

# NaN and the infinities are no JSON, but Python's json module writes and reads them, and so real files
# have them. A string of the same length stands in for each, so that every byte keeps its place.
_STAND_INS = {b"NaN": b'"N"', b"Infinity": b'"Infini"', b"-Infinity": b'"-Infini"'}
NON_FINITE = {"N": math.nan, "Infini": math.inf, "-Infini": -math.inf}
_STRING_OR_NON_FINITE = re.compile(rb'"(?:[^"\\]|\\.)*+"|(-?Infinity|NaN)', re.DOTALL)
# Half of a surrogate pair, which Python writes for a byte of a file name that it could not decode.
_LONE_SURROGATE = re.compile(
    rb"(\\\\)|(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a JSON file, a UTF-8 byte order mark blanked out.

    Raises AnchorauditError if it cannot be read, is empty, or is UTF-16 or UTF-32 text.
    """
    data = files.read_input(path, remedy="Name a file that can be read.")
    if not data or data.isspace():
        raise AnchorauditError("the file is empty", path=path, remedy="Export the annotations again.")
    if data.startswith(UTF8_BOM):
        return b"   " + data[3:]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4] == b"\0\0\xfe\xff":
        raise AnchorauditError(
            f"UTF-16 or UTF-32 text (byte 0 is 0x{data[0]:02x}); JSON is UTF-8",
            path=path,
            place="byte 0",
            remedy="Save the file as UTF-8.",
        )
    return data


def decode(path: Path) -> Any:
    """Read a JSON file. Raises AnchorauditError, with the place, if it cannot be read or is no JSON."""
    data = read_bytes(path)
    require_utf8(path, data)
    return parse(data.decode("utf-8"), path)


def parse(text: str, path: object, *, line: int = 1) -> Any:
    """Parse JSON, NaN and infinities too. line: of the file, on which `text` begins.

    Raises AnchorauditError, with the line, for what is no JSON.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise AnchorauditError(
            f"not valid JSON: {error.msg}",
            path=path,
            place=f"line {line + error.lineno - 1}",
            remedy="Mend the file there.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise beyond_parsing(text, path, "JSON", error, line=line) from None


def beyond_parsing(
    text: str, path: object, kind: str, error: Exception, *, line: int = 1
) -> AnchorauditError:
    """Say where a text is beyond what Python parses, in depth or in digits. kind: "JSON", "TOML"."""
    if isinstance(error, RecursionError):
        words, at = "nested too deeply", _deep_at(text)
    else:
        number = _LONG_NUMBER.search(text)
        words, at = ("a number of too many digits", number.start()) if number else (str(error), 0)
    place = f"line {line + text.count(chr(10), 0, at)}"
    return AnchorauditError(
        f"not valid {kind}: {words}", path=path, place=place, remedy="Mend the file there."
    )


def _deep_at(text: str) -> int:
    """Where more brackets are open than in any file that a person wrote; those in strings count, too."""
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > _DEEP:
            return bracket.start()
    return 0


def decode_value(raw: Raw) -> Any:
    """Decode one JSON value that was cut out of a file; integers beyond a double become infinite.

    Raises nothing for what msgspec has delimited as a value before.
    """
    import msgspec  # heavy

    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return json.loads(bytes(raw).decode("utf-8", "replace"), parse_int=_parse_int)


def as_float(value: Any) -> float | None:
    """Return a JSON number as a float, infinite beyond a double's range; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _parse_int(digits: str) -> int | float:
    """Integers beyond the range of a double become infinite; Python refuses to parse very long ones."""
    return int(digits) if len(digits) < 300 else float(digits)


def key_twice(path: Path, data: bytes) -> AnchorauditError:
    """Say which key stands twice in the JSON object `data`."""

    def twice(pairs: list[tuple[str, object]]) -> str:
        """Return a key that stands twice in an object; of nested ones the outermost is asked last."""
        keys = [key for key, _ in pairs]
        return next((key for key in keys if keys.count(key) > 1), "")

    key = json.loads(data, object_pairs_hook=twice)
    return AnchorauditError(f"the key {key!r} stands twice", path=path, remedy="Remove one of them.")


def readable(data: bytes) -> bytes:
    """`data` as strict JSON of the same length, where Python's json module would read it.

    NaN, Infinity and -Infinity outside strings become strings, half surrogate pairs replacement characters.
    """
    if b"NaN" in data or b"Infinity" in data:
        data = _STRING_OR_NON_FINITE.sub(lambda m: _STAND_INS[m[1]] if m[1] else m[0], data)
    if b"\\ud" in data or b"\\uD" in data:
        data = _LONE_SURROGATE.sub(lambda m: rb"\ufffd" if m[3] else m[0], data)
    return data


def require_utf8(path: Path, data: bytes) -> None:
    """Raise AnchorauditError, naming the byte, if `data` is not UTF-8."""
    if data.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _CHUNK):  # never the whole text at once: it can be half a gigabyte
            decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
        return
    except UnicodeDecodeError:
        pass
    try:
        data.decode("utf-8")  # once more, for the position
    except UnicodeDecodeError as error:
        at = error.start
        raise AnchorauditError(
            f"byte {at} (0x{data[at]:02x}) is not UTF-8",
            path=path,
            place=line_and_column(data, at),
            remedy="JSON is UTF-8: save the file so.",
        ) from None


def restore_non_finite(value: Any) -> Any:
    """Turn the stand-in of a non-finite number back into it; every other value stays."""
    return NON_FINITE.get(value, value) if isinstance(value, str) else value


def syntax_error(path: Path, data: bytes, reason: str) -> AnchorauditError:
    """Say where JSON of the file `path` stops being JSON; `reason` is the decoder's message."""
    found = re.search(r"\(byte (\d+)\)", reason)
    at = int(found[1]) if found else len(data)
    if found is None:
        return AnchorauditError(
            f"the JSON is cut off after {at} bytes",
            path=path,
            place=line_and_column(data, at),
            remedy="Copy or download the file again; the rest of it is missing.",
        )
    return AnchorauditError(
        f"not valid JSON: unexpected {_shown(data[at : at + 1])}",
        path=path,
        place=f"{line_and_column(data, at)} (byte {at})",
        remedy="Mend the file there, or export it again.",
    )


def line_and_column(data: bytes, at: int) -> str:
    """Where byte `at` is, as `line 3, column 14` (both from 1; columns are bytes)."""
    line = data.count(b"\n", 0, at) + 1
    column = at - data.rfind(b"\n", 0, at)
    return f"line {line}, column {column}"


def _shown(byte: bytes) -> str:
    if not byte:
        return "end"
    return repr(byte.decode("ascii")) if byte.isascii() else f"byte 0x{byte.hex()}"
