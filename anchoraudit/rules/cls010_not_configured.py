"""CLS010: class of the data that the configuration lacks."""

from __future__ import annotations

import json
from collections import Counter

from anchoraudit.classes.table import ClassRow, ClassTable, class_written
from anchoraudit.dataset.findings import Finding
from anchoraudit.io.suggest import nearest
from anchoraudit.rules._classes import (
    SHOWN,
    configuration,
    counted,
    framework,
    ids_counted,
    is_placeholder,
    listed,
    name,
    of_splits,
)
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted

_OWN_LISTS = {
    "mscoco": "the ids of MS COCO",
    "sorted_with_boxes": "the list that the framework makes of the training file's classes",
}
_DOES = {
    "dropped": "silently drops {its} boxes",
    "drops_image": "drops {its} images",
    "raises": "stops",
}
_UNKNOWN = "does not train {its} boxes"


def check(context: Context) -> list[Finding]:
    """Find classes with boxes that get no index, because the configuration does not name them."""
    table = context.classes
    if table is None or table.rules is None:
        return []
    unlisted = _unlisted(context, table)
    if not table.names_by_index and not _names_classes_itself(context, table):
        return unlisted
    text_ids = table.rules.text_ids == "raises"
    lacking = [
        row
        for row in table.rows
        if row.known
        and row.index is None
        and row.boxes
        and not is_placeholder(context, row)
        and not (text_ids and isinstance(row.id, str))  # CLS016
    ]
    if len(lacking) <= SHOWN:
        return [*(finding for row in lacking for finding in _about(context, table, row)), *unlisted]
    boxes = sum(row.boxes for row in lacking)
    text = (
        f"{len(lacking):,} classes with {counted(boxes)} are not in {_list_of(context, table)}, and "
        f"{framework(context)} {_does(table.rules.unknown, 'their')}: "
        f"{listed([name(row.name) for row in lacking])}"
    )
    found = context.about_all("CLS010", text, f"{len(lacking):,} classes", "classes not configured")
    return [*found, *unlisted]


def _names_classes_itself(context: Context, table: ClassTable) -> bool:
    """Tell whether the framework itself says which classes there are, whatever the user states."""
    assert table.rules is not None
    return table.rules.index_for(context.dataset.format) in _OWN_LISTS


def _list_of(context: Context, table: ClassTable) -> str:
    assert table.rules is not None
    return _OWN_LISTS.get(table.rules.index_for(context.dataset.format)) or configuration(table)


def _unlisted(context: Context, table: ClassTable) -> list[Finding]:
    """Report boxes whose id `categories` lacks, where the framework stops there and no loader says it."""
    rules, dataset = table.rules, context.dataset
    if rules is None or rules.unknown != "raises" or context.loaded is not None or not dataset.declares_ids:
        return []
    ids = ids_counted(context.totals.of_rule("CLS010").numbers("id "))
    if not ids:
        return []
    boxes, written = counted(sum(number for _, number in ids)), [one for one, _ in ids]
    text = (
        f"`categories` lacks the class id of {boxes} ({listed([repr(one) for one in written])}): "
        f"{framework(context)} stops"
    )
    if own := rules.unknown_error.format(name=written[0], id=written[0]):
        text += f": {own}"
    return context.about_all("CLS010", text, listed([str(one) for one in written]), "ids not listed")


def count(context: Context) -> Counted:
    """Count the boxes of each id that `categories` lacks, and that is no index either."""
    dataset, table = context.dataset, context.classes
    if table is None or not dataset.declares_ids:
        return {}
    declared = {str(category.id) for category in dataset.categories}
    return Counter(
        f"id {json.dumps(identity)}"
        for row, text in dataset.boxes.class_texts.items()
        if row not in table.unlisted
        and isinstance(identity := class_written(text), int | str)
        and str(identity) not in declared
    )


def _does(unknown: str, its: str) -> str:
    """Say what the framework does with boxes of classes that it does not know."""
    return _DOES.get(unknown, _UNKNOWN).format(its=its)


def _about(context: Context, table: ClassTable, row: ClassRow) -> list[Finding]:
    assert table.rules is not None  # checked before
    does = _does(table.rules.unknown, "its")
    own = table.rules.unknown_error.format(name=table.rules.folded(row.name), id=row.id)
    near = nearest(row.name, dict.fromkeys(table.names_by_index.values()))
    if table.stated.by_default:  # of many names that nobody wrote for these data, one is often a bit alike
        near = [one for one in near if one.strip().casefold() == row.name.strip().casefold()]
    hint = f"; it has {name(near[0])}" if near else ""
    text = (
        f"class {name(row.name)} ({counted(row.boxes)}){of_splits(row)} is not in {_list_of(context, table)}"
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
        "names of MS COCO in mmdetection, or its ids in RT-DETR. Where no loader of the framework is "
        "replayed, also an id that `categories` lacks, if the framework stops there."
    ),
    why=(
        "mmdetection silently drops all boxes of the class, and the images that have no others. Other "
        "frameworks stop with a KeyError at the first such box."
    ),
    example="classes = ('cat', 'dog') in the configuration, and a category called Dog",
    remedy="use the data's spelling in the configuration, or rename the class in the data",
    check=check,
    scope="totals",
    count=count,
)
