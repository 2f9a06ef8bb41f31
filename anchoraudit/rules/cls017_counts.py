"""CLS017: contradictory numbers of classes."""

from __future__ import annotations

from anchoraudit.classes.table import least_count
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import classes, configuration, framework, listed
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Compare the counts of a configuration with each other, and with the names that it lists."""
    table = context.classes
    if table is None:
        return []
    stated, where = table.stated, configuration(table)
    if len(set(stated.heads.values())) > 1:
        heads = listed([f"{place} {count}" for place, count in stated.heads.items()])
        text = f"the heads of {framework(context)} have different numbers of classes ({where}): {heads}"
        return context.about_all("CLS017", text, heads, "numbers of classes")
    wanted = 0 if stated.by_default else least_count(stated, table.labels)
    rules = table.rules
    if not wanted or not stated.count or (rules is not None and rules.count_from_data):
        return []
    with_one_more = rules is not None and rules.built_with_background
    most = wanted + (with_one_more and not table.labels.count_includes_background)
    if wanted <= stated.count <= most:
        return []
    some = "1 class" if len(stated.names) == 1 else f"{len(stated.names):,} classes"
    text = f"{framework(context)} is built with {classes(table)}, and {where} lists {some}"
    if wanted != len(stated.names):
        text += f", which makes {wanted:,} with the background"
    text += (
        "; the last classes have no output" if stated.count < wanted else "; some outputs are never trained"
    )
    return context.about_all("CLS017", text, f"{stated.count} and {wanted}", "numbers of classes")


RULE = Rule(
    code="CLS017",
    severity="error",
    title="contradictory numbers of classes",
    what=(
        "The detector's file states other numbers of classes in one head than in another, or another "
        "number than the names that it lists, such as `num_classes` and `metainfo.classes` of "
        "mmdetection. Whether the background counts is as the framework counts it."
    ),
    why=(
        "mmdetection compares the two only with a hook that most configurations do not switch on. With "
        "too few outputs the last class trains as background or stops the run; with too many, some are "
        "never trained."
    ),
    example="num_classes=80, and classes = ('cat', 'dog')",
    remedy="set the number of classes to the length of the list, in every head",
    check=check,
    scope="totals",
)
