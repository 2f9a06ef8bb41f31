"""Document types in XML. Entities can be declared only there: a document without one is safe to parse."""

from __future__ import annotations

from contextlib import suppress
from xml.parsers import expat

_DOCTYPE = b"<!DOCTYPE"
# The same in UTF-16 of either byte order, which the parser tells by the first two bytes, mark or no mark.
_WIDE_DOCTYPE = _DOCTYPE.decode().encode("utf-16-le")[:-1]


class _EnoughError(Exception):
    """Enough was parsed."""


def has_document_type(data: bytes | str) -> bool:
    """Whether a document type is declared: found by a byte scan, confirmed by the parser.

    Entities can be declared nowhere else, so a document without one expands to no more than itself.
    """
    if isinstance(data, str):
        if _DOCTYPE.decode() not in data:
            return False
    elif _DOCTYPE not in data and _WIDE_DOCTYPE not in data:
        return False
    met: list[bool] = []

    def declared(*_: object) -> None:
        met.append(True)
        raise _EnoughError

    def root(*_: object) -> None:
        raise _EnoughError  # a document type can stand only before the root element

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = root
    with suppress(_EnoughError, expat.ExpatError, ValueError, LookupError):
        parser.Parse(data, True)
    return bool(met)
