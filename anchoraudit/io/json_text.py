"""Reads JSON with limits, and with messages that name the place of an error.

Every JSON file is read through this module, by the same rules:

size: at most half of this machine's memory, or what the caller allows (`files.read_bytes`).
encoding: UTF-8. A byte order mark is skipped. Any other encoding is an error that names the byte.
depth, digits: deeper nesting or longer numbers than Python's parser takes are errors that name the line.
NaN and infinities: accepted, because Python's `json` writes them.
duplicate keys: the last value counts, as in Python. Where this package copies or changes the bytes of a file,
    a duplicate key is an error (`key_twice`), because readers differ in which value they take.

`parse` and `decode` return plain Python values. COCO files are decoded by msgspec into structs, and written
by
cutting their bytes: `readable` makes strict JSON of the same length, so that positions stay the same.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import files

if TYPE_CHECKING:
    from msgspec import Raw

_CHUNK = 1 << 24  # 16 MiB are checked at a time, so that the check needs little memory
_BRACKET = re.compile(r"[\[{]|[\]}]")
_LONG_NUMBER = re.compile(r"(?<![0-9_])[0-9][0-9_]{4000}")  # Python parses 4300 digits
# Python's parser does not say where nesting became too deep. The first place with more than 100 open brackets
# is
# shown instead: files that people write have far fewer.
_DEEP = 100
UTF8_BOM = b"\xef\xbb\xbf"
_LFS = b"version https://git-lfs.github.com/spec/"
_MARKUP = re.compile(rb"\s{0,99}<[!?A-Za-z]")
REMEDY = "Make the file readable, or name another."  # for a file that cannot be read

# NaN and the infinities are not valid JSON, but Python's json module writes and reads them, so real files
# have them. Each is replaced by a string of the same length, so that positions stay the same.
_STAND_INS = {b"NaN": b'"N"', b"Infinity": b'"Infini"', b"-Infinity": b'"-Infini"'}
NON_FINITE = {"N": math.nan, "Infini": math.inf, "-Infini": -math.inf}
_STRING_OR_NON_FINITE = re.compile(rb'"(?:[^"\\]|\\.)*+"|(-?Infinity|NaN)', re.DOTALL)
# Half of a surrogate pair. Python writes one for each byte of a file name that is not UTF-8.
_LONE_SURROGATE = re.compile(
    rb"(\\\\)|(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a JSON file. A UTF-8 byte order mark becomes spaces.

    Raises AnchorauditError if it cannot be read, is empty, or is UTF-16 or UTF-32 text.
    """
    return without_mark(path, files.read_input(path, remedy=REMEDY))


def without_mark(path: Path, data: bytes) -> bytes:
    """Return the bytes of a JSON file, in which a UTF-8 byte order mark becomes spaces.

    Raises AnchorauditError if there are none, or if they are UTF-16 or UTF-32 text, a pointer of Git LFS, or
    a web page that was saved under such a name.
    """
    if not data or data.isspace():
        raise AnchorauditError("the file is empty", path=path, remedy="Export the annotations again.")
    if data.startswith(_LFS):
        raise AnchorauditError(
            "a pointer of Git LFS, not the file itself", path=path, remedy="Get the file: git lfs pull."
        )
    if _MARKUP.match(data):
        raise AnchorauditError(
            "a page of HTML or XML, not JSON", path=path, remedy="Download the file itself again."
        )
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
    """Read a JSON file. Raises AnchorauditError, with the place, if it cannot be read or is not valid."""
    data = read_bytes(path)
    require_utf8(path, data)
    return parse(data.decode("utf-8"), path)


def parse(text: str, path: object, *, line: int = 1) -> Any:
    """Parse JSON, in which NaN and infinities may occur. line: the line of the file on which `text` begins.

    Raises AnchorauditError, with the line, if the text is not valid.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise AnchorauditError(
            f"not valid JSON: {error.msg}",
            path=path,
            place=f"line {line + error.lineno - 1}",
            remedy="Fix the file there.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise beyond_parsing(text, path, "JSON", error, line=line) from None


def beyond_parsing(
    text: str, path: object, kind: str, error: Exception, *, line: int = 1
) -> AnchorauditError:
    """Return the error for a text that Python's parser cannot take: too deep, or a number too long.

    kind: "JSON" or "TOML". line: the line of the file on which `text` begins.
    """
    if isinstance(error, RecursionError):
        words, at = "nested too deeply", _deep_at(text)
    else:
        number = _LONG_NUMBER.search(text)
        words, at = ("a number has too many digits", number.start()) if number else (str(error), 0)
    place = f"line {line + text.count(chr(10), 0, at)}"
    return AnchorauditError(
        f"not valid {kind}: {words}", path=path, place=place, remedy="Fix the file there."
    )


def _deep_at(text: str) -> int:
    """Return the first position with more than _DEEP open brackets. Brackets in strings count, too."""
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > _DEEP:
            return bracket.start()
    return 0


def decode_value(raw: Raw) -> Any:
    """Decode one value that msgspec has cut out of a file. Integers beyond a double's range become infinite.

    Raises nothing, because msgspec has found the end of the value before.
    """
    import msgspec  # slow to import

    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return json.loads(bytes(raw).decode("utf-8", "replace"), parse_int=_parse_int)


def as_float(value: Any) -> float | None:
    """Return a JSON number as a float, infinite beyond a double's range; None if it is not a number."""
    if type(value) is float:  # most numbers; this is asked four times for each box
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def number(value: Any) -> float | None:
    """Return a number, also one that is written as text (`"12"`, `"12.0"`, `"0,5"`); None if it is none."""
    if not isinstance(value, str):
        return as_float(value)
    text = value.strip()
    try:
        return float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        return None


def _parse_int(digits: str) -> int | float:
    """Parse an integer. One of 300 digits or more becomes infinite: Python refuses very long ones."""
    return int(digits) if len(digits) < 300 else float(digits)


def key_twice(path: Path, data: bytes) -> AnchorauditError:
    """Return the error that names the duplicate key of the JSON object `data`."""

    def twice(pairs: list[tuple[str, object]]) -> str:
        """Return a duplicate key of one object. Nested objects come first, so the outermost decides."""
        counts = Counter(key for key, _ in pairs)
        return next((key for key, count in counts.items() if count > 1), "")

    key = json.loads(data, object_pairs_hook=twice, parse_int=str)  # int() refuses very long numbers
    return AnchorauditError(f"the key {key!r} occurs twice", path=path, remedy="Remove one of them.")


def readable(data: bytes) -> bytes:
    """Turn JSON that only Python reads into strict JSON of the same length.

    NaN, Infinity and -Infinity outside strings become strings (see `restore_non_finite`). Half surrogate
    pairs become replacement characters.
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
        for start in range(0, len(data), _CHUNK):  # in pieces, because a file can have half a gigabyte
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
            remedy="Save the file as UTF-8.",
        ) from None


def restore_non_finite(value: Any) -> Any:
    """Turn a string that `readable` wrote for NaN or an infinity back into that number. Others stay."""
    return NON_FINITE.get(value, value) if isinstance(value, str) else value


def syntax_error(path: Path, data: bytes, reason: str) -> AnchorauditError:
    """Return the error that says where the JSON of a file is wrong. reason: msgspec's message."""
    found = re.search(r"\(byte (\d+)\)", reason)
    at = int(found[1]) if found else len(data)
    if found is None:
        return AnchorauditError(
            f"the JSON is cut off after {at} bytes",
            path=path,
            place=line_and_column(data, at),
            remedy="Copy or download the file again.",
        )
    return AnchorauditError(
        f"not valid JSON: unexpected {_shown(data[at : at + 1])}",
        path=path,
        place=f"{line_and_column(data, at)} (byte {at})",
        remedy="Fix the file there, or export it again.",
    )


def line_and_column(data: bytes, at: int) -> str:
    """Return the place of byte `at`, as `line 3, column 14`. Both count from 1; columns count bytes."""
    line = data.count(b"\n", 0, at) + 1
    column = at - data.rfind(b"\n", 0, at)
    return f"line {line}, column {column}"


def _shown(byte: bytes) -> str:
    if not byte:
        return "end"
    return repr(byte.decode("ascii")) if byte.isascii() else f"byte 0x{byte.hex()}"
