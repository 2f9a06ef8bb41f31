"""Parse protocol buffers in text form, as far as configurations of TensorFlow use it, into nested lists.

Source: https://protobuf.dev/reference/protobuf/textformat-spec
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from anchoraudit.errors import AnchorauditError

_TOKEN = re.compile(
    r"""(?P<blank>(?:\s|\#[^\n]*)+)|(?P<text>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')"""
    r"""|(?P<word>[^\s\#"'{}<>\[\]:,;]+)|(?P<mark>[{}<>\[\]:,;])"""
)
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
    return _Parser(text, path).message("", 0)


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

    def message(self, closes: str, depth: int) -> Message:
        """Return the fields up to the mark that closes them, or up to the end of the text."""
        if depth > _DEEPEST:
            raise self.error("nested too deeply")
        message = Message(self.line)
        while self.token != closes:
            if self.token in (",", ";"):
                self.advance()
                continue
            if self.sort != "word":
                raise self.error(
                    f"{self.token!r} instead of a field" if self.sort else f"{closes!r} is missing"
                )
            line, name = self.line, self.take()
            if colon := self.token == ":":
                self.advance()
            for value in self.values(colon, depth):
                message.fields.append((name, value, line))
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
            return self.message(_CLOSES[self.take()], depth + 1)
        if not colon or self.sort not in ("text", "word"):
            raise self.error(f"{self.token!r} instead of a value" if self.sort else "a value is missing")
        if self.sort == "word":
            return self.take()
        parts = []
        while self.sort == "text":
            parts.append(self.unquoted(self.take()))
        return "".join(parts)

    def unquoted(self, token: str) -> str:
        """Return a text without quotes, its escapes resolved: those of Python's bytes are protobuf's."""
        if "\\" not in token:
            return token[1:-1]
        try:
            value = ast.literal_eval("b" + token.encode("unicode_escape").decode().replace("\\\\", "\\"))
            return bytes(value).decode("utf-8", "replace")
        except (ValueError, SyntaxError):
            raise self.error(f"{token[:40]} has an escape that is not valid") from None

    def error(self, words: str) -> AnchorauditError:
        return AnchorauditError(
            f"not valid text format: {words}",
            path=self.path,
            place=f"line {self.line}",
            remedy="Fix it there.",
        )
