"""Small files that configure a run: settings, anchors, detectors, data sets. Read whole, with limits.

A harmful file must not exhaust a parser. It is refused before parsing, or the parser's error becomes an
AnchorauditError that names file and line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import json_text
from anchoraudit.io.files import read_input

if TYPE_CHECKING:
    import yaml

LARGEST = (
    5_000_000  # bytes: ten times the largest configuration files known, which have a few hundred thousand
)
_LONGEST_SCALAR = 100  # characters of a number or a date in YAML; the shortest form of a double has 24
# Most parts of a key such as `a.b.c`. tomllib's time and memory grow with the square of their number; 100 are
# harmless, and ten times more than a person writes.
_PARTS = 100
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"""(?<![\w."'-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_PARTS}}}""")


def read_text(path: Path, what: str, most: int | None = LARGEST) -> str:
    r"""Return the text of a UTF-8 file. Lines end in `\n`.

    what: what the file should be, for the message (`anchors file`). most: the most bytes that it may have;
    None: as in `files.read_bytes`.

    Raises AnchorauditError if the file cannot be read, is too large, or is not UTF-8 text.
    """
    data = read_input(path, most, remedy=f"Check the path of the {what}.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Windows editors and PowerShell's `>` write UTF-16, with this mark at the beginning.
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        raise AnchorauditError(
            "not UTF-8 text, but UTF-16" if wide else "not UTF-8 text",
            path=path,
            place=f"byte {error.start}",
            remedy="Save it as UTF-8."
            if wide
            else f"Name the {what}, which is UTF-8 text, not weights or an image.",
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
    """Parse TOML. Raises AnchorauditError, with the line, if it is invalid or has a key of too many parts."""
    import tomllib

    if (found := _LONG_KEY.search(text)) is not None:
        raise AnchorauditError(
            f"not valid TOML: a key of more than {_PARTS} parts",
            path=path,
            place=_line(text, found.start()),
            remedy="Fix the file there.",
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AnchorauditError(f"not valid TOML: {error}", path=path, remedy="Fix the file there.") from None
    except (ValueError, RecursionError) as error:
        raise json_text.beyond_parsing(text, path, "TOML", error) from None


@dataclass(frozen=True, slots=True)
class YamlBounds:
    """How many values, levels and aliases a YAML text may have. beyond: the message for a text with more."""

    values: int
    levels: int
    aliases: int
    beyond: str

    def error(self, node_or_event: Any, path: object) -> AnchorauditError:
        """Return the error for a text that exceeds a limit at this node."""
        return AnchorauditError(
            self.beyond,
            path=path,
            place=f"line {yaml_line(node_or_event)}",
            remedy=f"Use at most {self.values} values, {self.levels} levels and {self.aliases} aliases.",
        )


def compose_yaml(text: str, path: object, bounds: YamlBounds) -> yaml.Node | None:
    """Parse YAML into nodes, which know their lines. No Python objects are built. None for an empty text.

    An alias and the node that it names are one object, so walking all nodes can visit a node many times.

    Raises AnchorauditError, with the line, if the text is not valid YAML or exceeds the bounds.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Counts nodes before it builds them, so that a text beyond the bounds is refused early."""

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
    remedy = "Fix the file there." if place else "Fix the file."
    raise AnchorauditError(f"not valid YAML: {words}", path=path, place=place, remedy=remedy)


def yaml_value(node: yaml.ScalarNode) -> Any:
    """Return what YAML 1.1 makes of a scalar: a number, a truth value, a date, None or a text.

    Raises ValueError if the scalar does not have the form that its tag says, if the tag is not one of
    YAML's own, or if it is no text and has more than 100 characters. A number of base 60 (`1:1:1`), and one
    of many digits, takes time that grows with the square of its length.
    """
    import yaml

    if not node.tag.endswith(":str") and len(node.value) > _LONGEST_SCALAR:
        raise ValueError(f"{len(node.value):,} characters, which are too many")
    try:
        return yaml.constructor.SafeConstructor().construct_object(node)
    # PyYAML looks up `!!bool x`, takes the first sign of `!!int ""`, and asks a failed match of
    # `!!timestamp x` for its groups.
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise ValueError(str(error)) from None


def yaml_line(node: Any) -> int:
    """Return the line, from 1, at which a node of `compose_yaml` begins; 1 for None."""
    return int(node.start_mark.line) + 1 if node is not None else 1


def _line(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}"
