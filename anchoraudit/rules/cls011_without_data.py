"""CLS011: configured class without a box."""

from __future__ import annotations

from anchoraudit.classes.indices import has_background
from anchoraudit.dataset.findings import Finding
from anchoraudit.io.suggest import nearest
from anchoraudit.rules._classes import configuration, counted, listed, name
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules.cls014_wrong_start import start_of

_COMPARED = 200  # names, with each other; in more nobody looks for a misspelt one


def check(context: Context) -> list[Finding]:
    """Find names that the user's configuration states and that no box of the data has."""
    table = context.classes
    if table is None or table.stated.by_default or not context.totals.box_count:
        return []
    fold = str if table.rules is None else table.rules.folded
    boxes: dict[str, int] = {}
    for category, count in zip(context.dataset.categories, context.boxes_by_category.tolist(), strict=True):
        boxes[fold(category.name)] = boxes.get(fold(category.name), 0) + count
    stated = table.stated.names[1:] if has_background(table.stated.names) else table.stated.names
    unused = [one for one in dict.fromkeys(stated) if one not in boxes]  # declared without a box: CLS002
    if not unused:
        return []
    if table.rules is not None and context.dataset.classes_are_indices and start_of(context, table):
        return []  # all ids are one off (CLS014): the first name only seems to be unused
    where = configuration(table)
    others = [one for one, count in boxes.items() if count and one not in set(stated)]
    if len(unused) > 1:
        text = f"no box has {len(unused):,} of the {len(stated):,} classes of {where}: "
        text += listed([name(one) for one in unused])
    else:
        text = f"no box has the class {name(unused[0])} of {where}"
    near = ((one, found[0]) for one in unused[:_COMPARED] if (found := nearest(one, others[:_COMPARED])))
    if (pair := next(near, None)) is not None:
        one, other = pair
        text += f"; the data have {name(other)} ({counted(boxes[other])})"
        text += f" for {name(one)}" if len(unused) > 1 else ""
    return context.about_all("CLS011", text, ", ".join(unused), f"classes {', '.join(unused)}")


RULE = Rule(
    code="CLS011",
    severity="error",
    title="configured class without a box",
    what=(
        "A name that the detector's file or `--classes` states, and that no box of the data has. All such "
        "names are in one finding. Names that the data set declares itself, as data.yaml and `categories` "
        "do, are CLS002. Not checked of a framework's own list, nor if the data set has no boxes at all."
    ),
    why=(
        "The class is never learned. Often its name is misspelt, or its boxes are in a file that is not "
        "read. In mmdetection all classes after it get an index less than their place in the list "
        "(CLS012)."
    ),
    example="classes = ('cat', 'bird', 'dog') in the configuration, and no bird in the data",
    remedy="remove the name from the configuration, correct it, or add images of the class",
    check=check,
    scope="totals",
)
