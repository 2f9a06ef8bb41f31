"""CLS020: more outputs than classes."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import classes, configuration, framework
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find a model that is built for more classes than the data have, where no list of names says why."""
    table = context.classes
    if table is None or table.rules is None or table.end is None or not context.totals.box_count:
        return []
    if table.stated.names or table.rules.count_from_data or context.dataset.classes_are_indices:
        return []
    every = [index for found in table.indices for index in found.values() if index is not None]
    if not every or max(every) + 1 >= table.end:
        return []
    default = "the framework's default" if table.stated.by_default else configuration(table)
    text = (
        f"{framework(context)} has outputs for {classes(table)} ({default}), and the data need "
        f"{max(every) + 1 + table.stated.count - table.end:,}"
    )
    return context.about_all("CLS020", text, f"{table.stated.count}", "unused outputs")


RULE = Rule(
    code="CLS020",
    severity="warning",
    title="more outputs than classes",
    what=(
        "The detector's file gives the model more classes than the data declare, and lists no names. "
        "Often the number is the default that nobody changed, such as the 80 of detectron2."
    ),
    why=(
        "The network trains, but it has outputs that never see an object, and its checkpoint fits no "
        "other run."
    ),
    example="a detectron2 configuration without MODEL.ROI_HEADS.NUM_CLASSES, and 3 classes in the data",
    remedy="set the number of classes in the configuration",
    check=check,
    scope="totals",
)
