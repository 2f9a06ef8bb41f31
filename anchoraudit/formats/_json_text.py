"""JSON as bytes: reading a file, saying where in it something is, and the NaN that Python writes.

Everything here keeps byte positions, so that a manifest can be cut out of the very bytes that were read.
"""

from __future__ import annotations

import codecs
import math
import re
from pathlib import Path
from typing import Any

from anchoraudit import files
from anchoraudit.errors import AnchorauditError

_CHUNK = 1 << 24
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
    try:
        data = files.read_bytes(path)
    except OSError as error:
        raise AnchorauditError(
            f"cannot be read: {error.strerror or error}", path=path, remedy="Name a file that can be read."
        ) from None
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
