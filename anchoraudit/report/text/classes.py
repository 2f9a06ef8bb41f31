"""The class table as text: id, name and index of each class, and what becomes of its boxes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group

from anchoraudit.arrays import Int
from anchoraudit.classes.contract import INDEX_MEANING
from anchoraudit.classes.table import ClassRow, ClassTable
from anchoraudit.errors import shortened
from anchoraudit.report.text.terminal import facts, table

_MOST_ROWS = 200  # more, such as the 5,000 of a set of species, are not read on a terminal
_MOST_OF_A_NAME = 80  # letters: two or three lines of the column
_BECOMES = {
    "trains": "",
    "background": "trained as background",
    "dropped": "dropped",
    "drops_image": "their images are dropped",
    "raises": "training stops",
    "no_effect": "teach nothing",
    "reserved": "training stops",
    "unknown": "",
}
_BACKGROUND = {
    "none": "no background",
    "first": "0 is the background",
    "last": "the background comes last",
    "by_model": "no background",
}


def class_table(classes: ClassTable, unmatched: Int | None = None) -> list[object]:
    """Return the parts of a report on the classes: a row for each class, and whose rules these are.

    Of very many classes those come first that do not simply train; all are in the JSON report.

    unmatched: int64 [C], the usable boxes of each class that no anchor matches; None without a detector.
    """
    several = any(row.splits for row in classes.rows)
    # Numbers of boxes by status are of a class as a whole, not of some of its splits.
    lost = None if several else unmatched
    shown = _most_telling(classes.rows)
    rows = [
        (
            row.id,
            _name(row.name),
            "-" if row.index is None else row.index,
            *((", ".join(row.splits),) if several else ()),
            f"{row.boxes:,}",
            *((f"{lost[row.number]:,}",) if lost is not None else ()),
            _becomes(row),
        )
        for row in shown
    ]
    columns = (
        "id>",
        "name",
        "index>",
        *(("split",) if several else ()),
        "boxes>",
        *(("unmatched>",) if lost is not None else ()),
        "what becomes of them",
    )
    parts: list[object] = [table(f"Classes ({len(classes.dataset.categories):,})", columns, rows)]
    if len(shown) < len(classes.rows):
        parts.append(f"... and {len(classes.rows) - len(shown):,} more (all with --output-format json)")
    return [*parts, _whose(classes), ""]


def _most_telling(rows: Sequence[ClassRow]) -> Sequence[ClassRow]:
    """Return the rows that are shown, in their order: all, or those first that do not simply train."""
    if len(rows) <= _MOST_ROWS:
        return rows
    odd_first = sorted(range(len(rows)), key=lambda number: not _becomes(rows[number]))
    return [rows[number] for number in sorted(odd_first[:_MOST_ROWS])]


def _name(name: str) -> str:
    """Return a name for a cell; in quotes where it begins or ends with blanks, which count."""
    short = shortened(name, _MOST_OF_A_NAME)
    return repr(short) if short != short.strip() or not short else short


def _becomes(row: ClassRow) -> str:
    said = [_BECOMES.get(row.outcome, row.outcome)]
    if row.trained_as:
        said.append(f"the configuration calls this index {shortened(row.trained_as, _MOST_OF_A_NAME)!r}")
    return "; ".join(filter(None, said))


def _whose(classes: ClassTable) -> Group:
    rules, stated = classes.rules, classes.stated
    if rules is None:
        return Group(facts([("index", "unknown: no framework is named that numbers the classes")]))
    first = rules.background == "first" or classes.labels.id_zero != "class"
    where = "first" if first else rules.background
    meaning = INDEX_MEANING[rules.index_for(classes.dataset.format)]
    lines = [("index", f"{meaning}; {_BACKGROUND[where]} ({rules.framework})")]
    if stated.count:
        outputs = "1 class" if stated.count == 1 else f"{stated.count:,} classes"
        default = ", the framework's default" if stated.by_default else ""
        stated_in = f" ({stated.stated_in}{default})" if stated.stated_in else ""
        lines.append(("model", f"built with {outputs}{stated_in}"))
    return Group(facts(lines))
