"""CLS014: class ids that begin at the wrong number."""

from __future__ import annotations

from collections import Counter

import numpy as np

from anchoraudit.classes.table import ClassTable, class_written
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import counted, framework
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted

_LARGEST = int(np.iinfo(np.int64).max)


def check(context: Context) -> list[Finding]:
    """Find ids that all are one too high, or one too low, for the framework and its number of classes."""
    table = context.classes
    return [] if table is None or table.rules is None else start_of(context, table)


def start_of(context: Context, table: ClassTable) -> list[Finding]:
    """Return the finding on the first and the last index that boxes have."""
    assert table.rules is not None
    counts = used_indices(context, table)
    if not counts:
        return []
    low, high = min(counts), max(counts)
    if table.rules.index_for(context.dataset.format) == "minus_one":
        declared = {category.id for category in context.dataset.categories}
        if low != -1 or declared != set(range(len(declared))):
            return []  # they have gaps, so that one class more or less says nothing
        ids = f"the category ids run {low + 1} to {high + 1}"
        text = (
            f"{ids}, and the conversion to label files for {framework(context)} subtracts 1: "
            f"{counted(counts[low])} get class -1; number the ids from 1 (filter --unsafe-fixes does)"
        )
        return context.about_all("CLS014", text, f"{low + 1} to {high + 1}", "ids of classes")
    first = 0 if table.labels.id_zero == "class" else 1
    if table.end is None or low != first + 1 or high != table.end or table.end - first < 1:
        return []
    classes = "1 class" if table.end - first == 1 else f"{table.end - first:,} classes"
    text = (
        f"ids run {low} to {high}, {first} is unused, and {framework(context)} with {classes} takes "
        f"{first} to {table.end - 1}: subtract 1 from all ids"
    )
    if not table.rules.count_from_data:
        text += ", or build the model with one class more"
    return context.about_all("CLS014", text, f"{low} to {high}", "ids of classes")


def used_indices(context: Context, table: ClassTable) -> dict[int, int]:
    """Count the boxes of each index, where the framework takes ids as they are or minus 1; else {}.

    Indices of label files that are beyond the names of the data set are among them.
    """
    assert table.rules is not None
    if table.rules.index_for(context.dataset.format) not in ("as_is", "minus_one"):
        return {}
    counts: dict[int, int] = {}
    for row in table.rows:
        if row.index is not None and row.boxes:
            counts[row.index] = counts.get(row.index, 0) + row.boxes
    own = context.totals.of_rule("CLS014")
    for index, boxes in [*own.numbers("written ").items(), *own.numbers("unlisted ").items()]:
        counts[int(index)] = counts.get(int(index), 0) + boxes
    return counts


def unlisted(context: Context) -> dict[int, int]:
    """Count the boxes of each index of a class that `categories` lacks, in the order of the indices."""
    found = context.totals.of_rule("CLS014").numbers("unlisted ")
    return dict(sorted((int(index), boxes) for index, boxes in found.items()))


def count(context: Context) -> Counted:
    """Count the boxes of each index that is none of a class of the data set's."""
    counts: Counter[str] = Counter()
    if context.dataset.classes_are_indices:
        written = map(class_written, context.dataset.boxes.class_texts.values())
        counts.update(f"written {int(i)}" for i in written if isinstance(i, int) and abs(i) < _LARGEST)
    if context.classes is not None:
        counts.update(f"unlisted {int(index)}" for index in context.classes.unlisted.values())
    return counts


RULE = Rule(
    code="CLS014",
    severity="error",
    title="class ids that begin at the wrong number",
    what=(
        "The ids of all boxes are one too high for a framework that takes ids as indices: the first one is "
        "unused, and the last one is just beyond the classes. Or they begin at 0 where the framework's "
        "conversion subtracts 1. An unused first class alone is not reported."
    ),
    why=(
        "The boxes of the last class drop their images, make training stop, or train as background, "
        "depending on the framework. The other classes all have their neighbour's name."
    ),
    example="data.yaml: names: [cat, dog]; the label files have the classes 1 and 2",
    remedy="shift all ids by 1 as the message says, and export again",
    check=check,
    scope="totals",
    count=count,
)
