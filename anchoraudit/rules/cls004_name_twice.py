"""CLS004: class name with two ids."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find names with several ids, within a file or between splits."""
    ids: dict[str, list[object]] = {}
    classes = zip(context.dataset.categories, context.placeholders.tolist(), strict=True)
    for category, placeholder in classes:
        if not placeholder:
            ids.setdefault(category.name, []).append(category.id)
    found: list[Finding] = []
    for name, listed in ids.items():
        if len(listed) > 1:
            text = f"the class {name!r} has the ids {', '.join(map(repr, listed))}"
            found += context.about_all("CLS004", text, ", ".join(map(str, listed)), f"class {name}")
    return found


RULE = Rule(
    code="CLS004",
    severity="warning",
    title="class name with two ids",
    what=(
        "COCO: two entries of `categories` with the same name and different ids, in one file or in two "
        "splits. A class may share its name with the group that Roboflow puts above the others, if that has "
        "no box: it is no class (see CLS002)."
    ),
    why=(
        "One class becomes two outputs that compete for the same objects. Between splits, the "
        "evaluation looks for the class under another number than training did."
    ),
    example='{"categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}]}',
    remedy="merge them under one id",
    check=check,
    scope="totals",
)
