"""What a file looks like: keys of JSON, columns of a table, elements of XML, a line.

Nothing is parsed in full, so that a file of gigabytes, or one that is cut off, is described, too.
"""

from __future__ import annotations

import csv
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from anchoraudit.errors import printable
from anchoraudit.images.found import is_image_name
from anchoraudit.io import json_shortened
from anchoraudit.io.files import read_head

JSON, TABLE, XML, TEXT = "JSON", "table", "XML", "text"
_KINDS = {
    **dict.fromkeys((".json", ".jsonl", ".ndjson", ".odgt", ".manifest", ".labels"), JSON),
    **dict.fromkeys((".csv", ".tsv"), TABLE),
    ".xml": XML,
    ".txt": TEXT,
}
_HEAD = 1 << 16  # bytes
# Of JSON so many bytes are looked at, and so many shown: all keys are named, whatever is before them.
_LOOKED_AT, _ROOM = 1 << 28, 1 << 14
_TOKENS = 20_000
_DEPTH = 8
# A string may be cut off. If the pattern needed its end, each quote after it would be tried as a beginning.
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)"?|[{}\[\],:]|[^\s"{}\[\],:]++', re.DOTALL)
_ELEMENT = re.compile(r"<([A-Za-z_][\w:.-]*)")
_NUMBER = re.compile(r"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?")
_LONG = 300  # letters of a key that are kept
_SHOWN = 6  # names in a line

Key = tuple[str, ...]


@dataclass(slots=True)
class Outline:
    """What the beginning of a file has.

    syntax: JSON, TABLE, XML or TEXT. shape: of JSON "object", "list" or "lines".
    keys: of JSON the paths of its keys in their order, "[]" for an entry of a list and "*" for a key that is
    a name of a file or a number, each with its first plain value; of a table the columns, of XML the
    elements.
    lines: the first lines of a text or a table.
    """

    syntax: str
    shape: str = ""
    keys: dict[Key, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def entry_keys(self) -> set[str]:
        """Return the keys of the object, or of the entries of the list or the lines."""
        at = 1 if self.shape == "list" else 0
        return {key[at] for key in self.keys if len(key) == at + 1 and key[at] != "[]"}

    def described(self) -> str:
        """Say in a few words what the file is."""
        if self.syntax == JSON:
            names = [printable(key[-1]) for key in self.keys if self._is_shown(key)]
            having = f" with {_named(names)}" if names else ""
            if self.shape == "object":
                return f"a JSON object{having}"
            if self.shape == "lines":
                return f"a JSON object in each line{having}"
            return f"a JSON list of objects{having}" if names else "a JSON list without objects"
        if self.syntax == TABLE:
            return f"a table with {_named([printable(name) for (name,) in self.keys])}"
        if self.syntax == XML:
            names = [printable(name) for (name,) in self.keys]
            return f"XML, <{names[0]}>" + (f" with {_named(names[1:])}" if names[1:] else "")
        return f"a text that begins `{printable(self.lines[0])[:50]}`"

    def _is_shown(self, key: Key) -> bool:
        return len(key) == (2 if self.shape == "list" else 1) and key[-1] != "[]"


def outline(path: Path) -> Outline | None:
    """Return what a file has; None if its suffix is another, or if it cannot be read."""
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        return None
    if kind == JSON:
        with suppress(OSError):
            if values := json_shortened.documents(path, _LOOKED_AT, 2, room=_ROOM):
                text = "\n".join(json.dumps(value, ensure_ascii=False) for value in values)
                return outline_of(text.encode("utf-8", "replace"), kind)
    return outline_of(read_head(path, _HEAD), kind)


def example_outline(path: str, text: str) -> Outline | None:
    """Return the outline of the example of a format. path: where it usually lies."""
    kind = _KINDS.get(PurePosixPath(path).suffix.lower())
    return outline_of(text.encode(), kind) if kind else None


def outline_of(head: bytes, kind: str) -> Outline | None:
    """Return what a text, or the beginning of one, has; None if it is nothing of this kind."""
    text = head.decode("utf-8-sig", "replace").lstrip()
    found = {JSON: _of_json, XML: _of_xml}.get(kind, _of_lines)(text, kind)
    return found if found.keys or found.lines or found.shape else None


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"`{name[:40]}`" for name in names[:_SHOWN]) + more


def _of_json(text: str, kind: str) -> Outline:
    """Go through the tokens, and note the path of each key. What is no JSON gives an odd outline, or none."""
    found = Outline(kind)
    if not text.startswith(("{", "[")):
        return found
    found.shape = "object" if text[0] == "{" else "list"
    stack: list[str] = []  # of each open bracket: "[]" for a list, the last key for an object
    last, count = "", 0
    for count, token in enumerate(_TOKEN.finditer(text), 1):
        word = token[0]
        if word == "{":
            if not stack and count > 1 and text[token.start() - 1] == "\n":
                found.shape = "lines"
            stack.append("")
        elif word == "[":
            stack.append("[]")
        elif word in ("}", "]"):
            if stack:
                stack.pop()
            if not stack and found.shape == "list":
                break
        elif word == ":":
            if stack and stack[-1] != "[]":
                stack[-1] = _plain(last)
                if len(stack) <= _DEPTH:
                    found.keys.setdefault(tuple(stack), "")
        elif word != ",":
            last = word if token[1] is None else token[1]
            path = tuple(stack)
            if path in found.keys and not found.keys[path] and text[token.end() : token.end() + 1] != ":":
                found.keys[path] = last[:80]
        if count >= _TOKENS:
            break
    return found


def _plain(key: str) -> str:
    """Return a key as written, "*" for one that is data: the name of a file, or a number."""
    if len(key) > _LONG:
        return key[:_LONG]
    stem = re.sub(r"-?\d+$", "", key)  # VIA puts the size of a file behind its name
    return "*" if not stem or is_image_name(stem) or is_image_name(key) else key


def _of_xml(text: str, kind: str) -> Outline:
    names = dict.fromkeys(name[1] for name in _ELEMENT.finditer(text))
    return Outline(kind, keys={(name,): "" for name in names})


def _of_lines(text: str, kind: str) -> Outline:
    lines = [line.strip() for line in text.splitlines() if line.strip()][:20]
    if kind != TABLE or not lines:
        return Outline(kind, lines=lines)
    separator = max(",;\t", key=lines[0].count)
    header = [name.strip() for name in next(csv.reader(lines[:1], delimiter=separator), [])]
    return Outline(kind, keys={(name,): "" for name in header if name}, lines=lines)


def is_number(text: str) -> bool:
    """Tell whether a text is a number."""
    return _NUMBER.fullmatch(text) is not None
