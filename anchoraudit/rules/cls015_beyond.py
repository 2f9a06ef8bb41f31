"""CLS015: class that the model has no output for."""

from __future__ import annotations

from anchoraudit.classes.table import ClassTable
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import classes, configuration, counted, framework, listed, name
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules.cls014_wrong_start import start_of, unlisted

_DOES = {
    "raises": "training stops",
    "dropped": "their boxes are dropped",
    "drops_image": "their images are dropped",
    "no_effect": "their boxes teach nothing",
    "trains": "their fate is unknown",
}


def check(context: Context) -> list[Finding]:
    """Find classes with boxes whose index is beyond the number of classes of the model."""
    table = context.classes
    if table is None or table.rules is None or start_of(context, table):
        return []
    return [*_reserved(context, table), *_below(context, table), *_beyond(context, table, table.end)]


def _reserved(context: Context, table: ClassTable) -> list[Finding]:
    """Find a class of id 0, where the framework keeps that for the background and stops."""
    rows = [row for row in table.rows if row.index == 0 and row.outcome == "raises" and row.boxes]
    return [
        finding
        for row in rows
        for finding in context.about_all(
            "CLS015",
            f"{counted(row.boxes)} of class {name(row.name)} have the id 0: {framework(context)} stops: "
            f"{table.labels.error('id_zero')}; number the ids from 1",
            "id 0",
            "id 0",
        )
    ]


def _below(context: Context, table: ClassTable) -> list[Finding]:
    """Find classes with an index below 0."""
    assert table.rules is not None
    if context.loaded is not None and table.rules.index_for(context.dataset.format) == "minus_one":
        return []  # the label checks drop such images one by one (RUN002)
    below = [row for row in table.rows if row.index is not None and row.index < 0 and row.boxes]
    if not below:
        return []
    named = listed([f"{name(row.name)} is {row.index}" for row in below])
    boxes = sum(row.boxes for row in below)
    text = (
        f"the class of {counted(boxes)} is below 0 for {framework(context)}: {named}; an index below 0 "
        "counts from the end, is taken for one to ignore, or stops training"
    )
    return context.about_all("CLS015", text, f"index {below[0].index}", "classes below 0")


def _beyond(context: Context, table: ClassTable, end: int | None) -> list[Finding]:
    if end is None:
        return []
    used = [
        (f"{name(row.name)} is {row.index}", row.index, row.boxes)
        for row in table.rows
        if row.index is not None and row.boxes
    ]
    used += [
        (f"one that `categories` lacks is {index}", index, boxes)
        for index, boxes in unlisted(context).items()
    ]
    beyond = [one for one in used if one[1] >= end and table.outcome(one[1]) != "background"]
    if not beyond:
        return []
    outcomes = [table.outcome(index) for _, index, _ in beyond]
    worst = "raises" if "raises" in outcomes else outcomes[0]
    first = beyond[outcomes.index(worst)][1]
    own = table.labels.error("at_count" if first == end else "above_count") if worst == "raises" else ""
    boxes = sum(count for _, _, count in beyond)
    named = listed([words for words, _, _ in beyond])
    stated = f"{configuration(table)}: " if table.stated.stated_in else ""
    text = (
        f"the class of {counted(boxes)} is beyond the {classes(table)} of {framework(context)} "
        f"({stated}indices up to {end - 1}): {named}; {_DOES[worst]}{f': {own}' if own else ''}"
    )
    highest = max(index for _, index, _ in beyond)
    return context.about_all("CLS015", text, f"index {highest}", "classes beyond")


RULE = Rule(
    code="CLS015",
    severity="error",
    title="class that the model has no output for",
    what=(
        "A class with boxes whose index is below 0, or as high as the number of classes of the model, or "
        "higher. The number is that of the detector's file, of `--classes`, or of the data set. Also id "
        "0, where the framework reserves it for the background and stops. Where the model trains such a "
        "class as background, see RUN007; where all ids are one too high, CLS014."
    ),
    why=(
        "The framework stops with an index out of range, on a GPU with a message that names neither file nor "
        "box, or it drops the boxes."
    ),
    example="category id 90 in the data, and a torchvision model with num_classes=2",
    remedy=(
        "build the model with more classes, or number the classes without gaps (filter --unsafe-fixes does)"
    ),
    check=check,
    scope="totals",
)
