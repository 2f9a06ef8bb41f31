"""A plain table that fits the terminal: its text is wrapped, then columns are left out, in a stated order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.text import Text

_GAPS = (2, 1)  # blanks between columns: the second where the first does not fit
_READABLE = 16  # a column of text may become this narrow, or as narrow as its longest word if that is less
_NARROWEST = 8  # and this narrow once no column can be left out
_SEPARATOR = re.compile(r"[/\\_.-]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    header: its name, of one line. right: numbers, which are aligned right and never wrapped. whole: text that
    is wrapped only after other columns were left out, such as a name to copy. spare: where a terminal is too
    narrow, the column with the highest number is left out first; 0: it always stays. least: how narrow text
    may become before a column is left out.
    """

    header: str
    right: bool = False
    whole: bool = False
    spare: int = 0
    least: int = _READABLE

    @classmethod
    def of(cls, text: str) -> Column:
        """Read `images>`, a column of numbers, `name!`, one that stays whole, or a plain header."""
        return cls(text.rstrip(">!"), right=text.endswith(">"), whole=text.endswith("!"))


class Table:
    """Rows under a title, no wider than the console; see the module.

    rows: of each column, its text. elsewhere: where all columns are, for the note on those that were left
    out. meanings: what columns mean, by header, in lines below the table; only those of shown columns.
    """

    def __init__(
        self,
        title: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Text]],
        *,
        elsewhere: str = "",
        meanings: Mapping[str, str] | None = None,
    ) -> None:
        self.title = title
        self.columns = list(columns)
        self.rows = [list(row) for row in rows]
        self.elsewhere = elsewhere
        self.meanings = meanings or {}

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return that the table takes any width."""
        return Measurement(1, options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """Yield the lines."""
        room = options.max_width
        if self.title:
            yield from wrapped(Text(self.title, style="bold"), room)
        shown, left_out = self._columns_that_fit(room)
        if (found := self._widths(shown, room)) is None:
            yield from self._one_below_the_other(room)
            return
        widths, gap = found
        if any(self.columns[i].header for i in shown):
            headers = [Text(self.columns[i].header, style="dim") for i in shown]
            yield from self._line(headers, shown, widths, gap)
        for row in self.rows:
            yield from self._line([row[i] for i in shown], shown, widths, gap)
        if left_out:
            names = ", ".join(self.columns[i].header for i in left_out)
            where = f" ({self.elsewhere})" if self.elsewhere else ""
            yield from wrapped(Text(f"left out at this width: {names}{where}", style="dim"), room)
        for name in (self.columns[i].header for i in shown):
            if meaning := self.meanings.get(name):
                yield from wrapped(Text(f"{name}: {meaning}", style="dim"), room)

    def _columns_that_fit(self, room: int) -> tuple[list[int], list[int]]:
        """Return the columns that are shown, and those that are left out, in the order of the table."""
        shown = list(range(len(self.columns)))
        while self._total(shown, _GAPS[-1], room) > room:
            spare = max((self.columns[i].spare for i in shown), default=0)
            if not spare:
                break
            shown = [i for i in shown if self.columns[i].spare != spare]
        return shown, [i for i in range(len(self.columns)) if i not in shown]

    def _widths(self, shown: Sequence[int], room: int) -> tuple[dict[int, int], int] | None:
        """Return the width of each column and the gap between them; None if they do not fit."""
        natural = {i: self._natural(i) for i in shown}
        for gap in _GAPS:
            if sum(natural.values()) + gap * (len(shown) - 1) <= room:
                return natural, gap
        # Headers of numbers are wrapped before text becomes narrower.
        natural = {i: self._least(i, room) if self.columns[i].right else natural[i] for i in shown}
        gap = next((gap for gap in _GAPS if self._total(shown, gap, room) <= room), _GAPS[-1])
        left = room - gap * (len(shown) - 1)
        for keep_whole, most in ((True, room), (True, _NARROWEST), (False, _NARROWEST)):
            least = {
                i: natural[i] if keep_whole and self.columns[i].whole else self._least(i, most) for i in shown
            }
            if sum(least.values()) <= left:
                return _shared_out(least, natural, left), gap
        return None

    def _total(self, shown: Sequence[int], gap: int, room: int) -> int:
        """Return the least width of a table in which all text is readable."""
        least = (self._natural(i) if self.columns[i].whole else self._least(i, room) for i in shown)
        return sum(least) + gap * (len(shown) - 1)

    def _natural(self, column: int) -> int:
        """Return the width without wrapping."""
        cells = (cell_len(line) for row in self.rows for line in row[column].plain.split("\n"))
        return max(cell_len(self.columns[column].header), max(cells, default=0))

    def _least(self, column: int, most: int) -> int:
        """Return how narrow a column may become; one of numbers not at all, and no header is torn.

        most: columns of text may become as narrow as this, though they ask for more.
        """
        natural = self._natural(column)
        if self.columns[column].right:
            cells = (cell_len(line) for row in self.rows for line in row[column].plain.split("\n"))
            return max(_longest_word(self.columns[column].header), max(cells, default=0))
        own = self.columns[column]
        return max(_longest_word(own.header), min(natural, own.least, most))

    def _line(
        self, cells: Sequence[Text], shown: Sequence[int], widths: dict[int, int], gap: int
    ) -> Iterator[Text]:
        """Yield the lines of one row."""
        folded = [list(wrapped(cell, widths[i])) for cell, i in zip(cells, shown, strict=True)]
        for number in range(max(map(len, folded), default=0)):
            line = Text()
            for lines, i in zip(folded, shown, strict=True):
                part = lines[number] if number < len(lines) else Text()
                blanks = " " * (widths[i] - cell_len(part.plain))
                if line.plain or i != shown[0]:
                    line.append(" " * gap)
                line.append_text(Text(blanks) + part if self.columns[i].right else part + Text(blanks))
            line.rstrip()
            yield line

    def _one_below_the_other(self, room: int) -> Iterator[Text]:
        """Yield each row as lines of `header: value`, for a terminal that is too narrow for a table."""
        for row in self.rows:
            for column, cell in zip(self.columns, row, strict=True):
                start = Text(f"{column.header}: " if column.header else "", style="dim")
                yield from wrapped(start + cell, room)
            yield Text()


def _shared_out(least: dict[int, int], natural: dict[int, int], room: int) -> dict[int, int]:
    """Return widths between the least and the natural ones, so that the widest columns give way first."""
    widths = dict(natural)
    while (over := sum(widths.values()) - room) > 0:
        able = [i for i in widths if widths[i] > least[i]]
        widest = max(widths[i] for i in able)
        these = [i for i in able if widths[i] == widest]
        next_widest = max((widths[i] for i in able if widths[i] < widest), default=0)
        step = max(1, min(over // len(these), widest - next_widest))
        for i in these:
            step_here = min(step, widths[i] - least[i], sum(widths.values()) - room)
            widths[i] -= max(step_here, 0)
    return widths


def _longest_word(text: str) -> int:
    return max((cell_len(word) for word in text.split()), default=0)


def wrapped(text: Text, room: int) -> Iterator[Text]:
    """Yield the lines of a text, none wider than `room` columns; all are indented as the first is.

    A line ends at a blank. A word that is longer than a line, such as a path, is broken behind a separator,
    and anywhere only if it has none.
    """
    for line in text.split("\n", allow_blank=True):
        indent = len(line.plain) - len(line.plain.lstrip(" "))
        indent = indent if indent < room // 2 else 0
        begins = [indent, *_breaks(line.plain, indent, room - indent)]
        for start, end in zip(begins, [*begins[1:], len(line.plain)], strict=True):
            part = line[start:end] if end > start else Text()
            part.rstrip()
            yield Text(" " * indent) + part if part.plain else part


def _breaks(line: str, start: int, room: int) -> list[int]:
    """Return where the lines after the first begin. start: where the first begins."""
    found: list[int] = []
    while cell_len(line[start:].rstrip()) > room:
        end, width = start, 0
        while end < len(line) and width + cell_len(line[end]) <= room:
            width += cell_len(line[end])
            end += 1
        blank = line.rfind(" ", start + 1, end + 1)  # one may stand right behind the line
        if blank > start and line[start:blank].strip():
            end = blank + 1
        elif separators := list(_SEPARATOR.finditer(line, start, end)):
            end = separators[-1].end()
        start = max(end, start + 1)
        while start < len(line) and line[start] == " ":
            start += 1
        found.append(start)
    return found
