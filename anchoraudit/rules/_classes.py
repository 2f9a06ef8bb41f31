"""What the rules about the class contract share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from anchoraudit.classes.table import ClassRow, ClassTable
from anchoraudit.detectors import preset_names
from anchoraudit.errors import shortened
from anchoraudit.rules._context import Context

SHOWN = 6  # classes in a message; more do not fit three lines of a terminal


def framework(context: Context) -> str:
    """Return the name by which a message calls whoever numbers the classes.

    That is a preset's name. A detector of the user's own is called as its file, so its framework is named,
    and so is the framework of another loader.
    """
    table, detector = context.classes, context.replayed
    rules = None if table is None else table.rules
    own = detector is not None and (rules is None or rules.name == detector.class_rules)
    if detector is not None and own and detector.name in preset_names():
        return detector.name
    if rules is not None:
        return rules.name
    return "the framework" if detector is None else detector.name


def configuration(table: ClassTable) -> str:
    """Return the name by which a message calls what states the classes: `classes of config.py`."""
    if table.stated.by_default:
        return "the framework's own list of classes"
    return table.stated.stated_in or "the configuration"


def counted(boxes: int) -> str:
    """Write `1 box`, `1,234 boxes`."""
    return "1 box" if boxes == 1 else f"{boxes:,} boxes"


def classes(table: ClassTable) -> str:
    """Write how many classes the model is built with: `1 class`, `80 classes`."""
    return "1 class" if table.stated.count == 1 else f"{table.stated.count:,} classes"


def listed(words: Sequence[str]) -> str:
    """Join the first few of several words or phrases, and say how many more there are."""
    more = f" and {len(words) - SHOWN:,} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more


def of_splits(row: ClassRow) -> str:
    """Return ` in train` where a class has an index in some splits only."""
    named = [name for name in row.splits if name]
    return f" in {', '.join(named)}" if named else ""


def is_placeholder(context: Context, row: ClassRow) -> bool:
    """Tell whether a class is only the group of all others in an export of Roboflow."""
    return bool(context.placeholders[row.number])


def ids_counted(numbers: Mapping[str, int]) -> list[tuple[object, int]]:
    """Return class ids with their numbers of boxes: whole numbers first. numbers: by the JSON of the id."""
    found = [(json.loads(written), boxes) for written, boxes in sorted(numbers.items())]
    return sorted(found, key=lambda one: (0, one[0]) if isinstance(one[0], int) else (1, 0))


def name(text: object) -> str:
    """Quote a name that a file gives, short enough for a message."""
    return repr(shortened(str(text))) if isinstance(text, str) else str(text)
