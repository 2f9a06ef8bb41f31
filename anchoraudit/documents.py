"""Small files that say what to do: settings, anchors, detectors; read whole, and parsed within bounds.

What a parser does with a file that means harm is not left to the parser: it is refused before, or its error
becomes one that names file and line.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.files import read_input

LARGEST = 5_000_000  # bytes; the largest configuration files known to us have a few hundred thousand
_PARTS = 100  # of a key such as `a.b.c`: tomllib's time and memory grow with the square of their number
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"""(?<![\w."'-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_PARTS}}}""")
_BRACKET = re.compile(r"[\[{]|[\]}]")
_LONG_NUMBER = re.compile(r"[0-9][0-9_]{4000}")  # Python parses 4300 digits
_DEEP = 100  # brackets in each other: a line with more is what a parser stopped at


def read_text(path: Path, what: str) -> str:
    r"""Return the text of a regular file in UTF-8 of at most LARGEST bytes, with `\n` between its lines.

    what: what the file should be, for the message (`anchors file`). Raises AnchorauditError, with what to do.
    """
    data = read_input(path, LARGEST, remedy=f"Check the path of the {what}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnchorauditError(
            "not UTF-8 text",
            path=path,
            place=f"byte {error.start}",
            remedy=f"The {what} is UTF-8 text: name that, not weights or an image.",
        ) from None
    if "\0" in text:
        raise AnchorauditError(
            "binary, not text",
            path=path,
            place=f"byte {data.index(0)}",
            remedy=f"Name the {what}, not weights or an image.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_toml(text: str, path: object) -> dict[str, Any]:
    """Parse TOML. Raises AnchorauditError, with the line, for what is none, or is not meant to be read."""
    if (found := _LONG_KEY.search(text)) is not None:
        raise AnchorauditError(
            f"not valid TOML: a key of more than {_PARTS} parts",
            path=path,
            place=_line(text, found.start()),
            remedy="Mend the file there.",
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AnchorauditError(f"not valid TOML: {error}", path=path, remedy="Mend the file there.") from None
    except (ValueError, RecursionError) as error:
        raise _beyond(text, path, "TOML", error) from None


def parse_json(text: str, path: object) -> Any:
    """Parse JSON, NaN and infinities too. Raises AnchorauditError, with the line, for what is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise AnchorauditError(
            f"not valid JSON: {error.msg}",
            path=path,
            place=f"line {error.lineno}",
            remedy="Mend the file there.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise _beyond(text, path, "JSON", error) from None


def _beyond(text: str, path: object, kind: str, error: Exception) -> AnchorauditError:
    """Say where a text is beyond what Python parses, in depth or in digits."""
    if isinstance(error, RecursionError):
        words, at = "nested too deeply", _deep_at(text)
    else:
        number = _LONG_NUMBER.search(text)
        words, at = ("a number of too many digits", number.start()) if number else (str(error), 0)
    return AnchorauditError(
        f"not valid {kind}: {words}", path=path, place=_line(text, at), remedy="Mend the file there."
    )


def _deep_at(text: str) -> int:
    """Where more brackets are open than in any file that a person wrote; those in strings count, too."""
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > _DEEP:
            return bracket.start()
    return 0


def _line(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}"
