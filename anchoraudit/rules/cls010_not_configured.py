"""CLS010: class of the data that the configuration lacks."""

from __future__ import annotations

from anchoraudit.classes.table import ClassRow, ClassTable
from anchoraudit.dataset.findings import Finding
from anchoraudit.io.suggest import nearest
from anchoraudit.rules._classes import (
    SHOWN,
    configuration,
    counted,
    framework,
    is_placeholder,
    listed,
    name,
    of_splits,
)
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

_DOES = {
    "dropped": "drops its boxes without a word",
    "drops_image": "drops its images",
    "raises": "stops",
}


def check(context: Context) -> list[Finding]:
    """Find classes with boxes that get no index, because the configuration does not name them."""
    table = context.classes
    if table is None or table.rules is None or not table.names_by_index:
        return []
    lacking = [
        row
        for row in table.rows
        if row.known and row.index is None and row.boxes and not is_placeholder(context, row)
    ]
    if len(lacking) <= SHOWN:
        return [finding for row in lacking for finding in _about(context, table, row)]
    boxes = sum(row.boxes for row in lacking)
    text = (
        f"{len(lacking):,} classes with {counted(boxes)} are not in {configuration(table)}, and "
        f"{framework(context)} {_DOES.get(table.rules.unknown, 'does not train them')}: "
        f"{listed([name(row.name) for row in lacking])}"
    )
    return context.about_all("CLS010", text, f"{len(lacking):,} classes", "classes not configured")


def _about(context: Context, table: ClassTable, row: ClassRow) -> list[Finding]:
    assert table.rules is not None  # checked before
    does = _DOES.get(table.rules.unknown, "does not train it")
    own = table.rules.unknown_error.format(name=table.rules.folded(row.name), id=row.id)
    near = nearest(row.name, dict.fromkeys(table.names_by_index.values()))
    hint = f"; it has {name(near[0])}" if near else ""
    text = (
        f"class {name(row.name)} ({counted(row.boxes)}){of_splits(row)} is not in {configuration(table)}"
        f"{hint}: {framework(context)} {does}{f': {own}' if own else ''}"
    )
    return context.about_all("CLS010", text, row.name, f"category {row.id!r} not configured")


RULE = Rule(
    code="CLS010",
    severity="error",
    title="class that the configuration lacks",
    what=(
        "A class with boxes whose name is not in the list of classes that the detector's file or `--classes` "
        "states, in a framework that looks names up. Case, blanks and spelling count, but for what the "
        "framework itself folds. Where the file states no list, the framework's own counts, such as the 80 "
        "names of MS COCO in mmdetection."
    ),
    why=(
        "mmdetection drops all boxes of the class without a word, and the images that have no others. Other "
        "frameworks stop with a KeyError at the first such box."
    ),
    example="classes = ('cat', 'dog') in the configuration, and a category called Dog",
    remedy="write the name in the configuration as the data have it, or rename the class in the data",
    check=check,
)
