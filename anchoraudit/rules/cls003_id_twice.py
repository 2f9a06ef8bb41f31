"""CLS003: category id with two names."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find ids with several names, within a file or between splits."""
    names: dict[object, list[str]] = {}
    for category in context.dataset.categories:
        names.setdefault(category.id, []).append(category.name)
    found: list[Finding] = []
    for identity, listed in names.items():
        if len(listed) > 1:
            text = f"category id {identity!r} is {', '.join(map(repr, listed))}"
            found += context.about_all("CLS003", text, ", ".join(listed), f"category {identity!r}")
    return found


RULE = Rule(
    code="CLS003",
    severity="warning",
    title="category id with two names",
    what=(
        "COCO: two entries of `categories` with the same `id` and different names, in one file or in two "
        "splits."
    ),
    why=(
        "A loader keeps one of the names, the first or the last. Boxes of one class then train as the "
        "other, and a class trained on one split is evaluated as another on the next."
    ),
    example='{"categories": [{"id": 1, "name": "cat"}, {"id": 1, "name": "dog"}]}',
    remedy="give every class an id of its own, the same in every split",
    check=check,
    scope="totals",
)
