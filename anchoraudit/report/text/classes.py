"""The class table as text: id, name and index of each class, and what becomes of its boxes."""

from __future__ import annotations

from rich.console import Group

from anchoraudit.arrays import Int
from anchoraudit.classes.contract import INDEX_MEANING
from anchoraudit.classes.table import ClassRow, ClassTable
from anchoraudit.report.text.terminal import facts, table

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

    unmatched: int64 [C], the usable boxes of each class that no anchor matches; None without a detector.
    """
    several = any(row.splits for row in classes.rows)
    # Numbers of boxes by status are of a class as a whole, not of some of its splits.
    lost = None if several else unmatched
    rows = [
        (
            row.id,
            row.name,
            "-" if row.index is None else row.index,
            *((", ".join(row.splits),) if several else ()),
            f"{row.boxes:,}",
            *((f"{lost[row.number]:,}",) if lost is not None else ()),
            _becomes(row),
        )
        for row in classes.rows
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
    return [*parts, _whose(classes), ""]


def _becomes(row: ClassRow) -> str:
    said = [_BECOMES.get(row.outcome, row.outcome)]
    if row.trained_as:
        said.append(f"the configuration calls this index {row.trained_as!r}")
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
