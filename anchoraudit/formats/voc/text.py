"""Prepares an XML file for parsing: finds its encoding, and refuses files that cannot be decoded."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from functools import lru_cache
from xml.parsers import expat

from anchoraudit.dataset.findings import Finding

_DECLARED = re.compile(
    rb"""(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z][\w.\-]{0,40})["']"""
)
# The parser decodes these itself, but only under these names.
_NATIVE = frozenset({"utf-8", "us-ascii", "iso-8859-1"})
# Files often declare an old encoding but use characters that were added later. These newer encodings contain
# the older ones completely.
_GROWN = {"gb2312": "gb18030", "gbk": "gb18030", "shift-jis": "cp932", "euc-kr": "cp949"}
# Codecs of Python that files do not use. In some of them plain letters can decode to markup.
_NOT_FOR_FILES = frozenset(
    {
        "idna",
        "punycode",
        "unicode-escape",
        "raw-unicode-escape",
        "undefined",
        "utf-7",
        "mbcs",
        "oem",
        "charmap",
    }
)
_CUT_OFF = frozenset({"unexpected end of data", "truncated data", "incomplete multibyte sequence"})
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, because it starts with the same bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


class RefusedError(Exception):
    """The file is refused. Holds the parts of the finding that says why."""

    def __init__(self, code: str, message: str, place: str = "", evidence: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.place, self.evidence = code, message, place, evidence

    def finding(self, path: str) -> Finding:
        """Return the finding for the file at `path`."""
        return Finding(self.code, self.message, path, self.place, self.evidence)


def text_of(data: bytes) -> bytes | str:
    """Return what to give to the parser: the bytes if it knows their encoding, else the decoded text.

    Raises RefusedError (PAR006) if the encoding is unknown, or if the bytes are not in it.
    """
    if b"\0" in data[:4] or data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
        return data if encoding is None else _decode(data, encoding)
    declared = _DECLARED.match(data) if data.startswith((b"<?xml", codecs.BOM_UTF8)) else None
    if declared is None:
        return data
    name = declared[1].decode("ascii")
    if name.lower() in _NATIVE:
        return data
    encoding = _python_name(name)
    if encoding is None:
        raise RefusedError(
            "PAR006", f"the file declares the encoding {name!r}, which is not known", "line 1", name
        )
    if encoding.startswith(("utf-16", "utf-32")):
        raise RefusedError("PAR006", f"the file declares {name} but is not written in it", "byte 0", name)
    return _decode(data, encoding)


@lru_cache(maxsize=64)
def _python_name(declared: str) -> str | None:
    try:
        name = codecs.lookup(declared).name.replace("_", "-")
        "a".encode(name)  # LookupError for codecs that do not encode text, such as zlib
    except (LookupError, ValueError):
        return None
    return None if name in _NOT_FOR_FILES else _GROWN.get(name, name)


def _decode(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if _cut_off(error):
            raise RefusedError(
                "PAR001", "the file is cut off within a character", f"byte {error.start}"
            ) from None
        raise _not_decodable(error) from None


def _cut_off(error: UnicodeDecodeError) -> bool:
    return error.end == len(error.object) and error.reason in _CUT_OFF


def undecodable(data: bytes) -> RefusedError | None:
    """Return why `data` is not text in its encoding, None if it is. Used after the parser has failed."""
    declared = _DECLARED.match(data)
    encoding = (_python_name(declared[1].decode("ascii")) if declared else None) or "utf-8"
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return None if _cut_off(error) else _not_decodable(error)
    return None


def _not_decodable(error: UnicodeDecodeError) -> RefusedError:
    met = error.object[error.start : error.end]
    value = " ".join(f"0x{byte:02x}" for byte in met[:4])
    words = f"byte {error.start} ({value}) is not {error.encoding}"
    return RefusedError("PAR006", words, f"byte {error.start}", value)


def object_lines(data: bytes | str) -> list[int]:
    """Return the line, from 1, of each <object> directly below the root; if there is none, one level below.

    Stops at a syntax error.
    """
    depth = 0
    lines: dict[int, list[int]] = {2: [], 3: []}

    def start(tag: str, _: object) -> None:
        nonlocal depth
        depth += 1
        if depth in lines and tag.rpartition(":")[2] == "object":
            lines[depth].append(parser.CurrentLineNumber)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    with suppress(expat.ExpatError, ValueError, LookupError):
        parser.Parse(data, True)
    return lines[2] or lines[3]
