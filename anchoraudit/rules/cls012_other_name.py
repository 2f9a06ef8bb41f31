"""CLS012: class that trains under another one's name."""

from __future__ import annotations

from anchoraudit.classes.table import ClassTable
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import configuration, framework, is_placeholder, listed, name
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find classes whose index is that of another name, in the configuration or as the framework shows it."""
    table = context.classes
    if table is None or table.rules is None:
        return []
    wrong = [
        row
        for row in table.rows
        if row.trained_as and row.outcome == "trains" and not is_placeholder(context, row)
    ]
    if any(row.boxes for row in wrong):
        wrong.sort(key=lambda row: not row.boxes)
        pairs = [
            f"{name(row.name)} is index {row.index}, which it calls {name(row.trained_as)}" for row in wrong
        ]
        text = (
            f"{framework(context)} numbers classes differently than {configuration(table)}: {listed(pairs)}"
        )
        by_file = table.rules.index_for(context.dataset.format) == "file_order"
        text += _order(table) if by_file else ""
        return context.about_all("CLS012", text, f"{len(wrong):,} classes", "names of classes")
    if table.rules.counts_names:
        return _shared(context, table)
    return _shown(context, table) if table.rules.shows_file_order else []


def _order(table: ClassTable) -> str:
    """Say in which order the configuration must list its names, for a framework that goes by the file's."""
    names = [table.dataset.categories[number].name for number in max(table.dataset.class_lists, key=len)]
    remedy = "state them" if table.stated.by_default else "list them"
    return f"; {remedy} in the order of `categories`: {listed([name(one) for one in names])}"


def _shared(context: Context, table: ClassTable) -> list[Finding]:
    """Find classes of different names that get the same index, because a name before them is there twice.

    The index is shown as the last of them, by id.
    """
    assert table.rules is not None
    if table.rules.index_for(context.dataset.format) != "sorted":
        return []
    categories = context.dataset.categories
    for source, indices in enumerate(table.indices):
        last = {indices[number]: number for number in sorted(indices, key=lambda n: categories[n].id)}
        pairs = [
            f"{name(categories[number].name)} and {name(categories[last[place]].name)} are index {place}"
            for number, place in indices.items()
            if table.boxes[source, number] and categories[last[place]].name != categories[number].name
        ]
        if pairs:
            text = (
                f"{framework(context)} counts a name that is listed twice once, so that classes get the same "
                f"index: {listed(pairs)}; give each name one id"
            )
            return [_of_file(context, source, text, len(pairs))]
    return []


def _shown(context: Context, table: ClassTable) -> list[Finding]:
    """Compare the order of the file, in which names are shown, with the indices."""
    if table.rules is None or table.rules.index_for(context.dataset.format) != "sorted":
        return []
    categories = context.dataset.categories
    for source, indices in enumerate(table.indices):
        order = context.dataset.class_lists[source]
        pairs = [
            f"index {place} is {name(categories[number].name)}, and is shown as "
            f"{name(categories[other].name)}"
            for number, place in indices.items()
            if place is not None
            and place < len(order)
            and (other := order[place]) != number
            and categories[other].name != categories[number].name
            and table.boxes[source, number]
        ]
        if pairs:
            text = (
                f"{framework(context)} numbers classes by sorted id and shows names in the order of the "
                f"file: {listed(pairs)}; sort `categories` by id"
            )
            return [_of_file(context, source, text, len(pairs))]
    return []


def _of_file(context: Context, source: int, text: str, count: int) -> Finding:
    path = str(context.dataset.sources[source].path)
    return Finding("CLS012", text, path, "categories", f"{count:,} classes", "names of classes")


RULE = Rule(
    code="CLS012",
    severity="error",
    title="class that trains under another one's name",
    what=(
        "The index that the framework gives a class is that of another name in the configuration. "
        "mmdetection takes the indices from the order of `categories` in the JSON; the order of `classes` "
        "plays no part, and neither does a name that the JSON lacks. Or the framework shows names in "
        "another order than that of its indices: YOLOX numbers by sorted id, and shows the names in the "
        "order of the file. Or two classes get the same index: keras-retinanet counts the names before a "
        "class, and one that is listed twice only once. Names that no box has do not count."
    ),
    why=(
        "Training runs, the loss falls, and the metrics are right, but every displayed name is exchanged. "
        "Nothing says so."
    ),
    example="classes = ('dog', 'cat'), and categories 1 cat, 2 dog in the JSON",
    remedy="bring the list of the configuration and `categories` into the same order",
    check=check,
    scope="totals",
)
