"""Reports for people: text and tables that fit a terminal of any width, and a pipe."""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from anchoraudit.errors import inert, printable, shortened
from anchoraudit.report.text.table import Column, Table, wrapped

# A pipe has no width. 100 columns fit a mail, a CI log and half a screen.
_PIPE_WIDTH = 100
_READABLE = 500  # characters of one text in a table: five lines; longer names are accidents or attacks
_COLOURS = {
    "ok": "green",
    "forced_only": "yellow",
    "empty_foreground": "bold red",
    "blank": "red",
    "no_usable_box": "red",
    "encoder_error": "bold red",
    "left_out": "bold red",
    "unknown": "yellow",
    "error": "bold red",
    "warning": "yellow",
    "info": "cyan",
}


def print_parts(parts: Iterable[object]) -> None:
    """Print to stdout: in colour and as wide as the terminal, or as plain text into a pipe.

    NO_COLOR and FORCE_COLOR, set to anything, decide about colour whatever stdout is (no-color.org,
    force-color.org).
    """
    if sys.stdout.isatty():
        console = Console(highlight=False, markup=False, emoji=False)
        with console.capture() as printed:
            _print(console, parts, continued=True)
        sys.stdout.write(inert(printed.get()))
    else:
        sys.stdout.write(_rendered(parts, colour=_is_set("FORCE_COLOR") and not _is_set("NO_COLOR")))


def to_text(*parts: object) -> str:
    """Return what a console would print, without colours: 100 columns wide, or COLUMNS."""
    return _rendered(parts, colour=False)


def columns_of_terminal() -> int:
    """Return how many characters fit into a line of what is printed."""
    return Console().width if sys.stdout.isatty() else _plain_width()


def _rendered(parts: Iterable[object], *, colour: bool) -> str:
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=_plain_width(),
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=colour,
        color_system="standard" if colour else None,
    )
    _print(console, parts, continued=_columns() is not None)
    return inert("".join(f"{line.rstrip()}\n" for line in buffer.getvalue().split("\n")[:-1]))


def _print(console: Console, parts: Iterable[object], *, continued: bool) -> None:
    """Print each part, no line wider than the console.

    continued: a command that is longer than a line goes on in the next one, behind a backslash, so that it
    can be copied. Otherwise it stays one line.
    """
    for part in parts:
        if isinstance(part, Text) and part.no_wrap:
            for line in _continued(part, console.width) if continued else [part]:
                console.print(line, crop=False, soft_wrap=True)
        elif isinstance(part, str | Text):
            for line in wrapped(Text(part) if isinstance(part, str) else part, console.width):
                console.print(line, crop=False, soft_wrap=True)
        else:
            console.print(part)


def _continued(command: Text, width: int) -> Iterator[Text]:
    """Yield a command in lines that fit, if its words can be put so; as one line otherwise."""
    plain = command.plain
    if cell_len(plain) <= width:
        yield command
        return
    start = plain[: len(plain) - len(plain.lstrip())]
    words = [word if word == "&&" else shlex.quote(word) for word in shlex.split(plain)]
    whole = " ".join(words)
    # An option stays with its value if there is room.
    for parts in (re.split(r" (?=-|&&)", whole), words):
        lines = _filled(parts, start, width)
        if all(cell_len(line) <= width for line in lines):
            yield from (Text(line, style=command.style) for line in lines)
            return
    yield command


def _filled(parts: Sequence[str], start: str, width: int) -> list[str]:
    """Put the parts of a command into lines, each but the last with a backslash at its end."""
    lines = [start]
    for part in parts:
        if lines[-1].strip() and cell_len(f"{lines[-1]} {part} \\") > width:
            lines[-1] += " \\"
            lines.append(f"{start}  ")
        lines[-1] += f" {part}" if lines[-1].strip() else part
    return lines


def _columns() -> int | None:
    text = os.environ.get("COLUMNS", "")
    return int(text) if text.isdecimal() else None


def _plain_width() -> int:
    columns = _columns()
    return _PIPE_WIDTH if columns is None else max(20, columns)


def _is_set(name: str) -> bool:
    return os.environ.get(name, "") != ""


def table(
    title: str,
    columns: Sequence[str | Column],
    rows: Iterable[Sequence[object]],
    *,
    elsewhere: str = "",
    meanings: Mapping[str, str] | None = None,
) -> Table:
    """Return a plain table under a title. Text is wrapped where it is long.

    A column whose name ends in `>` holds numbers, aligned right. One whose name ends in `!` is wrapped last.
    elsewhere: where the columns are that a narrow terminal leaves out. meanings: of columns, by header.
    """
    listed = [column if isinstance(column, Column) else Column.of(column) for column in columns]
    cells = [[value if isinstance(value, Text) else _cell(value) for value in row] for row in rows]
    return Table(printable(title), listed, cells, elsewhere=elsewhere, meanings=meanings)


def readable(value: object) -> str:
    """Return text for people. Of a very long name only the beginning and the end are shown."""
    return shortened(printable(value), _READABLE)


def coloured(word: str) -> Text:
    """Return a verdict or a severity in its colour."""
    return Text(word, style=_COLOURS.get(word, ""))


def _cell(value: object) -> Text:
    return coloured(readable(value))


def facts(pairs: Iterable[tuple[str, str | Text]]) -> Table:
    """Return `name  text` lines, with the text wrapped beside its name."""
    rows = [
        (Text(name, style="dim"), text if isinstance(text, Text) else Text(readable(text)))
        for name, text in pairs
    ]
    return Table("", [Column("", whole=True), Column("")], rows)


def first_lines(lines: Sequence[str]) -> list[object]:
    """Return what a report says before all else, and a blank line; [] for nothing."""
    if not lines:
        return []
    return [Text(readable(lines[0]), style="bold yellow"), *map(readable, lines[1:]), ""]


def steps(title: str, lines: Iterable[tuple[str, str]]) -> list[object]:
    """Return commands to run next, each with what it does. A command is one line to copy."""
    parts: list[object] = [Text(printable(title), style="bold")]
    for what, command in lines:
        if what:
            parts.append(Text(f"  {readable(what)}"))
        if command:
            parts.append(Text(f"    {printable(command)}", style="cyan", no_wrap=True))
    return parts
