"""CLS006: category ids that do not count from 1 without gaps."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import framework
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

# The ids of MS COCO. Frameworks that use ids as indices know them: torchvision's models have 91 outputs.
_MS_COCO = sorted({*range(1, 91)} - {12, 26, 29, 30, 45, 66, 68, 69, 71, 83})
_SHOWN = 12  # pairs in the message; more do not fit two lines of a terminal


def check(context: Context) -> list[Finding]:
    """Report integer ids of a COCO data set that have gaps or include 0, with a table that renumbers them."""
    if not context.dataset.declares_ids:
        return []
    classes = zip(context.dataset.categories, context.placeholders.tolist(), strict=True)
    ids = sorted({c.id for c, placeholder in classes if isinstance(c.id, int) and not placeholder})
    if not ids or ids in (list(range(1, len(ids) + 1)), _MS_COCO):
        return []
    table = [f"{old} -> {new}" for new, old in enumerate(ids, 1) if old != new]
    shown = ", ".join(table[:_SHOWN]) + (f", ... ({len(table) - _SHOWN} more)" if len(table) > _SHOWN else "")
    what = "begin with 0" if ids[0] == 0 else "have gaps" if ids[0] == 1 else f"begin with {ids[0]}"
    text = f"the category ids {what}; to number them from 1: {shown}{_least_count(context, ids[-1])}"
    return context.about_all("CLS006", text, f"{ids[0]} to {ids[-1]}")


def _least_count(context: Context, highest: int) -> str:
    """Say how many classes a model of which no count is known needs, if ids are its indices."""
    table = context.classes
    if table is None or table.rules is None or table.end is not None:
        return ""
    if table.rules.index_for(context.dataset.format) != "as_is":
        return ""
    least = f"its model needs {highest + 1:,} classes or more"
    return f"; {framework(context)} takes the ids for indices, so {least}"


RULE = Rule(
    code="CLS006",
    severity="info",
    title="category ids with gaps, or with 0",
    what=(
        "COCO: integer category ids that are not 1, 2, 3 and so on. The message shows how to renumber "
        "them. Not reported of the 80 ids of MS COCO itself, nor of the class with the id 0 that Roboflow "
        "puts above the others, if it has no box."
    ),
    why=(
        "Some frameworks use the id as the index of the output (torchvision's reference, many custom "
        "loaders). There 0 is the background, and an id above the number of classes is out of range. "
        "detectron2 and mmdetection renumber."
    ),
    example='{"categories": [{"id": 0, "name": "cat"}, {"id": 5, "name": "dog"}]}',
    remedy="renumber the ids (filter --unsafe-fixes does), or make sure that your loader does",
    check=check,
    scope="totals",
)
