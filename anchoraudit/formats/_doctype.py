"""Finds document types in XML. Only they can declare entities, so a document without one is safe to parse."""

from __future__ import annotations

from contextlib import suppress
from xml.parsers import expat

_DOCTYPE = b"<!DOCTYPE"
# The same text in UTF-16. Without its last byte it is found in either byte order.
_WIDE_DOCTYPE = _DOCTYPE.decode().encode("utf-16-le")[:-1]


class _EnoughError(Exception):
    """Stops the parser, once the question is answered."""


def has_document_type(data: bytes | str) -> bool:
    """Tell whether XML declares a document type.

    A fast search for the text comes first. If it finds something, the parser decides, because the text may
    stand in a comment.
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
        raise _EnoughError  # a document type can only come before the root element

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = root
    with suppress(_EnoughError, expat.ExpatError, ValueError, LookupError):
        parser.Parse(data, True)
    return bool(met)
