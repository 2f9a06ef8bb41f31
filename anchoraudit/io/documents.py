"""Small files that say what to do: settings, anchors, detectors, data sets; read whole, parsed within bounds.

What a parser does with a file that means harm is not left to the parser: it is refused before, or its error
becomes one that names file and line.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import json_text
from anchoraudit.io.files import read_input

if TYPE_CHECKING:
    import yaml

LARGEST = 5_000_000  # bytes; the largest configuration files known to us have a few hundred thousand
_PARTS = 100  # of a key such as `a.b.c`: tomllib's time and memory grow with the square of their number
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"""(?<![\w."'-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_PARTS}}}""")


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
        raise json_text.beyond_parsing(text, path, "TOML", error) from None


@dataclass(frozen=True, slots=True)
class YamlBounds:
    """How many values, levels and aliases a YAML text may have; `beyond` is what is said of one with more."""

    values: int
    levels: int
    aliases: int
    beyond: str

    def error(self, node_or_event: Any, path: object) -> AnchorauditError:
        """Return the error about a text that has more, from this node on."""
        return AnchorauditError(
            self.beyond,
            path=path,
            place=f"line {yaml_line(node_or_event)}",
            remedy=f"Read are at most {self.values} values, {self.levels} levels and {self.aliases} aliases.",
        )


def compose_yaml(text: str, path: object, bounds: YamlBounds) -> yaml.Node | None:
    """Parse YAML into nodes, which know their lines; nothing is constructed, None is an empty text.

    An alias is the node that it names, so walking nodes can take longer than the text is. Raises
    AnchorauditError, with the line, for what is no YAML, or is beyond the bounds.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Counts what it composes, before it is composed."""

        values = levels = aliases = 0

        def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
            self.values += 1
            self.levels += 1
            self.aliases += self.check_event(yaml.AliasEvent)
            if (
                self.values > bounds.values
                or self.levels > bounds.levels + 1
                or self.aliases > bounds.aliases
            ):
                raise bounds.error(self.peek_event(), path)  # type: ignore[no-untyped-call]
            node = super().compose_node(parent, index)
            self.levels -= 1
            return node

    try:
        return yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        words, mark = error.problem or error.context, error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    except yaml.reader.ReaderError as error:
        words, place = error.reason, _line(text, error.position)
    except (yaml.YAMLError, ValueError) as error:
        words, place = str(error).partition("\n")[0], ""
    remedy = "Mend the file there." if place else "Mend the file."
    raise AnchorauditError(f"not valid YAML: {words}", path=path, place=place, remedy=remedy)


def yaml_line(node: Any) -> int:
    """Return the line at which a node of `compose_yaml` begins, 1 for None."""
    return int(node.start_mark.line) + 1 if node is not None else 1


def _line(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}"
