"""Parse protocol buffers in text form, as far as configurations of TensorFlow use it, into nested lists.

Source: https://protobuf.dev/reference/protobuf/textformat-spec
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from anchoraudit.errors import AnchorauditError

_TOKEN = re.compile(
    r"""(?P<blank>(?:\s++|\#[^\n]*+)++)|(?P<text>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')"""
    r"""|(?P<word>[^\s\#"'{}<>\[\]:,;]+)|(?P<mark>[{}<>\[\]:,;])"""
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|[xX][0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_LETTERS = {
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
    b"?": b"?", b"\\": b"\\", b"'": b"'", b'"': b'"',
}  # fmt: skip
_DEEPEST = 60
_CLOSES = {"{": "}", "<": ">"}


@dataclass(slots=True)
class Message:
    """A message: its fields in order, each a name, a value and a line. The same name may be there often."""

    line: int = 1
    fields: list[tuple[str, str | Message, int]] = field(default_factory=list)

    def messages(self, name: str) -> Iterator[Message]:
        """Yield the fields of this name that are messages."""
        for key, value, _ in self.fields:
            if key == name and isinstance(value, Message):
                yield value

    def scalar(self, name: str) -> tuple[str, int] | None:
        """Return the last value of this name that is no message, and its line; None if there is none."""
        found = [(value, line) for key, value, line in self.fields if key == name and isinstance(value, str)]
        return found[-1] if found else None


def parse_proto(text: str, path: Path) -> Message:
    """Return the fields of the text. Raises AnchorauditError with the line of what is wrong."""
    return _Parser(text, path).message("", 1, 0)


class _Parser:
    def __init__(self, text: str, path: Path) -> None:
        self.text, self.path, self.at, self.line = text, path, 0, 1
        self.sort, self.token = "", ""
        self.advance()

    def advance(self) -> None:
        """Go to the next token; its sort is "" at the end."""
        while self.at < len(self.text):
            found = _TOKEN.match(self.text, self.at)
            if found is None:
                raise self.error(f"unexpected {self.text[self.at : self.at + 20]!r}")
            self.at = found.end()
            self.sort, self.token = str(found.lastgroup), found[0]
            if self.sort != "blank":
                return
            self.line += self.token.count("\n")
        self.sort = self.token = ""

    def take(self) -> str:
        token = self.token
        self.advance()
        return token

    def message(self, closes: str, line: int, depth: int) -> Message:
        """Return the fields up to the mark that closes them, or up to the end. line: where they begin."""
        if depth > _DEEPEST:
            raise self.error("nested too deeply")
        message = Message(line)
        while self.token != closes:
            if self.token in (",", ";"):
                self.advance()
                continue
            if self.sort != "word":
                raise self.error(
                    f"{self.token!r} instead of a field" if self.sort else f"{closes!r} is missing"
                )
            at, name = self.line, self.take()
            if colon := self.token == ":":
                self.advance()
            for value in self.values(colon, depth):
                message.fields.append((name, value, at))
        self.advance()
        return message

    def values(self, colon: bool, depth: int) -> Iterator[str | Message]:
        """Yield the value of a field, or the values of a list."""
        if self.token == "[":
            self.advance()
            while self.token != "]":
                if self.token == ",":
                    self.advance()
                else:
                    yield self.value(colon, depth)
            self.advance()
        else:
            yield self.value(colon, depth)

    def value(self, colon: bool, depth: int) -> str | Message:
        if self.token in _CLOSES:
            line = self.line
            return self.message(_CLOSES[self.take()], line, depth + 1)
        if not colon or self.sort not in ("text", "word"):
            raise self.error(f"{self.token!r} instead of a value" if self.sort else "a value is missing")
        if self.sort == "word":
            return self.take()
        parts = []
        while self.sort == "text":
            parts.append(self.unquoted(self.take()))
        return "".join(parts)

    def unquoted(self, token: str) -> str:
        """Return a text without quotes, its escapes resolved. They stand for bytes, of UTF-8 text."""
        text = token[1:-1]
        if "\\" not in text:
            return text
        return _ESCAPE.sub(self.byte, text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def byte(self, found: re.Match[bytes]) -> bytes:
        escape = found[1]
        if escape[:1].isdigit():
            return bytes([int(escape, 8) & 0xFF])
        if escape[:1] in b"xX" and len(escape) > 1:
            return bytes([int(escape[1:], 16)])
        if escape[:1] in b"uU" and len(escape) > 1 and int(escape[1:], 16) < 0x110000:
            return chr(int(escape[1:], 16)).encode("utf-8", "replace")
        if escape in _LETTERS:
            return _LETTERS[escape]
        raise self.error(f"the escape {found[0].decode('utf-8', 'replace')!r}")

    def error(self, words: str) -> AnchorauditError:
        return AnchorauditError(
            f"not valid text format: {words}",
            path=self.path,
            place=f"line {self.line}",
            remedy="Fix it there.",
        )
